"""Drafts read off a document's tables by rule: a cell, the line of a year, a ratio, a contact.

Figures are exact and no model is asked. Knows what was found, not how it was searched.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.calls import ToolResult
from assistant.choices import asks_yes_no
from assistant.citations import cite
from assistant.contacts import find_contact
from assistant.crossings import crossing
from assistant.drafts import Draft, exact, marks, passages_of
from assistant.gist import without_file
from assistant.library import NOT_IN_LIBRARY
from assistant.meant_file import meant_file
from assistant.page_numbers import page_of, pages_called
from assistant.planner import Plan
from assistant.rows.queried import of_a_row
from assistant.session import Session
from assistant.statements import asks_line, ratio, rounded, stated
from retrieval.tables import is_table_file
from retrieval.values import Passage

_TABLES = 3
"""Files found first whose tables are gone through."""


def told_by_cell(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft | None:
    """Answer with the cell where a row and a column cross, of the document meant or found first."""
    asked = without_file(session.request.question, plan.names)
    file = meant_file(session.request, plan, results)
    if file is not None:
        pages = pages_called(plan.page, file.passages, plan.page_counted) if plan.page else ()
        held = [tuple(p for p in file.passages if not pages or page_of(p) in pages)]
    else:
        found = passages_of([r for r in results if r.search is not None])
        numbers = dict.fromkeys(p.asset_id for p in found)
        known = (n for n in list(numbers)[:_TABLES] if n != NOT_IN_LIBRARY)
        held = [tuple(session.request.library.passages(number)) for number in known]
    for passages in held:
        if not passages or is_table_file(passages[0].asset):
            continue
        told = crossing(asked, passages)
        # A figure in an order to the assistant is none of the file's own.
        if told is not None and told.value in session.screened(told.passage):
            cited = cite(1, told.passage, told.line, session.words(told.passage))
            return Draft(f"{told.value} [1]", citations=(cited,))
    return None


def told_by_line(session: Session, plan: Plan, passages: Sequence[Passage]) -> Draft | None:
    """Answer from all of the file that was found first, where a rule finds the line asked for.

    A figure of a table or a telephone number is known by its line, which says too little for a
    search to put its passage first.
    """
    first = passages[0]
    if first.asset_id == NOT_IN_LIBRARY or first.modality not in ("document", "text"):
        return None
    library = session.request.library
    if plan.field in ("email", "phone") and not asks_yes_no(session.request.question):
        alone = library.size() == 1
        whole = library.passages(first.asset_id)
        found = find_contact(plan.field, plan.query, whole, nameless=alone)
        # A number in an order to the assistant is none of the file's own.
        if found and found.value in session.screened(found.passage):
            return exact(session, found.value, found.passage)
    elif asks_line(session.request.question):
        figure = stated(session.request.question, library.passages(first.asset_id))
        fits = figure and not (
            is_table_file(first.asset) and of_a_row(session, figure.figure, figure.passage)
        )
        if figure and fits and figure.figure in session.screened(figure.passage):
            return exact(session, figure.figure, figure.passage)
    return None


def told_by_ratio(session: Session, passages: Sequence[Passage]) -> Draft | None:
    """Work out a ratio from a report's statements, citing the pages its figures stand on."""
    found = ratio(session.request.question, passages)
    if found is None:
        return None
    citations = tuple(cite(n, p, "") for n, p in enumerate(found.passages, 1))
    return Draft(rounded(found.value) + marks(citations), citations=citations)
