"""The value of a case of the user's own, and how it is written down for others to see.

``export_row`` is the row of the suite ``own``. A redacted row keeps what a developer needs (the
shape of the question and answer, verdict, versions) and hides what is private.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal

from assistant.messages import AttachmentView

Status = Literal["draft", "ready"]

_PRIVATE = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.]+|https?://\S+|\+?\d[\d\s().,:/-]*\d|\d"  # mail, links, numbers
)
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w'’-]*")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class OwnCaseView:
    """A case: what is asked of which library, what is expected, and where it came from.

    ``origin``: complaint, drafted, written. ``retrieved`` are the passages the bad answer was
    made from; ``versions`` tells which models, prompts and settings wrote it.
    """

    library: str
    origin: str
    question: str
    answers: tuple[str, ...] = ()
    asset: str = ""
    locator: Mapping[str, Any] = field(default_factory=dict)
    snippet: str = ""
    answerable: bool = True
    status: Status = "draft"
    id: str = ""
    message: str = ""
    verdict: str = ""
    comment: str = ""
    was: str = ""
    retrieved: tuple[Mapping[str, Any], ...] = ()
    versions: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[AttachmentView, ...] = ()


class Redacter:
    """Hides private words: the same file gets the same stand-in throughout one export."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}

    def file(self, name: str) -> str:
        """Return a stand-in for a file name that keeps only its ending."""
        if not name:
            return ""
        number = len(self._files) + 1
        return self._files.setdefault(name, f"file-{number}{PurePath(name).suffix.lower()}")

    def words(self, text: str) -> str:
        """Hide numbers, addresses, names (capital letters inside a sentence) and file names."""
        for name, stand_in in self._files.items():
            text = text.replace(name, stand_in)
        return _NAME.sub("▪", _PRIVATE.sub("▪", text))

    @staticmethod
    def shape(text: str) -> str:
        """Return only the shape of a text: letters as x, digits as 0, Chinese characters as 字."""
        shown = _CHINESE.sub("字", text)
        return "".join(
            "0" if c.isdigit() else "x" if c.isalpha() and c != "字" else c for c in shown
        )


def export_row(case: OwnCaseView, redact: Redacter | None = None) -> dict[str, Any]:
    """Return a case as a row of the suite ``own``."""
    row: dict[str, Any] = {
        "question": case.question,
        "answers": list(case.answers),
        "asset": case.asset,
        "locator": dict(case.locator),
        "answerable": case.answerable,
        "library": case.library,
        "files": [{"name": f.name, "file": f.sha256} for f in case.files],
        "case": case.id,
        "verdict": case.verdict,
        "comment": case.comment,
        "was": case.was,
        "retrieved": [dict(passage) for passage in case.retrieved],
        "versions": dict(case.versions),
    }
    if redact is None:
        return row
    row["asset"] = redact.file(case.asset)
    return {
        **row,
        "question": redact.words(case.question),
        "answers": [redact.shape(answer) for answer in case.answers],
        "was": redact.shape(case.was),
        "comment": redact.words(case.comment),
        "library": "",
        "files": [],
        "retrieved": [{"asset": redact.file(str(p.get("asset", "")))} for p in case.retrieved],
        "versions": {k: v for k, v in case.versions.items() if k != "settings"},
        "redacted": True,
    }
