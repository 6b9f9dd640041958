"""Read speech: how many words are heard wrong."""

from __future__ import annotations

from pathlib import Path

from evals.context import Context
from evals.metrics import answer_tokens, spoken_form, word_errors
from evals.suite import Suite
from evals.suites.common import load_with_media
from evals.values import Case, Dataset, Metric, Part, Score, Scored


class Speech(Suite):
    """See the module."""

    name = "speech"
    about = "word error rate of read speech"
    roles = ("speech",)
    metrics = (Metric("wer", lower_is_better=True),)

    def load(self, folder: Path, split: str | None) -> Dataset:
        return load_with_media(self.name, folder, split, {"audio": str, "text": str}, "audio")

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        language = language_of(case.data["text"])
        words = len(spoken_form(case.data["text"], language).split())

        def work() -> Scored:
            path = dataset.media.file(case.data["audio"], context.scratch(dataset))
            heard = context.transcribe(dataset, path)
            score = heard_score(case.data["text"], heard)
            shown = {"audio": case.data["audio"], "expected": case.data["text"], "got": heard}
            return Scored({"wer": score}, shown)

        return [Part("transcribe", work, {"wer": Score(1.0, weight=float(words))})]


def heard_score(text: str, heard: str) -> Score:
    """Return the word error rate of a transcript, weighted by the words that were said."""
    language = language_of(text)
    errors, words = word_errors(spoken_form(text, language), spoken_form(heard, language))
    return Score(errors / max(1, words), f"{errors} of {words} words", float(words))


def language_of(text: str) -> str:
    """Return ``zh`` for text that is mostly Chinese characters, else ``en``."""
    tokens = answer_tokens(text)
    return "zh" if sum("\u3400" <= t[0] <= "\u9fff" for t in tokens) > len(tokens) / 2 else "en"


SUITE = Speech()
