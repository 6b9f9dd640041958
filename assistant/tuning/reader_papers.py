"""Everyday papers that teach the reader: leases, bills, letters, minutes, reports, chats.

Written for this project (``papers.jsonl`` beside this module), English and Chinese: a passage as it
comes out of a file, with questions in both languages, mostly in other words than the passage's.
A third have no answer there, but a neighbour that looks like one: the figure of another year, the
deposit beside the rent. Every tenth paper only measures. Knows no model.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.i18n import Language
from assistant.tuning.reader_data import Lesson, Put, thinned
from retrieval.languages import is_chinese

PAPERS = Path(__file__).with_name("papers.jsonl")
HELD_OUT = 10
_CUT = 0.3
_CROSSED = 0.25


@dataclass(frozen=True)
class PaperAsk:
    """A question in both languages; ``answer`` is the stretch to copy, None where there is none."""

    question: dict[Language, str]
    answer: str | None


@dataclass(frozen=True)
class Paper:
    """A passage of a paper, what kind of paper it is from, and what is asked."""

    kind: str
    text: str
    asks: tuple[PaperAsk, ...]

    @property
    def language(self) -> Language:
        """The language that the passage is written in."""
        return "zh" if is_chinese(self.text) else "en"


def read_papers(path: Path = PAPERS) -> tuple[Paper, ...]:
    """Return the papers that ship."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(_paper(json.loads(line)) for line in lines if line.strip())


def _paper(row: dict[str, object]) -> Paper:
    told = row["asks"]
    assert isinstance(told, list)
    asks = (PaperAsk({"en": a["en"], "zh": a["zh"]}, a["answer"]) for a in told)
    return Paper(str(row["kind"]), str(row["text"]), tuple(asks))


def split_papers(papers: Sequence[Paper]) -> tuple[tuple[Paper, ...], tuple[Paper, ...]]:
    """Return (papers that teach, papers that measure)."""
    held = tuple(papers[HELD_OUT - 1 :: HELD_OUT])
    return tuple(p for i, p in enumerate(papers, 1) if i % HELD_OUT), held


def paper_lessons(papers: Sequence[Paper], seed: int) -> list[Lesson]:
    """Return one pass over the papers, shuffled, each with a question put to another one.

    Three in ten are cut to neighbouring lines and a third lack a line, so that some of their own
    questions have no answer there.
    """
    draw = random.Random(seed)
    found = []
    for paper in papers:
        text = _changed(paper.text, draw)
        puts = [_put(paper, ask, text, draw) for ask in paper.asks]
        if (stray := _stray(paper, papers, draw)) is not None:
            puts.append(stray)
        draw.shuffle(puts)
        found.append(Lesson(text, tuple(puts)))
    draw.shuffle(found)
    return found


def _put(paper: Paper, ask: PaperAsk, text: str, draw: random.Random) -> Put:
    """Put a question to a text: a quarter of the time in the other language."""
    other: Language = "zh" if paper.language == "en" else "en"
    language = other if draw.random() < _CROSSED else paper.language
    there = ask.answer is not None and ask.answer in text
    return Put(language, ask.question[language], ask.answer if there else None)


def _stray(paper: Paper, papers: Sequence[Paper], draw: random.Random) -> Put | None:
    """Return a question of a paper of another kind: what a search finds that missed."""
    strange = draw.choice(papers)
    if strange.kind == paper.kind or strange.language != paper.language:
        return None
    ask = draw.choice(strange.asks)
    return Put(paper.language, ask.question[paper.language], None)


def _changed(text: str, draw: random.Random) -> str:
    """Return a text with lines left out; one of few lines stays whole."""
    lines = list(_lines(text))
    return "\n".join(thinned(lines, draw, _CUT)) if len(lines) > 3 else text


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.strip())
