"""Several rankings into one: reciprocal ranks, weighted by how likely each hit is relevant.

Plain reciprocal-rank fusion (Cormack et al. 2009) trusts a signal that found nothing as much as
one that found the answer: the best of a hundred unrelated photos still gets the full reward of a
first place. So each reward is multiplied by the hit's own chance of being relevant. Photos and
texts are ranked apart, because their signals differ in number, and merged by chance.

Knows nothing of SQL or models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from retrieval.places import Place

RANK_CONSTANT = 60
WEIGHTS: dict[str, float] = {
    "joint": 1.0,
    "dense": 1.0,
    "sentence": 1.0,
    "crossed": 1.0,
    "lexical": 1.0,
    "image_words": 0.3,
    "told": 1.0,
    "used": 3.0,
    "parts": 1.0,
}
"""What a first place in each signal is worth."""
SPELLING = 2.0
"""What holding all of the question's spelling is worth, likewise. On receipts and forms the right
page comes first equally often from 1 to 4."""


HELD = 1.0
"""What the most of the question's words is worth, likewise, among papers read off pixels. Half of
the forms chose it (.957 to .968 right from 0.75 to 2); the other half went from .925 to .957."""


@dataclass(frozen=True)
class Hit:
    """One thing a signal found: its raw score and the chance (0..1) that it is relevant."""

    key: Place
    score: float
    chance: float


@dataclass
class Fused:
    """A thing with all signals that found it; ``pixels`` is the chance by what it looks like."""

    key: Place
    score: float = 0.0
    chance: float = 0.0
    pixels: float = 0.0
    signals: dict[str, float] = field(default_factory=dict)

    def add_spelling(self, share: float) -> None:
        """Add the reward for holding a share (0..1) of the question's spelling."""
        self.score += SPELLING * share**2 / RANK_CONSTANT
        self.signals["spelling"] = share

    def add_held(self, most: float) -> None:
        """Add the reward for the words it holds, compared with the ``most`` that another does."""
        if most > 0:
            self.score += HELD * self.signals.get("lexical", 0.0) / most / RANK_CONSTANT

    def absorb(self, other: Fused) -> None:
        """Take over the evidence of another thing that turns out to be the same place."""
        self.score += other.score
        self.chance = max(self.chance, other.chance)
        self.pixels = max(self.pixels, other.pixels)
        self.signals = {**other.signals, **self.signals}


def fuse(rankings: Sequence[tuple[str, Sequence[Hit]]]) -> dict[Place, Fused]:
    """Add up the rewards of each thing over the signals' rankings (each best first)."""
    found: dict[Place, Fused] = {}
    for signal, hits in rankings:
        for rank, hit in enumerate(hits, 1):
            fused = found.setdefault(hit.key, Fused(hit.key))
            fused.score += WEIGHTS[signal] * hit.chance / (RANK_CONSTANT + rank)
            fused.chance = max(fused.chance, hit.chance)
            if signal == "joint":
                fused.pixels = hit.chance
            fused.signals[signal] = max(hit.score, fused.signals.get(signal, hit.score))
    return found


def merge_families(families: Sequence[Sequence[Fused]]) -> list[Fused]:
    """Merge rankings (each best first) into one without changing the order within any.

    Next comes the family whose remaining things include the likeliest; ties go to the score.
    """
    fronts = [(list(family), _ahead(family)) for family in families if family]
    merged: list[Fused] = []
    places = [0] * len(fronts)
    while True:
        open_fronts = [n for n, (family, _) in enumerate(fronts) if places[n] < len(family)]
        if not open_fronts:
            return merged
        best = max(
            open_fronts,
            key=lambda n: (fronts[n][1][places[n]], fronts[n][0][places[n]].score),
        )
        merged.append(fronts[best][0][places[best]])
        places[best] += 1


def _ahead(family: Sequence[Fused]) -> list[float]:
    """Return, for every place, the best chance from there on."""
    ahead, best = [], 0.0
    for fused in reversed(family):
        best = max(best, fused.chance)
        ahead.append(best)
    return ahead[::-1]


def spread(ranked: Sequence[Fused], k: int, each: int) -> list[Fused]:
    """Return the first ``k``, at most ``each`` of one file as long as others have any left."""
    taken: dict[int, int] = {}
    first: list[Fused] = []
    rest: list[Fused] = []
    for fused in ranked:
        count = taken.get(fused.key.asset_id, 0)
        taken[fused.key.asset_id] = count + 1
        (first if count < each else rest).append(fused)
    return (first + rest)[:k]
