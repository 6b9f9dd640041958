"""What a question says, word by word, against which a query over a table is held.

Whether it names a value or a number, whether it denies, whether it wants an average, the most, a
count. Patterns are in ``vocabulary``. Knows no query and no rows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from decimal import Decimal, InvalidOperation
from typing import Literal

from assistant.citations import fold
from assistant.phrases import Operation
from assistant.rows import asking, vocabulary
from assistant.rows.columns import (
    Sheet,
    figure_columns,
    figures_of,
    is_identifier,
    is_money,
    is_named,
    is_prose,
    spaced,
)
from assistant.rows.filters import plain
from assistant.rows.query import Sign

_WORD = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_BESIDE = 16  # characters on either side of a bound
_STEM = 4  # letters by which "insured" and "insurance" are one word
_FEW = 6  # values of a column that says what state a thing is in


def matching(value: str, cells: Sequence[str]) -> list[str]:
    """Return the cells that a value means: the same, those that have all of its words, those whose
    words it has. Prose is no value, nor is an order to the assistant."""
    each = [cell for cell in dict.fromkeys(cells) if cell.strip() and not is_prose(cell)]
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
        self.question = question
        self._folded = fold(question)
        self._words = _plain(question)
        self._numbers = _numbers(question)

    # --- values ------------------------------------------------------------------------------

    def has(self, value: str) -> bool:
        """Whether a value, or a word of it that says something, stands in the question."""
        bare = fold(value.strip("%"))
        if _CHINESE.search(bare):
            runs = re.findall(r"[\u3400-\u9fff]+", bare)
            pairs = {run[i : i + 2] for run in runs for i in range(max(1, len(run) - 1))}
            return any(
                pair in self._folded for pair in pairs if not _WORD_OF_ASKING.fullmatch(pair)
            )
        words = {plain(word) for word in _WORD.findall(bare)}
        if asking.MONTH.fullmatch(bare) and any(w.startswith(bare[:3]) for w in self._words):
            return True
        telling = words - {plain(word) for word in vocabulary.STOP} or words
        return bool(telling & self._words)

    def has_all(self, value: str) -> bool:
        """Whether all of a value's words stand in the question."""
        if _CHINESE.search(value):
            return fold(value) in self._folded
        return _plain(value) <= self._words

    def words_of(self, value: str) -> str:
        """Return the words of a value, not Chinese, that stand in the question."""
        stop = {plain(word) for word in vocabulary.STOP}
        if _CHINESE.search(value):
            return ""
        return " ".join(w for w in _WORD.findall(fold(value)) if plain(w) in self._words - stop)

    def speaks(self, found: Sequence[str], column: str, cells: Sequence[str]) -> bool:
        """Whether the question speaks of cells in other words: a country by its people, a yes or no
        by the column's name, a state among few by a denial of another."""
        if any(self._has_root(cell) for cell in found):
            return True
        kinds = {fold(cell).strip() for cell in cells if cell.strip()}
        about = any(w[:_STEM] in {s[:_STEM] for s in self._words if len(s) >= _STEM}
                    for w in _plain(spaced(column)) if len(w) >= _STEM) or is_named(
                        column, self.question)  # fmt: skip
        if kinds <= asking.TRUE | asking.FALSE:
            return about
        return len(kinds) <= _FEW and about and self.negates()

    def _has_root(self, cell: str) -> bool:
        """Whether the question has an adjective of a cell's name: French, of France."""
        roots = {w[:3] for w in re.findall(r"[A-Z][a-z]{3,}", self.question)}
        return any(
            w[:3] in roots or (w[:2] in {r[:2] for r in roots} and len(w) > 5)
            for w in re.findall(r"[A-Z][a-z]{3,}", cell)
        )

    def before(self, column: str, value: str) -> bool:
        """Whether a column's name, a preposition, stands right before a value: from, to, 到."""
        said = asking.PREPOSITIONS.get(spaced(column))
        if said is None:
            return False
        at = re.escape(fold(value.strip("%")))
        return bool(re.search(rf"(?<![a-z]){said}\s*{at}", self._folded))

    def negates(self) -> bool:
        """Whether the question asks for what is not."""
        return bool(asking.NEGATED.search(asking.OR_NOT.sub(" ", self.question)))

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

    def side(self, sign: Sign, value: str) -> Sign:
        """Return the side of a bound by the words beside it, the query's where they say none."""
        at = re.search(rf"(?<!\d){re.escape(value.split('.')[0])}(?!\d)", self.question)
        start, end = at.span() if at else (0, len(self.question))
        before, behind = self.question[max(0, start - _BESIDE) : start], self.question[end:]
        for rule, told in asking.SIDES[:2]:  # "or more", "at least"
            if rule.search(before) or rule.search(behind[:_BESIDE]):
                return told
        last = {told: max((m.end() for m in rule.finditer(before)), default=-1)
                for rule, told in asking.SIDES}  # fmt: skip
        nearest = max(last, key=lambda told: last[told])
        return nearest if last[nearest] >= 0 else sign

    # --- what is asked -----------------------------------------------------------------------

    def extreme(self) -> bool:
        """Whether the most, the least, the first or the last of something is asked for."""
        said = asking.NO_EXTREME.sub(" ", self.question)
        return any(rule.search(said) for rule in asking.EXTREMES)

    def most(self) -> bool | None:
        """Whether the highest (True) or the lowest figure is wanted; None when words do not say."""
        return _of(self.question, asking.HIGHEST, asking.LOWEST)

    def latest(self) -> bool | None:
        """Whether the latest (True) or the earliest day is wanted; None when words do not say."""
        return _of(self.question, asking.LATEST, asking.EARLIEST)

    def averages(self) -> bool:
        """Whether an average is asked for."""
        return bool(asking.AVERAGED.search(self.question))

    def counts(self) -> bool:
        """Whether a number of things or times is asked for."""
        return bool(asking.COUNTS.search(self.question))

    def counts_or_sums(self) -> bool:
        """Whether an amount of something is asked for."""
        return bool(asking.AMOUNT_ASKED.search(self.question))

    def each(self) -> bool:
        """Whether a figure for every group is asked for."""
        return bool(asking.EACH.search(self.question))

    def counted(self, sheet: Sheet, column: int | None, bounded: Collection[int]) -> int | None:
        """Return the column of figures that tells how many of the thing asked for there are.

        -1 when rows are counted: nothing in the table counts it; None when no number of things is
        asked for, or it is of a unit, as hours are.
        """
        noun = self._how_many()
        if noun is None or asking.UNITS.match(noun):
            return None
        names = sheet.table.columns
        held = [c for c in sheet.numbers if c not in bounded and not is_money(sheet, [c])
                and not is_identifier(sheet, c)]  # fmt: skip
        for said in (noun, self._how_many("then")):  # "how many raku places": the second word
            own = [c for c in held if said and is_named(names[c], said)]
            if own:
                return own[0]
        stock = [c for c in held if asking.PIECES.search(spaced(names[c]))]
        return column if column in stock else -1

    def people(self) -> bool:
        """Whether a number of people is asked for, by that word."""
        return bool(asking.HOW_MANY_PEOPLE.search(self.question))

    def heads(self) -> set[str]:
        """Return the nouns for the rows themselves: of "how many league games", games."""
        noun, then = self._how_many() or "", self._how_many("then") or ""
        which = asking.WHICH.search(self.question)
        said = [noun if not then or fold(then) in vocabulary.STOP else then]
        said += [which["en"] or ""] if which else []
        return {plain(word) for word in said if word}

    def things(self) -> bool:
        """Whether a number of things is asked for that have a name, not of times."""
        noun = self._how_many()
        return bool(noun) and not asking.TIMES.match(noun or "")

    def unit_missing(self, sheet: Sheet) -> bool:
        """Whether a number of a unit is asked for that no column has: pages, minutes."""
        noun = self._how_many()
        if noun is None or not asking.UNITS.match(noun) or asking.COINS.match(noun):
            return False
        return not any(is_named(sheet.table.columns[c], noun) for c in sheet.numbers)

    def _how_many(self, word: str = "") -> str | None:
        """Return the thing or unit whose number is asked for; empty when it has no name.

        ``word``: another one of the words found instead.
        """
        found = asking.HOW_MANY.search(self.question)
        if found and word:
            return found[word] or ""
        return None if found is None else found["en"] or found["en2"] or found["zh"] or ""

    def often(self) -> bool:
        """Whether it is the number of rows that is the most or the least."""
        return bool(asking.OFTEN.search(self.question))

    def column(self, column: int, operation: Operation, sheet: Sheet) -> int:
        """Return the column of figures that the question names, else the one given.

        Chinese names are told apart by how many of their characters the question has.
        """
        found, named = figure_columns(self.question, operation, sheet)
        if len(found) == 1 and (named or is_money(sheet, found)):
            return found[0]
        there = set(re.findall(r"[\u3400-\u9fff]", _OF_ASKING.sub(" ", self.question)))
        shared = {c: len(there & set(_bare_name(sheet, c))) for c in figures_of(sheet)}
        best = max(shared, key=lambda c: shared[c], default=column)
        told = shared.get(best, 0)
        enough = told > 1 or told == len(_bare_name(sheet, best))  # 数学 is not named by 科学
        return best if enough and told > shared.get(column, 0) else column

    def names(self, column: int, operation: Operation, sheet: Sheet) -> bool:
        """Whether the question names a column of figures: by its name, its money or its kind."""
        name = sheet.table.columns[column]
        chosen, _ = figure_columns(self.question, operation, sheet)
        if is_named(name, self.question) or chosen == [column]:
            return True
        own = set(re.findall(r"[\u3400-\u9fff]", _bare_name(sheet, column)))
        there = own & set(self.question)
        return bool(own) and len(there) >= min(2, len(own))

    def money(self) -> bool:
        """Whether money is asked for."""
        return bool(vocabulary.MONEY.search(self.question))

    def kind(self) -> Literal["day", "figure", "one", ""]:
        """Return what kind of thing answers: a day, a figure, someone or something."""
        for rule, kind in asking.KINDS_ASKED:
            if rule.search(self.question):
                return kind
        return ""


def _bare_name(sheet: Sheet, column: int) -> str:
    """Return a column's name without its unit."""
    return re.sub(r"[（(][^)）]*[)）]", "", sheet.table.columns[column])


_OF_ASKING = re.compile("平均|总共|一共|合计|多少|最[高低多少大小长短]")
"""Says what is done with figures, and names no column of them."""
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
