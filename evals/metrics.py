"""Measures of text, rank and speech, and how cases become one figure.

Pure functions over strings and numbers: no models, no files. Fractions of 1 unless said.
"""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.tuning.metrics import caption_words
from evals.values import Metric, Score

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_BLEU_ORDER = 4


def normal_answer(text: str) -> str:
    """Return an answer as SQuAD compares it: lower case, no punctuation, articles, extra spaces."""
    kept = "".join(" " if _is_mark(c) and c != "'" else c for c in text.casefold() if c != "'")
    return " ".join(_ARTICLES.sub(" ", kept).split())


def _is_mark(char: str) -> bool:
    return char in string.punctuation or unicodedata.category(char)[0] in "PS"


def answer_tokens(text: str) -> list[str]:
    """Split a normalised answer into words; each Chinese character is a token of its own.

    This is the mixed segmentation of the CMRC 2018 and MLQA evaluation.
    """
    return _CJK.sub(lambda m: f" {m[0]} ", normal_answer(text)).split()


def exact_match(answer: str, golds: Sequence[str]) -> float:
    """Return 1.0 if the answer equals one of the golds after normalisation."""
    tokens = answer_tokens(answer)
    return float(any(tokens == answer_tokens(gold) for gold in golds))


def token_f1(answer: str, golds: Sequence[str]) -> float:
    """Return the best bag-of-tokens F1 over the golds (SQuAD; MLQA for Chinese)."""
    return max((_f1(answer_tokens(answer), answer_tokens(gold)) for gold in golds), default=0.0)


def _f1(found: list[str], wanted: list[str]) -> float:
    if not found or not wanted:
        return float(found == wanted)
    common = sum((Counter(found) & Counter(wanted)).values())
    if not common:
        return 0.0
    precision, recall = common / len(found), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


def anls(answer: str, golds: Sequence[str], threshold: float = 0.5) -> float:
    """Return the average normalised Levenshtein similarity of one answer (Biten et al., 2019).

    1 − distance / longer length, of lower-cased stripped text, best over the golds; 0 when the
    normalised distance is at or above ``threshold``.
    """
    from rapidfuzz.distance import Levenshtein

    best = 0.0
    found = " ".join(answer.casefold().split())
    for gold in golds:
        away = Levenshtein.normalized_distance(found, " ".join(gold.casefold().split()))
        best = max(best, 1.0 - away if away < threshold else 0.0)
    return best


def recall_at(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Return the share of ``relevant`` among the first ``k``; ``relevant`` is not empty."""
    return len(set(ranked[:k]) & set(relevant)) / len(set(relevant))


def hit_at(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Return 1.0 if any of the first ``k`` is relevant."""
    return float(not set(ranked[:k]).isdisjoint(relevant))


def reciprocal_rank(ranked: Sequence[Hashable], relevant: Collection[Hashable]) -> float:
    """Return 1 / rank of the first relevant item, 0.0 if there is none."""
    places = (1 / place for place, item in enumerate(ranked, start=1) if item in relevant)
    return next(places, 0.0)


def ndcg_at(ranked: Sequence[Hashable], gains: Mapping[Any, float], k: int) -> float:
    """Return the normalised discounted cumulative gain of the first ``k`` (log2 discount)."""
    ideal = sum(
        gain / math.log2(place + 1)
        for place, gain in enumerate(sorted(gains.values(), reverse=True)[:k], start=1)
    )
    got = sum(
        gains.get(item, 0.0) / math.log2(place + 1)
        for place, item in enumerate(ranked[:k], start=1)
    )
    return got / ideal if ideal else 0.0


def bleu_parts(caption: str, references: Sequence[str]) -> tuple[float, ...]:
    """Return what BLEU sums over a corpus for one caption.

    Matches of n-grams 1..4, their totals, the caption's length, the closest reference length.
    """
    score = _bleu().corpus_score(
        [" ".join(caption_words(caption))], [[" ".join(caption_words(r))] for r in references]
    )
    return (*score.counts, *score.totals, score.sys_len, score.ref_len)


@cache
def _bleu() -> Any:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize="none", smooth_method="none", max_ngram_order=_BLEU_ORDER)


def bleu_of(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return corpus BLEU-4 ×100, unsmoothed, of summed parts [m, 10]; returns [m]."""
    counts, totals = sums[:, :_BLEU_ORDER], sums[:, _BLEU_ORDER : 2 * _BLEU_ORDER]
    length, wanted = sums[:, -2], sums[:, -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.where(totals > 0, counts / totals, 0.0)).mean(axis=1)
        short = np.where(length < wanted, np.exp(1 - wanted / length), 1.0)
        found: NDArray[np.float64] = np.nan_to_num(100 * short * np.exp(logs))
    return found


def word_errors(reference: str, heard: str) -> tuple[int, int]:
    """Return (errors, words of the reference) of two normalised texts, as jiwer counts them.

    Errors are substitutions, deletions and insertions; a text without words counts insertions.
    """
    return _errors(reference.split(), heard.split())


def character_errors(reference: str, heard: str) -> tuple[int, int]:
    """Return (errors, characters of the reference) of two normalised texts, spaces left out."""
    return _errors(list(reference.replace(" ", "")), list(heard.replace(" ", "")))


def _errors(reference: list[str], heard: list[str]) -> tuple[int, int]:
    if not reference:
        return len(heard), 0
    import jiwer

    done = jiwer.process_words(" ".join(reference), " ".join(heard))
    return done.substitutions + done.deletions + done.insertions, len(reference)


@cache
def _english() -> Callable[[str], str]:
    from transformers.models.whisper.english_normalizer import EnglishTextNormalizer

    kind: Any = EnglishTextNormalizer
    normalise: Callable[[str], str] = kind({})
    return normalise


def spoken_form(text: str, language: str = "en") -> str:
    """Return text as speech recognition is compared: Whisper's own English normaliser (numbers,
    contractions, fillers), else lower case without punctuation, Chinese characters apart."""
    if language == "en":
        return _english()(text)
    return " ".join(answer_tokens(text))


def _counted(parts: NDArray[np.float64]) -> tuple[float, float, float]:
    right, extra, missed = parts.sum(axis=0)
    return float(right), float(extra), float(missed)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan


def _precision(parts: NDArray[np.float64]) -> float:
    right, extra, _ = _counted(parts)
    return _share(right, right + extra)


def _recall(parts: NDArray[np.float64]) -> float:
    right, _, missed = _counted(parts)
    return _share(right, right + missed)


def _f_one(parts: NDArray[np.float64]) -> float:
    right, extra, missed = _counted(parts)
    return _share(2 * right, 2 * right + extra + missed)


def risk_coverage(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the risk at each coverage 1/n … 1, answering the surest questions first.

    Args:
        parts: [n, 2] confidence and error (0 or 1); equal confidences share their mean risk.
    """
    order = np.argsort(-parts[:, 0], kind="stable")
    sure, wrong = parts[order, 0], parts[order, 1]
    _, first, count = np.unique(-sure, return_index=True, return_counts=True)
    shared = np.repeat([wrong[a : a + n].mean() for a, n in zip(first, count, strict=True)], count)
    found: NDArray[np.float64] = np.cumsum(shared) / np.arange(1, len(parts) + 1)
    return found


CORPUS: dict[str, Callable[[NDArray[np.float64]], float]] = {
    "bleu": lambda parts: float(bleu_of(parts.sum(axis=0, keepdims=True))[0]),
    "precision": _precision,  # parts: right, extra, missed
    "recall": _recall,
    "f1": _f_one,
    "aurc": lambda parts: float(risk_coverage(parts).mean()),  # parts: confidence, error
}
"""How scores that are no mean become one figure: a function of their parts [n, p]."""


def combine(metric: Metric, scores: Sequence[Score]) -> float | None:
    """Return the figure of many cases, or None when nothing weighs in."""
    if not scores:
        return None
    if metric.combine != "mean":
        figure = CORPUS[metric.combine](parts_of(scores))
        return None if math.isnan(figure) else figure
    weight = sum(score.weight for score in scores)
    if weight <= 0:
        return None
    return metric.scale * sum(score.value * score.weight for score in scores) / weight


def parts_of(scores: Sequence[Score]) -> NDArray[np.float64]:
    return np.array([score.parts for score in scores], dtype=float)
