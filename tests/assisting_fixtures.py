"""The assistant of ``assisting`` with a small library, for tests to take as fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from assisting import LIBRARY_TXT, MEMO_TXT, PLANTED_TXT, RECEIPTS, open_assistant, write

from assistant.config import Settings
from assistant.models.scripted import ScriptedChat
from assistant.service import Assistant


@pytest.fixture
def model() -> ScriptedChat:
    """A model whose script each test sets."""
    return ScriptedChat()


@pytest.fixture
def helper(settings: Settings, model: ScriptedChat, tmp_path: Path) -> Iterator[Assistant]:
    """An assistant whose library holds the texts above."""
    assistant = open_assistant(settings, model)
    files = {
        "harbour.txt": LIBRARY_TXT,
        "memo.txt": MEMO_TXT,
        "museum.txt": PLANTED_TXT,
        **RECEIPTS,
    }
    done = assistant.ingest(write(tmp_path / "in", files))
    assert [o.status for o in done] == ["indexed"] * len(files)
    yield assistant
    assistant.close()
