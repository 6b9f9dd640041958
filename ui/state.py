"""What a browser session remembers: language, open conversation, question in waiting, notices.

The conversation is also in the address (``?c=…``), so that a reload or a bookmark finds it again.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import streamlit as st

from assistant.i18n import Language, explain, text
from assistant.messages import AttachmentFile
from retrieval.errors import SightlineError
from ui import runtime

LANGUAGES: dict[Language, str] = {"en": "English", "zh": "中文"}


@dataclass(frozen=True)
class Pending:
    """A question that waits until the documents sent with it have been read."""

    question: str
    images: tuple[AttachmentFile, ...] = ()
    audio: AttachmentFile | None = None
    jobs: tuple[int, ...] = field(default_factory=tuple)


def language() -> Language:
    """Return the language of this session."""
    chosen = st.session_state.get("language") or st.query_params.get("lang")
    if chosen in LANGUAGES:
        return cast(Language, chosen)
    return runtime.settings().language


def t(key: str, **params: Any) -> str:
    """Return an interface text in the language of this session."""
    return text(key, language(), **params)


def library() -> str:
    """Return the library that this process serves."""
    return runtime.settings().library


def conversation_id() -> str | None:
    """Return the open conversation; the first time, the one named in the address."""
    if "conversation" not in st.session_state:
        st.session_state["conversation"] = st.query_params.get("c") or None
    return cast("str | None", st.session_state["conversation"])


def open_conversation(conversation: str | None) -> None:
    """Open a conversation, or with None a new one; what waited to be asked is dropped."""
    st.session_state["conversation"] = conversation
    st.session_state.pop("pending", None)


def keep_address() -> None:
    """Write conversation and language into the address."""
    wanted = {}
    if conversation := conversation_id():
        wanted["c"] = conversation
    if language() != runtime.settings().language:
        wanted["lang"] = language()
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def pending() -> Pending | None:
    """Return the question that waits for its documents, if any."""
    return cast("Pending | None", st.session_state.get("pending"))


def set_pending(waiting: Pending | None) -> None:
    """Remember or drop the waiting question."""
    st.session_state["pending"] = waiting


def notice(sentence: str) -> None:
    """Keep a sentence to be shown at the next run of the page."""
    st.session_state.setdefault("notices", []).append(sentence)


def notice_error(error: SightlineError) -> None:
    """Keep an error, in the language of this session."""
    notice(explain(error, language()))


def show_notices() -> None:
    """Show the kept sentences once."""
    for sentence in dict.fromkeys(st.session_state.pop("notices", [])):
        st.error(plain(sentence), icon=":material/error:")


def scratch_file(data: bytes) -> Path:
    """Write bytes of an upload into a folder that lives as long as the session; return the path.

    The name is ours: what the browser calls a file never becomes a path.
    """
    folder = st.session_state.setdefault(
        "scratch", tempfile.TemporaryDirectory(prefix="sightline-")
    )
    path = Path(folder.name) / uuid4().hex
    path.write_bytes(data)
    return path


def plain(value: str) -> str:
    """Escape text so that Streamlit's markdown shows it letter by letter."""
    return "".join(f"\\{c}" if c in _MARKDOWN else c for c in value)


_MARKDOWN = frozenset("\\`*_{}[]()<>#+-.!|~$:&^=\"'@/")
