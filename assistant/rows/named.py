"""What a question says, word by word, against which a query over a table is held.

Whether it names a value or a number, whether it denies, whether it wants an average, the most, a
count. Patterns are in ``vocabulary``. Knows no query and no rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Literal

from assistant.citations import fold
from assistant.rows import asking, vocabulary
from assistant.rows.columns import Sheet, is_named, spaced
from assistant.rows.filters import plain
from assistant.rows.query import Sign

_WORD = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_STEM = 4  # letters by which "insured" and "insurance" are one word
_FEW = 6  # values of a column that says what state a thing is in


def is_said(number: str, text: str) -> bool:
    """Whether a number's digits stand in a text."""
    return number in re.findall(r"\d+", text)


def negates(question: str) -> bool:
    """Whether a question asks for what is not."""
    return bool(asking.NEGATED.search(question))


def matching(value: str, cells: Sequence[str]) -> list[str]:
    """Return the cells that a value means: the same, those that have all of its words, those whose
    words it has."""
    each = [cell for cell in dict.fromkeys(cells) if cell.strip()]
    same = [cell for cell in each if fold(cell).strip() == fold(value).strip()]
    if same:
        return same
    wanted = _plain(value)
    if not wanted:
        return []
    if _CHINESE.search(value):
        return [c for c in each if value in c] or [c for c in each if len(c) > 1 and c in value]
    within = [cell for cell in each if wanted <= _plain(cell)]
    return within or [cell for cell in each if _plain(cell) and _plain(cell) <= wanted]


def _plain(text: str) -> set[str]:
    return {plain(word) for word in _WORD.findall(fold(text))}


class Named:
    """The words of one question."""

    def __init__(self, question: str) -> None:
        self._question = question
        self._folded = fold(question)
        self._words = _plain(question)
        self._numbers = _numbers(question)

    # --- values ------------------------------------------------------------------------------

    def has(self, value: str) -> bool:
        """Whether a value, or a word of it that says something, stands in the question."""
        bare = fold(value.strip("%"))
        if _CHINESE.search(bare):
            pairs = {bare[i : i + 2] for i in range(len(bare) - 1)} or {bare}
            return any(
                pair in self._folded for pair in pairs if not _WORD_OF_ASKING.fullmatch(pair)
            )
        words = {plain(word) for word in _WORD.findall(bare)}
        telling = words - {plain(word) for word in vocabulary.STOP} or words
        return bool(telling & self._words)

    def speaks(self, found: Sequence[str], column: str, cells: Sequence[str]) -> bool:
        """Whether the question speaks of cells in other words: a country by its people, a yes or no
        by the column's name, a state among few by a denial of another."""
        if any(self._has_root(cell) for cell in found):
            return True
        kinds = {fold(cell).strip() for cell in cells if cell.strip()}
        about = any(w[:_STEM] in {s[:_STEM] for s in self._words if len(s) >= _STEM}
                    for w in _plain(spaced(column)) if len(w) >= _STEM) or is_named(
                        column, self._question)  # fmt: skip
        if kinds <= asking.TRUE | asking.FALSE:
            return about
        return len(kinds) <= _FEW and about

    def _has_root(self, cell: str) -> bool:
        """Whether the question has an adjective of a cell's name: French, of France."""
        roots = {w[:3] for w in re.findall(r"[A-Z][a-z]{3,}", self._question)}
        return any(
            w[:3] in roots or (w[:2] in {r[:2] for r in roots} and len(w) > 5)
            for w in re.findall(r"[A-Z][a-z]{3,}", cell)
        )

    def denied(self, cells: Sequence[str]) -> bool:
        """Whether cells say no to what a column asks, or are a state with a not in it."""
        return all(
            fold(cell).strip() in asking.FALSE or bool(asking.NEGATED_CELL.search(cell))
            for cell in cells
        )

    # --- numbers -----------------------------------------------------------------------------

    def number(self, value: str) -> bool:
        """Whether the question has a number, in figures or words."""
        try:
            return Decimal(value) in self._numbers
        except InvalidOperation:
            return False

    def without(self, value: str, text: str) -> str:
        """Return a text without a number that the question has, which is then no year."""
        if not self.number(value):
            return text
        whole = re.escape(value.split(".")[0])
        return re.sub(rf"(?<![\d.,-]){whole}(?:\.\d+)?(?![\d-])", " ", text)

    def side(self, sign: Sign) -> Sign:
        """Return the side of a bound by the question's words, the query's where they say none."""
        for rule, told in asking.SIDES:
            if rule.search(self._question):
                return told
        return sign

    # --- what is asked -----------------------------------------------------------------------

    def extreme(self) -> bool:
        """Whether the most, the least, the first or the last of something is asked for."""
        said = asking.NO_EXTREME.sub(" ", self._question)
        return any(rule.search(said) for rule in asking.EXTREMES)

    def most(self) -> bool | None:
        """Whether the highest (True) or the lowest figure is wanted; None when words do not say."""
        return _of(self._question, asking.HIGHEST, asking.LOWEST)

    def latest(self) -> bool | None:
        """Whether the latest (True) or the earliest day is wanted; None when words do not say."""
        return _of(self._question, asking.LATEST, asking.EARLIEST)

    def averages(self) -> bool:
        """Whether an average is asked for."""
        return bool(asking.AVERAGED.search(self._question))

    def counts(self) -> bool:
        """Whether a number of things or times is asked for."""
        return bool(asking.COUNTS.search(self._question))

    def counts_or_sums(self) -> bool:
        """Whether an amount of something is asked for."""
        return bool(asking.AMOUNT_ASKED.search(self._question))

    def each(self) -> bool:
        """Whether a figure for every group is asked for."""
        return bool(asking.EACH.search(self._question))

    def counted(self, sheet: Sheet, column: int | None) -> int | None:
        """Return the column of figures that tells how many of the thing asked for there are.

        -1 when rows are counted: nothing in the table counts it; None when no number of things is
        asked for, or it is of a unit, as hours are.
        """
        noun = asking.HOW_MANY.search(self._question)
        if noun is None:
            return None
        said = noun["en"] or noun["en2"] or noun["zh"] or ""
        if asking.UNITS.match(said):
            return None
        names = sheet.table.columns
        own = [c for c in sheet.numbers if said and is_named(names[c], said)]
        if own:
            return own[0]
        stock = column is not None and vocabulary.QUANTITY.search(spaced(names[column]))
        if stock or (column is not None and is_named(names[column], self._question)):
            return column
        return -1

    def kind(self) -> Literal["day", "figure", "one", ""]:
        """Return what kind of thing answers: a day, a figure, someone or something."""
        for rule, kind in asking.KINDS_ASKED:
            if rule.search(self._question):
                return kind
        return ""


_WORD_OF_ASKING = re.compile(r"[多少几个一共总的了是在有什么哪里]+")


def _of(question: str, yes: re.Pattern[str], no: re.Pattern[str]) -> bool | None:
    one, other = bool(yes.search(question)), bool(no.search(question))
    return one if one != other else None


def _numbers(question: str) -> set[Decimal]:
    """Return the numbers of a question: figures, and small ones in words."""
    found = set()
    for digits in re.findall(r"\d[\d,]*(?:\.\d+)?", question):
        found.add(Decimal(digits.replace(",", "")))
    for place, words in enumerate(asking.NUMBERS):
        if re.search(words, question, re.IGNORECASE):
            found.add(Decimal(place))
    return found
