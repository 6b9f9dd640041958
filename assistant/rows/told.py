"""Answers worked out from the rows of tables: sums, averages, extremes, counts, by group. By rule.

Figures are added with decimals, each currency apart, and every answer names the file, how many rows
it used and by what they were chosen; few rows are cited one by one. Table files that are named must
answer, or it is said why not; others, and tables within documents, only when the question's words
are theirs: a document may say it elsewhere. What is asked is told by ``asked``; knows no model and
no search.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.calls import ToolResult
from assistant.choices import any_named, asks_yes_no
from assistant.drafts import Draft, passages_of
from assistant.i18n import text
from assistant.leader import focus
from assistant.library import NOT_IN_LIBRARY
from assistant.planner import Plan
from assistant.rows.asked import Asked, asked_of, asks_figures, beyond, of_many
from assistant.rows.columns import Sheet
from assistant.rows.figures import RowFigures
from assistant.rows.queried import shares_words, told_by_query
from assistant.rows.refusals import missing, none_fits, not_worked_out, which_column
from assistant.rows.vocabulary import TOTAL_LINE
from assistant.rows.writer import can_query
from assistant.session import Session
from retrieval.tables import is_table_file, tables_of
from retrieval.values import Passage

MOST_TABLES = 40
"""Table files, and other files, that a question naming none goes through."""
_SAID_NONE = 3
_FOUND_FIRST = 8
"""Files that a search found first among which a table must be for a question naming none."""
_READ_WHOLE = 3
"""Of those, so many are gone through for tables even where the search found none of their rows."""


def told_by_rows(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft | None:
    """Answer from the rows of the tables a question means; None when it means none.

    First by rule; where no rule understands the question, by a query that the model writes. Rows of
    C do not answer "Among A and B, which has most?".
    """
    question = session.request.question
    if asks_yes_no(question) and not of_many(question):
        return None  # "will it pay out?" speaks of paying, and wants no sum
    said = _told(session, plan, results)
    if said is None or not said.found or not _WHICH.search(question):
        return said
    return said if any_named(question, [said.text]) else None


_WHICH = re.compile(r"\b(?:which|who)\b", re.IGNORECASE)


def _told(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft | None:
    figures = asks_figures(session.request.question)
    named = _named(session, plan)
    if named or focus(plan, session.request):
        held, meant = named, True
    elif figures or _table_first(results):
        library, meant = session.request.library, False
        held = [library.passages(n) for n in _with_tables(plan, results) if n != NOT_IN_LIBRARY]
    else:
        return None
    said = _tell(session, plan, held, meant=meant) if figures else None
    if (said is None or said.found is False) and can_query(session):
        sheets = [sheet for passages in held for sheet in _sheets(passages)]
        if plan.field:
            sheets = [sheet for sheet in sheets if not _is_bill(sheet)]
        return told_by_query(session, sheets, passages_of(results), meant=meant) or said
    return said


def _table_first(results: Sequence[ToolResult]) -> bool:
    """Whether a part of a table is among what was found first."""
    first = passages_of(results)[:_READ_WHOLE]
    return any(p.kind == "table" or is_table_file(p.asset) for p in first)


def _with_tables(plan: Plan, results: Sequence[ToolResult]) -> list[int]:
    """Return the files that may have tables, of those listed or found first."""
    if plan.intent == "aggregate":
        files = [f for r in results if r.call.tool == "list_assets" for f in r.assets]
        named = dict.fromkeys(f.id for f in files if is_table_file(f.name))
        others = dict.fromkeys(f.id for f in files if f.modality in ("document", "text"))
        return [*list(named)[:MOST_TABLES], *[n for n in others if n not in named][:MOST_TABLES]]
    found = passages_of(results)
    first = list(dict.fromkeys(p.asset_id for p in found))[:_FOUND_FIRST]
    tables = {p.asset_id for p in found if p.kind == "table" or is_table_file(p.asset)}
    return [n for place, n in enumerate(first) if n in tables or place < _READ_WHOLE]


def one_row_for_all(session: Session, question: str, passage: Passage, line: str) -> Draft | None:
    """Return what to say when ``line`` is only one of a table's rows and a figure of all is asked.

    Such a question was not understood as one about rows; a single cell would be a wrong answer.
    """
    if passage.kind != "table" or not of_many(question) or TOTAL_LINE.search(line):
        return None
    if not is_table_file(passage.asset) and TOTAL_LINE.search(passage.text):
        return None  # a bill, whose lines are no rows of a list
    return not_worked_out(session, passage)


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
    """Return the passages of the files that are named, attached or spoken of before."""
    request = session.request
    held: list[Sequence[Passage]] = []
    for name in focus(plan, request):
        given = next((a for a in (*request.attached, *request.earlier) if a.name == name), None)
        if given is not None:
            held.append(given.passages)
            continue
        files = [a for a in request.library.assets(name, limit=5) if a.name == name]
        held += [request.library.passages(file.id) for file in files[:1]]
    return held


def _sheets(passages: Sequence[Passage]) -> list[Sheet]:
    return [Sheet.of(table) for table in tables_of(passages)]


def _is_bill(sheet: Sheet) -> bool:
    """Whether a document's table has a total of its own: a bill's fields are read, not queried."""
    lines = (row.line for row in sheet.table.rows)
    parts = (row.passage.text for row in sheet.table.rows)
    return sheet.table.within and any(TOTAL_LINE.search(text) for text in (*lines, *parts))


def _understood(question: str, held: Sequence[Sequence[Passage]]) -> list[tuple[Sheet, Asked]]:
    """Return the tables of files with what is asked of each; no sum where a document gives one."""
    found = []
    for passages in held:
        totalled = any(TOTAL_LINE.search(p.text) for p in passages)
        for sheet in _sheets(passages):
            asked = asked_of(question, sheet)
            if asked and not (totalled and sheet.table.within and asked.plain_sum):
                found.append((sheet, asked))
    return found


def _tell(
    session: Session, plan: Plan, held: Sequence[Sequence[Passage]], *, meant: bool
) -> Draft | None:
    sums = plan.intent == "aggregate"
    asked = _understood(session.request.question, held)
    if not meant:  # of a file that was not named, the figures must be of the kind asked for
        asked = [(s, a) for s, a in asked if a.fits and (a.sure or sums)]
    fitting = [(s, a) for s, a in asked if not a.missing]
    answered = [(s, a) for s, a in fitting if a.rows and not a.choices]
    if answered:
        figures = RowFigures(session)
        said = "\n".join(figures.say(sheet, a) for sheet, a in answered)
        # Chosen rows without one figure among them answer nothing.
        return Draft(said, citations=figures.citations) if figures.citations else None
    asked = [(s, a) for s, a in asked if not s.table.within]
    fitting = [(s, a) for s, a in fitting if not s.table.within]
    if open_to := next(((s, a) for s, a in fitting if a.choices), None):
        return which_column(session, *open_to)
    if fitting:
        return none_fits(session, fitting[:_SAID_NONE])
    alone = sums and len(asked) == 1 and shares_words(session.request.question, asked[0][0])
    if asked and (meant or alone):
        return missing(session, *asked[0])
    return _beyond(session, held) if meant and sums else None


def _beyond(session: Session, held: Sequence[Sequence[Passage]]) -> Draft | None:
    """Say that what is asked of a table file's rows is not worked out here."""
    if not beyond(session.request.question):
        return None
    sheets = [sheet for passages in held for sheet in _sheets(passages)]
    able = [s.table for s in sheets if s.numbers and not s.table.within]
    if not able:
        return None
    return not_worked_out(session, able[0].rows[0].passage)
