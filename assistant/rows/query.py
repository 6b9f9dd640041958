"""A SELECT over one table, taken apart into what it selects, its conditions and its order.

It is never run: what it says is judged by the question's own words in ``grounded``. Knows no model
and no rows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sqlglot import exp

Made = Literal["", "sum", "average", "max", "min", "count", "month", "year", "day"]
Sign = Literal["=", "<>", "<", "<=", ">", ">=", "like", "empty", "filled"]


@dataclass(frozen=True)
class Term:
    """What is selected, grouped or ordered by: a column, or what is made of it.

    ``column`` None: of rows as such, which are counted."""

    column: int | None
    made: Made = ""


@dataclass(frozen=True)
class Condition:
    """What a column must be; ``values`` are alternatives, as they are written in the query.

    ``place``: which of the conditions joined by AND it comes from, for ``without``."""

    column: int
    sign: Sign
    values: tuple[str, ...] = ()
    place: int = 0


@dataclass(frozen=True)
class Query:
    """A SELECT taken apart. ``first``: only the first row, or group, of the order is wanted."""

    selected: tuple[Term, ...]
    conditions: tuple[Condition, ...] = ()
    group: Term | None = None
    order: Term | None = None
    descending: bool = False
    first: bool = False
    written: str = ""
    """The query as it is written in full, in one form."""


def renamed(written: str, column: str, other: str) -> str:
    """Return a query with another column in the place of one."""
    import sqlglot
    from sqlglot import exp

    select = sqlglot.parse_one(written, read="sqlite")
    for part in select.find_all(exp.Identifier):
        if part.name.casefold() == column.casefold():
            part.set("this", other)
    return select.sql(dialect="sqlite")


def without(written: str, places: Collection[int]) -> str:
    """Return a query without some of its conditions."""
    import sqlglot
    from sqlglot import exp

    select = sqlglot.parse_one(written, read="sqlite")
    where = select.find(exp.Where)
    if not isinstance(select, exp.Select) or where is None:
        return written
    parts = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
    kept = [part for n, part in enumerate(parts) if n not in places]
    bare = select.copy()
    bare.set("where", None)
    return bare.where(*kept).sql(dialect="sqlite") if kept else bare.sql(dialect="sqlite")


def read_query(written: str, names: Sequence[str]) -> Query | None:
    """Take a SELECT apart; None when it is none, or says more than a ``Query`` holds.

    Args:
        written: by a model, perhaps with words and fences around it.
        names: the table's columns by ``schema_names``.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    found = re.search(r"\bSELECT\b[^;`]*", written, re.IGNORECASE)
    if found is None:
        return None
    select: exp.Expr | None = None
    for text in (found[0], _quoted(found[0], names)):
        try:
            select = sqlglot.parse_one(text, read="sqlite")
            break
        except SqlglotError:
            continue
    if not isinstance(select, exp.Select) or _beyond(select):
        return None
    reading = _Reading(names)
    try:
        return reading.query(select)
    except _Unread:
        return None


def _quoted(written: str, names: Sequence[str]) -> str:
    """Return a query with the columns' names in quotes, for some are words of SQL."""
    own = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    rule = re.compile(rf"'(?:[^']|'')*'|\"[^\"]*\"|\b(?P<name>{own})\b", re.IGNORECASE)
    return rule.sub(lambda m: f'"{m["name"]}"' if m["name"] else m[0], written)


class _Unread(Exception):
    """A part of a query that a ``Query`` has no place for; never leaves this module."""


def _beyond(select: exp.Select) -> bool:
    from sqlglot import exp

    more = (exp.Join, exp.Subquery, exp.Having, exp.Window, exp.Union, exp.Case)
    return any(select.find(kind) for kind in more)


class _Reading:
    """Reads the parts of a query over a table's columns."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = {name.casefold(): place for place, name in enumerate(names)}

    def query(self, select: exp.Select) -> Query:
        """Return a SELECT as a ``Query``; raises ``_Unread``."""
        where, group = select.args.get("where"), select.args.get("group")
        order, limit = select.args.get("order"), select.args.get("limit")
        keys = group.expressions if group else []
        ordered = order.expressions if order else []
        if len(keys) > 1 or (limit and str(limit.expression) != "1"):
            raise _Unread
        return Query(
            tuple(self._term(e) for e in select.expressions),
            tuple(self._all_conditions(where.this)) if where else (),
            self._term(keys[0]) if keys else None,
            self._term(ordered[0].this) if ordered else None,
            bool(ordered and ordered[0].args.get("desc")),
            limit is not None,
            select.sql(dialect="sqlite"),
        )

    def _column(self, part: exp.Expr) -> int:
        from sqlglot import exp

        name = part.name.casefold() if isinstance(part, exp.Column) else ""
        if name not in self._names:
            raise _Unread
        return self._names[name]

    def _term(self, part: exp.Expr) -> Term:
        from sqlglot import exp

        made: dict[type[exp.Expr], Made] = {
            exp.Sum: "sum", exp.Avg: "average", exp.Max: "max", exp.Min: "min",
        }  # fmt: skip
        part = part.unalias()
        if isinstance(part, exp.Count) and isinstance(part.this, exp.Star):
            return Term(None, "count")
        if type(part) in made:
            return Term(self._column(part.this), made[type(part)])
        if isinstance(part, exp.TimeToStr):
            shapes: dict[str, Made] = {"%Y-%m": "month", "%m": "month", "%Y": "year"}
            column = part.find(exp.Column)
            if column is None or part.args["format"].name not in shapes:
                raise _Unread
            return Term(self._column(column), shapes[part.args["format"].name])
        return Term(self._column(part))

    def _all_conditions(self, part: exp.Expr) -> list[Condition]:
        from sqlglot import exp

        parts = list(part.flatten()) if isinstance(part, exp.And) else [part]
        return [
            replace(condition, place=place)
            for place, one in enumerate(parts)
            for condition in self._conditions(one)
        ]

    def _conditions(self, part: exp.Expr) -> list[Condition]:
        """Return what must all hold; alternatives only of one column."""
        from sqlglot import exp

        part = part.unnest()
        if isinstance(part, exp.And):
            return [*self._conditions(part.this), *self._conditions(part.expression)]
        if isinstance(part, exp.Or):
            return [self._joined(self._conditions(part.this), self._conditions(part.expression))]
        if isinstance(part, exp.Between):
            term = self._term(part.this)
            low, high = part.args["low"].name, part.args["high"].name
            return [self._one(term, ">=", (low,)), self._one(term, "<=", (high,))]
        if isinstance(part, exp.In):
            return [self._one(self._term(part.this), "=", [e.name for e in part.expressions])]
        if isinstance(part, exp.Is | exp.Not):
            nothing = part.find(exp.Null)
            column = part.find(exp.Column)
            if nothing is None or column is None:
                raise _Unread
            return [Condition(self._column(column), "filled" if part.find(exp.Not) else "empty")]
        sign = _SIGNS.get(type(part).__name__)
        if sign is None or not isinstance(part.expression, exp.Literal):
            raise _Unread
        return [self._one(self._term(part.this), sign, (part.expression.name,))]

    def _one(self, term: Term, sign: Sign, values: Sequence[str]) -> Condition:
        if term.column is None or term.made in ("sum", "average", "max", "min", "count"):
            raise _Unread
        return Condition(term.column, "like" if term.made else sign, tuple(values))

    def _joined(self, one: list[Condition], other: list[Condition]) -> Condition:
        if len(one) != 1 or len(other) != 1:
            raise _Unread
        (left,), (right,) = one, other
        if left.column != right.column or {left.sign, right.sign} - {"=", "like"}:
            raise _Unread
        return Condition(left.column, left.sign, (*left.values, *right.values))


_SIGNS: dict[str, Sign] = {
    "EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">=", "Like": "like",
}  # fmt: skip
