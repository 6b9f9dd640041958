"""How many rows a document's table has: by its number, in its caption's words, or the only list.

"How many members are in Table 2?", and "How many operations does each role support?" where the text
says that Table 6-2 lists them. Only where nothing else is asked: what a table has as a figure, or
of some of its rows, ``crossings`` and ``rows`` tell. Exact; knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence, Set

from assistant.calls import ToolResult
from assistant.citations import cite, content_words, split_sentences
from assistant.drafts import Draft, marks
from assistant.enumerations import COUNTED
from assistant.gist import bare_question
from assistant.meant_file import MeantFile, left_over, spoken_file
from assistant.numbered import captions
from assistant.phrases import any_of
from assistant.planner import Plan
from assistant.session import Session
from retrieval.table_values import Table
from retrieval.tables import tables_of
from retrieval.values import Passage

_HOW_MANY = any_of(
    r"\bhow many\b|\bnumber of\b|\bcount\b", r"多少|(?<!哪)几[个项条种位人家行名类处张份笔]"
)
_NOISE = any_of(
    r"\b(?:how many|number|count|there|given|are|is|listed|in|on|the|tables?|does|do|have|has"
    r"|offers?|names?d?|contains?|lists?|included?s?|includes|shown|altogether|total"
    r"|please|for me|all|without|header)\b",
    r"不[算计含]?表头|[上里中共有的了是]|多少|几|[个种项条位名类]|一共|总共|列出?|分|表格?|请|数",
)
"""Says no more than that something is counted."""
_SORTS = frozenset(
    content_words(
        "rows entries items lines records names members people things 项目 记录 人员 条目"
    )
)
_LIST = any_of(
    r"\b(?:list|table|register|inventory|schedule|catalogue|menu)\b", "表|清单|名单|目录|名册"
)
_ALONE = 4
"""Rows from which a table is one, where a document has no other."""
_NUMBERED = any_of(r"\btables? ?[A-Z]?\d+(?:[.\-–]\d+)*", r"表\s*\d+(?:[.\-–]\d+)*")
_NEAR = 3
"""Passages after its caption in which a table must begin."""
_LEAST = 3
"""Words of a question that a sentence on a table must have, where it is no caption."""
_AMOUNT = re.compile(r"\W*\d[\d.,\s]*[^\w]*")
_FIGURES = 0.6
"""Share of a column's cells that are numbers from which it holds figures."""
_NUMBER_OF = any_of(r"\b(?:no|number|count)\b", "数")
"""Names a column of numbers of things."""
_OF_EACH = any_of(
    r"\b(?:by|per) (?:year|month|week|day|quarter|age|region|country|state|type|category|group"
    r"|department|gender|sex)\b",
    "按|各",
)
"""Its rows are groups of what is told, each with a number."""
_ROW_NUMBER = any_of(r"#|(?:no|nr|num)\.?|number|序号|编号")
"""Names the column that numbers the rows."""
_TOTAL = any_of(r"^\W*(?:sub|grand )?totals?\b", "^(?:合计|总计|小计|共计)")


def told_by_count(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft | None:
    """Answer with the number of rows of a numbered table; None where that is not asked."""
    question = session.request.question
    if not _HOW_MANY.search(question) or session.model.calls_tools:
        return None
    file = spoken_file(session.request, plan, results)
    table = None if file is None else _table_asked(question, plan, file)
    if table is None:
        return None
    rows = [row for row in table.rows if not _TOTAL.match(row.cells[0])] or table.rows
    if _ROW_NUMBER.fullmatch(table.columns[0]) and rows[0].cells[0] not in ("0", "1"):
        return None  # its first rows were read as another table's
    firsts = {id(row.passage): row for row in reversed(rows)}
    told = [firsts[key] for key in dict.fromkeys(id(row.passage) for row in rows)]
    citations = tuple(
        cite(n, row.passage, row.line, session.words(row.passage)) for n, row in enumerate(told, 1)
    )
    return Draft(f"{len(rows)}{marks(citations)}", citations=citations)


def _table_asked(question: str, plan: Plan, file: MeantFile) -> Table | None:
    """Return the table whose rows are to be counted: by its number, its caption, or as the only."""
    asked = bare_question(question)
    for name in plan.names:
        asked = asked.replace(name, " ")
    labelled = {_tight(label): p for label, p in captions("tables", file.passages).items()}
    named = [label for label in labelled if re.search(rf"{label}(?!\d)", _tight(asked))]
    counted = COUNTED.search(asked)
    things = set(content_words((counted["en"] or counted["zh"]) if counted else ""))
    words = set(content_words(_NOISE.sub(" ", _NUMBERED.sub(" ", asked)))) - _SORTS
    tables = tables_of(file.passages)
    if named or _NUMBERED.search(asked):
        clear = len(named) == 1 and not left_over(words - things, file)
        return _begun_by(labelled[named[0]], file.passages, tables) if clear else None
    if captioned := _captioned(words, labelled, tables, file):
        return None if _has_figures(captioned, things) else captioned
    large = [table for table in tables if len(table.rows) >= _ALONE]
    if left_over(words - things, file) or len(large) != 1 or _has_figures(large[0], things):
        return None
    columns = set(content_words(" ".join(large[0].columns)))
    return large[0] if _LIST.search(asked) or (things and things <= columns) else None


def _captioned(
    words: Set[str], labelled: Mapping[str, Passage], tables: Sequence[Table], file: MeantFile
) -> Table | None:
    """Return the table whose caption, or a sentence on it, has the words that are asked for."""
    said = [
        (_begun_by(labelled[label], file.passages, tables), told, own)
        for label, told, own in _said_of(labelled, file.passages)
    ]
    said += [(table, set(content_words(table.sheet)), True) for table in tables]
    fits: dict[int, tuple[int, Table]] = {}
    for table, told, own in said:
        shared = len(words & told)
        if table is None or shared < (1 if own else _LEAST) or left_over(words - told, file):
            continue
        fits[id(table)] = max(fits.get(id(table), (0, table)), (shared, table), key=lambda f: f[0])
    best = sorted(fits.values(), key=lambda fit: -fit[0])[:2]
    clear = len(best) == 1 or (len(best) == 2 and best[0][0] > best[1][0])
    return best[0][1] if clear else None


def _tight(asked: str) -> str:
    return re.sub(r"\s", "", asked.casefold())


def _said_of(
    labelled: Collection[str], passages: Sequence[Passage]
) -> Iterator[tuple[str, set[str], bool]]:
    """Yield the words of captions, and of sentences that speak of one table; whether a caption."""
    for passage in passages:
        if passage.kind == "table":
            continue
        joined = re.sub(r"(?<=[\w,])\n(?=[a-z])", " ", passage.text)
        lines = [(line, True) for line in joined.splitlines()]
        for told, own in lines + [(s, False) for s in split_sentences(joined)]:
            spoken = _tight(told)
            of = [label for label in labelled if re.search(rf"{label}(?![\d\-]|\.\d)", spoken)]
            begins = len(of) == 1 and spoken.startswith(of[0])
            if len(of) == 1 and own == begins and not _OF_EACH.search(told):
                yield of[0], set(content_words(told)), own


def _begun_by(
    caption: Passage, passages: Sequence[Passage], tables: Sequence[Table]
) -> Table | None:
    """Return the table that begins in the passages after its caption."""
    # Passages of a file that is only attached have no numbers.
    places = {id(passage): n for n, passage in enumerate(passages)}
    at = places[id(caption)]
    near = (t for t in tables if 0 <= places[id(t.rows[0].passage)] - at <= _NEAR)
    return next(near, None)


def _has_figures(table: Table, words: Set[str]) -> bool:
    """Whether a table tells numbers of what is asked for, so that its rows are not the answer."""
    for number, column in enumerate(table.columns[1:], 1):
        cells = [row.cells[number] for row in table.rows]
        figures = sum(bool(_AMOUNT.fullmatch(cell)) for cell in cells) >= _FIGURES * len(cells)
        if figures and (words & set(content_words(column)) or _NUMBER_OF.search(column)):
            return True
    return False
