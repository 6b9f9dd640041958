"""Scanned forms in one library: find the form that says something, and read a field of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from evals.answers import letters, plain
from evals.context import Context, Query
from evals.data import Kinds
from evals.metrics import anls
from evals.suite import Suite
from evals.suites.common import load_with_media
from evals.suites.library import Shelf
from evals.values import Case, Dataset, Metric, Part, Score, Scored

QUESTION = 'What does the field "{label}" say in {name}?'
PAGE_QUESTION = 'Which form says "{label}" {answer}?'
_LONGEST = 200


class Forms(Suite):
    """See the module."""

    name = "forms"
    about = "scanned forms: the right page, and the value of a field"
    roles = ("library", "chat")
    metrics = (Metric("anls"), Metric("page_r1"))
    generations = 200

    def load(self, folder: Path, split: str | None) -> Dataset:
        kinds: Kinds = {"image": str, "question": str, "answer": str}
        return load_with_media(self.name, folder, split, kinds, "image")

    def prepare(self, dataset: Dataset, cases: Sequence[Case], context: Context) -> None:
        self._shelf = Shelf()
        self._shelf.fill(dataset, (case.data["image"] for case in dataset.cases), context)
        self._alike: dict[str, set[int]] = {}
        self._golds: dict[tuple[str, str], list[str]] = {}
        for case in dataset.cases:
            name, label = case.data["image"], letters(case.data["question"])
            self._golds.setdefault((name, label), []).append(case.data["answer"])
            if name in self._shelf.ids:
                self._alike.setdefault(_key(case), set()).add(self._shelf.ids[name])

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        found = [Part("page", lambda: self._page(case, dataset, context), {"page_r1": Score(0.0)})]
        if case.generate:
            found.append(
                Part("value", lambda: self._value(case, dataset, context), {"anls": Score(0.0)})
            )
        return found

    def _page(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        self._shelf.id(case.data["image"])
        question = PAGE_QUESTION.format(
            label=case.data["question"], answer=case.data["answer"][:_LONGEST]
        )
        passages = context.search(dataset, Query(self._shelf.library, question, k=5))
        right = bool(passages) and passages[0].asset_id in self._alike[_key(case)]
        first = passages[0].asset if passages else "nothing"
        shown = {"question": question, "expected": case.data["image"], "got": first}
        return Scored({"page_r1": Score(float(right), f"first is {first}")}, shown)

    def _value(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        name = case.data["image"]
        self._shelf.id(name)
        question = QUESTION.format(label=case.data["question"], name=name)
        reply = context.ask(dataset, question, self._shelf.library)
        golds = self._golds[name, letters(case.data["question"])]
        found = "" if reply.abstained else plain(reply.text)
        value = 0.0 if reply.abstained else anls(tight(found), [tight(gold) for gold in golds])
        said = "did not answer" if reply.abstained else f"said {found!r}"
        shown = {"photo": name, "question": question, "expected": golds, "got": reply.text}
        return Scored({"anls": Score(value, said)}, shown)


def tight(text: str) -> str:
    """Return a value without the spaces beside marks, which forms write as they like (11/ 28/ 84),
    and without a full stop at its end."""
    return re.sub(r"\s*([^\w\s])\s*", r"\1", text).rstrip(".")


def _key(case: Case) -> str:
    return f"{letters(case.data['question'])} {letters(case.data['answer'])}"


SUITE = Forms()
