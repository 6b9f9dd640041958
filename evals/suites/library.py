"""What suites over files share: taking media into a library, asking, and judging by rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from evals.answers import dates, numbers, plain, same_date
from evals.context import Context, Reply
from evals.data import (
    Kinds,
    Media,
    find_rows,
    read_rows,
    rows_digest,
    suite_folder,
    with_media,
)
from evals.errors import EvalError
from evals.metrics import answer_tokens, exact_match, token_f1
from evals.suite import Role, Suite
from evals.values import Case, Dataset

LIBRARY = "eval"
_CLOSE = 0.6


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


class LibrarySuite(Suite):
    """A suite whose files are taken into one library and then asked about.

    Every media file of the folder goes in, except those that are themselves part of a question.
    """

    kinds: ClassVar[Kinds]
    """The keys by which a row of this suite is known."""

    query_keys: ClassVar[tuple[str, ...]] = ()
    """The keys that name a file of the question (a spoken question, a picture to search by)."""

    roles: ClassVar[tuple[Role, ...]] = ("library", "chat")

    def load(self, folder: Path, split: str | None) -> Dataset:
        inside = suite_folder(folder, self.name)
        path, chosen = find_rows(inside, self.name, self.kinds, split)
        rows, broken = read_rows(path, self.kinds)
        media = Media(inside, path.stem)
        for key in (*self.query_keys, "file"):
            named = [row for row in rows if row.values.get(key)]
            gone = {b.where: b for b in with_media(named, key, media)[1]}
            rows = [row for row in rows if row.where not in gone]
            broken += gone.values()
        asked = {Path(str(row.values[k])).name for row in rows for k in self.query_keys
                 if row.values.get(k)}  # fmt: skip
        pool = [name for name in media.names() if name not in asked]
        digest = rows_digest(rows, media.digest([*pool, *asked]))
        cases = tuple(Case(row.where, row.values) for row in rows)
        tables = {"pool": pool}
        return Dataset(self.name, inside, chosen, cases, media, tuple(broken), digest, tables)

    def groups(self, case: Case) -> dict[str, str]:
        return {k: str(case.data[k]) for k in ("language", "kind", "modality") if case.data.get(k)}

    def prepare(self, dataset: Dataset, cases: Sequence[Case], context: Context) -> None:
        self._shelf = Shelf()
        self._shelf.fill(dataset, dataset.tables["pool"], context)

    def query_file(self, case: Case, key: str, dataset: Dataset, context: Context) -> Path:
        """Return the path of a file that is part of the question."""
        return dataset.media.file(str(case.data[key]), context.scratch(dataset))


def answers_of(case: Case) -> list[str]:
    """Return the right answers of a row, however it names them."""
    given = case.data.get("answers", case.data.get("answer"))
    if given is None:
        return []
    return [str(a) for a in given] if isinstance(given, list) else [str(given)]


def named_right(reply: Reply, answers: Sequence[str]) -> bool:
    """Tell whether a reply gives one of the answers, by the rule of the suite ``own``."""
    return not reply.abstained and says(plain(reply.text), list(answers))


def told(reply: Reply) -> str:
    """Return what a reply said, for a reason."""
    return "did not answer" if reply.abstained else f"said {plain(reply.text)!r}"


def says(text: str, answers: list[str]) -> bool:
    """Tell whether a text gives one of the answers.

    A bare number is given when the text names it, a date when it names this day and no other.
    Else: equal, mostly the same words, or a sentence that holds it in whole words; numbers of
    the answer must stand in the text.
    """
    return any(_gives(text, answer) for answer in answers)


def _gives(text: str, answer: str) -> bool:
    there = set(numbers(answer)) <= set(numbers(text))
    if dates(answer) and same_date(text, answer):
        return True
    if numbers(answer) and not any(c.isalpha() for c in answer):
        return there
    close = exact_match(text, [answer]) or token_f1(text, [answer]) >= _CLOSE
    found = " ".join(answer_tokens(text)), " ".join(answer_tokens(answer))
    return there and bool(close or f" {found[1]} " in f" {found[0]} ")
