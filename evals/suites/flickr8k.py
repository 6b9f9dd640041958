"""Photos and their captions: finding one by the other, and writing captions.

Retrieval uses the product's joint embedder in batches: every caption of the split is a query over
every photo of the split, and the reverse. Captions come from the chat model when it sees images.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.tuning.metrics import CiderD
from evals.context import Context
from evals.errors import EvalError
from evals.metrics import bleu_parts
from evals.photos import Gallery, embed_gallery, ranks
from evals.progress import Progress
from evals.suite import Suite
from evals.suites.common import blind_reason, generate, load_with_media, message
from evals.values import Case, Dataset, Metric, Part, Score, Scored

QUESTION = "Describe the image in one sentence."
_TEXTS_AT_ONCE = 64
_CAPTION_TOKENS = 48
_DEPTHS = (1, 5, 10)


class Flickr8k(Suite):
    """See the module."""

    name = "flickr8k"
    about = "photos by their captions and back, and captions written"
    roles = ("joint", "chat")
    metrics = (
        Metric("t2i_r1"), Metric("t2i_r5"), Metric("t2i_r10"), Metric("i2t_r1"),
        Metric("i2t_r10"), Metric("bleu4", combine="bleu"), Metric("cider", scale=100.0),
    )  # fmt: skip
    generations = 100
    cases_are_pool = True
    largest = 1000

    def load(self, folder: Path, split: str | None) -> Dataset:
        return load_with_media(self.name, folder, split, {"image": str, "captions": list}, "image")

    def unavailable(self, context: Context) -> dict[str, str]:
        return blind_reason(context, ("bleu4", "cider"))

    def prepare(self, dataset: Dataset, cases: Sequence[Case], context: Context) -> None:
        names = [case.data["image"] for case in cases]
        progress = Progress(len(names), lambda line: context.note(f"embedding photos: {line}"))
        self._gallery = embed_gallery(
            dataset.media, names, context.joint, context.vectors, progress.reach
        )
        captions = [_captions(case) for case in cases]
        owners = np.repeat(np.arange(len(cases)), [len(c) for c in captions])
        self._rank(self._gallery, [c for group in captions for c in group], owners, context)
        self._place = {case.id: place for place, case in enumerate(cases)}
        self._owners = owners
        self._cider = CiderD(captions)

    def _rank(
        self, gallery: Gallery, texts: list[str], owners: NDArray[np.int64], context: Context
    ) -> None:
        """Set the rank of each caption's photo, and of each photo's best own caption."""
        steps = range(0, len(texts), _TEXTS_AT_ONCE)
        progress = Progress(len(steps), lambda line: context.note(f"embedding captions: {line}"))
        vectors = []
        for start in steps:
            vectors.append(context.joint.embed_texts(texts[start : start + _TEXTS_AT_ONCE]))
            progress.step()
        scores = gallery.scores(np.concatenate(vectors))
        self._photo_rank = ranks(scores, owners)
        best = np.array(
            [
                np.flatnonzero(owners == i)[scores[owners == i, i].argmax()]
                for i in range(len(gallery.names))
            ]
        )
        self._caption_rank = ranks(np.ascontiguousarray(scores.T), best)

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        many = float(len(_captions(case)))
        lost = {f"t2i_r{k}": Score(0.0, weight=many) for k in _DEPTHS}
        lost |= {"i2t_r1": Score(0.0), "i2t_r10": Score(0.0)}
        found = [Part("retrieval", lambda: self._retrieval(case), lost)]
        if case.generate and context.chat_model.sees_images:
            worst = bleu_parts("", _captions(case))
            unsaid = {"bleu4": Score(0.0, parts=worst), "cider": Score(0.0)}
            found.append(Part("caption", lambda: self._caption(case, dataset, context), unsaid))
        return found

    def _retrieval(self, case: Case) -> Scored:
        if reason := self._gallery.unreadable.get(case.data["image"]):
            raise EvalError(detail=reason)
        place = self._place[case.id]
        mine = self._photo_rank[self._owners == place]
        back = int(self._caption_rank[place])
        said = "photo at ranks " + ", ".join(str(r) for r in mine)
        scores = {
            f"t2i_r{k}": Score(float((mine <= k).mean()), said, float(len(mine))) for k in _DEPTHS
        }
        for k in (1, 10):
            scores[f"i2t_r{k}"] = Score(float(back <= k), f"first own caption at rank {back}")
        return Scored(scores, {"photo": case.data["image"], "captions": _captions(case)})

    def _caption(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        photo = dataset.media.read(case.data["image"])
        written = generate(context, message(QUESTION, photo), _CAPTION_TOKENS).split("\n")[0]
        references = _captions(case)
        cider = self._cider.score(written, references)
        said = f"wrote {written!r}"
        scores = {
            "bleu4": Score(0.0, said, parts=bleu_parts(written, references)),
            "cider": Score(cider, said),
        }
        shown = {"photo": case.data["image"], "expected": references, "got": written}
        return Scored(scores, shown)


def _captions(case: Case) -> list[str]:
    return [str(caption) for caption in case.data["captions"]]


SUITE = Flickr8k()
