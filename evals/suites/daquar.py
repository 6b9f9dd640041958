"""Open questions about indoor photos, answered by the chat model in a word or two."""

from __future__ import annotations

from pathlib import Path

from evals.answers import short_answer
from evals.context import Context
from evals.data import Kinds
from evals.suite import Suite
from evals.suites.common import blind_reason, generate, load_with_media, message
from evals.values import Case, Dataset, Metric, Part, Score, Scored

EMBEDDED = "embedded"
BRIEFLY = "Answer with one or two words."
_ANSWER_TOKENS = 16


class Daquar(Suite):
    """See the module."""

    name = "daquar"
    about = "open questions about indoor photos, with the photo and without"
    roles = ("chat",)
    metrics = (Metric("exact"), Metric("exact_blind"))

    def load(self, folder: Path, split: str | None) -> Dataset:
        kinds: Kinds = {"image": str, "question": str, "answer": (str, int, float)}
        return load_with_media(self.name, folder, split, kinds, "image")

    def unavailable(self, context: Context) -> dict[str, str]:
        return blind_reason(context, ("exact",))

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        def part(metric: str, seeing: bool) -> Part:
            return Part(
                "seeing" if seeing else "blind",
                lambda: _answer(case, dataset, context, metric, seeing),
                {metric: Score(0.0)},
            )

        found = [part("exact", True)] if context.chat_model.sees_images else []
        return [*found, part("exact_blind", False)]


def _answer(case: Case, dataset: Dataset, context: Context, metric: str, seeing: bool) -> Scored:
    photo = dataset.media.read(case.data["image"]) if seeing else None
    # A model that was trained to answer photos briefly needs no rule; without a photo it does.
    rule = "" if seeing and context.chat_model.model_id == EMBEDDED else BRIEFLY
    asked = message(str(case.data["question"]), photo, rule)
    written = generate(context, asked, _ANSWER_TOKENS)
    found, wanted = short_answer(written), short_answer(str(case.data["answer"]))
    shown = {
        "photo": case.data["image"],
        "question": case.data["question"],
        "expected": wanted,
        "got": written,
    }
    said = f"{found!r}, expected {wanted!r}"
    return Scored({metric: Score(float(found == wanted), said)}, shown)


SUITE = Daquar()
