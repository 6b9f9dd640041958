"""What a question wants, told by rules and by meaning, without answering it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.intents import IntentJudge
from assistant.planner import plan
from evals.context import Context
from evals.data import Kinds, Media, find_rows, read_rows, rows_digest, suite_folder
from evals.suite import Suite
from evals.systems import PRODUCT
from evals.values import Case, Dataset, Metric, Part, Score, Scored

KINDS: Kinds = {"question": str, "intent": str}


class Intents(Suite):
    """See the module."""

    name = "intents"
    about = "what is wanted in ways to ask that no rule knows; questions of fact stay such"
    roles = ("library",)
    metrics = (
        Metric("understood"), Metric("mistaken", lower_is_better=True), Metric("facts_kept"),
        Metric("by_rules"),
    )  # fmt: skip

    def load(self, folder: Path, split: str | None) -> Dataset:
        inside = suite_folder(folder, self.name)
        path, chosen = find_rows(inside, self.name, KINDS, split)
        rows, broken = read_rows(path, KINDS)
        cases = tuple(Case(row.where, row.values) for row in rows)
        media = Media(inside, path.stem)
        digest = rows_digest(rows, "")
        return Dataset(self.name, inside, chosen, cases, media, tuple(broken), digest, {})

    def groups(self, case: Case) -> dict[str, str]:
        return {k: str(case.data[k]) for k in ("intent", "language") if case.data.get(k)}

    def unavailable(self, context: Context) -> dict[str, str]:
        if context.options.system == PRODUCT:
            return {}
        return {m.name: "this system takes every question alike" for m in self.metrics}

    def prepare(self, dataset: Dataset, cases: Sequence[Case], context: Context) -> None:
        self._judge = IntentJudge(lambda: context.embedders.text)

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        question, wanted = case.data["question"], case.data["intent"]

        def work() -> Scored:
            made = plan(question, judge=self._judge)
            shown: dict[str, Any] = {
                "question": question, "expected": wanted, "got": made.intent,
                "by": "meaning" if made.judged else "rule",
            }  # fmt: skip
            return Scored(judged(wanted, made.intent, plan(question).intent), shown)

        return [Part("plan", work, judged(wanted, "", ""))]


def judged(wanted: str, told: str, ruled: str) -> dict[str, Score]:
    """Score what a question was taken for, and what the rules alone take it for."""
    said = f"taken for {told or 'nothing'}, by rules alone for {ruled or 'nothing'}"
    if wanted == "find":
        return {"facts_kept": Score(float(told == wanted), said)}
    return {
        "understood": Score(float(told == wanted), said),
        "mistaken": Score(float(told not in (wanted, "find")), said),
        "by_rules": Score(float(ruled == wanted), said),
    }


SUITE = Intents()
