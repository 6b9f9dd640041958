"""Answers of a table by a query that the language model writes, held against the question.

For questions that the rules of ``asked`` do not understand: people ask in more ways than rules
know. The model chooses columns and conditions, ``grounded`` throws out what nobody named, and the
figures are worked out by the same exact arithmetic. Knows no search.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from assistant.answers import Draft
from assistant.citations import content_words
from assistant.rows.columns import Sheet
from assistant.rows.figures import RowFigures
from assistant.rows.grounded import Cells, grounded, values_named
from assistant.rows.refusals import missing, none_fits
from assistant.rows.writer import QueryWriter
from assistant.session import Session

MOST_ROWS = 12
"""Rows whose cells are told one by one; more are no answer to a question for a cell."""
_WORDS_OF = 20_000
"""Rows by whose words a table is told from others."""


def told_by_query(session: Session, sheets: Sequence[Sheet], *, meant: bool) -> Draft | None:
    """Answer from the table whose words the question has most of; None when no query holds.

    Args:
        meant: the tables' file was named, or is the only one; else the question must name a
            value, a column or the title of it.

    Raises:
        AnswerCancelled: the user stopped it.
    """
    question = session.request.question
    sheet = _nearest(question, sheets)
    if sheet is None:
        return None
    session.status("querying", name=session.name_of(sheet.table.asset))
    writer = QueryWriter(session, question, sheet, values_named(question, sheet))
    query = writer.write()
    found = grounded(query, question, sheet, writer) if query else None
    if found is None or not (meant or found.sure):
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
    return Draft(said, citations=tuple(figures.citations))


def _nearest(question: str, sheets: Sequence[Sheet]) -> Sheet | None:
    """Return the table that has most of the question's words; None when none has any.

    A word that fewer of the tables have counts for more, one of a title or column for two.
    """
    asked = set(content_words(question))
    shared = [asked & _words_of(sheet) for sheet in sheets]
    common = Counter(word for words in shared for word in words)
    titles = [set(content_words(_title(sheet))) for sheet in sheets]
    worth = [
        sum((1 + (word in title)) / common[word] for word in words)
        for words, title in zip(shared, titles, strict=True)
    ]
    return sheets[worth.index(max(worth))] if any(worth) else None


def _words_of(sheet: Sheet) -> set[str]:
    table = sheet.table
    lines = (" ".join(row.cells) for row in table.rows[:_WORDS_OF])
    return set(content_words(" \n".join([_title(sheet), *lines])))


def _title(sheet: Sheet) -> str:
    """Return what a table says of itself: its file, its heading, its columns."""
    name = re.sub(r"\.\w+$", "", sheet.table.asset).replace("_", " ")
    return " \n".join([name, sheet.table.sheet, *sheet.table.columns])
