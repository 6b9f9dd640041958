"""Fields of receipts and forms: each is asked for by its label; what is not there must be refused.

A value that is right counts for precision and recall, a wrong one against both, a refusal
against recall, and a value for a field the paper does not have against precision.
"""

from __future__ import annotations

from collections.abc import Callable

from evals.answers import dates, numbers, plain, same_amount, same_date, same_name
from evals.context import Context
from evals.suites.library import LibrarySuite, told
from evals.values import Case, Dataset, Metric, Part, Score, Scored

QUESTION = 'What is the "{label}" in {file}?'
_RIGHT, _WRONG, _MISSED, _EXTRA, _REFUSED = (1, 0, 0), (0, 1, 1), (0, 0, 1), (0, 1, 0), (0, 0, 0)


class Fields(LibrarySuite):
    """See the module."""

    name = "fields"
    about = "fields of receipts and forms: precision, recall and F1 over all fields"
    kinds = {"file": str, "fields": dict}
    metrics = (
        Metric("f1", combine="f1"), Metric("precision", combine="precision"),
        Metric("recall", combine="recall"),
    )  # fmt: skip

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        absent = dict.fromkeys(case.data.get("absent") or (), "")
        asked = {**case.data["fields"], **absent}
        return [self._field(label, str(v), case, dataset, context) for label, v in asked.items()]

    def _field(self, label: str, gold: str, case: Case, dataset: Dataset, context: Context) -> Part:
        def work() -> Scored:
            name = case.data["file"]
            self._shelf.id(name)
            question = QUESTION.format(label=label, file=name)
            reply = context.ask(dataset, question, self._shelf.library)
            if gold:
                right = not reply.abstained and matcher(gold)(reply.text, gold)
                parts = _RIGHT if right else _MISSED if reply.abstained else _WRONG
            else:
                parts = _REFUSED if reply.abstained else _EXTRA
            shown = {
                "photo": name, "question": question, "expected": gold or "no such field",
                "got": plain(reply.text),
            }  # fmt: skip
            return Scored(scores(parts, told(reply)), shown)

        return Part(label, work, scores(_MISSED if gold else _EXTRA, ""))


def scores(parts: tuple[int, int, int], said: str) -> dict[str, Score]:
    """Return the three metrics of one field from (right, extra, missed)."""
    right, extra, missed = parts
    score = Score(float(not extra and not missed), said, parts=(right, extra, missed))
    return dict.fromkeys(("f1", "precision", "recall"), score)


def matcher(gold: str) -> Callable[[str, str], bool]:
    """Return how a value of this form is compared: as a date, an amount, or a name."""
    if dates(gold):
        return same_date
    if len(numbers(gold)) == 1 and not any(c.isalpha() for c in gold):
        return same_amount
    return same_name


SUITE = Fields()
