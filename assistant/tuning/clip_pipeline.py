"""From a data folder to a version of Sightline-CLIP: prepare, train, publish, measure.

A run is a folder: ``photos/`` and ``texts/`` hold what the frozen parts of the towers make of the
data (computed once), ``fit/`` the checkpoints, ``out/`` weights and card. Every step goes on
where it was stopped. Only the split ``train`` is learned from; ``val`` measures.

Knows nothing of the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from assistant.tuning.clip_cache import build_cache
from assistant.tuning.clip_export import Sample, weights_of, write_weights
from assistant.tuning.clip_fit import Fit, Pairs, Recipe, Report, pool_all, slices
from assistant.tuning.clip_measure import (
    calibrate,
    chinese_metrics,
    embed_split,
)
from assistant.tuning.clip_metrics import intervals, retrieval_metrics
from assistant.tuning.clip_model import ClipModel
from assistant.tuning.clip_texts import Wording
from assistant.tuning.clip_tokens import Tokens, build_tokens, joined, lower_layers, token_states
from assistant.tuning.e5_torch import encode
from retrieval.embed.e5 import E5Small
from retrieval.embed.e5_file import read_e5
from retrieval.embed.efficientnet import EfficientNetLite2, class_texts
from retrieval.weights import ModelStore

Say = Callable[[str], None]
Stop = Callable[[], bool]
Captions = dict[str, list[str]]
Photos = Callable[[Sequence[str]], Iterator[Image.Image]]
LEAST_TO_CALIBRATE = 100  # photos
CLASS_SHARE = 0.2
VIEWS = 3  # of a photo that is learned from: as it is, mirrored, cut
QUERIES = Path(__file__).parents[2] / "evals" / "data"
SLICE = 200  # photos of the measured split that a test measures again
_SAMPLE = 2000


@dataclass(frozen=True)
class Run:
    """The folder of a run and the means; ``record`` gets the figures of every epoch."""

    folder: Path
    store: ModelStore
    threads: int
    say: Say
    record: Report

    def train(
        self, recipe: Recipe, name: str, captions: Captions, photos: Photos, out: Path, stop: Stop
    ) -> dict[str, float] | None:
        """Prepare what is missing, train what is left, and write the weights into ``out``.

        Args:
            name: of the split, for its caches; captions: by photo; photos: yields them by name.

        Returns:
            The measures on the photos held out of the training; None when it was stopped.
        """
        import torch

        torch.set_num_threads(self.threads)
        pairs = self.pairs(name, captions, photos)
        texts = self._pooled(pairs)
        if len(captions) < 10 * recipe.held:  # of a small set only a tenth is held out
            recipe = replace(recipe, held=len(captions) // 10)
        torch.manual_seed(recipe.seed)
        model = self._model(pairs, texts, recipe)
        fit = Fit(model, pairs, recipe, self.folder / "fit", stop)
        if not (fit.heads(texts, self.record) and fit.together(self.record)):
            return None
        sample = sample_of(model, pairs, self._classes())
        write_weights(out, weights_of(model, recipe.members, sample, CLASS_SHARE))
        return fit.measure()

    def pairs(self, name: str, captions: Captions, photos: Photos) -> Pairs:
        """Return photos and texts of a split, through the fixed parts of the towers."""
        names = list(captions)
        caches = [
            build_cache(
                self.folder / "photos" / f"{name}-{view}", names, photos, self._encoder, view,
                lambda done, total, speed, v=view: self.say(  # type: ignore[misc]
                    f"{name}, view {v}: {done}/{total} photos, {speed:.0f} a second"
                ),
            )
            for view in range(VIEWS)
        ]  # fmt: skip
        said = [text for name in names for text in captions[name]]
        owner = [place for place, name in enumerate(names) for _ in captions[name]]
        sets = [("plain", said, owner), *_wordings(said, owner)]
        parts = [
            build_tokens(
                self.folder / "texts" / f"{name}-{kind}", self._e5, self._lower, texts,
                lambda done, total, k=kind: self.say(f"{name}, {k}: {done}/{total} texts"),  # type: ignore[misc]
            )
            for kind, texts, _ in sets
        ]  # fmt: skip
        plain = _by_owner(owner, len(names), 0)
        rest = [place for _, _, owners in sets[1:] for place in owners]
        other = _by_owner(rest, len(names), len(owner))
        # a photo of few captions may have no other wording
        other = [some if len(some) else own for some, own in zip(other, plain, strict=True)]
        return Pairs(caches, joined(parts), plain, other)

    def _model(self, pairs: Pairs, texts: NDArray[np.float16], recipe: Recipe) -> ClipModel:
        plain = np.concatenate(pairs.plain)
        return ClipModel(
            read_e5(self._e5_weights),
            pairs.views[0].pooled.astype(np.float32),
            texts[plain].astype(np.float32),
            recipe.members,
            recipe.rank,
        )

    def _pooled(self, pairs: Pairs) -> NDArray[np.float16]:
        """Return all texts as the untrained text tower pools them, [m, 768], computed once."""
        path = self.folder / "texts" / "pooled.npy"
        if path.exists():
            found: NDArray[np.float16] = np.load(path)
            if len(found) == len(pairs.tokens):
                return found
        nothing = np.zeros((2, 2560), np.float32), np.zeros((2, 768), np.float32)
        untrained = ClipModel(read_e5(self._e5_weights), *nothing, members=(), rank=1)
        made = pool_all(untrained, pairs.tokens)
        np.save(path.with_name("pooled.part.npy"), made)
        path.with_name("pooled.part.npy").replace(path)
        return made

    def _classes(self) -> Tokens:
        """Return three texts of each ImageNet class: a photo of it, another name, what it is."""
        said: list[str] = []
        for lemmas, definition in zip(class_texts(), class_texts("definition"), strict=True):
            names = [name.strip() for name in lemmas.split(",")]
            said += [f"a photo of a {names[0]}", names[-1], f"{names[0]}, {definition}"]
        return token_states(self._e5, self._lower, said)

    @cached_property
    def _e5_weights(self) -> Path:
        return self.store.path("e5-small")

    @cached_property
    def _e5(self) -> E5Small:
        return E5Small(self._e5_weights, self.threads)

    @cached_property
    def _lower(self) -> object:
        return lower_layers(self._e5_weights, self.threads)

    @cached_property
    def _encoder(self) -> EfficientNetLite2:
        return EfficientNetLite2(self.store.path("efficientnet-lite2"), self.threads)


def measure(
    folder: Path,
    store: ModelStore,
    captions: Captions,
    photos: Photos,
    threads: int,
    calibrated: bool = True,
) -> dict[str, Any]:
    """Measure the weights of ``folder`` as the app runs them.

    ``calibrated`` writes the maps from similarity to probability beside them.
    """
    from retrieval.embed.clip import SightlineClip

    e5 = E5Small(store.path("e5-small"), threads)
    clip = SightlineClip(EfficientNetLite2(store.path("efficientnet-lite2"), threads), e5, folder)
    split = embed_split(clip, captions, photos)
    found: dict[str, Any] = dict(retrieval_metrics(split.photos, split.texts, split.owner))
    if len(split.names) > SLICE:
        few = split.first(SLICE)
        found[f"first_{SLICE}"] = retrieval_metrics(few.photos, few.texts, few.owner)
    found["intervals"] = intervals(split.photos, split.texts, split.owner)
    found |= chinese_metrics(clip, split, QUERIES / "flickr8k_val_zh.jsonl")
    if calibrated and len(split.names) >= LEAST_TO_CALIBRATE:
        found["calibration"] = calibrate(clip, e5, split, QUERIES, folder)
    return found


def sample_of(model: ClipModel, pairs: Pairs, classes: Tokens) -> Sample:
    """Pool some photos and texts, and the names of the classes, by the tuned towers."""
    import torch

    model.eval()
    rows = np.arange(0, len(pairs.plain), max(1, len(pairs.plain) // _SAMPLE))
    rng = np.random.default_rng(0)
    sides = [
        np.array([rng.choice(said[int(row)]) for row in rows])
        for said in (pairs.plain, pairs.other)
    ]
    with torch.no_grad():
        pooled = [
            torch.cat([encode(model.tower, pairs.tokens, part) for part in slices(texts)])
            for texts in sides
        ]
        named = [encode(model.tower, classes, part) for part in slices(np.arange(len(classes)))]
    return Sample(
        [
            (view.pooled[rows].astype(np.float32), view.logits[rows].astype(np.float32))
            for view in pairs.views[:2]
        ],
        pooled[0].numpy(),
        pooled[1].numpy(),
        torch.cat(named).numpy().reshape(-1, 3, 768).mean(axis=1),
    )


def _wordings(
    said: Sequence[str], owner: Sequence[int]
) -> Iterator[tuple[str, list[str], list[int]]]:
    """Yield further wordings of three captions in five, with the photos they belong to."""
    wording = Wording(said)
    for kind, seed, turns, change in (
        ("switched", 1, (0, 1), wording.switched),
        ("misheard", 2, (2,), wording.misheard),
    ):
        chosen = [place for place in range(len(said)) if place % 5 in turns]
        texts = [change(said[p], np.random.default_rng([seed, p])) for p in chosen]
        yield kind, texts, [owner[place] for place in chosen]


def _by_owner(owner: Sequence[int], count: int, first: int) -> list[NDArray[np.int64]]:
    """Return for each photo the numbers of its texts, counted from ``first``."""
    found: list[list[int]] = [[] for _ in range(count)]
    for place, own in enumerate(owner):
        found[own].append(first + place)
    return [np.array(numbers, np.int64) for numbers in found]
