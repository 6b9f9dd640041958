"""Sums over bills: totals, averages, extremes and counts, by month, year or company. By rule.

Every figure is worked out with decimals from fields that were read; currencies are never added
to each other, and bills that could not be read or dated are named. Knows no search and no model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from assistant import phrases
from assistant.amounts import parse_amount
from assistant.arithmetic import plain_number
from assistant.calls import ToolResult
from assistant.charts import told_by_named
from assistant.citations import cite
from assistant.drafts import Draft, join
from assistant.fields import parse_date
from assistant.i18n import Language, text
from assistant.messages import Citation
from assistant.planner import Plan
from assistant.refusing import refuse
from assistant.rows.told import has_rows, joined, told_by_rows
from assistant.session import Session
from assistant.worked import wants
from retrieval.values import Passage

CITED = 12
"""Files of a figure that are cited one by one."""

_CURRENCIES: tuple[tuple[str, str], ...] = (
    ("RM", r"\bR[MH](?=\s?\d|\b)|\bMYR\b"), ("USD", r"US\$|\bUSD\b"), ("$", r"(?<![A-Z])\$"),
    ("EUR", r"€|\bEUR\b"), ("GBP", r"£|\bGBP\b"), ("CNY", r"[¥￥元]|\b(?:CNY|RMB)\b"),
)  # fmt: skip
_DOLLARS = ("USD", "RM")
"""Currencies that a bare dollar sign may stand for; the ringgit was written M$ for long."""
_BILL = re.compile(r"receipt|invoice|\bbill\b|收据|发票|小票|账单", re.IGNORECASE)


@dataclass(frozen=True)
class Amount:
    """The total of one bill: as a number and as written, with what it may be grouped by."""

    value: Decimal
    written: str
    currency: str
    day: date | None
    company: str
    passage: Passage

    def group(self, kind: str) -> str:
        """Return its month, year or company; empty when that could not be read."""
        if kind == "company":
            return self.company
        if self.day is None:
            return ""
        return f"{self.day:%Y-%m}" if kind == "month" else f"{self.day:%Y}"


@dataclass(frozen=True)
class Bills:
    """The amounts a question is about, and the files that should have had one but had not."""

    amounts: tuple[Amount, ...]
    unread: tuple[str, ...] = ()
    undated: tuple[str, ...] = ()


def add_up(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Add up, average, count or compare totals of bills, by group where one is asked for."""
    if told := told_by_named(session, plan):
        return told
    rows = told_by_rows(session, plan, results)
    taken = [
        r
        for r in results
        if r.call.tool == "extract" and not has_rows(session, str(r.call.arguments["file"]))
    ]
    bills = _of_bills(session, plan, results, taken)
    if rows is None or (rows.found is False and bills.found):
        return bills
    return joined(session, rows, bills) if rows.found and bills.found else rows


def _of_bills(
    session: Session, plan: Plan, results: Sequence[ToolResult], taken: Sequence[ToolResult]
) -> Draft:
    """Return what the bills among the files come to."""
    bills = _chosen(_read(_about(plan, taken, results)), plan, session.request.question)
    alone = len(bills.amounts) == 1 and plan.operation in ("max", "min", "average")
    if alone or wants(session.request.question) == "share":
        return refuse(session, plan, results)  # "the best discount" of a contract with one sum
    if not bills.amounts:
        none = taken and (plan.period or phrases.BOUND.search(session.request.question))
        if none:
            said = text("say_count_none", session.language, total=len(taken))
            return Draft(said, found=False)
        return refuse(session, plan, results)
    lines, cited = _Figures(session.language, plan).say(bills.amounts)
    for key, names in (("say_skipped", bills.unread), ("say_undated", bills.undated)):
        if names:
            shown = join(names, session.language)
            lines += " " + text(key, session.language, count=len(names), names=shown)
    return Draft(lines, citations=cited)


# --- which bills -----------------------------------------------------------------------------


def _about(
    plan: Plan, taken: Sequence[ToolResult], results: Sequence[ToolResult]
) -> Sequence[ToolResult]:
    """Keep the bills of the company a question names; else those a search for its topic found."""
    if not plan.topic or plan.names:
        return taken
    topic = _letters(plan.topic)
    own = [r for r in taken if topic and topic in _letters(str(r.data.get("company", "")))]
    if own:
        return own
    listed = [r for r in results if r.call.tool == "list_assets" and r.call.arguments.get("query")]
    found = {a.name for r in listed for a in r.assets}
    return [r for r in taken if r.call.arguments.get("file") in found] if listed else taken


def _letters(words: str) -> str:
    return re.sub(r"[\W_]+", "", words.casefold())


def _read(results: Sequence[ToolResult]) -> Bills:
    amounts: list[Amount] = []
    unread: list[str] = []
    for result in results:
        written = str(result.data.get("total", ""))
        value = parse_amount(written) if written else None
        if value is None or not ("date" in result.data or _looks_like_a_bill(result)):
            if _looks_like_a_bill(result):
                unread.append(str(result.call.arguments.get("file", "")))
            continue  # a total in a report is no bill
        passage = next((p for p in result.passages if written in p.text), result.passages[0])
        day = parse_date(str(result.data.get("date", "")))
        company = str(result.data.get("company", ""))
        amounts.append(Amount(value, written, _currency(written, passage), day, company, passage))
    usual = Counter(a.currency for a in amounts if a.currency not in ("", "$")).most_common(1)
    if usual:  # a bill that names no currency is in the one the others are in
        open_to = ("", "$") if usual[0][0] in _DOLLARS else ("",)
        amounts = [
            replace(a, currency=usual[0][0]) if a.currency in open_to else a for a in amounts
        ]
    return Bills(tuple(amounts), tuple(unread))


def _currency(written: str, passage: Passage) -> str:
    """Return the currency marked beside an amount, else the one its passage speaks of most."""
    place = passage.text.find(written)
    near = passage.text[max(0, place - 8) : place + len(written) + 4] if place >= 0 else ""
    for words in (near, passage.text):
        marked = Counter({name: len(re.findall(rule, words)) for name, rule in _CURRENCIES})
        name, count = marked.most_common(1)[0]
        if count:
            return name
    return ""


def _looks_like_a_bill(result: ToolResult) -> bool:
    """Whether a file without a readable total should have had one."""
    words = f"{result.call.arguments.get('file', '')} {' '.join(p.text for p in result.passages)}"
    return bool(_BILL.search(words))


def _chosen(bills: Bills, plan: Plan, question: str) -> Bills:
    """Keep the bills of the time and size a question names; tell which have no date for it."""
    amounts = bills.amounts
    undated: tuple[str, ...] = ()
    if plan.period or plan.group in ("month", "year"):
        undated = tuple(a.passage.asset for a in amounts if a.day is None)
    if plan.period:
        first, last = plan.period.first.date(), plan.period.last.date()
        amounts = tuple(a for a in amounts if a.day and first <= a.day <= last)
    if bound := phrases.BOUND.search(question):
        limit = parse_amount(bound["en"] or bound["zh"]) or Decimal()
        above = bool(bound["over"] or bound["zh_over"])
        amounts = tuple(a for a in amounts if (a.value > limit if above else a.value < limit))
    return Bills(amounts, bills.unread, undated)


# --- what is said ----------------------------------------------------------------------------


class _Figures:
    """Puts figures into words, each with the marks of the bills it was worked out from."""

    def __init__(self, language: Language, plan: Plan) -> None:
        self._language = language
        self._plan = plan
        self._cited: list[Amount] = []

    def say(self, amounts: Sequence[Amount]) -> tuple[str, tuple[Citation, ...]]:
        """Return the sentences of an answer and its citations."""
        plan, end = self._plan, "。" if self._language == "zh" else "."
        apart = {c: [a for a in amounts if a.currency == c] for c in _order(amounts)}
        said = []
        for each in apart.values():
            if plan.group and any(a.group(plan.group) for a in each):
                said.append(self._by_group(each, end))
            elif plan.operation in ("max", "min"):
                said.append(self._extreme(each) + end)
            else:
                said.append(self._sum(each) + end)
        citations = tuple(cite(n, a.passage, a.written) for n, a in enumerate(self._cited, 1))
        return ("\n" if plan.group else " ").join(said), citations

    def _by_group(self, amounts: Sequence[Amount], end: str) -> str:
        kind, operation = self._plan.group, self._plan.operation
        groups: dict[str, list[Amount]] = {}
        for amount in amounts:
            if name := amount.group(kind):
                groups.setdefault(name, []).append(amount)
        if operation in ("max", "min"):
            pick: Callable[..., str] = max if operation == "max" else min
            best = pick(groups, key=lambda g: _total(groups[g]))
            return self._group(best, groups[best]) + end
        names = sorted(groups, key=str) if kind != "company" else sorted(
            groups, key=lambda g: -_total(groups[g])
        )  # fmt: skip
        return "\n".join(f"- {self._group(name, groups[name])}" for name in names)

    def _group(self, name: str, amounts: Sequence[Amount]) -> str:
        value = self._money(_total(amounts), amounts)
        key = "say_group_max" if len(amounts) > 1 else "say_group_one"
        said = text(key, self._language, group=name, value=value, count=len(amounts))
        return said + self._marks(amounts)

    def _extreme(self, amounts: Sequence[Amount]) -> str:
        highest = self._plan.operation == "max"
        one = (max if highest else min)(amounts, key=lambda a: a.value)
        name = one.passage.asset + self._marks([one])
        key = "say_max" if highest else "say_min"
        return text(key, self._language, value=self._money(one.value, [one]), name=name)

    def _sum(self, amounts: Sequence[Amount]) -> str:
        language, operation = self._language, self._plan.operation
        total = _total(amounts)
        if operation == "count":
            names = join((a.passage.asset for a in amounts), language)
            said = text("say_count", language, count=len(amounts), names=names)
            return said.rstrip(".。") + self._marks(amounts)
        if operation == "average":
            value = self._money(round(total / len(amounts), 2), amounts)
            return text("say_average", language, value=value, count=len(amounts)) + self._marks(
                amounts
            )
        if len(amounts) == 1:
            return self._money(total, amounts) + self._marks(amounts)
        value = self._money(total, amounts)
        return text("say_sum", language, value=value, count=len(amounts)) + self._marks(amounts)

    def _money(self, value: Decimal, amounts: Sequence[Amount]) -> str:
        """Return a figure with cents where it has any, and its currency where that is known."""
        if len(amounts) == 1 and value == amounts[0].value:
            written = amounts[0].written  # as it stands in the bill
        else:
            whole = not any("." in a.written or "," in a.written for a in amounts)
            written = plain_number(value) if whole else f"{value:.2f}"
        mark = amounts[0].currency
        return f"{mark}{'' if mark == '$' else ' '}{written}" if mark else written

    def _marks(self, amounts: Sequence[Amount]) -> str:
        """Cite bills while there is room, and return their marks."""
        taken = list(amounts)[: max(0, CITED - len(self._cited))]
        first = len(self._cited) + 1
        self._cited += taken
        return "".join(f" [{n}]" for n in range(first, first + len(taken)))


def _order(amounts: Sequence[Amount]) -> list[str]:
    """Return the currencies, the most frequent first."""
    return [name for name, _ in Counter(a.currency for a in amounts).most_common()]


def _total(amounts: Sequence[Amount]) -> Decimal:
    return sum((a.value for a in amounts), Decimal())
