"""What a search is given beside words, and what hearing is given: pictures opened, files spoken of,
texts that may hold the words of a spoken question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.library import LibraryView
from assistant.messages import ConversationView
from retrieval.errors import FileNotFound, SightlineError

RECALLED = 3
"""Passages that a spoken question is heard beside."""
RECALLED_LETTERS = 300


def spoken_of(conversation: ConversationView) -> frozenset[str]:
    """Return the contents of the files attached to a conversation or cited in it."""
    attached = {file.sha256 for message in conversation.messages for file in message.attachments}
    cited = {citation.sha256 for message in conversation.messages for citation in message.citations}
    return frozenset(attached | cited)


def texts_about(library: LibraryView, heard: str) -> str:
    """Return the texts of a library that speak of what was heard, the best last.

    They only tell the recogniser which words there are; a search that fails tells none.
    """
    if not library.size():
        return ""
    try:
        found = library.search(heard, k=RECALLED).passages
    except SightlineError:
        return ""
    told = [" ".join(p.text.split())[:RECALLED_LETTERS] for p in found if p.kind != "pixels"]
    return " ".join(reversed(told))


def open_picture(path: Path) -> Any:
    """Open a picture to search by.

    Raises:
        FileNotFound: it is not there.
        FileDamaged: it is no picture that can be read.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    from retrieval.errors import FileDamaged

    if not path.is_file():
        raise FileNotFound(name=path)
    try:
        with Image.open(path) as opened:
            return ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise FileDamaged(name=path.name, detail=str(error)) from error
