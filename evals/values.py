"""Values of an evaluation: rows, cases, scores with their reasons, outcomes, results.

All are frozen and plain JSON underneath, so that a case done once can be kept and read back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from evals.data import Media


@dataclass(frozen=True)
class Row:
    """One line of a JSON-lines file: its values, and ``where`` as ``file:line``."""

    where: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Broken:
    """A row that cannot be used: where it stands and why."""

    where: str
    reason: str

    def to_json(self) -> dict[str, str]:
        """Return both as plain JSON."""
        return {"where": self.where, "reason": self.reason}


@dataclass(frozen=True)
class Case:
    """One thing to measure. ``id`` is the row's place; ``generate`` is False for a case left out
    of the seeded subset whose answers are generated."""

    id: str
    data: Mapping[str, Any]
    generate: bool = True


@dataclass(frozen=True)
class Score:
    """The value of one metric for one case, and why.

    Values of many cases are combined as a mean weighted by ``weight`` (a word error rate is
    weighted by words, refusal precision by whether there was a refusal). ``parts`` are what
    metrics that are no mean are made of (BLEU, F1).
    """

    value: float
    reason: str = ""
    weight: float = 1.0
    parts: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON."""
        return {
            "value": self.value,
            "reason": self.reason,
            "weight": self.weight,
            "parts": list(self.parts),
        }


def score_from_json(value: Mapping[str, Any]) -> Score:
    """Read back what ``Score.to_json`` wrote."""
    return Score(
        float(value["value"]), value["reason"], float(value["weight"]), tuple(value["parts"])
    )


@dataclass(frozen=True)
class Scored:
    """What a part of a case gave: scores by metric, and plain JSON to show in a report."""

    scores: Mapping[str, Score]
    shown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A piece of work of one case that stands or falls by itself.

    ``worst`` are the scores it gets when it raises or takes too long.
    """

    name: str
    work: Callable[[], Scored]
    worst: Mapping[str, Score]


@dataclass(frozen=True)
class Outcome:
    """One part of one case, done: its scores, what to show, the time it took, and its failure."""

    case: str
    part: str
    scores: Mapping[str, Score]
    shown: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON."""
        return {
            "case": self.case,
            "part": self.part,
            "scores": {name: score.to_json() for name, score in self.scores.items()},
            "shown": dict(self.shown),
            "seconds": round(self.seconds, 4),
            "error": self.error,
        }


def outcome_from_json(value: Mapping[str, Any]) -> Outcome:
    """Read back what ``Outcome.to_json`` wrote.

    Raises:
        KeyError: a field is missing.
    """
    return Outcome(
        case=value["case"],
        part=value["part"],
        scores={name: score_from_json(score) for name, score in value["scores"].items()},
        shown=value["shown"],
        seconds=float(value["seconds"]),
        error=value["error"],
    )


@dataclass(frozen=True)
class Metric:
    """A figure of a suite: how cases are combined, its scale, and which way is better.

    ``mean`` weighs values; every other way of combining reads the ``parts`` of the scores and is
    told in ``evals.metrics.CORPUS``. ``unit`` is set for figures that are no share of 1 (or 100).
    """

    name: str
    combine: Literal["mean", "bleu", "f1", "precision", "recall", "aurc"] = "mean"
    scale: float = 1.0
    lower_is_better: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Dataset:
    """The usable rows of one split of one folder.

    ``digest`` names the content (rows and media); ``tables`` holds what cases share (the
    paragraphs of a reading set).
    """

    suite: str
    folder: Path
    split: str
    cases: tuple[Case, ...]
    media: Media
    broken: tuple[Broken, ...]
    digest: str
    tables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Options:
    """How a run is to be done.

    ``limit`` cases are drawn by ``seed`` (None: all); answers are generated for at most
    ``generations`` of them (None: the suite's default, 0: all); ``timeout`` seconds a case;
    ``system`` is what is measured; ``judge`` says whether a local model judges besides the rules;
    ``jobs`` is how many parts of cases are done at once.
    """

    limit: int | None = None
    seed: int = 7
    generations: int | None = None
    timeout: float = 300.0
    fresh: bool = False
    system: str = "sightline"
    judge: bool = False
    jobs: int = 1


@dataclass(frozen=True)
class Result:
    """A finished run: the contract's document, and the outcomes behind it."""

    suite: str
    split: str
    n: int
    metrics: Mapping[str, float | None]
    intervals: Mapping[str, tuple[float, float] | None]
    seconds: float
    config: Mapping[str, Any]
    outcomes: tuple[Outcome, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the document of the command line contract."""
        return {
            "suite": self.suite,
            "split": self.split,
            "n": self.n,
            "metrics": dict(self.metrics),
            "intervals": {k: list(v) if v else None for k, v in self.intervals.items()},
            "seconds": round(self.seconds, 3),
            "config": dict(self.config),
        }
