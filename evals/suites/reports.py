"""Reports with tables, drawings and printed page numbers: answered, not there, or not to be told.

Each report is a library of its own, since the questions say "this report". Questions are of cells
of tables (``cell``), of how many parts there are (``count``), of a page by its printed number
(``page``), of marked words (``mark``), of addresses, numbers and dates as such (``value``), of how
many rows a table has (``rows``), of what the report does not have (``missing``); and of how
something looks (``look``) or of all of a report (``whole``), which is rightly answered by saying so
and showing the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from evals.context import Context
from evals.data import rows_digest
from evals.suite import Suite
from evals.suites.common import load_with_media
from evals.suites.library import Shelf, answers_of, named_right, told
from evals.systems.base import Reply
from evals.values import Case, Dataset, Metric, Part, Score, Scored
from retrieval.values import Locator, PageLocator

_BEYOND = ("look", "whole")


class Reports(Suite):
    """See the module."""

    name = "reports"
    about = "reports: cells, parts and pages; what is missing, and what cannot be told"
    roles = ("library", "chat")
    metrics = (
        Metric("right"), Metric("cited"), Metric("missing"), Metric("unable"), Metric("place"),
        Metric("wrong", lower_is_better=True),
    )  # fmt: skip

    def load(self, folder: Path, split: str | None) -> Dataset:
        kinds = {"document": str, "question": str, "kind": str}
        return load_with_media(self.name, folder, split, kinds, "document")

    def groups(self, case: Case) -> dict[str, str]:
        return {"kind": str(case.data["kind"]), "language": str(case.data.get("language", "en"))}

    def prepare(self, dataset: Dataset, cases: Sequence[Case], context: Context) -> None:
        self._shelves: dict[str, Shelf] = {}
        for name in dict.fromkeys(case.data["document"] for case in cases):
            shelf = self._shelves[name] = Shelf("report-" + rows_digest((), name)[:12])
            shelf.fill(dataset, [name], context)

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        names = {"look": ("unable", "place"), "whole": ("unable", "place"), "missing": ("missing",)}
        worst = {name: Score(0.0) for name in names.get(case.data["kind"], ("right",))}
        worst["wrong"] = Score(1.0)
        return [Part("answer", lambda: self._answer(case, dataset, context), worst)]

    def _answer(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        shelf = self._shelves[case.data["document"]]
        shelf.id(case.data["document"])
        question = case.data["question"]
        reply = context.ask(dataset, question, shelf.library)
        expected = answers_of(case) or f"nothing: {case.data['kind']}"
        return Scored(
            judge(case, reply), {"question": question, "expected": expected, "got": reply.text}
        )


def judge(case: Case, reply: Reply) -> dict[str, Score]:
    """Score one reply by the kind of its question."""
    kind, said = case.data["kind"], "could not tell" if reply.unable else told(reply)
    golds, pages = answers_of(case), set(case.data.get("pages", ()))
    right = bool(golds) and named_right(reply, golds)
    scores = {"wrong": Score(float(not right and not reply.abstained), said)}
    if kind in _BEYOND:
        shown = _pages(p.locator for p in reply.nearest)
        scores["unable"] = Score(float(reply.unable), said)
        scores["place"] = Score(float(reply.unable and bool(shown & pages)), f"{said}: {shown}")
    elif kind == "missing":
        scores["missing"] = Score(float(reply.abstained and not reply.unable), said)
    else:
        scores["right"] = Score(float(right), said)
        if right and pages:
            cited = _pages(c.locator for c in reply.citations)
            scores["cited"] = Score(float(bool(cited & pages)), f"{said}: {cited}")
    return scores


def _pages(places: Iterable[Locator]) -> set[int]:
    return {place.page for place in places if isinstance(place, PageLocator)}


SUITE = Reports()
