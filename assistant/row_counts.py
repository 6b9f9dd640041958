"""How many rows a document's numbered table has: asked by its number, or in its caption's words.

"How many members are in Table 2?", and "How many operations does each role support?" where the text
says that Table 6-2 lists them. Only where nothing else is asked: what a table has as a figure, or
of some of its rows, ``crossings`` and ``rows`` tell. Exact; knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.calls import ToolResult
from assistant.citations import cite, content_words, split_sentences
from assistant.drafts import Draft, marks
from assistant.gist import bare_question
from assistant.meant_file import MeantFile, meant_file
from assistant.numbered import captions, numbered_in, without_numbered
from assistant.phrases import any_of
from assistant.planner import Plan
from assistant.session import Session
from retrieval.tables import Table, tables_of
from retrieval.values import Passage

_HOW_MANY = any_of(r"\bhow many\b|\bnumber of\b", r"多少|几[个项条种位人家行名类处张份笔]")
_ROWS = any_of(
    r"\b(?:rows?|entries|items|lines|records|names|members|people|things)\b",
    r"行|条|项|记录|人|名|家|个",
)
_NOISE = frozenset(content_words("how many number there given are listed in the table does have"))
_NEAR = 3
"""Passages after its caption in which a table must begin."""
_LEAST = 3
"""Words of a question that the caption must have, where no number is named."""
_AMOUNT = re.compile(r"[^\w]*\d[\d.,\s]*[^\w]*")
_FIGURES = 0.6
"""Share of a column's cells that are numbers from which it holds figures."""
_OF_EACH = any_of(
    r"\b(?:by|per) (?:year|month|week|day|quarter|age|region|country|state|type|category|group"
    r"|department|gender|sex)\b",
    "按|各",
)
"""Its rows are groups of what is told, each with a number."""
_TOTAL = any_of(r"^\W*(?:sub|grand )?totals?\b", "^(?:合计|总计|小计|共计)")


def told_by_count(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft | None:
    """Answer with the number of rows of a numbered table; None where that is not asked."""
    question = session.request.question
    if not _HOW_MANY.search(question) or session.model.calls_tools:
        return None
    file = meant_file(session.request, plan, results)
    table = None if file is None else _table_asked(question, plan, file)
    if table is None:
        return None
    rows = [row for row in table.rows if not _TOTAL.match(row.cells[0])]
    firsts = {row.passage.chunk_id: row for row in reversed(rows)}
    told = [firsts[key] for key in dict.fromkeys(row.passage.chunk_id for row in rows)]
    citations = tuple(
        cite(n, row.passage, row.line, session.words(row.passage)) for n, row in enumerate(told, 1)
    )
    return Draft(f"{len(rows)}{marks(citations)}", citations=citations)


def _table_asked(question: str, plan: Plan, file: MeantFile) -> Table | None:
    """Return the table whose rows are to be counted."""
    asked = bare_question(question)
    for name in plan.names:
        asked = asked.replace(name, " ")
    labelled = captions("tables", file.passages)
    if not labelled:
        return None
    named = [passage.chunk_id for passage in numbered_in(asked, file.passages)]
    words = set(content_words(without_numbered(asked))) - _NOISE
    if named:
        if len(named) > 1 or not _ROWS.search(asked) or len(words) > 1:
            return None
        fitting = [label for label, p in labelled.items() if p.chunk_id == named[0]]
        fitting = [label for label in fitting if re.sub(r"\s", "", label) in _tight(asked)]
    elif len(words) < _LEAST:
        return None
    else:
        said = _said_of(labelled, file.passages)
        fitting = [label for label, told in said if words <= told]
    found = list(dict.fromkeys(fitting))
    table = _beginning_after(labelled[found[0]], file.passages) if len(found) == 1 else None
    if table is None or (not named and _has_figures(table, words)):
        return None
    return table


def _tight(asked: str) -> str:
    return re.sub(r"\s", "", asked.casefold())


def _said_of(
    labelled: dict[str, Passage], passages: Sequence[Passage]
) -> Iterator[tuple[str, set[str]]]:
    """Yield the words of each sentence that speaks of one table, its caption among them."""
    for passage in passages:
        if passage.kind == "table":
            continue
        joined = re.sub(r"(?<=[\w,])\n(?=[a-z])", " ", passage.text)
        for sentence in split_sentences(joined):
            spoken = _tight(sentence)
            of = [label for label in labelled if re.search(rf"{_tight(label)}(?![\d.\-])", spoken)]
            if len(of) == 1 and not _OF_EACH.search(sentence):
                yield of[0], set(content_words(sentence))


def _beginning_after(caption: Passage, passages: Sequence[Passage]) -> Table | None:
    """Return the table that begins in the passages after its caption."""
    places = {passage.chunk_id: n for n, passage in enumerate(passages)}
    at = places[caption.chunk_id]
    for table in tables_of(passages):
        if 0 <= places[table.rows[0].passage.chunk_id] - at <= _NEAR:
            return table
    return None


def _has_figures(table: Table, words: set[str]) -> bool:
    """Whether a table tells numbers of what is asked for, so that its rows are not the answer."""
    for number, column in enumerate(table.columns[1:], 1):
        cells = [row.cells[number] for row in table.rows]
        figures = sum(bool(_AMOUNT.fullmatch(cell)) for cell in cells) >= _FIGURES * len(cells)
        if figures and (
            words & set(content_words(column)) or re.search(r"\bno\b|number|数", column)
        ):
            return True
    return False
