"""Answers worked out from the rows of tables: sums, averages, extremes, counts, by group. By rule.

Figures are added with decimals, each currency apart, and every answer names the file, how many rows
it used and by what they were chosen; few rows are cited one by one. Files that are named must
answer, or it is said why not; others only when the question's words are theirs. What is asked is
told by ``asked``; knows no model and no search.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.answers import Draft, join, passages_of
from assistant.calls import ToolResult
from assistant.i18n import text
from assistant.leader import focus
from assistant.library import NOT_IN_LIBRARY
from assistant.planner import Plan
from assistant.rows.asked import Asked, asked_of, asks_figures, beyond
from assistant.rows.columns import Sheet
from assistant.rows.figures import RowFigures, bracketed
from assistant.session import Session
from retrieval.tables import is_table_file, tables_of
from retrieval.values import Passage

MOST_TABLES = 40
"""Table files that a question naming none goes through."""
_SAID_NONE = 3
_FOUND_FIRST = 8
"""Files that a search found first among which a table must be for a question naming none."""


def told_by_rows(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft | None:
    """Answer from the rows of the tables a question means; None when it means none."""
    if not asks_figures(session.request.question):
        return None
    named = _named(session, plan)
    if named:
        return _tell(
            session, plan, [s for passages in named for s in _sheets(passages)], meant=True
        )
    if focus(plan, session.request):
        return None
    if plan.intent == "aggregate":
        files = [f for r in results if r.call.tool == "list_assets" for f in r.assets]
        numbers = dict.fromkeys(f.id for f in files if is_table_file(f.name))
    else:
        found = passages_of(results)
        first = list(dict.fromkeys((p.asset_id, p.asset) for p in found))[:_FOUND_FIRST]
        numbers = dict.fromkeys(n for n, name in first if is_table_file(name))
    library = session.request.library
    held = [library.passages(n) for n in list(numbers)[:MOST_TABLES] if n != NOT_IN_LIBRARY]
    return _tell(session, plan, [s for passages in held for s in _sheets(passages)], meant=False)


def has_rows(session: Session, name: str) -> bool:
    """Whether a file is a table with figures, so that no single one of them is its total."""
    if not is_table_file(name):
        return False
    given: list[Sequence[Passage]] = [
        a.passages for a in session.request.attached if a.name == name
    ]
    files = [a for a in session.request.library.assets(name, limit=5) if a.name == name]
    held = given or [session.request.library.passages(file.id) for file in files[:1]]
    return any(sheet.numbers for passages in held for sheet in _sheets(passages))


def joined(session: Session, rows: Draft, bills: Draft) -> Draft:
    """Return what tables and bills say, told apart, the marks numbered through."""
    start = len(rows.citations)
    said = bills.text
    for citation in reversed(bills.citations):
        said = said.replace(f"[{citation.number}]", f"[{citation.number + start}]")
    moved = tuple(replace(c, number=c.number + start) for c in bills.citations)
    told = text("say_rows_bills", session.language, said=said)
    return Draft(f"{rows.text}\n{told}", citations=(*rows.citations, *moved))


def _named(session: Session, plan: Plan) -> list[Sequence[Passage]]:
    """Return the passages of the tables that are named, attached or spoken of before."""
    request = session.request
    names = [name for name in focus(plan, request) if is_table_file(name)]
    held: list[Sequence[Passage]] = []
    for name in names:
        given = next((a for a in (*request.attached, *request.earlier) if a.name == name), None)
        if given is not None:
            held.append(given.passages)
            continue
        files = [a for a in request.library.assets(name, limit=5) if a.name == name]
        held += [request.library.passages(file.id) for file in files[:1]]
    return held


def _sheets(passages: Sequence[Passage]) -> list[Sheet]:
    return [Sheet.of(table) for table in tables_of(passages)]


def _tell(session: Session, plan: Plan, sheets: Sequence[Sheet], *, meant: bool) -> Draft | None:
    question, sums = session.request.question, plan.intent == "aggregate"
    asked = [(sheet, a) for sheet in sheets if (a := asked_of(question, sheet))]
    if not meant:  # of a file that was not named, the figures must be of the kind asked for
        asked = [(s, a) for s, a in asked if a.fits and (a.sure or sums)]
    fitting = [(s, a) for s, a in asked if not a.missing]
    answered = [(s, a) for s, a in fitting if a.rows and not a.choices]
    if answered:
        figures = RowFigures(session)
        said = "\n".join(figures.say(sheet, a) for sheet, a in answered)
        return Draft(said, citations=tuple(figures.citations))
    if open_to := next(((s, a) for s, a in fitting if a.choices), None):
        return _which(session, *open_to)
    if fitting:
        return _none(session, fitting[:_SAID_NONE])
    if asked and (meant or (sums and len(asked) == 1)):
        return _missing(session, *asked[0])
    return _beyond(session, sheets) if meant and sums and beyond(question) else None


def _beyond(session: Session, sheets: Sequence[Sheet]) -> Draft | None:
    """Say that what is asked of a table's rows is not worked out here."""
    able = [sheet.table for sheet in sheets if sheet.numbers]
    if not able:
        return None
    said = text("say_rows_beyond", session.language, name=able[0].asset)
    return Draft(said, found=False, nearest=(able[0].rows[0].passage,))


def _which(session: Session, sheet: Sheet, asked: Asked) -> Draft:
    """Ask back which of several columns is meant."""
    names = join((f"“{name}”" for name in asked.choices), session.language)
    name = sheet.table.asset
    said = text("say_rows_which", session.language, name=name, columns=names)
    return Draft(said, found=False, nearest=(sheet.table.rows[0].passage,))


def _none(session: Session, fitting: Sequence[tuple[Sheet, Asked]]) -> Draft:
    """Say of each table that none of its rows is among those asked for."""
    said = [
        text(
            "say_rows_none",
            session.language,
            name=sheet.table.asset,
            count=len(sheet.kept),
            about=bracketed("; ".join(asked.about), session.language),
        )
        for sheet, asked in fitting
    ]
    nearest = tuple(sheet.table.rows[0].passage for sheet, _ in fitting)
    return Draft("\n".join(said), found=False, nearest=nearest)


def _missing(session: Session, sheet: Sheet, asked: Asked) -> Draft:
    """Say that no row has a word of the question."""
    said = text(
        "say_rows_missing",
        session.language,
        name=sheet.table.asset,
        count=len(sheet.kept),
        words=join((f"“{_as_asked(word, session)}”" for word in asked.missing), session.language),
    )
    return Draft(said, found=False, nearest=(sheet.table.rows[0].passage,))


def _as_asked(words: str, session: Session) -> str:
    """Return words as the question writes them."""
    found = re.search(re.escape(words), session.request.question, re.IGNORECASE)
    return found[0] if found else words
