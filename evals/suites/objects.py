"""Objects that are seen though they are not there: the POPE protocol (Li et al., 2023).

Rows are photos with captions (as ``flickr8k``) or with ``objects``. What is in a photo is asked
for with questions to be answered by yes, and as many about objects that are not: drawn at random,
by how often they are in other photos, and by how often they go with what is there. The whole
assistant is asked, with the photo attached; an answer that says neither counts as wrong.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.answers import plain
from evals.context import Context
from evals.data import Kinds
from evals.objects import objects_of
from evals.suite import Suite
from evals.suites.common import load_with_media
from evals.values import Case, Dataset, Metric, Part, Score, Scored

QUESTION = "Is there a {object} in the picture? Answer yes or no."
LIBRARY = "objects"
"""An empty library; the photo is attached to its question."""
KINDS = ("random", "popular", "adversarial")


@dataclass(frozen=True)
class Probe:
    """One question: the object, whether it is there, and how it was drawn."""

    object: str
    there: bool
    kind: str


class Objects(Suite):
    """See the module."""

    name = "objects"
    about = "objects seen though they are not there (POPE)"
    reads = "flickr8k"
    roles = ("library", "chat")
    largest = 200
    metrics = (
        Metric("accuracy"), Metric("precision", combine="precision"),
        Metric("recall", combine="recall"), Metric("f1", combine="f1"), Metric("yes_share"),
        *(Metric(f"accuracy_{kind}") for kind in KINDS),
    )  # fmt: skip

    def load(self, folder: Path, split: str | None) -> Dataset:
        kinds: Kinds = {"image": str}
        return load_with_media(self.name, folder, split, kinds, "image")

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        if getattr(self, "_of", None) != dataset.digest:
            self._of = dataset.digest
            self._there = {c.id: objects_of(c.data) for c in dataset.cases}
        probes = draw(self._there[case.id], list(self._there.values()), case.id)
        return [self._part(probe, case, dataset, context) for probe in probes]

    def _part(self, probe: Probe, case: Case, dataset: Dataset, context: Context) -> Part:
        def work() -> Scored:
            question = QUESTION.format(object=probe.object)
            photo = dataset.media.file(case.data["image"], context.scratch(dataset))
            reply = context.ask(dataset, question, LIBRARY, images=(photo,))
            said = yes_or_no(plain(reply.text))
            shown = {
                "photo": case.data["image"], "question": question,
                "expected": "yes" if probe.there else "no", "got": plain(reply.text),
            }  # fmt: skip
            return Scored(judge(probe, not probe.there if said is None else said), shown)

        return Part(f"{probe.object} ({probe.kind})", work, judge(probe, not probe.there))


def draw(mine: frozenset[str], photos: Sequence[frozenset[str]], seed: str) -> list[Probe]:
    """Return the questions about one photo: at most three objects that are there, and one of each
    kind that is not.

    Args:
        mine: the objects of the photo; ``photos``: those of every photo of the set.
    """
    rng = random.Random(seed)
    there = rng.sample(sorted(mine), min(len(mine), len(KINDS)))
    often = Counter(name for photo in photos for name in photo)
    beside = Counter(name for photo in photos if mine & photo for name in photo)
    absent = sorted(name for name in often if name not in mine)
    probes = [Probe(name, True, kind) for name, kind in zip(there, KINDS, strict=False)]
    orders = {
        "random": rng.sample(absent, len(absent)),
        "popular": sorted(absent, key=lambda name: (-often[name], name)),
        "adversarial": sorted(absent, key=lambda name: (-beside[name], -often[name], name)),
    }
    taken: set[str] = set()
    for kind in KINDS[: len(there)]:
        name = next((n for n in orders[kind] if n not in taken), None)
        if name is not None:
            taken.add(name)
            probes.append(Probe(name, False, kind))
    return probes


def yes_or_no(answer: str) -> bool | None:
    """Return whether an answer begins with yes or with no, or leans to it; None: with neither."""
    said = re.match(r"\W*(?:perhaps |也许)?(yes\b|no\b|有|没有)", answer, re.IGNORECASE)
    return said[1].casefold() in ("yes", "有") if said else None


def judge(probe: Probe, yes: bool) -> dict[str, Score]:
    """Score one yes or no."""
    right = yes == probe.there
    said = f"said {'yes' if yes else 'no'} to {probe.object}"
    parts = (float(yes and probe.there), float(yes and not probe.there),
             float(not yes and probe.there))  # fmt: skip
    counted = Score(float(right), said, parts=parts)
    return {
        "accuracy": Score(float(right), said),
        f"accuracy_{probe.kind}": Score(float(right), said),
        "precision": counted,
        "recall": counted,
        "f1": counted,
        "yes_share": Score(float(yes), said),
    }


SUITE = Objects()
