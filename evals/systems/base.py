"""What any system under test can do: take files in, find, answer, hear.

The product is one such system, its peers are others; suites see this interface only. A system
that cannot do a thing says so by ``NotOffered``, and the metric is shown as not measured.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from evals.errors import NotOffered

if TYPE_CHECKING:
    from assistant.messages import Citation, Timings
    from retrieval.values import Modality, Passage

Taken = dict[str, tuple[int | None, str]]
"""By file name: the number the system knows it by, or None and the reason it was refused."""


@dataclass(frozen=True)
class Step:
    """One tool that was used: its name, how long it took, and its error, if any."""

    tool: str
    seconds: float
    error: str = ""


@dataclass(frozen=True)
class Reply:
    """What was said to one question.

    ``unable`` says of one that abstained that it did not hold the answer for missing, but could not
    tell; ``nearest`` is where it said to look. ``confidence`` is the best chance of relevance among
    what was found (0..1), ``heard`` the transcript of a spoken question.
    """

    text: str
    abstained: bool
    citations: tuple[Citation, ...]
    steps: tuple[Step, ...] = ()
    timings: Timings | None = None
    confidence: float = 0.0
    heard: str = ""
    unable: bool = False
    nearest: tuple[Citation, ...] = ()


@dataclass(frozen=True)
class Query:
    """What to look for in one library: words, a picture, or both; the best ``k`` of any modality
    or of one."""

    library: str
    text: str = ""
    image: Path | None = None
    k: int = 10
    modality: Modality | None = None


@dataclass(frozen=True)
class Ask:
    """A question to one library; ``turns`` before it are asked first, in the same conversation."""

    question: str
    library: str
    images: tuple[Path, ...] = ()
    audio: Path | None = None
    turns: tuple[str, ...] = ()
    use_library: bool = True


class System(ABC):
    """One thing that is measured. Files go in by library; libraries must not see each other."""

    name: ClassVar[str]

    @abstractmethod
    def ingest(self, paths: Sequence[Path], library: str, told: Callable[[int], None]) -> Taken:
        """Take files in; ``told`` hears how many are done."""

    def tag(self, numbers: Sequence[int], tag: str, library: str) -> None:
        """Put files of a library into an album.

        Raises:
            NotOffered: this system has none.
        """
        raise NotOffered(system=self.name, what="keep albums")

    @abstractmethod
    def search(self, query: Query) -> list[Passage]:
        """Return what fits best, the best first."""

    def ask(self, asked: Ask, timeout: float) -> list[Reply]:
        """Answer, each turn before the question included; the last reply is the question's.

        Raises:
            CaseTimeout: no answer in ``timeout`` seconds a turn.
            NotOffered: this system answers no questions.
        """
        raise NotOffered(system=self.name, what="answer questions")

    def read(self, number: int) -> str:
        """Return the text that was read in a file.

        Raises:
            NotOffered: this system does not tell.
        """
        raise NotOffered(system=self.name, what="tell what it read")

    def transcribe(self, path: Path) -> str:
        """Return what is said in a recording.

        Raises:
            NotOffered: this system does not hear.
        """
        raise NotOffered(system=self.name, what="hear recordings")

    def close(self) -> None:  # noqa: B027  most systems hold nothing open
        """Let go of models and files."""
