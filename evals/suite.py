"""What a suite is: data in, cases out, parts of work that score them. And the list of suites.

A new suite is one file in ``evals/suites`` and one row here. Suites are found by name and
imported when used, since some bring heavy libraries.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from evals.errors import SuiteUnknown
from evals.values import Case, Dataset, Metric, Part

if TYPE_CHECKING:
    from evals.context import Context

CONTRACT = (
    "flickr8k",
    "visual7w",
    "daquar",
    "receipts",
    "forms",
    "xquad",
    "speech",
    "voice_captions",
    "long_documents",
)
"""The suites whose names, data and metrics are fixed since the first release."""

FURTHER: tuple[str, ...] = (
    "attacks",
    "retrieval",
    "open_vqa",
    "documents",
    "tables",
    "charts",
    "fields",
    "ocr",
    "speech_noise",
    "voice_questions",
    "citations",
    "abstention",
    "choices",
    "everyday",
    "reports",
    "objects",
    "dialogues",
    "agent",
    "intents",
    "writing",
    "work",
    "privacy",
    "faces",
    "performance",
)
"""Suites that measure more of the product; each has a small set of its own."""

NAMES = (*CONTRACT, *FURTHER)

OWN = "own"
"""The suite over the user's own library; it has no data of its own to be measured on."""

Role = Literal["chat", "joint", "library", "speech", "faces"]


class Suite(ABC):
    """One set of questions about the product, with how they are asked and scored."""

    name: ClassVar[str]
    about: ClassVar[str]
    metrics: ClassVar[tuple[Metric, ...]]
    roles: ClassVar[tuple[Role, ...]]
    """The parts of the product that take part, whose models a result depends on."""

    reads: ClassVar[str] = ""
    """Another suite whose data folders this one reads as well."""

    generations: ClassVar[int] = 0
    """Answers generated at most when the user does not say; 0 means for every case."""

    own_library: ClassVar[bool] = False
    """Whether the user's library itself is asked, as it is now, instead of one made of the data."""

    volatile: ClassVar[bool] = False
    """Whether outcomes are times or the like, which are never taken from an earlier run."""

    cases_are_pool: ClassVar[bool] = False
    """Whether the cases chosen are also what is searched, so that scores depend on all of them."""

    largest: ClassVar[int] = 0
    """Cases taken when no limit is given, in the order of the file; 0 means all."""

    @abstractmethod
    def load(self, folder: Path, split: str | None) -> Dataset:
        """Read the rows of a split.

        Raises:
            EvalDataInvalid: the folder holds no usable row.
        """

    def prepare(  # noqa: B027  most suites have nothing to do here
        self, dataset: Dataset, cases: Sequence[Case], context: Context
    ) -> None:
        """Do what all cases need first: embed photos, take files into a library."""

    def unavailable(self, context: Context) -> dict[str, str]:
        """Return the metrics that cannot be measured here, each with the reason."""
        return {}

    def groups(self, case: Case) -> dict[str, str]:
        """Return what a case belongs to (``{"language": "zh"}``): each gets its own figures."""
        return {}

    @abstractmethod
    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        """Return the work of one case."""


def load_suite(name: str) -> Suite:
    """Return the suite of that name.

    Raises:
        SuiteUnknown: there is none.
    """
    if name not in (*NAMES, OWN):
        raise SuiteUnknown(suite=name, known=", ".join((*NAMES, OWN)))
    suite: Suite = import_module(f"evals.suites.{name}").SUITE
    return suite
