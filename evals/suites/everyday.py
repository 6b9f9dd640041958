"""A person's own papers, English and Chinese, in one library: right, wrong, and rightly refused.

A third of the questions have no answer in any file but a neighbour that looks like one. Rows are
those of suite ``abstention`` with the file that holds the answer.
"""

from __future__ import annotations

from evals.context import Context
from evals.suites.library import LibrarySuite, answers_of, named_right, says, told
from evals.values import Case, Dataset, Metric, Part, Score, Scored


class Everyday(LibrarySuite):
    """See the module."""

    name = "everyday"
    about = "a person's own papers: answers right, wrong, cited, and rightly refused"
    kinds = {"question": str, "file": str}
    metrics = (
        Metric("right"), Metric("wrong", lower_is_better=True), Metric("cited"),
        Metric("refusal_precision"), Metric("refusal_recall"), Metric("shown"),
    )  # fmt: skip

    def groups(self, case: Case) -> dict[str, str]:
        return {**super().groups(case), "answerable": "yes" if answers_of(case) else "no"}

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        if answers_of(case):
            worst = {"right": Score(0.0), "wrong": Score(0.0), "cited": Score(0.0)}
        else:
            worst = {"wrong": Score(0.0), "refusal_recall": Score(0.0)}
        return [Part("answer", lambda: self._answer(case, dataset, context), worst)]

    def _answer(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        golds = answers_of(case)
        reply = context.ask(dataset, case.data["question"], self._shelf.library)
        said, refused = told(reply), reply.abstained
        right = bool(golds) and named_right(reply, golds)
        scores = {"wrong": Score(float(not refused and not right), said)}
        if golds:
            scores["right"] = Score(float(right), said)
            if not refused:
                there = any(c.asset == case.data["file"] for c in reply.citations)
                scores["cited"] = Score(float(there), said)
        else:
            scores["refusal_recall"] = Score(float(refused), said)
        if refused:
            scores["refusal_precision"] = Score(float(not golds), said)
            if golds:
                places = [miss.snippet for miss in reply.nearest]
                seen = any(says(words, golds) for words in places)
                scores["shown"] = Score(float(seen), " / ".join(places))
        expected = golds or "no answer"
        shown = {"question": case.data["question"], "expected": expected, "got": reply.text}
        return Scored(scores, shown)


SUITE = Everyday()
