"""Knowing when not to answer: refusals that were right, and risk against coverage.

Rows are questions that the files answer (``answers``) and questions that they do not
(``answerable`` false).
"""

from __future__ import annotations

from evals.context import Context
from evals.suites.library import LibrarySuite, answers_of, named_right, told
from evals.values import Case, Dataset, Metric, Part, Score, Scored


class Abstention(LibrarySuite):
    """See the module."""

    name = "abstention"
    about = "refusals: precision, recall, and the risk–coverage curve"
    kinds = {"question": str}
    metrics = (
        Metric("refusal_precision"), Metric("refusal_recall"), Metric("coverage"),
        Metric("selective_accuracy"), Metric("aurc", combine="aurc", lower_is_better=True),
    )  # fmt: skip

    def groups(self, case: Case) -> dict[str, str]:
        return {**super().groups(case), "answerable": "yes" if _there(case) else "no"}

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        there = _there(case)
        worst = {
            "coverage": Score(0.0) if there else Score(1.0, weight=0.0),
            "aurc": Score(1.0, parts=(1.0, 1.0)),
        }
        if not there:
            worst["refusal_recall"] = Score(0.0)
        return [Part("answer", lambda: self._answer(case, dataset, context), worst)]

    def _answer(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        there = _there(case)
        reply = context.ask(dataset, case.data["question"], self._shelf.library)
        right = there and named_right(reply, answers_of(case))
        good = right or (reply.abstained and not there)
        said = f"{told(reply)}, confidence {reply.confidence:.2f}"
        # A refusal is the least sure of answers, so it is the last to be counted in.
        sure = -1.0 if reply.abstained else reply.confidence
        scores = {"aurc": Score(float(not good), said, parts=(sure, float(not good)))}
        if reply.abstained:
            scores["refusal_precision"] = Score(float(not there), said)
        else:
            scores["selective_accuracy"] = Score(float(right), said)
        if not there:
            scores["refusal_recall"] = Score(float(reply.abstained), said)
        else:
            scores["coverage"] = Score(float(not reply.abstained), said)
        shown = {
            "question": case.data["question"],
            "expected": answers_of(case) if there else "no answer",
            "got": reply.text,
        }
        return Scored(scores, shown)


def _there(case: Case) -> bool:
    return bool(case.data.get("answerable", True)) and bool(answers_of(case))


SUITE = Abstention()
