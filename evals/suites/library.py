"""What suites over files share: taking media into a library, and knowing each by its asset id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from evals.context import Context
from evals.errors import EvalError
from evals.values import Dataset

LIBRARY = "eval"


@dataclass
class Shelf:
    """The files of one library by name: their asset ids, and why some could not be read."""

    library: str = LIBRARY
    ids: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def fill(self, dataset: Dataset, names: Iterable[str], context: Context) -> None:
        """Take the named media in; files that are there already are passed over."""
        scratch = context.scratch(dataset)
        paths = [dataset.media.file(name, scratch) for name in dict.fromkeys(names)]
        self.take(context.ingest(dataset, paths, self.library))

    def take(self, taken: dict[str, tuple[int | None, str]]) -> None:
        """Remember how taking files in ended."""
        for name, (asset_id, reason) in taken.items():
            if asset_id is None:
                self.failed[name] = reason or "the file was not taken in"
            else:
                self.ids[name] = asset_id

    def id(self, name: str) -> int:
        """Return the asset of a file.

        Raises:
            EvalError: the file could not be read, with the reason.
        """
        if name in self.failed:
            raise EvalError(detail=self.failed[name])
        return self.ids[name]
