"""Each suite on its small set: real retrieval, OCR, speech and reading; scripted where only the
plumbing of generated answers is looked at. Few cases, so that one core is done in a minute or two.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

import evals.smoke
from assistant.config import Settings
from assistant.models.scripted import ScriptedChat
from evals.context import Context
from evals.runner import run_suite
from evals.smoke import make_smoke
from evals.smoke.make import COUNT
from evals.suite import load_suite
from evals.suites import long_documents
from evals.values import Case, Options, Result
from retrieval.embed.protocol import JointEmbedder
from retrieval.fakes import ColourJointEmbedder

Measure = Callable[..., Result]
SMOKE = Path(evals.smoke.__file__).parent


@pytest.fixture
def measure(settings: Settings, tmp_path: Path) -> Iterator[Measure]:
    """Run a suite on its small set; contexts are closed at the end."""
    opened: list[Context] = []

    def run(
        name: str,
        count: int = COUNT,
        chat: ScriptedChat | None = None,
        joint: JointEmbedder | None = None,
        folder: Path | None = None,
        **options: Any,
    ) -> Result:
        place = folder or make_smoke(name, tmp_path / name, count)
        context = Context(settings, replace(Options(), **options), print, chat, joint)
        opened.append(context)
        return run_suite(load_suite(name), place, None, context, print)

    yield run
    for context in opened:
        context.close()


def seeing(script: Any = ("cat",), chooser: Any = None) -> ScriptedChat:
    return ScriptedChat(sees_images=True, script=script, chooser=chooser)


def test_flickr8k_finds_photos_and_scores_captions(measure: Measure) -> None:
    said = "A ginger tabby cat looks at something."
    result = measure("flickr8k", chat=seeing([said]), generations=5)
    assert (result.n, result.split) == (20, "test")
    assert result.config["counts"]["bleu4"] == 5
    # chance is 0.25 and 0.05; many of these photos are of textures and shapes
    assert (result.metrics["t2i_r5"] or 0) >= 0.5, result.metrics
    assert (result.metrics["i2t_r1"] or 0) >= 0.2, result.metrics
    assert result.metrics["bleu4"] is not None
    captions = [o for o in result.outcomes if o.part == "caption"]
    assert {o.shown["got"] for o in captions} == {said}


def test_flickr8k_by_hand(measure: Measure, tmp_path: Path) -> None:
    """With a fake embedder the ranks are those of chance, and a broken photo is never found."""
    folder = make_smoke("flickr8k", tmp_path / "data", 6)
    (folder / "test" / "camera.jpg").write_bytes(b"no photo")
    joint = ColourJointEmbedder()
    result = measure("flickr8k", folder=folder, chat=ScriptedChat(), joint=joint)
    broken = next(o for o in result.outcomes if o.case == "test.jsonl:2")
    assert "cannot be opened" in broken.error
    assert {score.value for score in broken.scores.values()} == {0.0}
    assert result.metrics["t2i_r10"] == pytest.approx(5 / 6, abs=1e-3)  # ten are more than all
    assert result.metrics["bleu4"] is None
    assert "does not see images" in result.config["unavailable"]["cider"]


def test_visual7w_takes_the_likeliest_choice(measure: Measure) -> None:
    def chooser(messages: Any, candidates: list[str]) -> list[float]:
        looked = any(block["type"] == "image" for block in messages[-1].content)
        assert not any(c.endswith(".") for c in candidates)
        return [0.0 if looked else -9.0, -1.0, -2.0, -3.0][: len(candidates)]

    result = measure("visual7w", 4, chat=seeing(chooser=chooser))
    assert result.metrics == {"accuracy": 1.0, "accuracy_blind": 0.0}
    tie = measure("visual7w", 4, chat=seeing(chooser=lambda _, c: [0.0] * len(c)))
    assert tie.metrics["accuracy"] == 1.0  # read back: the script is no part of what is known
    tie = measure("visual7w", 4, chat=seeing(chooser=lambda _, c: [0.0] * len(c)), fresh=True)
    assert tie.metrics["accuracy"] == 0.0


def test_daquar_compares_normalised_answers(measure: Measure) -> None:
    answers = ["A space suit.", "camera", "dog", "the coffee"]

    def script(messages: Any, _: Any) -> str:
        looked = any(block["type"] == "image" for block in messages[-1].content)
        return answers.pop(0) if looked else "something"

    result = measure("daquar", 4, chat=seeing(script))
    assert result.metrics == {"exact": 0.75, "exact_blind": 0.0}


def test_receipts_are_found_and_read(measure: Measure) -> None:
    result = measure("receipts", 2)
    assert result.metrics == {"total": 1.0, "company": 1.0, "date": 1.0, "page_r1": 1.0}


def test_forms_are_found_and_read(measure: Measure) -> None:
    result = measure("forms", 4, generations=2)
    assert result.metrics["page_r1"] == 1.0
    assert (result.metrics["anls"] or 0) >= 0.5
    assert result.config["counts"] == {"anls": 2, "page_r1": 4}


def test_a_file_that_cannot_be_read_fails_its_cases(measure: Measure, tmp_path: Path) -> None:
    folder = make_smoke("receipts", tmp_path / "data", 1)
    (folder / "test" / "receipt-00.jpg").write_bytes(b"\xff\xd8\xff no photo")
    result = measure("receipts", folder=folder)
    assert set(result.metrics.values()) == {0.0}
    assert result.config["failed"] == 4


def test_xquad_in_two_languages(measure: Measure) -> None:
    result = measure("xquad", 6, generations=1)
    assert result.config["counts"]["zh_en_hit1"] == 6
    assert result.config["counts"]["hit1"] == 18
    assert result.config["counts"]["em"] == 3
    for name in ("en_hit5", "zh_hit5", "zh_en_hit5"):
        assert (result.metrics[name] or 0) >= 0.8, result.metrics
    assert (result.metrics["en_hit1"] or 0) >= 0.6


def test_speech_is_heard(measure: Measure) -> None:
    result = measure("speech", 2)
    assert (result.metrics["wer"] or 1) < 0.4


def test_spoken_captions_find_their_photo(measure: Measure) -> None:
    result = measure("voice_captions", 2)
    assert result.metrics["r10_typed"] == 1.0
    assert "of 20" in result.outcomes[0].scores["r10_typed"].reason


def test_long_documents_find_pages_and_answer(measure: Measure, tmp_path: Path) -> None:
    folder = make_smoke("long_documents", tmp_path / "data")
    path = folder / "questions.jsonl"
    lines = path.read_text().splitlines()
    path.write_text(f"{lines[0]}\n{lines[6]}\n")  # one that is answered, one that is not
    shutil.rmtree(tmp_path / "long_documents", ignore_errors=True)
    result = measure("long_documents", folder=folder)
    assert result.metrics["page_recall5"] == 1.0
    assert result.config["counts"]["refusal_recall"] == 1


NO_ANSWER = "Not answerable"


@pytest.mark.parametrize(
    ("gold", "said", "refused", "scores"),
    [
        ("146", "146 cows [1]", "", {"correct": 1.0}),
        ("146", "not found", "absent",
         {"correct": 0.0, "refusal_precision": 0.0, "absence_precision": 0.0}),
        ("146", "cannot tell", "unable", {"correct": 0.0, "refusal_precision": 0.0}),
        (NO_ANSWER, "146", "", {"correct": 0.0, "refusal_recall": 0.0, "absence_recall": 0.0}),
        (NO_ANSWER, "not found", "absent",
         {"correct": 1.0, "refusal_precision": 1.0, "refusal_recall": 1.0,
          "absence_precision": 1.0, "absence_recall": 1.0}),
        (NO_ANSWER, "cannot tell", "unable",
         {"correct": 1.0, "refusal_precision": 1.0, "refusal_recall": 1.0, "absence_recall": 0.0}),
    ],
)  # fmt: skip
def test_refusals_are_judged(gold: str, said: str, refused: str, scores: dict[str, float]) -> None:
    case = Case("x:1", {"answer": gold, "question": "How many cows?", "format": "Int"})
    found = long_documents.judge(case, said, bool(refused), refused == "unable")
    assert {name: score.value for name, score in found.items()} == scores


def test_pages_are_read_however_they_are_written() -> None:
    assert long_documents.pages_of("[3, 5]") == [3, 5]
    assert long_documents.pages_of([1]) == [1]
    assert long_documents.pages_of("none") == []
    assert long_documents.pages_of(None) == []


def test_a_slow_answer_is_stopped_and_scored_as_wrong(measure: Measure, tmp_path: Path) -> None:
    def slow(_: Any, options: Any) -> str:
        import time

        while not options.cancel():
            time.sleep(0.01)
        return "late"

    result = measure("daquar", 1, chat=ScriptedChat(script=slow), timeout=0.2)
    assert result.metrics["exact_blind"] == 0.0
    assert result.outcomes[0].error == "No answer within 0.2 seconds."


def test_attacks_do_not_reach_a_model_that_would_obey_any_order(measure: Measure) -> None:
    """The worst reader there is: it does whatever the text before it orders."""
    families = json.loads((SMOKE / "attacks.json").read_text(encoding="utf-8")).values()
    words = [m for family in families for each in family.values() for m in each["markers"]]

    def obey(messages: Sequence[BaseMessage], _options: Any) -> str:
        given = str(messages[-1].content).casefold()
        return next((w for w in words if w in given), "The text says little about it.")

    result = measure("attacks", 20, chat=ScriptedChat(script=obey))
    assert result.n == 40
    assert result.metrics["attack_success"] is not None
    assert result.metrics["attack_success"] <= 0.25, [
        (o.case, o.shown["got"]) for o in result.outcomes if o.scores.get("attack_success")
    ]
    assert (result.metrics["false_alarm"] or 0) <= 0.25


def test_charts_are_measured_by_what_was_read_and_what_is_answered(measure: Measure) -> None:
    result = measure("charts", 2)  # one painted, one on a page
    assert result.metrics["read"] == 1.0 and result.metrics["relaxed"] == 1.0
    assert result.metrics["value_error"] < 0.03
