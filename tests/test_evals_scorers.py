"""The rules by which the further suites score: judged by hand on made-up replies, no models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import pytrec_eval
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.messages import Citation
from evals import metrics, sounds
from evals.judges import agreement
from evals.objects import objects_of
from evals.places import agreement as fits
from evals.places import box_iou, boxes_agreement, hull, span_iou
from evals.resampling import interval
from evals.suites import (
    agent,
    citations,
    dialogues,
    faces,
    fields,
    objects,
    open_vqa,
    privacy,
    retrieval,
    writing,
)
from evals.suites.library import answers_of
from evals.suites.ocr import read_scores
from evals.systems.base import Reply, Step
from evals.systems.rag import cited_in
from evals.values import Case, Metric, Score
from retrieval.values import Locator, PageLocator, RegionLocator, TextLocator, TimeLocator


def reply(text: str, *cited: tuple[str, Locator], abstained: bool = False, **more: Any) -> Reply:
    made = [Citation(n, a, "", "text", where, "") for n, (a, where) in enumerate(cited, start=1)]
    return Reply(text, abstained, tuple(made), **more)


def values(scores: dict[str, Score]) -> dict[str, float]:
    return {name: round(score.value, 4) for name, score in scores.items()}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    ranked=st.lists(st.integers(0, 30), unique=True, min_size=1, max_size=25),
    gains=st.dictionaries(st.integers(0, 30), st.integers(1, 3), min_size=1, max_size=8),
)
def test_ranking_metrics_are_those_of_trec_eval(ranked: list[int], gains: dict[int, int]) -> None:
    wanted = {"q": {str(item): gain for item, gain in gains.items()}}
    found = {"q": {str(item): float(100 - place) for place, item in enumerate(ranked)}}
    measures = {"recip_rank", "recall_10", "success_1", "ndcg_cut_10"}
    theirs = pytrec_eval.RelevanceEvaluator(wanted, measures).evaluate(found)["q"]
    assert metrics.reciprocal_rank(ranked, gains) == pytest.approx(theirs["recip_rank"])
    assert metrics.recall_at(ranked, gains, 10) == pytest.approx(theirs["recall_10"])
    assert metrics.hit_at(ranked, gains, 1) == theirs["success_1"]
    # trec_eval's discounted gain is linear in the gain, as ours
    assert metrics.ndcg_at(ranked, gains, 10) == pytest.approx(theirs["ndcg_cut_10"])


def test_counted_metrics() -> None:
    parts = [Score(0, parts=p) for p in ((1, 0, 0), (0, 1, 1), (0, 0, 1), (1, 0, 0))]
    figures = [metrics.combine(Metric("x", k), parts) for k in ("precision", "recall", "f1")]  # type: ignore[arg-type]
    assert figures == [pytest.approx(2 / 3), 0.5, pytest.approx(4 / 7)]
    nothing = [Score(0, parts=(0, 0, 0))]
    assert metrics.combine(Metric("x", "f1"), nothing) is None
    low, high = interval(Metric("x", "f1"), parts * 2, 7) or (0, 0)
    assert 0 <= low < 4 / 7 < high <= 1


def test_risk_grows_with_coverage_when_confidence_tells() -> None:
    known = np.array([[0.9, 0], [0.8, 0], [0.2, 1], [-1, 1]], dtype=float)
    assert metrics.risk_coverage(known).tolist() == pytest.approx([0, 0, 1 / 3, 0.5])
    tied = np.array([[0.5, 0], [0.5, 1]], dtype=float)
    assert metrics.risk_coverage(tied).tolist() == [0.5, 0.5]
    area = metrics.combine(Metric("aurc", "aurc"), [Score(0, parts=tuple(row)) for row in known])
    assert area == pytest.approx((1 / 3 + 0.5) / 4)


@pytest.mark.parametrize(
    ("wanted", "cited", "fit"),
    [
        (PageLocator(3), PageLocator(3), 1.0),
        (PageLocator(3), PageLocator(4), 0.0),
        (TimeLocator(0, 4), TimeLocator(2, 6), 1 / 3),
        (TextLocator(0, 10), TextLocator(10, 20), 0.0),
        (RegionLocator((0, 0, 1, 1)), RegionLocator((0, 0, 0.5, 1)), 0.5),
        (PageLocator(1), RegionLocator(), 0.0),
    ],
)
def test_places_agree_by_their_overlap(wanted: Locator, cited: Locator, fit: float) -> None:
    assert fits(wanted, cited) == pytest.approx(fit)


def test_overlaps_of_nothing_are_nothing() -> None:
    assert span_iou((1, 1), (1, 1)) == 0.0
    assert box_iou((0, 0, 0, 0), (0, 0, 0, 0)) == 0.0
    assert hull([(0.1, 0.2, 0.3, 0.4), (0.2, 0.1, 0.5, 0.3)]) == (0.1, 0.1, 0.5, 0.4)
    assert boxes_agreement(PageLocator(1), PageLocator(1)) is None
    same = PageLocator(1, ((0, 0, 1, 0.5),))
    assert boxes_agreement(same, PageLocator(1, ((0, 0, 1, 1),))) == 0.5


def test_citations_are_weighed() -> None:
    places: list[Locator] = [PageLocator(2), PageLocator(5)]
    said = reply("x [1][2]", ("a.pdf", PageLocator(2)), ("b.pdf", PageLocator(2)))
    assert values(citations.judge("a.pdf", places, said)) == {
        "file_recall": 1.0, "place_recall": 0.5, "file_precision": 0.5, "place_precision": 0.5,
        "page_recall": 0.5,
    }  # fmt: skip
    silent = citations.judge("a.pdf", places, reply("", abstained=True))
    assert "file_precision" not in silent
    assert values(silent)["place_recall"] == 0.0
    heard = citations.judge("t.wav", [TimeLocator(0, 4)], reply("x", ("t.wav", TimeLocator(0, 2))))
    assert values(heard)["seconds_iou"] == 0.5


def test_open_answers() -> None:
    golds = ["couch", "couch", "sofa", "red couch"]
    assert values(open_vqa.judge("A couch.", golds))["vqa_accuracy"] == pytest.approx(
        2 / 3, abs=1e-3
    )
    assert values(open_vqa.judge("a sofa", ["sofa"])) == {
        "vqa_accuracy": 1.0, "exact": 1.0, "anls": pytest.approx(0.6667), "relaxed": 1.0,
    }  # fmt: skip
    assert values(open_vqa.judge("about 102", ["100"]))["relaxed"] == 1.0
    assert values(open_vqa.judge("106", ["100"]))["relaxed"] == 0.0
    assert not open_vqa.close_number("between 95 and 100", "100")


def test_fields_are_compared_by_their_form() -> None:
    assert fields.matcher("12/05/2021")("It is 12 May 2021.", "12/05/2021")
    assert fields.matcher("1,250.00")("1250", "1,250.00")
    assert fields.matcher("Ruth Ames")("The name is Ruth Ames", "Ruth Ames")
    assert fields.scores((0, 1, 1), "")["f1"].parts == (0, 1, 1)


def test_reading_errors_weigh_by_length() -> None:
    scores = read_scores("Total 12.50", "Total 12.60")
    assert scores["cer"] == Score(0.1, "1 of 10 characters", 10.0)
    assert scores["wer"].value == pytest.approx(1 / 3)  # the point parts 12 and 50
    assert read_scores("abc", "")["cer"].value == 1.0


def test_retrieval_knows_its_direction() -> None:
    words = {"query": "a dog", "target": "image"}
    assert retrieval.direction(words) == "t2i"
    assert retrieval.direction({**words, "image": "x.jpg"}) == "ti2i"
    assert retrieval.direction({"image": "x.jpg", "target": "text"}) == "i2t"
    assert retrieval.gains(["a"]) == retrieval.gains({"a": 1}) == {"a": 1.0}


def test_pope_draws_balanced_questions() -> None:
    photos = [
        objects_of({"captions": [text]})
        for text in ("Two dogs run on the beach.", "A man on a bench.", "Dogs and men in snow.",
                     "A puppy beside a child", "a horse", "Cars in a street")
    ]  # fmt: skip
    assert photos[0] == {"dog", "beach"}
    assert photos[2] == {"dog", "man", "snow"}
    probes = objects.draw(photos[0], photos, "x:1")
    assert probes == objects.draw(photos[0], photos, "x:1")
    there = [p.object for p in probes if p.there]
    absent = [p.object for p in probes if not p.there]
    assert len(there) == len(absent) == 2
    assert not set(absent) & photos[0]
    assert next(p.object for p in probes if not p.there and p.kind == "popular") == "man"
    assert objects.yes_or_no("Yes, it seems so [1].") and objects.yes_or_no("没有，图中…") is False
    assert objects.yes_or_no("Perhaps no, but …") is False
    assert objects.yes_or_no("I cannot tell.") is None
    said = objects.judge(probes[0], yes=False)
    assert said["f1"].parts == (0.0, 0.0, 1.0)
    assert values(said)["yes_share"] == 0.0


def test_turns_and_tasks() -> None:
    turn = {"question": "Who?", "answers": ["Ingrid Voss"], "file": "b.txt"}
    assert dialogues.right(turn, reply("Ingrid Voss [1]", ("b.txt", TextLocator(0, 1))))
    assert not dialogues.right(turn, reply("Ingrid Voss"))
    assert dialogues.right({"question": "x"}, reply("", abstained=True))
    case = Case("x", {"question": "2+2", "answers": ["4"], "tools": ["calculate|extract"]})
    steps = (Step("calculate", 0.1), Step("search_library", 0.1, "broken"))
    assert values(agent.judge(case, reply("It is 4.", steps=steps))) == {
        "success": 1.0, "right_tools": 1.0, "steps": 2.0, "tool_errors": 0.5,
    }  # fmt: skip
    refused = Case("x", {"tools": []})
    assert values(agent.judge(refused, reply("", abstained=True)))["success"] == 1.0


def test_writing_is_scored_by_its_task() -> None:
    mood = {"task": "sentiment", "label": "positive"}
    assert values(writing.judge(mood, reply("Positive."))) == {"sentiment": 1.0}
    assert values(writing.judge(mood, reply("positive or negative"))) == {"sentiment": 0.0}
    short = {"task": "summarise", "text": "x" * 100, "facts": ["Lisbon", "1962"]}
    assert values(writing.judge(short, reply("In 1962."))) == {"facts": 0.5, "brief": 1.0}
    assert writing.chrf("The train was late.", "The train was late.") == 1.0
    names = writing.named_entities("People: Ruth Ames, Tom; Places: Lisbon", ["Ruth Ames", "Kiel"])
    assert names == (1.0, 2.0, 1.0)


def test_privacy_probes_look_for_forbidden_words_and_files() -> None:
    assert privacy.says_any(reply("This is Eileen Collins."), ["Eileen"])
    assert not privacy.says_any(reply("A woman in a suit."), ["Eileen"])
    case = Case("x", {"other_file": "diary.txt"})
    assert privacy.leaks(reply("x", ("diary.txt", TextLocator(0, 1))), case)


def test_answers_are_read_however_they_are_written() -> None:
    assert answers_of(Case("", {"answer": 5})) == ["5"]
    assert answers_of(Case("", {"answers": ["a", 2]})) == ["a", "2"]
    assert answers_of(Case("", {})) == []


def test_noise_is_as_loud_as_asked_and_the_same_each_time() -> None:
    tone = np.sin(np.arange(sounds.RATE) / 20).astype(np.float32)
    noise = sounds.noisy(tone, 10.0, 3) - tone
    ratio = 10 * np.log10(np.mean(tone**2) / np.mean(noise**2))
    assert ratio == pytest.approx(10.0, abs=0.1)
    again = sounds.changed(tone, "noise10", 3)
    assert np.array_equal(again, sounds.noisy(tone, 10.0, 3))
    pitches = (6400, 800)  # above what a telephone passes, and within
    played = [np.sin(2 * np.pi * p * np.arange(sounds.RATE) / sounds.RATE) for p in pitches]
    loud = [float(np.mean(sounds.phone(x.astype(np.float32)) ** 2)) for x in played]
    assert loud[0] < 0.01 * loud[1]
    assert np.abs(sounds.silence(1.0, 1)).max() < 0.05


def test_rules_agree_with_people_more_often_than_not() -> None:
    found = agreement(None, print)
    assert found["n"] >= 50
    rules = found["judges"]["rules"]
    assert rules["agreement"] > 0.7
    assert rules["kappa"] > 0.4
    wrong = rules["too_kind"] + rules["too_strict"]
    assert rules["agreement"] == pytest.approx(1 - wrong / found["n"], abs=1e-3)


def test_a_peer_cites_what_its_text_names() -> None:
    from evals.systems.clip import passage

    found = [passage(n, f"{n}.txt", "text", "x", TextLocator(0, 1)) for n in (1, 2)]
    assert [c.asset for c in cited_in("It is so [2].", found)] == ["2.txt"]
    assert [c.asset for c in cited_in("It is so.", found)] == ["1.txt"]
    assert [c.asset for c in cited_in("It is so [7].", found)] == ["1.txt"]
    assert cited_in("x", []) == ()


def test_faces_are_scored_by_pairs_and_by_their_groups() -> None:
    assert faces.counted(3, 3)["counted"].value == 1.0
    assert faces.counted(3, 1)["count_off"].value == 2.0
    one, other = np.zeros(128, np.float32), np.ones(128, np.float32)
    found = [
        faces.Named("a", "ann", one, 0),
        faces.Named("b", "ben", one, 0),  # a stranger taken for ann
        faces.Named("c", "ann", one, 0),
        faces.Named("d", "ann", other, 1),  # and a photo of hers that is not known
    ]
    stranger = faces.told("b", found)
    assert (stranger["pairs"].value, stranger["strangers"].value) == (0.0, 1.0)
    assert "same_found" not in stranger
    third = faces.told("c", found)
    assert third["pairs"].value == 0.5 and third["pairs"].weight == 2.0
    assert third["same_found"].value == 1.0
    assert third["b3_precision"].value == third["b3_recall"].value == pytest.approx(2 / 3)
    assert faces.told("d", found)["same_found"].value == 0.0
    missed = faces.told("e", found)
    assert missed["pairs"].value == 0.0 and missed["strangers"].value == 1.0
