"""Multiple choice about photos: which of four answers does the chat model find most likely?

The log-probability of each whole answer decides; nothing is generated. The same choice without
the photo shows how far guessing goes.
"""

from __future__ import annotations

from pathlib import Path

from evals.context import Context
from evals.data import Kinds
from evals.suite import Suite
from evals.suites.common import blind_reason, load_with_media, message
from evals.values import Case, Dataset, Metric, Part, Score, Scored


class Visual7W(Suite):
    """See the module."""

    name = "visual7w"
    about = "multiple choice about photos, with the photo and without"
    roles = ("chat",)
    metrics = (Metric("accuracy"), Metric("accuracy_blind"))

    def load(self, folder: Path, split: str | None) -> Dataset:
        kinds: Kinds = {"image": str, "question": str, "answer": str, "distractors": list}
        return load_with_media(self.name, folder, split, kinds, "image")

    def unavailable(self, context: Context) -> dict[str, str]:
        return blind_reason(context, ("accuracy",))

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        def part(metric: str, seeing: bool) -> Part:
            return Part(
                "seeing" if seeing else "blind",
                lambda: _choose(case, dataset, context, metric, seeing),
                {metric: Score(0.0)},
            )

        found = [part("accuracy", True)] if context.chat_model.sees_images else []
        return [*found, part("accuracy_blind", False)]


def _choose(case: Case, dataset: Dataset, context: Context, metric: str, seeing: bool) -> Scored:
    photo = dataset.media.read(case.data["image"]) if seeing else None
    choices = [as_said(case.data["answer"]), *(as_said(str(d)) for d in case.data["distractors"])]
    scores = context.chat_model.score(message(case.data["question"], photo), choices)
    right = all(scores[0] > other for other in scores[1:])
    picked = choices[max(range(len(choices)), key=scores.__getitem__)]
    shown = {
        "photo": case.data["image"],
        "question": case.data["question"],
        "expected": choices[0],
        "got": picked,
    }
    return Scored({metric: Score(float(right), f"chose {picked!r}")}, shown)


def as_said(answer: str) -> str:
    """Return a choice as a person would answer: no full stop at the end."""
    return answer.strip().rstrip(".")


SUITE = Visual7W()
