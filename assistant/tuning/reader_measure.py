"""Measures the reader on questions that did not teach it; gathers rows to fit its confidence on.

Questions are put to libraries that hold the paragraphs: English to English, Chinese to Chinese, and
Chinese to English; and those of everyday papers, with those that have no answer, to a library of
these. The first passages found are read one by one, as the app does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from assistant.confidence import chances, numbers_of
from assistant.i18n import Language
from assistant.library import EmptyLibrary
from assistant.models.protocol import SightlineChatModel
from assistant.nearness import nearest, nearness
from assistant.reader import STRETCHES, neat
from assistant.session import Limits, Request, Session
from assistant.stretches import stretches
from assistant.tuning.reader_confidence import Row, is_right
from assistant.tuning.reader_data import Asked, Questions
from assistant.tuning.reader_papers import Paper
from retrieval.values import Passage, SearchResult

Search = Callable[[str, str], SearchResult]
"""Searches, for a question, a library: of a language, or ``PAPERS``."""
PAPERS = "papers"
PAIRS: tuple[tuple[Language, Language], ...] = (("en", "en"), ("zh", "zh"), ("zh", "en"))
_READ = 3


def measure_reader(
    model: SightlineChatModel,
    search: Search,
    asked: Sequence[Asked],
    report: Callable[[str], None],
) -> tuple[list[Row], dict[str, float]]:
    """Return a row a reading, and the share of right answers by pair of languages.

    The answer of a question is the likeliest copy of the right paragraph's passage; 0 where that
    was not among the first found.
    """
    rows: list[Row] = []
    right: dict[str, list[bool]] = {}
    for number, one in enumerate(asked, 1):
        for language, of in PAIRS:
            question = one.question[language]
            expected = (one.answers[of], one.answers[language])
            made = _readings(model, question, language, search(question, of), expected)
            rows += [row for row in made if row is not None]
            best = max((r for r in made if r is not None), key=_margin, default=None)
            right.setdefault(f"{language}_{of}", []).append(best is not None and best.right)
        if number % 5 == 0:
            shown = ", ".join(f"{k} {sum(v) / len(v):.2f}" for k, v in right.items())
            report(f"{number}/{len(asked)} questions; right: {shown}")
    return rows, {k: round(sum(v) / len(v), 4) for k, v in right.items()}


def measure_papers(
    model: SightlineChatModel,
    search: Search,
    papers: Sequence[Paper],
    limit: int,
    report: Callable[[str], None],
) -> tuple[list[Row], dict[str, float]]:
    """Return a row a reading, and the shares of answers copied rightly and of refusals told so.

    Refused is where writing that there is no answer was likelier than the copy, in each passage.

    Args:
        limit: questions at most, drawn with a fixed seed.
    """
    asked = [(paper, ask) for paper in papers for ask in paper.asks]
    rows: list[Row] = []
    right: dict[str, list[bool]] = {"papers": [], "papers_refused": []}
    drawn = random.Random(0).sample(asked, min(limit, len(asked)))
    for number, (paper, ask) in enumerate(drawn, 1):
        question, language = ask.question[paper.language], paper.language
        expected = () if ask.answer is None else (ask.answer,)
        made = _readings(model, question, language, search(question, PAPERS), expected)
        known = [row for row in made if row is not None]
        rows += known
        best = max(known, key=_margin, default=None)
        refused = best is None or best.numbers[2] < 0
        if ask.answer is None:
            right["papers_refused"].append(refused)
        else:
            right["papers"].append(best is not None and best.right)
        if number % 20 == 0:
            shown = ", ".join(f"{k} {sum(v) / max(1, len(v)):.2f}" for k, v in right.items())
            report(f"{number}/{len(drawn)} questions of papers; {shown}")
    return rows, {k: round(sum(v) / max(1, len(v)), 4) for k, v in right.items()}


def _likeliest(question: str, found: SearchResult) -> list[tuple[Passage, float]]:
    """Return the passages that the app would read, with the chance that each holds the answer."""
    texts = [passage for passage in found.passages if passage.kind != "pixels"]
    told = zip(texts, chances(question, texts), strict=True)
    return sorted(told, key=lambda one: -one[1])[:_READ]


def _margin(row: Row) -> float:
    return row.numbers[1] + row.numbers[2]


def _readings(
    model: SightlineChatModel,
    question: str,
    language: Language,
    found: SearchResult,
    expected: Sequence[str],
) -> list[Row | None]:
    """Return a row for each stretch that the app would read; None where nothing is copied."""
    request = Request("", "", question, language, EmptyLibrary())
    session = Session(request, model, Limits(), lambda: False)
    nearest_found = nearest(question, found.passages)
    made: list[Row | None] = []
    for stretch in stretches(session, question, _likeliest(question, found), STRETCHES):
        text = stretch.text
        copied = session.copy(question, text)
        if copied is None or not copied.spans:
            made.append(None)
            continue
        best = copied.spans[0]
        said = neat(text[best.start : best.end])
        near = nearness(question, stretch.passage, text, best, nearest_found)
        numbers = numbers_of(question, said, best, copied.refused, stretch.chance, near)
        made.append(Row(numbers, is_right(said, expected), question))
    return made


def write_texts(data: Questions, papers: Sequence[Paper], folder: Path) -> dict[str, list[Path]]:
    """Write each paragraph and paper as a text file; returns the files by library."""
    written = {str(of): _written(texts, folder / of) for of, texts in data.paragraphs.items()}
    named = {f"{paper.kind} {number}": paper.text for number, paper in enumerate(papers, 1)}
    return {**written, PAPERS: _written(named, folder / PAPERS)}


def _written(texts: Mapping[str, str], place: Path) -> list[Path]:
    place.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in texts.items():
        safe = "".join(c if c.isalnum() or c in "-_. " else "_" for c in name)
        paths.append(place / f"{safe}.txt")
        paths[-1].write_text(text, encoding="utf-8")
    return paths
