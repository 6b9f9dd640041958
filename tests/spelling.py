"""A suite that needs no model, for tests of what is done with suites: it counts wrong letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evals import runner
from evals.context import Context
from evals.data import Media
from evals.metrics import word_errors
from evals.suite import Suite
from evals.values import Broken, Case, Dataset, Metric, Part, Result, Score, Scored


class Spelling(Suite):
    """Counts wrong letters; it can be told to fail, and remembers what it did."""

    name = "speech"  # a registered name, so that reports know its metrics
    about = "test"
    roles = ("chat",)
    metrics = (Metric("wer", lower_is_better=True),)

    def __init__(self, count: int = 10, fail: frozenset[str] = frozenset()) -> None:
        self.count, self.fail = count, fail
        self.did: list[str] = []

    def load(self, folder: Path, split: str | None) -> Dataset:
        cases = tuple(Case(f"x.jsonl:{n}", {"n": n}) for n in range(self.count))
        broken = (Broken("x.jsonl:99", "not JSON"),)
        return Dataset("speech", folder, "all", cases, Media(folder), broken, "d" * 64)

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        def work() -> Scored:
            self.did.append(case.id)
            if case.id in self.fail:
                raise RuntimeError("the model went away")
            errors, words = word_errors("a b c d", "a b c " + "dx"[case.data["n"] % 2])
            return Scored({"wer": Score(errors / words, "why", words)}, {"got": case.id})

        return [Part("spell", work, {"wer": Score(1.0, weight=4)})]


class Plain(Context):
    """A context that names fixed models and builds none."""

    def model_ids(self, roles: Sequence[str]) -> dict[str, str]:
        return {"chat": "none"}


def run(suite: Suite, context: Context, folder: Path, **options: object) -> Result:
    context.options = replace(context.options, **options)  # type: ignore[arg-type]
    return runner.run_suite(suite, folder, None, context, context.note)
