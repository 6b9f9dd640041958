"""Open questions about pictures, scored in every usual way: votes, words, similarity, numbers."""

from __future__ import annotations

from pathlib import Path

from evals.answers import numbers, plain, short_answer
from evals.context import Context
from evals.data import Kinds
from evals.metrics import anls
from evals.suite import Suite
from evals.suites.common import blind_reason, generate, load_with_media, message
from evals.suites.daquar import BRIEFLY
from evals.suites.library import answers_of
from evals.values import Case, Dataset, Metric, Part, Score, Scored

_TOKENS = 24
_VOTES = 3


class OpenVqa(Suite):
    """See the module."""

    name = "open_vqa"
    about = "open questions about pictures: VQA accuracy, exact, ANLS, relaxed numbers"
    reads = "daquar"
    roles = ("chat",)
    metrics = (Metric("vqa_accuracy"), Metric("exact"), Metric("anls"), Metric("relaxed"))

    def load(self, folder: Path, split: str | None) -> Dataset:
        kinds: Kinds = {"image": str, "question": str}
        return load_with_media(self.name, folder, split, kinds, "image")

    def unavailable(self, context: Context) -> dict[str, str]:
        return blind_reason(context, [metric.name for metric in self.metrics])

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        if not context.chat_model.sees_images:
            return []

        def work() -> Scored:
            photo = dataset.media.read(case.data["image"])
            asked = message(str(case.data["question"]), photo, BRIEFLY)
            written = generate(context, asked, _TOKENS)
            shown = {
                "photo": case.data["image"],
                "question": case.data["question"],
                "expected": answers_of(case),
                "got": written,
            }
            return Scored(judge(written, answers_of(case)), shown)

        return [Part("answer", work, {m.name: Score(0.0) for m in self.metrics})]


def judge(written: str, golds: list[str]) -> dict[str, Score]:
    """Score one short answer against what people said.

    ``vqa_accuracy``: a third for each person who said so, at most 1; with fewer than three
    people one is enough. ``relaxed``: a number within 5 %, else equal (the rule of ChartQA).
    """
    found = short_answer(written)
    same = sum(found == short_answer(gold) for gold in golds)
    votes = min(1.0, same / _VOTES) if len(golds) >= _VOTES else float(same > 0)
    said = f"said {plain(written)!r}"
    values = {
        "vqa_accuracy": votes,
        "exact": float(same > 0),
        "anls": anls(plain(written), golds),
        "relaxed": float(same > 0 or any(close_number(written, gold) for gold in golds)),
    }
    return {name: Score(value, said) for name, value in values.items()}


def close_number(written: str, gold: str, slack: float = 0.05) -> bool:
    """Tell whether an answer's only number is within ``slack`` of the expected one."""
    wanted, found = numbers(gold), numbers(plain(written))
    if len(wanted) != 1 or len(found) != 1:
        return False
    return abs(found[0] - wanted[0]) <= slack * abs(wanted[0]) + 1e-9


SUITE = OpenVqa()
