"""Scanned receipts in one library: find the right one, and read its total, company and date.

The page is asked for by company and date; fields are asked of a receipt named by its file name,
through the whole assistant, so that reading is measured apart from finding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from evals.answers import letters, plain, same_amount, same_date, same_name
from evals.context import Context, Query
from evals.data import Kinds
from evals.suite import Suite
from evals.suites.common import load_with_media
from evals.suites.library import Shelf
from evals.values import Case, Dataset, Metric, Part, Score, Scored

QUESTIONS: dict[str, tuple[str, Callable[[str, str], bool]]] = {
    "total": ("What is the total amount of the receipt {name}?", same_amount),
    "company": ("Which company issued the receipt {name}?", same_name),
    "date": ("What is the date of the receipt {name}?", same_date),
}
PAGE_QUESTION = "What is the total of the receipt from {company} dated {date}?"


class Receipts(Suite):
    """See the module."""

    name = "receipts"
    about = "scanned receipts: the right page, and its total, company and date"
    roles = ("library", "chat")
    metrics = (Metric("total"), Metric("company"), Metric("date"), Metric("page_r1"))

    def load(self, folder: Path, split: str | None) -> Dataset:
        kinds: Kinds = {"image": str, "company": str, "total": (str, int, float)}
        return load_with_media(self.name, folder, split, kinds, "image", {"image": str})

    def prepare(self, dataset: Dataset, cases: Sequence[Case], context: Context) -> None:
        self._shelf = Shelf()
        self._shelf.fill(dataset, (case.data["image"] for case in dataset.cases), context)
        self._alike: dict[str, set[int]] = {}
        for case in dataset.cases:
            if case.data["image"] in self._shelf.ids:
                ids = self._alike.setdefault(_key(case), set())
                ids.add(self._shelf.ids[case.data["image"]])

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        known = [field for field in QUESTIONS if case.data.get(field)]
        found = [self._field(field, case, dataset, context) for field in known]
        if {"company", "date"} <= set(known):
            lost = {"page_r1": Score(0.0)}
            found.insert(0, Part("page", lambda: self._page(case, dataset, context), lost))
        return found

    def _page(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        self._shelf.id(case.data["image"])
        question = PAGE_QUESTION.format(company=case.data["company"], date=case.data["date"])
        passages = context.search(dataset, Query(self._shelf.library, question, k=5))
        right = bool(passages) and passages[0].asset_id in self._alike[_key(case)]
        first = passages[0].asset if passages else "nothing"
        shown = {"question": question, "expected": case.data["image"], "got": first}
        return Scored({"page_r1": Score(float(right), f"first is {first}")}, shown)

    def _field(self, field: str, case: Case, dataset: Dataset, context: Context) -> Part:
        asked, right = QUESTIONS[field]

        def work() -> Scored:
            self._shelf.id(case.data["image"])
            question = asked.format(name=case.data["image"])
            reply = context.ask(dataset, question, self._shelf.library)
            gold = str(case.data[field])
            good = not reply.abstained and right(reply.text, gold)
            said = "did not answer" if reply.abstained else f"said {plain(reply.text)!r}"
            shown = {
                "photo": case.data["image"], "question": question, "expected": gold,
                "got": reply.text,
            }  # fmt: skip
            return Scored({field: Score(float(good), said)}, shown)

        return Part(field, work, {field: Score(0.0)})


def _key(case: Case) -> str:
    """Receipts of the same company and day answer the same question."""
    return " ".join(letters(str(case.data.get(field, ""))) for field in ("company", "date"))


SUITE = Receipts()
