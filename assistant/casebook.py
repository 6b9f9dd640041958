"""The user's own cases as the screen and the command line use them: complaints, drafts, cases.

Joins what is stored with the model that drafts. Knows nothing of how a case is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.drafting import draft
from assistant.library import LibraryView
from assistant.own_case import OwnCaseView, Status
from assistant.store.cases import Cases

if TYPE_CHECKING:
    from assistant.models.protocol import SightlineChatModel


class CaseBook:
    """Own cases of one home folder.

    Args:
        open_library: returns what one library's owner may see.
        model: returns the chat model, built when it is first needed.
        release: called with hashes of files that a removed case held on to.
    """

    def __init__(
        self,
        cases: Cases,
        open_library: Callable[[str], LibraryView],
        model: Callable[[], SightlineChatModel],
        release: Callable[[Sequence[str]], None],
    ) -> None:
        self._cases = cases
        self._open_library = open_library
        self._model = model
        self._release = release

    def all(self, library: str, status: Status | None = None) -> list[OwnCaseView]:
        """Return the cases of a library, the newest first."""
        return self._cases.all(library, status)

    def complaints(self, library: str) -> list[OwnCaseView]:
        """Return answers marked as bad that are no case yet, the newest first."""
        return self._cases.complaints(library)

    def from_message(
        self, message: str, answers: Sequence[str] = (), asset: str | None = None
    ) -> OwnCaseView:
        """Make a case of an answer; see ``Cases.add_message``.

        Raises:
            MessageUnknown: there is no such answer.
        """
        return self._cases.add_message(message, answers, asset)

    def change(self, case: str, **values: Any) -> OwnCaseView:
        """Change what is asked or expected, or confirm a draft (``status="ready"``).

        Raises:
            CaseUnknown: there is none with this id.
        """
        return self._cases.change(case, **values)

    def delete(self, case: str) -> None:
        """Remove a case, and the files only it held on to.

        Raises:
            CaseUnknown: there is none with this id.
        """
        self._release(self._cases.delete(case))

    def draft(
        self, library: str, count: int, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[OwnCaseView]:
        """Draft cases about a library and keep each as it is written; yields them."""
        kept = {case.question for case in self._cases.all(library)}
        wanted = count + len(kept)
        written = 0
        for case in draft(
            self._open_library(library), library, self._model, wanted, cancelled=cancelled
        ):
            if case.question not in kept:
                yield self._cases.add(case)
                written += 1
            if written == count:
                return

    def export(self, folder: Path, *, redacted: bool = False, library: str | None = None) -> int:
        """Write the ready cases as a data folder of the suite ``own``; returns how many."""
        return self._cases.export(folder, redacted=redacted, library=library)
