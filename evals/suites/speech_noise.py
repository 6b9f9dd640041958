"""Speech under hard conditions, and silence, in which nothing must be heard.

Each clip is heard as it is and through changes made on the spot; a row's ``accent`` and
``language`` give figures of their own.
"""

from __future__ import annotations

from pathlib import Path

from evals import sounds
from evals.context import Context
from evals.data import Kinds
from evals.metrics import character_errors, spoken_form
from evals.suite import Suite
from evals.suites.common import load_with_media
from evals.suites.speech import heard_score, language_of
from evals.values import Case, Dataset, Metric, Part, Score, Scored

_SILENCE = 4.0


class SpeechNoise(Suite):
    """See the module."""

    name = "speech_noise"
    about = "speech in noise, over the telephone, by accent; words invented in silence"
    reads = "speech"
    roles = ("speech",)
    metrics = (
        *(Metric(f"wer_{c}", lower_is_better=True) for c in sounds.CONDITIONS),
        *(Metric(f"cer_{c}", lower_is_better=True) for c in sounds.CONDITIONS),
        Metric("silence_invented", lower_is_better=True),
    )

    def load(self, folder: Path, split: str | None) -> Dataset:
        kinds: Kinds = {"audio": str, "text": str}
        return load_with_media(self.name, folder, split, kinds, "audio")

    def groups(self, case: Case) -> dict[str, str]:
        return {k: str(case.data[k]) for k in ("accent", "language") if case.data.get(k)}

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        found = [self._heard(c, case, dataset, context) for c in sounds.CONDITIONS]
        lost = {"silence_invented": Score(1.0)}
        return [*found, Part("silence", lambda: self._silence(case, dataset, context), lost)]

    def _heard(self, condition: str, case: Case, dataset: Dataset, context: Context) -> Part:
        text = case.data["text"]
        scratch = context.scratch(dataset)

        def work() -> Scored:
            clip = sounds.decode(dataset.media.file(case.data["audio"], scratch))
            name = f"{Path(case.data['audio']).stem}-{condition}.wav"
            changed = sounds.changed(clip, condition, context.options.seed)
            heard = context.transcribe(dataset, sounds.write(scratch / name, changed))
            shown = {"audio": case.data["audio"], "expected": text, "got": heard}
            return Scored(_scores(condition, text, heard), shown)

        return Part(condition, work, _scores(condition, text, ""))

    def _silence(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        number = sum(case.id.encode()) + context.options.seed
        path = context.scratch(dataset) / f"silence-{number}.wav"
        sounds.write(path, sounds.silence(_SILENCE, number))
        heard = context.transcribe(dataset, path)
        score = Score(float(bool(heard)), f"heard {heard!r}" if heard else "heard nothing")
        return Scored({"silence_invented": score}, {"audio": "silence", "got": heard})


def _scores(condition: str, text: str, heard: str) -> dict[str, Score]:
    language = language_of(text)
    wrong, count = character_errors(spoken_form(text, language), spoken_form(heard, language))
    letters = Score(wrong / max(1, count), f"{wrong} of {count} characters", float(count))
    return {f"wer_{condition}": heard_score(text, heard), f"cer_{condition}": letters}


SUITE = SpeechNoise()
