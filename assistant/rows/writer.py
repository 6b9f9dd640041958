"""A question put to a table as a query that the language model writes (Yu et al. 2018).

The model sees the columns with some of their values and writes one SELECT, where it can be held to
a grammar only over the table's own columns. Knows no search and no answers.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant import prompts
from assistant.prompts import Turn
from assistant.rows.columns import Sheet
from assistant.rows.query import Query, read_query, renamed, without
from assistant.rows.schema import grammar, schema_names, told
from assistant.session import Session

MOST_COLUMNS = 24
"""Columns of a table that a small model is asked about; of more the prompt would be too long."""
INSISTED = 8.0
"""Natural log of the odds of a query with a condition against the same without it, from which the
model means the condition. On eight queries: 17 to 21 for conditions in other words than the
question's ("needs repair" for what is broken), below 4.2 for those out of the air."""
PREFERRED = 3.0
"""The same of a column against any other, from which it is meant although it is not named: of six
questions 3.2 to 11.6 where a column answers in other words, 2.2 where none does."""
MONEY_PREFERRED = 1.0
_TOKENS = 100


def can_query(session: Session) -> bool:
    """Whether the model writes queries: a small one only within a grammar."""
    return session.model.constrains or session.model.calls_tools


class QueryWriter:
    """Writes a query for one question and table.

    Args:
        named: conditions by values that stand in the question, for the prompt.
    """

    def __init__(self, session: Session, question: str, sheet: Sheet, named: str = "") -> None:
        self._session = session
        self._names = schema_names(sheet.table.columns)
        self._form = grammar(self._names, sheet) if session.model.constrains else None
        columns = "\n".join(told(name, c, sheet) for c, name in enumerate(self._names))
        table = sheet.table.asset
        self._turns: list[Turn] = prompts.query(table, len(sheet.kept), columns, question, named)

    def write(self) -> Query | None:
        """Return the query; None when the table is too wide or the query cannot be taken apart.

        Raises:
            AnswerCancelled: the user stopped it.
        """
        if not 1 < len(self._names) <= MOST_COLUMNS:
            return None
        written = self._session.write(self._turns, max_tokens=_TOKENS, grammar=self._form)
        return read_query(written, self._names)

    def insisted(self, query: Query, doubtful: Sequence[int]) -> set[int]:
        """Return which conditions the model means although the question has no word of them.

        The one that is missed least is left out first, and the rest weighed anew.

        Args:
            doubtful: places of conditions.
        """
        left = set(doubtful)
        out: set[int] = set()
        while left:
            ways = [without(query.written, out | {place}) for place in sorted(left)]
            scores = self._session.score(self._turns, [without(query.written, out), *ways])
            if scores is None:
                return set()
            gain, place = max(zip(scores[1:], sorted(left), strict=True))
            if scores[0] - gain >= INSISTED:
                break
            left.remove(place)
            out.add(place)
        return left

    def prefers(
        self, query: Query, column: int, others: Sequence[int], *, money: bool = False
    ) -> bool:
        """Whether the model means a column of figures that is not named rather than others.

        Args:
            money: it is asked for, and the column is of it, so that less will do.
        """
        names = self._names
        own = renamed(query.written, names[column], names[column])
        ways = [renamed(query.written, names[column], names[other]) for other in others]
        scores = self._session.score(self._turns, [own, *ways])
        return scores is not None and scores[0] - max(scores[1:]) >= (
            MONEY_PREFERRED if money else PREFERRED
        )
