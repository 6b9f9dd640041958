"""Between text and the tokens of a GGUF model: its vocabulary and its chat template.

Models whose template is ChatML (Qwen, SmolLM and many others) are written by ``chatml``; for the
rest llama.cpp's own templates are filled with placeholders, so that quoted text never turns into
control tokens there either.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage

from assistant.errors import ModelUnavailable
from assistant.models.chatml import Markup, Part, Quoted, render
from assistant.models.images import ImageBlock, blocks_of
from assistant.models.llama_capi import Llama

_PLACE = re.compile("\ue000(\\d+)\ue001")


class Vocabulary:
    """Tokenizes, spells out tokens, and writes conversations, for one loaded model."""

    def __init__(self, llama: Llama, model: Any, vocab: Any, name: str) -> None:
        self._ffi, self._lib, self._vocab, self._name = llama.ffi, llama.lib, vocab, name
        template = llama.lib.llama_model_chat_template(model, llama.ffi.NULL)
        self._template = b"" if template == llama.ffi.NULL else llama.ffi.string(template)
        self._piece = llama.ffi.new("char[]", 512)
        eot = int(llama.lib.llama_vocab_eot(vocab))
        self.end = eot if eot >= 0 else int(llama.lib.llama_vocab_eos(vocab))

    def tokens(self, text: str, control: bool = False) -> list[int]:
        """Return the tokens of ``text``; control tokens are recognised only if ``control``."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        buffer = self._ffi.new("int32_t[]", room)
        count = self._lib.llama_tokenize(self._vocab, data, len(data), buffer, room, False, control)
        return list(self._ffi.unpack(buffer, count)) if count > 0 else []

    def spell(self, token: int) -> bytes:
        """Return the bytes of a token, which may be a part of a character; b"" for controls."""
        count = self._lib.llama_token_to_piece(self._vocab, token, self._piece, 512, 0, False)
        return bytes(self._ffi.buffer(self._piece, max(count, 0)))

    def spell_all(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens."""
        return b"".join(map(self.spell, tokens)).decode("utf-8", "replace")

    def ends(self, token: int) -> bool:
        """Tell whether the model ends its answer with this token."""
        return bool(self._lib.llama_vocab_is_eog(self._vocab, token))

    def prompt(
        self, messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]]
    ) -> list[int | ImageBlock]:
        """Return the conversation as tokens, with the images at their places.

        Raises:
            ModelUnavailable: the model's chat template is not one that llama.cpp knows.
        """
        chatml = not self._template or b"<|im_start|>" in self._template
        parts = render(messages, tools) if chatml else self._fill(messages)
        found: list[int | ImageBlock] = []
        if self._lib.llama_vocab_get_add_bos(self._vocab):
            found.append(int(self._lib.llama_vocab_bos(self._vocab)))
        for part in parts:
            if isinstance(part, ImageBlock):
                found.append(part)
            else:
                found += self.tokens(part.text, control=isinstance(part, Markup))
        return found

    def _fill(self, messages: Sequence[BaseMessage]) -> list[Part]:
        contents = [[b for b in blocks_of(m) if isinstance(b, str)] for m in messages]
        ffi = self._ffi
        keep = [
            (ffi.new("char[]", _role(m)), ffi.new("char[]", f"\ue000{i}\ue001".encode()))
            for i, m in enumerate(messages)
        ]
        chat = ffi.new("struct llama_chat_message[]", len(keep))
        for item, (role, content) in zip(chat, keep, strict=True):
            item.role, item.content = role, content
        room = 1024 + 256 * len(keep)
        buffer = ffi.new("char[]", room)
        size = self._lib.llama_chat_apply_template(
            self._template, chat, len(keep), True, buffer, room
        )
        if not 0 <= size <= room:
            raise ModelUnavailable(
                model=self._name, detail="its chat template is not one that llama.cpp knows"
            )
        filled = bytes(ffi.buffer(buffer, size)).decode("utf-8", "replace")
        parts: list[Part] = []
        for index, piece in enumerate(_PLACE.split(filled)):
            if index % 2:
                parts += [Quoted(text) for text in contents[int(piece)]]
            elif piece:
                parts.append(Markup(piece))
        return parts


class TextStream:
    """Turns bytes of tokens into text that may be shown.

    Incomplete characters, and endings that may turn out to be a stop string (or the start of a
    tool call, from which on everything is kept back), wait inside.
    """

    def __init__(self, stop: Sequence[str], hold: str = "") -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = [text for text in stop if text]
        self._hold = hold
        self._waiting = ""
        self.stopped = False

    def feed(self, data: bytes) -> str:
        """Take the bytes of one token; return what may be shown now."""
        self._waiting += self._decoder.decode(data)
        for text in self._stop:
            at = self._waiting.find(text)
            if at >= 0:
                self.stopped = True
                self._waiting = self._waiting[:at]
        if self._hold and self._hold in self._waiting:
            return self._release(self._waiting.index(self._hold))
        held = 0 if self.stopped else max(map(self._overlap, [*self._stop, self._hold]), default=0)
        return self._release(len(self._waiting) - held)

    def rest(self) -> str:
        """Return what was kept back, at the end of the answer."""
        self._waiting += "" if self.stopped else self._decoder.decode(b"", final=True)
        return self._release(len(self._waiting))

    def _release(self, count: int) -> str:
        shown, self._waiting = self._waiting[:count], self._waiting[count:]
        return shown

    def _overlap(self, text: str) -> int:
        """Return how many characters at the end could be the beginning of ``text``."""
        longest = min(len(text) - 1, len(self._waiting))
        return next((n for n in range(longest, 0, -1) if self._waiting.endswith(text[:n])), 0)


def _role(message: BaseMessage) -> bytes:
    if isinstance(message, SystemMessage):
        return b"system"
    return b"assistant" if isinstance(message, AIMessage) else b"user"
