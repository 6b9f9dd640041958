"""Fit the chance that a passage holds the answer (``assistant.confidence``), on real searches.

Questions are put to libraries, as the app does, and the passages found become rows. Each search
counts twice: as it is, and without the file that answers, as if the library lacked it. Everyday
papers lie in libraries of both languages; paragraphs in one of each, asked in both. Knows no model.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.confidence import SEEN, seen
from assistant.i18n import Language
from assistant.tuning.reader_data import Asked
from assistant.tuning.reader_papers import Paper, PaperAsk
from retrieval.calibration import auroc, calibration_error, fit
from retrieval.values import Passage, SearchResult

Search = Callable[[str], SearchResult]
_TOP = 10
_PAPERS = 64
_OWN, _ASKED = 3, 4
"""Of a paper's questions so many are asked, the first of them in its own language."""
_OTHER: dict[Language, Language] = {"en": "zh", "zh": "en"}
_RIDGE = 1e-4


@dataclass(frozen=True)
class Put:
    """A question, the file that answers it, and the words that stand there."""

    question: str
    file: str
    answer: str


@dataclass(frozen=True)
class Shelf:
    """The texts of one library by file name, and what is asked of it."""

    texts: Mapping[str, str]
    puts: tuple[Put, ...]


@dataclass(frozen=True)
class Seen:
    """One passage found: its numbers (``confidence.SEEN``) and whether it holds the answer."""

    numbers: tuple[float, ...]
    right: bool


def paper_shelves(papers: Sequence[Paper], seed: int = 0) -> Iterator[Shelf]:
    """Yield libraries of papers in both languages; the last, smaller ones are left out."""
    draw = random.Random(seed)
    mixed = draw.sample(papers, len(papers))
    for start in range(0, len(mixed) - _PAPERS // 2, _PAPERS):
        some = mixed[start : start + _PAPERS]
        names = [f"{number:03}.txt" for number in range(len(some))]
        puts = [
            put for name, paper in zip(names, some, strict=True) for put in _puts(paper, name, draw)
        ]
        yield Shelf({n: p.text for n, p in zip(names, some, strict=True)}, tuple(puts))


def _puts(paper: Paper, name: str, draw: random.Random) -> Iterator[Put]:
    told: list[PaperAsk] = [ask for ask in paper.asks if ask.answer is not None]
    for number, ask in enumerate(draw.sample(told, min(_ASKED, len(told)))):
        language = paper.language if number < _OWN else _OTHER[paper.language]
        assert ask.answer is not None
        yield Put(ask.question[language], name, ask.answer)


def paragraph_shelves(
    paragraphs: Mapping[Language, Mapping[str, str]], asked: Sequence[Asked]
) -> Iterator[Shelf]:
    """Yield a library of each language, asked in its own and, every second time, in the other."""
    wanted = {ask.paragraph for ask in asked}
    for language, texts in paragraphs.items():
        puts = [
            Put(ask.question[of], f"{ask.paragraph}.txt", ask.answers[language])
            for number, ask in enumerate(asked)
            for of in (language, _OTHER[language])[: 1 + number % 2]
        ]
        yield Shelf({f"{n}.txt": t for n, t in texts.items() if n in wanted}, tuple(puts))


def seen_of(put: Put, search: Search) -> list[Seen]:
    """Search for a question; return its passages as rows, with the right file and without."""
    found = [p for p in search(put.question).passages if p.kind != "pixels"]
    rows = _rows(put, found[:_TOP])
    if any(row.right for row in rows):
        rows += _rows(put, [p for p in found if p.asset != put.file][:_TOP])
    return rows


def _rows(put: Put, passages: Sequence[Passage]) -> list[Seen]:
    numbers = seen(put.question, passages)
    return [
        Seen(row, passage.asset == put.file and put.answer in passage.text)
        for row, passage in zip(numbers, passages, strict=True)
    ]


def fit_evidence(
    taught: Sequence[Seen], other: Sequence[Seen], source: str, path: Path
) -> dict[str, Any]:
    """Fit the rule on rows and write it.

    Args:
        other: rows of questions that are not fitted on, which measure.

    Returns:
        What was written: weights (the constant last), AUROC and expected calibration error.
    """
    weights = np.array(fit(_numbers(taught), _right(taught), ridge=_RIDGE))
    chances = 1 / (1 + np.exp(-(_numbers(other) @ weights[:-1] + weights[-1])))
    written = {
        "weights": [round(float(w), 4) for w in weights],
        "names": list(SEEN),
        "source": source,
        "rows": len(taught),
        "right": round(float(_right(taught).mean()), 4),
        "auroc": round(auroc(chances, _right(other)), 4),
        "calibration_error": round(calibration_error(chances, _right(other)), 4),
    }
    path.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return written


def _numbers(rows: Sequence[Seen]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([row.numbers for row in rows], np.float64)


def _right(rows: Sequence[Seen]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([row.right for row in rows], np.float64)
