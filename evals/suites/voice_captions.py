"""Photos found by a spoken caption: speech recognised, then the photo searched by what was heard.

The pool is every photo of the folder, or of the sets beside it that hold the photos spoken of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from evals.context import Context
from evals.data import Media, find_rows, read_rows, rows_digest, suite_folder, with_media
from evals.errors import EvalDataInvalid
from evals.photos import Gallery, embed_gallery, ranks
from evals.progress import Progress
from evals.suite import Suite
from evals.suites.speech import heard_score
from evals.values import Broken, Case, Dataset, Metric, Part, Score, Scored
from retrieval.embed.protocol import bare

_KINDS = {"audio": str, "image": str, "text": str}
_PHOTOS = (".jpg", ".jpeg", ".png", ".webp")
_DEPTH = 10


class VoiceCaptions(Suite):
    """See the module."""

    name = "voice_captions"
    about = "photos found by a spoken caption, and by the same caption typed"
    roles = ("speech", "joint")
    metrics = (Metric("r10_spoken"), Metric("r10_typed"), Metric("wer", lower_is_better=True))

    def load(self, folder: Path, split: str | None) -> Dataset:
        inside = suite_folder(folder, self.name)
        path, chosen = find_rows(inside, self.name, _KINDS, split)
        rows, broken = read_rows(path, _KINDS)
        media = Media(inside, path.stem)
        there, gone = with_media(rows, "audio", media)
        photos, pool = _pool(inside, media, {row.values["image"] for row in there})
        good, missing = with_media(there, "image", photos)
        if not good and missing:
            raise EvalDataInvalid(
                folder=str(inside), suite=self.name,
                detail="none of the photos is in it or in a set beside it",
            )  # fmt: skip
        sounds = media.digest(row.values["audio"] for row in good)
        seen = photos.digest(row.values["image"] for row in good)
        digest = rows_digest(good, sounds, seen, *pool)
        cases = tuple(
            Case(row.where, {**row.values, "image": Path(row.values["image"]).name}) for row in good
        )
        bad: tuple[Broken, ...] = (*broken, *gone, *missing)
        tables = {"photos": photos, "pool": pool}
        return Dataset(self.name, inside, chosen, cases, media, bad, digest, tables)

    def prepare(self, dataset: Dataset, cases: Sequence[Case], context: Context) -> None:
        names = dataset.tables["pool"]
        progress = Progress(len(names), lambda line: context.note(f"embedding photos: {line}"))
        self._gallery: Gallery = embed_gallery(
            dataset.tables["photos"], names, context.joint, context.vectors, progress.reach
        )

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        words = heard_score(case.data["text"], "").weight

        def typed() -> Scored:
            score = self._search(case.data["text"], case, context)
            return Scored({"r10_typed": score}, {"got": case.data["text"]})

        def spoken() -> Scored:
            path = dataset.media.file(case.data["audio"], context.scratch(dataset))
            heard = context.transcribe(dataset, path)
            found = self._search(heard, case, context) if heard else Score(0.0, "nothing heard")
            shown = {"photo": case.data["image"], "expected": case.data["text"], "got": heard}
            wer = heard_score(case.data["text"], heard)
            return Scored({"r10_spoken": replace(found), "wer": wer}, shown)

        lost = {"r10_spoken": Score(0.0), "wer": Score(1.0, weight=words)}
        return [Part("typed", typed, {"r10_typed": Score(0.0)}), Part("spoken", spoken, lost)]

    def _search(self, text: str, case: Case, context: Context) -> Score:
        scores = self._gallery.scores(context.joint.embed_texts([bare(text)]))
        place = self._gallery.names.index(case.data["image"])
        rank = int(ranks(scores, np.array([place]))[0])
        pool = len(self._gallery.names)
        return Score(float(rank <= _DEPTH), f"photo at rank {rank} of {pool}, heard {text!r}")


def _pool(folder: Path, media: Media, wanted: set[str]) -> tuple[Media, list[str]]:
    """Return where the photos are and the names of all of them.

    The folder itself when it holds one of the wanted photos, else the one of the folders beside
    it that holds most of them.
    """
    choices = [media]
    if not any(name in media for name in wanted):
        beside = {path.parent for path in folder.parent.glob("*/*.jsonl")} - {folder}
        choices += [Media(place) for place in sorted(beside)]
    best = max(choices, key=lambda m: sum(name in m for name in wanted))
    return best, [n for n in best.names() if Path(n).suffix.lower() in _PHOTOS]


SUITE = VoiceCaptions()
