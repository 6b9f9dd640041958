"""Images inside messages: finding the content blocks and opening them.

A block is ``{"type": "image", "base64": …}`` or ``{"type": "image", "path": …}`` with a
``mime_type`` and, when the caller knows it, ``sha256``. Knows nothing of models.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage
from PIL import Image, ImageOps

from assistant.errors import ModelError

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


@dataclass(frozen=True)
class ImageBlock:
    """One image of a message: its bytes' SHA-256 and where they are."""

    sha256: str
    data: bytes | Path
    mime_type: str

    def read(self) -> bytes:
        """Return the encoded bytes."""
        return self.data if isinstance(self.data, bytes) else self.data.read_bytes()

    def open(self, longest: int | None = None) -> Image.Image:
        """Return the picture upright, in RGB, at most ``longest`` pixels on its longer side.

        Raises:
            ModelError: the bytes are not a picture.
        """
        try:
            source = io.BytesIO(self.data) if isinstance(self.data, bytes) else self.data
            with Image.open(source, formats=_FORMATS) as opened:
                image = ImageOps.exif_transpose(opened).convert("RGB")
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise ModelError(
                model="image", detail=f"an image cannot be opened ({error})"
            ) from error
        if longest and max(image.size) > longest:
            image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        return image


def image_block(block: Mapping[str, Any]) -> ImageBlock:
    """Read one content block of type ``image``.

    Raises:
        ModelError: it carries neither bytes nor a readable file (nothing is fetched by URL).
    """
    mime = str(block.get("mime_type") or "image/jpeg")
    try:
        if block.get("base64"):
            data: bytes | Path = base64.b64decode(str(block["base64"]), validate=True)
        elif block.get("path"):
            data = Path(str(block["path"]))
        else:
            raise ModelError(model="image", detail="an image block has neither base64 nor path")
        sha256 = str(block.get("sha256") or "") or _sha256(data)
    except (OSError, binascii.Error) as error:
        raise ModelError(model="image", detail=f"an image cannot be read ({error})") from error
    return ImageBlock(sha256, data, mime)


def blocks_of(message: BaseMessage) -> list[str | ImageBlock]:
    """Return the texts and images of a message in order; other kinds of content are left out."""
    if isinstance(message.content, str):
        return [message.content] if message.content else []
    found: list[str | ImageBlock] = []
    for block in message.content:
        if isinstance(block, str):
            found.append(block)
        elif block.get("type") == "text":
            found.append(str(block.get("text", "")))
        elif block.get("type") == "image":
            found.append(image_block(block))
    return found


def images_of(messages: Sequence[BaseMessage]) -> list[ImageBlock]:
    """Return every image of a conversation in order."""
    return [part for m in messages for part in blocks_of(m) if isinstance(part, ImageBlock)]


def _sha256(data: bytes | Path) -> str:
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    with data.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
