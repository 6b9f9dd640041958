"""Printed text in pictures: how many characters and words are read wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evals.context import Context
from evals.data import Kinds
from evals.metrics import answer_tokens, character_errors, word_errors
from evals.suite import Suite
from evals.suites.common import load_with_media
from evals.suites.library import Shelf
from evals.values import Case, Dataset, Metric, Part, Score, Scored


class Ocr(Suite):
    """See the module."""

    name = "ocr"
    about = "character and word error rate of text read in pictures"
    roles = ("library",)
    metrics = (Metric("cer", lower_is_better=True), Metric("wer", lower_is_better=True))

    def load(self, folder: Path, split: str | None) -> Dataset:
        kinds: Kinds = {"image": str, "text": str}
        return load_with_media(self.name, folder, split, kinds, "image")

    def groups(self, case: Case) -> dict[str, str]:
        return {k: str(case.data[k]) for k in ("condition", "language") if case.data.get(k)}

    def prepare(self, dataset: Dataset, cases: Sequence[Case], context: Context) -> None:
        self._shelf = Shelf()
        self._shelf.fill(dataset, (case.data["image"] for case in cases), context)

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        wanted = case.data["text"]

        def work() -> Scored:
            read = context.system(dataset).read(self._shelf.id(case.data["image"]))
            shown = {"photo": case.data["image"], "expected": wanted, "got": read}
            return Scored(read_scores(wanted, read), shown)

        return [Part("read", work, read_scores(wanted, ""))]


def read_scores(wanted: str, read: str) -> dict[str, Score]:
    """Compare letters (case and marks kept, no spaces) and words (as answers are compared)."""
    letters, count = character_errors("".join(wanted.split()), "".join(read.split()))
    wrong, words = word_errors(" ".join(answer_tokens(wanted)), " ".join(answer_tokens(read)))
    return {
        "cer": Score(letters / max(1, count), f"{letters} of {count} characters", float(count)),
        "wer": Score(wrong / max(1, words), f"{wrong} of {words} words", float(words)),
    }


SUITE = Ocr()
