"""The chat model as a describer of photos: one sentence for each, to find them by.

Runs only while nobody waits for an answer, and only with a model that is loaded already and sees.
Knows no SQL; where sentences go is in ``retrieval.describe``.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from assistant.models.sight import CAPTION_QUESTION

if TYPE_CHECKING:
    from assistant.models.protocol import SightlineChatModel

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
