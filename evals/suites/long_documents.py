"""Long PDFs: find the evidence pages, answer, and refuse what the document does not say.

Questions are about one document each, so each document is a library of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.answers import document_answer, plain
from evals.context import Context, Query
from evals.data import Kinds, rows_digest
from evals.metrics import recall_at
from evals.suite import Suite
from evals.suites.common import load_with_media
from evals.suites.library import Shelf
from evals.values import Case, Dataset, Metric, Part, Score, Scored
from retrieval.values import PageLocator

NOT_ANSWERABLE = "not answerable"
_DEPTH = 5
_PASSAGES = 60


class LongDocuments(Suite):
    """See the module."""

    name = "long_documents"
    about = "long PDFs: evidence pages, answers, refusals"
    roles = ("library", "chat")
    metrics = (
        Metric("page_recall5"), Metric("correct"), Metric("refusal_precision"),
        Metric("refusal_recall"), Metric("absence_precision"), Metric("absence_recall"),
    )  # fmt: skip

    def load(self, folder: Path, split: str | None) -> Dataset:
        kinds: Kinds = {"document": str, "question": str, "answer": (str, int, float)}
        return load_with_media(self.name, folder, split, kinds, "document")

    def prepare(self, dataset: Dataset, cases: Sequence[Case], context: Context) -> None:
        self._shelves: dict[str, Shelf] = {}
        for name in dict.fromkeys(case.data["document"] for case in cases):
            library = "doc-" + rows_digest((), name)[:12]
            shelf = self._shelves[name] = Shelf(library)
            shelf.fill(dataset, [name], context)

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        found = []
        if answerable(case) and pages_of(case.data.get("pages")):
            lost = {"page_recall5": Score(0.0)}
            found.append(Part("pages", lambda: self._pages(case, dataset, context), lost))
        worst = {"correct": Score(0.0)}
        if not answerable(case):
            worst["refusal_recall"] = worst["absence_recall"] = Score(0.0)
        found.append(Part("answer", lambda: self._answer(case, dataset, context), worst))
        return found

    def _pages(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        shelf = self._shelves[case.data["document"]]
        shelf.id(case.data["document"])
        question = case.data["question"]
        passages = context.search(dataset, Query(shelf.library, question, k=_PASSAGES))
        pages = [p.locator.page for p in passages if isinstance(p.locator, PageLocator)]
        first = list(dict.fromkeys(pages))[:_DEPTH]
        wanted = pages_of(case.data["pages"])
        value = recall_at(first, wanted, _DEPTH)
        shown = {"question": question, "expected": wanted, "got": first}
        return Scored({"page_recall5": Score(value, f"pages {first}")}, shown)

    def _answer(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        shelf = self._shelves[case.data["document"]]
        shelf.id(case.data["document"])
        question, gold = case.data["question"], str(case.data["answer"])
        reply = context.ask(dataset, question, shelf.library)
        return Scored(
            judge(case, reply.text, reply.abstained, reply.unable),
            {"question": question, "expected": gold, "got": reply.text},
        )


def judge(case: Case, text: str, abstained: bool, unable: bool = False) -> dict[str, Score]:
    """Score one answer: whether it is right, and what it says of refusing.

    "I cannot tell" (``unable``) is a refusal, but does not say that the answer is absent: of that
    the two scores of absence are, as MMLongBench-Doc (Ma et al. 2024) keeps "not answerable" apart
    from "fail to answer".
    """
    there = answerable(case)
    said = f"said {plain(text)!r}"
    if abstained:
        said = "could not tell" if unable else "did not answer"
    if there and not abstained:
        right = document_answer(
            text, str(case.data["answer"]), str(case.data.get("format", "Str")),
            case.data["question"],
        )  # fmt: skip
    else:
        right = abstained and not there
    scores = {"correct": Score(float(right), said)}
    if abstained:
        scores["refusal_precision"] = Score(float(not there), said)
        if not unable:
            scores["absence_precision"] = Score(float(not there), said)
    if not there:
        scores["refusal_recall"] = Score(float(abstained), said)
        scores["absence_recall"] = Score(float(abstained and not unable), said)
    return scores


def answerable(case: Case) -> bool:
    """Whether the document answers the question."""
    return str(case.data["answer"]).strip().lower() != NOT_ANSWERABLE


def pages_of(value: Any) -> list[int]:
    """Read evidence pages, given as a list or as text such as ``[3, 5]``; 1-based."""
    if isinstance(value, str):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            return []
    if not isinstance(value, list | tuple):
        return []
    return [int(page) for page in value if isinstance(page, int | str) and str(page).isdigit()]


SUITE = LongDocuments()
