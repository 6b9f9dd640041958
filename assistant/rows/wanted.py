"""Which columns of a table a question wants told: of people, of things, of ways to pay.

By patterns (``asking``), for a query that chose them or should have. Knows no query.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.rows import asking, vocabulary
from assistant.rows.columns import Sheet, column_named, is_named, spaced


def asks_for(question: str, columns: Sequence[int], sheet: Sheet) -> bool:
    """Whether columns of words hold what is asked for: someone, some place, or their name."""
    if asking.SOMEONE.search(question):
        return True
    noun = asking.WHICH.search(question)
    said = (noun["en"] or noun["zh"] or "") if noun else ""
    named = [spaced(sheet.table.columns[c]) for c in columns]
    for asked, of in (
        (asking.PEOPLE_ASKED, asking.PEOPLE), (asking.THINGS_ASKED, asking.THINGS),
    ):  # fmt: skip
        if asked.search(said) and any(map(of.search, named)):
            return True
    return bool(said) and column_named(said, sheet) in columns


def wrong_side(question: str, sheet: Sheet, column: int) -> bool:
    """Whether what was spent is asked for, and a column holds what came in."""
    name = spaced(sheet.table.columns[column])
    spent = vocabulary.SPENDING.search(question)
    asked = spent and not vocabulary.EARNING.search(question)
    only_in = vocabulary.INCOMING.search(name) and not vocabulary.OUTGOING.search(name)
    return bool(asked and only_in and not is_named(name, question))


def adds_rates(question: str, sheet: Sheet, column: int, rows: Sequence[int]) -> bool:
    """Whether prices of one night or one kilo would be added up, though nobody asks for a total."""
    rates = vocabulary.RATE.search(spaced(sheet.table.columns[column]))
    return bool(rates) and len(rows) > 1 and not vocabulary.ALTOGETHER.search(question)


def way_column(question: str, sheet: Sheet) -> int | None:
    """Return the column of the ways to pay where it is asked how something was paid."""
    if not asking.WAY_ASKED.search(question):
        return None
    names = (c for c in sheet.labels if asking.WAYS.search(spaced(sheet.table.columns[c])))
    return next(names, None)


def people_columns(question: str, sheet: Sheet) -> list[int]:
    """Return the column of people where it is one of them that is asked for."""
    if not asking.PERSON.search(question):
        return []
    named = (c for c in sheet.labels if asking.PEOPLE.search(spaced(sheet.table.columns[c])))
    return [c for c, _ in zip(named, range(1), strict=False)]
