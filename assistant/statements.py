"""Figures of a report's tables: a line in the column of a year, and ratios worked out from lines.

``What was the current ratio in fiscal 2021?`` stands in no report: it is a quotient of lines of its
statements. A line is found by its label, a column by the year in the table's head; the arithmetic
is exact. Definitions are the usual ones (averages of the year's beginning and end for turnovers).
Knows no model and no search.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, DivisionByZero, InvalidOperation

from assistant.amounts import parse_amount
from assistant.citations import content_words
from assistant.gist import bare_question
from retrieval.values import PageLocator, Passage

Fits = Callable[[str], int | None]
"""Returns where the label of a line ends; None when the line is another."""
DAYS = Decimal(365)
_YEAR = re.compile(r"(?<!\d)(?:FY\s?)?((?:19|20)\d\d)(?!\d)", re.IGNORECASE)
_HEAD_LETTERS = 40
"""Letters that the head of a table's only column may have."""
_FIGURE = re.compile(
    r"\(?\$?\s?\d{1,3}(?:,\d{3})+(?:\.\d+)?\)?|\(?\$?\s?\d+(?:\.\d+)?\)?(?!\d|,\d)|[—–]"
)

_LINES: Mapping[str, str] = {
    "current assets": r"^\W*total current assets\b",
    "current liabilities": r"^\W*total current liabilities\b",
    "cash": r"^\W*cash and (?:cash )?equivalents\b",
    "short-term investments": r"^\W*(?:short-term investments|marketable securities)\b",
    "receivables": r"^\W*(?:(?:accounts|trade) receivable|receivables)\b",
    "inventory": r"^\W*(?:merchandise )?inventor(?:y|ies)\b(?!.*\bchange)",
    "payables": r"^\W*(?:accounts|trade) payable\b",
    "revenue": r"^\W*(?:total )?(?:net )?(?:revenues?|sales)\b(?!.*\bcost)",
    "cost of sales": r"^\W*(?:total )?costs? of (?:sales|goods sold|revenues?)\b",
    "net income": r"^\W*net (?:income|earnings)\b(?!.*\bper\b)",
    "total assets": r"^\W*total assets\b",
    "equity": r"^\W*total (?:share|stock)holders['’]? ?equity\b",
    "total liabilities": r"^\W*total liabilities\b(?!.*\band\b)",
    "operating income": r"^\W*(?:operating income|income from operations)\b",
    "gross profit": r"^\W*gross (?:profit|margin)\b",
}
_RULES = {name: re.compile(rule, re.IGNORECASE) for name, rule in _LINES.items()}


@dataclass(frozen=True)
class Ratio:
    """A ratio worked out: its value and the passages its figures stand in."""

    value: Decimal
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Stated:
    """A figure as a table gives it, the label of its line, and the passage it stands in."""

    figure: str
    label: str
    passage: Passage


class Books:
    """The statements in a document: its pages' lines, those with most known labels first."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        pages: dict[object, list[tuple[str, Passage]]] = {}
        for passage in passages:
            place = passage.locator
            page = place.page if isinstance(place, PageLocator) else passage.sha256
            pages.setdefault(page, []).extend((line, passage) for line in passage.text.splitlines())
        self._pages = sorted(pages.values(), key=lambda lines: -_labels(lines))
        self.used: dict[str, Passage] = {}

    def get(self, name: str, year: int) -> Decimal:
        """Return a line's figure in a year.

        Raises:
            LookupError: no table has it.
        """
        found = self.line(_rule_for(_RULES[name]), year)
        if found is None:
            raise LookupError(name)
        self.used.setdefault(found.passage.text, found.passage)
        return _value(found.figure)

    def line(self, fits: Fits, year: int) -> Stated | None:
        """Return the first line that fits in the column of a year, tables of statements first."""
        found = (_in_table(lines, fits, year) for lines in self._pages)
        return next((stated for stated in found if stated is not None), None)

    def mean(self, name: str, year: int) -> Decimal:
        """Return the average of a line at the year's beginning and end."""
        return (self.get(name, year) + self.get(name, year - 1)) / 2


def _quick(books: Books, year: int) -> Decimal:
    liquid = sum(books.get(n, year) for n in ("cash", "short-term investments", "receivables"))
    return liquid / books.get("current liabilities", year)


def _over(one: str, other: str) -> Callable[[Books, int], Decimal]:
    return lambda books, year: books.get(one, year) / books.get(other, year)


def _turnover(one: str, other: str) -> Callable[[Books, int], Decimal]:
    return lambda books, year: books.get(one, year) / books.mean(other, year)


_inventory = _turnover("cost of sales", "inventory")
_payables = _turnover("cost of sales", "payables")
_receivables = _turnover("revenue", "receivables")


def _cycle(books: Books, year: int) -> Decimal:
    """Days of inventory plus days of receivables less days of payables."""
    days = DAYS / _inventory(books, year) + DAYS / _receivables(books, year)
    return days - DAYS / _payables(books, year)


_RATIOS: tuple[tuple[re.Pattern[str], Callable[[Books, int], Decimal]], ...] = tuple(
    (re.compile(rule, re.IGNORECASE), work)
    for rule, work in (
        (r"\bcash conversion cycle\b|现金(?:转换|循环)周期", _cycle),
        (r"\binventory turnover\b|存货周转率", _inventory),
        (
            r"\b(?:accounts )?receivables? turnover\b|\breceive turnover\b|应收账款周转率",
            _receivables,
        ),
        (r"\b(?:accounts )?payables? turnover\b|应付账款周转率", _payables),
        (r"\bquick[ _]ratio\b|速动比率", _quick),
        (r"\bcash[ _]ratio\b|现金比率", _over("cash", "current liabilities")),
        (r"\bcurrent[ _]ratio\b|流动比率", _over("current assets", "current liabilities")),
        (r"\bdebt[ -]to[ -]equity\b|产权比率", _over("total liabilities", "equity")),
        (r"\b(?:total )?asset turnover\b|总资产周转率", _turnover("revenue", "total assets")),
        (
            r"\breturn on (?:total )?assets\b|资产(?:收益|回报)率",
            _over("net income", "total assets"),
        ),
        (r"\breturn on equity\b|净资产收益率", _over("net income", "equity")),
        (r"\bgross (?:profit )?margin (?:ratio|rate)\b|毛利率", _over("gross profit", "revenue")),
        (r"\boperating margin\b|营业利润率", _over("operating income", "revenue")),
        (r"\bnet (?:profit )?margin\b|净利率", _over("net income", "revenue")),
    )
)


def asks_ratio(question: str) -> bool:
    """Whether a question names a ratio this module can work out."""
    return _work_for(question) is not None


def ratio(question: str, passages: Sequence[Passage]) -> Ratio | None:
    """Work out the ratio a question names, for the year it names; None when a line is missing.

    Args:
        passages: all text of one report, in its order.
    """
    work = _work_for(question)
    year = _YEAR.search(question)
    if work is None or year is None:
        return None
    books = Books(passages)
    try:
        value = work(books, int(year[1]))
    except (LookupError, DivisionByZero, InvalidOperation):
        return None
    return Ratio(value, tuple(books.used.values()))


def _work_for(question: str) -> Callable[[Books, int], Decimal] | None:
    text = " ".join(question.split())
    return next((work for rule, work in _RATIOS if rule.search(text)), None)


def asks_line(question: str) -> bool:
    """Whether a question asks for a figure and names one year."""
    asked = bare_question(question)
    return len(set(_YEAR.findall(asked))) == 1 and bool(_ASKS_FIGURE.search(asked))


def stated(question: str, passages: Sequence[Passage]) -> Stated | None:
    """Return the figure a table gives for the line and the year a question names, if one does.

    The line's label must be what is asked for, word for word but for endings and for the names in
    the question (whose report it is): ``accrual liabilities`` are ``Accrued liabilities``, not
    ``Other liabilities``.

    Args:
        passages: all text of one report, in its order.
    """
    if not asks_line(question):
        return None
    asked = " ".join(_FISCAL.sub(" ", bare_question(question)).split())
    year = int(_YEAR.findall(asked)[0])
    fits = _label_for(_YEAR.sub(" ", asked))
    return Books(passages).line(fits, year) if fits else None


_FISCAL = re.compile(r"\b(?:fiscal|financial)? ?years?\b|\bfiscal\b|财年|年度", re.IGNORECASE)
_ASKS_FIGURE = re.compile(
    r"^\W*(?:what(?:'s| is| was| were| are)|how (?:much|many|high|large))\b|多少|是几",
    re.IGNORECASE,
)
_STEM = 5
"""First letters by which two words count as one, whatever their endings."""


def _label_for(asked: str) -> Fits | None:
    """Return what tells the line that is asked for; None when nothing but names is."""
    if re.search(r"[\u3400-\u9fff]", asked):
        return lambda line: _chinese_label(line, asked)
    said = asked.split()
    named = {w for word in said[1:] if word[:1].isupper() for w in content_words(word)}
    words = set(content_words(asked))
    needed = words - named
    if not needed:
        return None

    def fits(line: str) -> int | None:
        end = _label_end(line)
        label = set(content_words(line[:end]))
        told = label and all(any(_alike(w, other) for other in words) for w in label)
        asked_for = all(any(_alike(w, other) for other in label) for w in needed)
        return end if told and asked_for else None

    return fits


def _chinese_label(line: str, asked: str) -> int | None:
    end = _label_end(line)
    label = re.sub(r"[^\u3400-\u9fff]", "", line[:end])
    return end if len(label) > 2 and label in asked else None


def _label_end(line: str) -> int:
    """Return where the figures of a table's line begin."""
    found = _FIGURE.search(line)
    return found.start() if found else len(line)


def _alike(one: str, other: str) -> bool:
    return one == other or (len(one) >= _STEM <= len(other) and one[:_STEM] == other[:_STEM])


def rounded(value: Decimal, places: int = 2) -> str:
    """Return a number with so many decimals, halves away from zero."""
    return str(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def _labels(lines: Sequence[tuple[str, Passage]]) -> int:
    """Return how many known lines a page has in its tables."""
    return sum(any(rule.search(line) for line, _ in lines) for rule in _RULES.values())


def _rule_for(rule: re.Pattern[str]) -> Fits:
    return lambda line: found.end() if (found := rule.search(line)) else None


def _in_table(lines: Sequence[tuple[str, Passage]], fits: Fits, year: int) -> Stated | None:
    """Return the figure of the first line that fits, in the column of a year."""
    columns: list[int] = []
    for line, passage in lines:
        end = fits(line)
        years = [int(y) for y in _YEAR.findall(line)]
        if end is None:
            if years and (len(years) > 1 or len(re.sub(r"[^A-Za-z]", "", line)) < _HEAD_LETTERS):
                columns = years
        elif year in columns:
            figures = _FIGURE.findall(line[end:])
            at = columns.index(year)
            if len(figures) > at:
                return Stated(figures[at].strip(" $"), line[:end].strip(" |:"), passage)
    return None


def _value(written: str) -> Decimal:
    amount = parse_amount(written) or Decimal(0)  # a dash stands for nothing
    return -amount if written.startswith("(") else amount
