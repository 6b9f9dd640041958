"""A table as a language model is told of it: its columns as names, types and some values, and the
grammar of the queries over it. Knows no question; see ``query``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.rows.columns import Sheet

_VALUES, _FIGURES = 8, 3  # told of a column of words; of another
_VALUE, _NAME = 30, 40  # characters of a value, of a column's name


def schema_names(columns: Sequence[str]) -> list[str]:
    """Return columns' names as identifiers that need no quotes, each another one."""
    found: list[str] = []
    for column in columns:
        name = re.sub(r"\W+", "_", column).strip("_")[:_NAME] or "column"
        name = f"_{name}" if name[0].isdigit() or name.casefold() in _RESERVED else name
        while name.casefold() in (other.casefold() for other in found):
            name += "_"
        found.append(name)
    return found


_RESERVED = {
    "from", "to", "where", "group", "order", "by", "limit", "select", "index", "table", "and",
    "or", "not", "in", "on", "is", "as", "null", "like", "between", "case", "when", "then",
    "end", "desc", "asc", "all", "any", "set", "values", "check", "default", "primary", "key",
    "references", "join", "left", "right", "using", "union", "having", "distinct", "t", "date",
} - {"to", "date", "key", "left", "right"}  # fmt: skip


def told(name: str, column: int, sheet: Sheet) -> str:
    """Return the line of a column: its name, its type, some of its values."""
    cells = (sheet.table.rows[i].cells[column] for i in sheet.kept)
    if column in sheet.days:
        kind = "DATE"
        days = sheet.days[column]
        cells = (day.isoformat() for i in sheet.kept if (day := days[i]))
    elif column in sheet.numbers:
        kind = "REAL"
        figures = sheet.numbers[column]
        cells = (f"{n.value:f}" for i in sheet.kept if (n := figures[i]))
    else:
        kind = "TEXT"
    values = list(dict.fromkeys(" ".join(cell.split())[:_VALUE] for cell in cells if cell))
    shown = ", ".join(values[: _VALUES if kind == "TEXT" else _FIGURES])
    return f"  {name} {kind}, -- e.g. {shown}" if shown else f"  {name} {kind},"


# --- the grammar it is written in ------------------------------------------------------------


def grammar(names: Sequence[str], sheet: Sheet) -> str:
    """Return the GBNF of the queries over a table's columns that can be taken apart."""
    days = [n for c, n in enumerate(names) if c in sheet.days]
    figures = [n for c, n in enumerate(names) if c in sheet.numbers and n not in days]
    words = [n for n in names if n not in days and n not in figures]
    rules = [f"any ::= {_either(names)}"]
    made, conditions, keys = ['"COUNT(*)"'], ['any " IS NULL"', 'any " IS NOT NULL"'], []
    if figures:
        rules.append(f"num ::= {_either(figures)}")
        made.append('("SUM(" | "AVG(" | "MAX(" | "MIN(") num ")"')
        conditions.append('num " " sign " " number')
    if words:
        rules.append(f"txt ::= {_either(words)}")
        conditions += ['txt (" = " | " LIKE " | " <> ") str', 'txt " IN (" str (", " str){0,3} ")"']
        keys.append("txt")
    if days:
        rules.append(f"day ::= {_either(days)}")
        rules.append("""month ::= "strftime('%" ("Y-%m" | "m" | "Y") "', " day ")\"""")
        made.append('("MAX(" | "MIN(") day ")"')
        conditions += [
            'day " " sign " " date',
            'day " BETWEEN " date " AND " date',
            """(day " LIKE " | month " = ") "'" [0-9-]{2,10} "%"? "'\"""",
        ]
        keys.append("month")
    rules += [
        f"made ::= {' | '.join(made)}",
        f"cond ::= {' | '.join(conditions)}",
        f"key ::= {' | '.join(keys or ['any'])}",
        _FIXED,
    ]
    return "\n".join(rules)


_FIXED = """\
sign ::= "=" | "<" | ">" | "<=" | ">="
str ::= "'" [^'\\n]{1,40} "'"
number ::= [0-9]{1,9} ("." [0-9]{1,3})?
date ::= "'" [0-9]{4} "-" [0-9]{2} "-" [0-9]{2} "'"
dir ::= " ASC" | " DESC"
where ::= " WHERE " cond (" AND " cond){0,3}
whole ::= made " FROM t" where?
rows ::= any (", " any)? " FROM t" where? (" ORDER BY " any dir " LIMIT 1")?
groups ::= key (", " made)? " FROM t" where? " GROUP BY " key (" ORDER BY " made dir " LIMIT 1")?
root ::= "SELECT " (whole | rows | groups) ";"?"""


def _either(texts: Sequence[str]) -> str:
    return " | ".join(f'"{text}"' for text in texts)
