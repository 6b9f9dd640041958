"""The chat model as a describer of photos: one sentence for each, to find them by.

Runs only while nobody waits for an answer, and only with a model that is loaded already and sees.
Knows no SQL; where sentences go is in ``retrieval.describe``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.models.sight import CAPTION_QUESTION

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from assistant.models.protocol import SightlineChatModel
    from retrieval.blobs import BlobStore
    from retrieval.embed.protocol import TextEmbedder

_TOKENS = 48


class ModelDescriber:
    """A ``Describer`` over a chat model that sees."""

    def __init__(self, model: SightlineChatModel) -> None:
        self._model = model
        self.id = model.model_id

    def describe(self, jpeg: bytes) -> str:
        """Return one sentence about a photo.

        Raises:
            ModelError: the model failed.
        """
        from langchain_core.messages import HumanMessage

        picture = {
            "type": "image",
            "base64": base64.b64encode(jpeg).decode(),
            "mime_type": "image/jpeg",
        }
        asked = HumanMessage([picture, {"type": "text", "text": CAPTION_QUESTION}])
        return str(self._model.invoke([asked], max_tokens=_TOKENS).content).strip()


def describe_with(
    model: SightlineChatModel,
    engine: Engine,
    blobs: BlobStore,
    text: TextEmbedder,
    *,
    most: int | None,
    cancelled: Callable[[], bool],
) -> int:
    """Describe photos that wait for it with a model that sees; return how many were.

    Raises:
        ModelError: the model failed; what is done stays.
    """
    from retrieval.describe import describe_photos

    describer = ModelDescriber(model)
    return describe_photos(engine, blobs, text, describer, most=most, cancelled=cancelled)
