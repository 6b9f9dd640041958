"""The prompt that asks for a query over one table, with worked examples in both languages."""

from __future__ import annotations

from assistant.prompts.turns import DATA_RULE, Turn

_RULES = (
    "You write SQLite queries over one table t. Use only conditions that the question names. "
    f"{DATA_RULE['en']}"
)
# One example of each form; the same for every table, so that an engine reads them once.
_EXAMPLES = """\
For example, over CREATE TABLE t (Title TEXT, Shelf TEXT, Copies REAL, Bought DATE, \
Price_EUR REAL, Lent TEXT):
How many copies of novels do I have? SELECT SUM(Copies) FROM t WHERE Shelf = 'Novels'
How many titles cost over 20 euros? SELECT COUNT(*) FROM t WHERE Price_EUR > 20
What is the dearest book that isn't lent out? SELECT Title, Price_EUR FROM t WHERE Lent = 'no' \
ORDER BY Price_EUR DESC LIMIT 1
Which month did I spend most in? SELECT strftime('%Y-%m', Bought) FROM t \
GROUP BY strftime('%Y-%m', Bought) ORDER BY SUM(Price_EUR) DESC LIMIT 1
When did I buy Dune? SELECT Bought FROM t WHERE Title = 'Dune'
哪个书架的书最多？ SELECT Shelf FROM t GROUP BY Shelf ORDER BY SUM(Copies) DESC LIMIT 1
2023年3月买书花了多少钱？ SELECT SUM(Price_EUR) FROM t \
WHERE strftime('%Y-%m', Bought) = '2023-03'"""
_ASKED = """\
Table t, from the file {name}, with {count} rows:
<<<
CREATE TABLE t (
{columns}
);
>>>

Write one SQLite query that answers: {question}{named}
Answer with the query only."""
_NAMED = "\nIt names: {values}."


def query(name: str, count: int, columns: str, question: str, named: str = "") -> list[Turn]:
    """Ask for one SELECT over a table.

    Args:
        count: rows of the table; columns: a line for each, with its type and some of its values;
        named: conditions by values that stand in the question; empty when there are none.
    """
    told = _NAMED.format(values=named) if named else ""
    asked = _ASKED.format(name=name, count=count, columns=columns, question=question, named=told)
    return [Turn("system", f"{_RULES}\n\n{_EXAMPLES}"), Turn("user", asked)]
