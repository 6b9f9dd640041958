"""Answers of a table by a query that the language model writes, held against the question.

For questions that the rules of ``asked`` do not understand: people ask in more ways than rules
know. The model chooses columns and conditions, ``grounded`` throws out what nobody named, and the
figures are worked out by the same exact arithmetic. Knows no search.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from assistant.citations import content_words
from assistant.drafts import Draft
from assistant.rows.columns import Sheet, figures_of, is_named, is_prose
from assistant.rows.figures import RowFigures
from assistant.rows.grounded import Cells, grounded, values_named
from assistant.rows.named import Named
from assistant.rows.refusals import missing, none_fits
from assistant.rows.vocabulary import TOTAL_LINE
from assistant.rows.when import spelled
from assistant.rows.writer import QueryWriter
from assistant.session import Session
from retrieval.table_values import BETWEEN
from retrieval.values import ABOUT, Passage

MOST_ROWS = 12
"""Rows whose cells are told one by one; more are no answer to a question for a cell."""
LONGEST = 500
"""Characters of a question that is put to a table; a pasted text asks for no figure."""
NO_QUERY = "tables without a query"
"""The note in which a session keeps the files whose tables a query could not answer from."""
_SURE = 2
"""Words of a question in a table from which it is the one that is meant."""
_BESIDE = 5
"""Passages found first that are held against a table."""
_OF_ANY = frozenset(
    [
        "per",
        "year",
        "month",
        "week",
        "day",
        "pay",
        "cost",
        "price",
        "total",
        "amount",
        "much",
        "many",
    ]
)
"""Words that any table may have."""
_TELLING = 5
"""Letters of a word by which one row may be told from all others."""
_SHORT = re.compile(r"\d{1,2}")
_WORDS_OF = 20_000
"""Rows by whose words a table is told from others."""


def told_by_query(
    session: Session, sheets: Sequence[Sheet], found_first: Sequence[Passage], *, meant: bool
) -> Draft | None:
    """Answer from the table whose words the question has most of; None when no query holds.

    Args:
        found_first: what a search found; where one passage beside the table has more of the
            question's words than all of the table, it is read instead.
        meant: the tables' file was named, or is the only one; else the question must name a
            value, a column or the title of it.

    Raises:
        AnswerCancelled: the user stopped it.
    """
    question = spelled(session.request.question)
    near = _nearest(question, sheets) if len(question) <= LONGEST else None
    if near is None:
        return None
    sheet, shared = near
    told = None
    if meant or not _told_elsewhere(question, sheet, shared, found_first):
        session.status("status_querying", name=session.name_of(sheet.table.asset))
        told = _told(session, question, sheet, meant=meant, shared=shared)
    if told is None:
        session.notes.setdefault(NO_QUERY, set()).add(sheet.table.asset)
    return told


def _told(
    session: Session, question: str, sheet: Sheet, *, meant: bool, shared: int
) -> Draft | None:
    """Answer from one table; None when the query does not hold."""
    writer = QueryWriter(session, question, sheet, values_named(question, sheet))
    query = writer.write()
    found = grounded(query, question, sheet, writer) if query else None
    if found is None or not (meant or found.sure or shared >= _SURE):
        return None
    figures = RowFigures(session)
    if isinstance(found, Cells):
        if not 0 < len(found.rows) <= MOST_ROWS:
            return None
        said = figures.cells(sheet, found.rows, found.columns)
    elif found.missing:
        return missing(session, sheet, found) if meant else None
    elif not found.rows:
        return none_fits(session, [(sheet, found)]) if meant else None
    else:
        said = figures.say(sheet, found)
    # Chosen rows without one figure among them answer nothing.
    return Draft(said, citations=figures.citations) if figures.citations else None


def shares_words(question: str, sheet: Sheet) -> bool:
    """Whether a table has any word of a question."""
    return bool(set(content_words(question)) & _words_of(sheet))


def of_a_row(session: Session, said: str, passage: Passage) -> bool:
    """Whether words are a cell of a table that a query found no answer in: the wrong one, mostly.

    Words out of a cell that holds sentences were read, as in any other text, and a bill's own line
    of its total is no row of a list; nor is it any row where it is the only one to have a word of
    the question, in another cell.
    """
    if passage.kind != "table" or passage.asset not in session.notes.get(NO_QUERY, ()):
        return False
    lines = [line for line in passage.text.split("\n") if said in line]
    cells = (cell for line in lines for cell in line.split(BETWEEN))
    prose = any(said in cell and is_prose(cell) for cell in cells)
    if prose or any(TOTAL_LINE.search(line) for line in lines):
        return False
    return not any(_alone_has(session.request.question, line, said, passage) for line in lines)


def _alone_has(question: str, line: str, said: str, passage: Passage) -> bool:
    """Whether a row is the only one of its passage with a word of the question, beside ``said``."""
    rest = set(content_words(line.replace(said, " ")))
    others = (x for x in passage.text.split("\n") if x != line)
    common = {word for other in others for word in content_words(other)}
    words = {w for w in content_words(question) if len(w) >= _TELLING and not w.isdecimal()}
    return bool((words & rest) - common)


def _nearest(question: str, sheets: Sequence[Sheet]) -> tuple[Sheet, int] | None:
    """Return the table that has most of the question's words, and how many; None when none has any.

    A word that fewer of the tables have counts for more, one of a title or column for two; the
    tables of the file that was found first for one more, and that of which figures are named.
    """
    asked = {w for w in _words(question) if w not in _OF_ANY}
    shared = [asked & _words_of(sheet) for sheet in sheets]
    common = Counter(word for words in shared for word in words)
    titles = [set(content_words(_title(sheet))) for sheet in sheets]
    worth = [
        sum((1 + (word in title)) / common[word] for word in words)
        + (sheet.table.asset == sheets[0].table.asset)
        + any(is_named(sheet.table.columns[c], question) for c in figures_of(sheet))
        for words, title, sheet in zip(shared, titles, sheets, strict=True)
    ]
    best = worth.index(max(worth)) if any(shared) else None
    return None if best is None else (sheets[best], len(shared[best]))


def _told_elsewhere(
    question: str, sheet: Sheet, shared: int, found_first: Sequence[Passage]
) -> bool:
    """Whether a passage has clearly more of the question's words than all of a table.

    A document's own words around its table do not count where the most of something is asked for.
    """
    asked = _words(question)
    own = sheet.table.asset if sheet.table.within and Named(question).extreme() else ""
    beside = [p for p in found_first if p.kind not in ("table", *ABOUT) and p.asset != own]
    return any(
        len(asked & set(content_words(f"{p.asset} {p.heading} {p.text}"))) > shared + 1
        for p in beside[:_BESIDE]
    )


def _words(question: str) -> set[str]:
    """Return the words of a question, days and months in figures left out."""
    return {word for word in content_words(question) if not _SHORT.fullmatch(word)}


def _words_of(sheet: Sheet) -> set[str]:
    table = sheet.table
    lines = (" ".join(row.cells) for row in table.rows[:_WORDS_OF])
    return set(content_words(" \n".join([_title(sheet), *lines])))


def _title(sheet: Sheet) -> str:
    """Return what a table says of itself: its file, its heading, its columns."""
    name = re.sub(r"\.\w+$", "", sheet.table.asset).replace("_", " ")
    return " \n".join([name, sheet.table.sheet, *sheet.table.columns])
