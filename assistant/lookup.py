"""What a search is given beside words: a picture opened, the files a conversation spoke of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.messages import ConversationView
from retrieval.errors import FileNotFound


def spoken_of(conversation: ConversationView) -> frozenset[str]:
    """Return the contents of the files attached to a conversation or cited in it."""
    attached = {file.sha256 for message in conversation.messages for file in message.attachments}
    cited = {citation.sha256 for message in conversation.messages for citation in message.citations}
    return frozenset(attached | cited)


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
