"""Measures: worked examples, and properties against the libraries they must agree with."""

from __future__ import annotations

import math

import jiwer
import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.tuning.metrics import CiderD
from evals import metrics, resampling
from evals.values import Metric, Score

WORD = st.sampled_from(["a", "man", "rides", "the", "red", "bike", "on", "sand", "two", "dogs"])
SENTENCE = st.lists(WORD, min_size=1, max_size=12).map(" ".join)


def test_answers_are_compared_as_squad_does() -> None:
    assert metrics.exact_match("The Panthers.", ["panthers"]) == 1.0
    assert metrics.exact_match("308 points", ["308"]) == 0.0
    # 1 common token of 2 found and 1 wanted: precision 1/2, recall 1
    assert metrics.token_f1("308 points", ["308"]) == pytest.approx(2 / 3)
    assert metrics.token_f1("nothing", ["308"]) == 0.0
    assert metrics.token_f1("", ["308"]) == 0.0
    assert metrics.token_f1("two", ["one two", "two"]) == 1.0


def test_chinese_is_compared_by_character() -> None:
    assert metrics.answer_tokens("卡万·肖特,11 sacks") == ["卡", "万", "肖", "特", "11", "sacks"]
    assert metrics.exact_match("《蜗牛国王》", ["蜗牛国王"]) == 1.0
    # 4 common characters; precision 4/4, recall 4/5
    assert metrics.token_f1("五十英里", ["五十英里处"]) == pytest.approx(8 / 9)


def test_anls_follows_its_paper() -> None:
    assert metrics.anls("PHOENIX", ["phoenix"]) == 1.0
    assert metrics.anls("phenix", ["phoenix"]) == pytest.approx(1 - 1 / 7)
    assert metrics.anls("ab", ["abcd"]) == 0.0  # distance 0.5 is not below the threshold
    assert metrics.anls("x", ["y", "x"]) == 1.0


def test_rank_measures_by_hand() -> None:
    ranked = ["c", "a", "d", "b"]
    assert metrics.recall_at(ranked, {"a", "b"}, 2) == 0.5
    assert metrics.hit_at(ranked, {"a"}, 1) == 0.0
    assert metrics.reciprocal_rank(ranked, {"a", "b"}) == 0.5
    assert metrics.reciprocal_rank(ranked, {"x"}) == 0.0
    ideal = 1 + 1 / math.log2(3)
    got = 1 / math.log2(3) + 1 / math.log2(5)
    assert metrics.ndcg_at(ranked, {"a": 1.0, "b": 1.0}, 4) == pytest.approx(got / ideal)
    assert metrics.ndcg_at(ranked, {}, 4) == 0.0


def test_caption_words() -> None:
    assert metrics.caption_words("A dog's ball - isn't it red ?") == [
        "a", "dog", "'s", "ball", "is", "n't", "it", "red",
    ]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(SENTENCE, st.lists(SENTENCE, min_size=2, max_size=2)), min_size=1))
def test_bleu_is_that_of_sacrebleu(pairs: list[tuple[str, list[str]]]) -> None:
    scores = [Score(0.0, parts=metrics.bleu_parts(c, r)) for c, r in pairs]
    mine = metrics.combine(Metric("bleu4", combine="bleu"), scores)
    theirs = sacrebleu.corpus_bleu(
        [c for c, _ in pairs],
        [[r[0] for _, r in pairs], [r[1] for _, r in pairs]],
        tokenize="none",
        smooth_method="none",
    )
    assert mine == pytest.approx(theirs.score, abs=1e-6)


def test_cider_by_hand() -> None:
    # Two images without a common word, so every n-gram has document frequency 1 of 2 and the
    # rarity log 2: the candidate equals its reference in unigrams and bigrams, and has none longer.
    cider = CiderD([["red bike"], ["two dogs"]])
    assert cider.score("red bike", ["red bike"]) == pytest.approx(10 * 2 / 4)
    # Half of the unigrams fit: cosine 1/2; no bigram does.
    assert cider.score("red dogs", ["red bike"]) == pytest.approx(10 * (1 / 2) / 4)
    assert cider.score("", ["red bike"]) == 0.0
    # A repeated word is clipped to the reference's count, and one bigram too many costs e^(-1/72).
    long = cider.score("red bike bike", ["red bike"])
    unigram = (1 + 1) / (math.sqrt(5) * math.sqrt(2))
    bigram = 1 / math.sqrt(2 + 0)  # "bike bike" is in no image: rarity log 2 as well
    assert long == pytest.approx(10 * math.exp(-1 / 72) * (unigram + bigram) / 4)


def test_a_word_in_every_caption_tells_nothing() -> None:
    cider = CiderD([["a bike"], ["a dog"]])
    assert cider.score("a", ["a bike"]) == 0.0


@settings(max_examples=50, deadline=None)
@given(SENTENCE, SENTENCE)
def test_word_errors_are_those_of_jiwer(reference: str, heard: str) -> None:
    errors, words = metrics.word_errors(reference, heard)
    assert errors / words == pytest.approx(jiwer.wer(reference, heard))
    characters, letters = metrics.character_errors(reference, heard)
    squeezed = [text.replace(" ", "") for text in (reference, heard)]
    assert characters / letters == pytest.approx(jiwer.cer(*squeezed))


def test_silence_counts_insertions() -> None:
    assert metrics.word_errors("", "thank you") == (2, 0)


def test_speech_is_compared_without_writing_habits() -> None:
    assert metrics.spoken_form("Mr. O'Neill paid $20, it's true!") == metrics.spoken_form(
        "mister o'neill paid twenty dollars it is true"
    )
    assert metrics.spoken_form("三月，九日。", "zh") == "三 月 九 日"


def test_weights_make_rates() -> None:
    wer = Metric("wer", lower_is_better=True)
    # 1 error of 2 words and 1 of 8 make 2 of 10.
    assert metrics.combine(wer, [Score(0.5, weight=2), Score(0.125, weight=8)]) == 0.2
    assert metrics.combine(wer, []) is None
    assert metrics.combine(wer, [Score(1.0, weight=0)]) is None
    assert resampling.interval(wer, [], 1) is None


def test_the_interval_is_seeded_and_covers() -> None:
    metric = Metric("right")
    scores = [Score(float(v)) for v in np.random.default_rng(0).random(200) < 0.3]
    low, high = resampling.interval(metric, scores, 7) or (0.0, 0.0)
    assert (low, high) == resampling.interval(metric, scores, 7)
    value = metrics.combine(metric, scores)
    assert value is not None and low < value < high
    # close to the normal interval of a proportion
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(value * (1 - value) / 200), rel=0.15)
