"""Any vision-language model (or text model) of the Hugging Face kind, in this process.

Loaded from a folder or the local cache only; never with code from the checkpoint. NF4 on a GPU,
dynamic int8 on a CPU (``hub_plan`` chooses and checks memory). One answer at a time.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from pydantic import Field, PrivateAttr

from assistant.errors import ContextTooLong, ModelError, ModelUnavailable
from assistant.models.chatml import CALL_START, read_tool_calls
from assistant.models.hub_loading import Loaded, load
from assistant.models.hub_plan import Wanted, make_plan
from assistant.models.hub_prompt import hub_inputs
from assistant.models.hub_writing import Writing
from assistant.models.llama_text import TextStream
from assistant.models.protocol import Options, SightlineChatModel, last_chunk, never
from assistant.models.turns import Turns


class TransformersChat(SightlineChatModel):
    """A model of transformers.

    Args:
        folder: the checkpoint, or a GGUF file.
        adapter: folder of a peft adapter that is put on top, or None.
        longest_side: pictures are shrunk to this many pixels, which bounds their tokens.
        most_images: more pictures than this in one prompt are refused.
    """

    folder: Path
    quantization: Wanted = "auto"
    adapter: Path | None = None
    threads: int = 1
    longest_side: int = 1024
    most_images: int = 12
    sees_images: bool = Field(default=False)

    _loaded: Loaded | None = PrivateAttr(default=None)
    _loading: Any = PrivateAttr(default_factory=threading.RLock)
    _turns: Turns = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Read the small files of the checkpoint; no weights are loaded yet."""
        super().model_post_init(context)
        from assistant.models.hub_gguf import describe_gguf
        from assistant.models.hub_loading import describe

        self._turns = Turns(self.model_id)
        read = describe_gguf if self._packed else describe
        about = read(self.folder, self.model_id)
        self.sees_images = about.sees_images
        self.calls_tools = about.calls_tools
        if about.context:
            self.context_tokens = min(self.context_tokens, about.context)

    @property
    def _packed(self) -> bool:
        return self.folder.suffix == ".gguf"

    @property
    def _llm_type(self) -> str:
        return "transformers"

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._loaded is not None

    def warm(self) -> None:
        """Load the model."""
        with self._turns.take(never):
            self._load()

    def idle_seconds(self) -> float | None:
        """Return how long no answer was written or waited for; None while one is."""
        return self._turns.idle_seconds()

    def unload(self) -> None:
        """Free the memory once the answer under way is done."""
        with self._turns.take(never), self._loading:
            self._loaded = None
            gc.collect()
            import torch

            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` takes, without markup."""
        return len(self._load().tokenizer(text, add_special_tokens=False)["input_ids"])

    def answer(self, messages: Sequence[BaseMessage], options: Options) -> Iterator[AIMessageChunk]:
        """Yield the answer; see ``protocol``.

        Raises:
            ContextTooLong: prompt and answer do not fit.
            ModelTooLarge: there is not enough memory to load it.
            ModelUnavailable: the checkpoint cannot be used.
            ModelError: generation failed, too many pictures, or a grammar it cannot follow.
        """
        with self._turns.take(options.cancel) as mine:
            if not mine:
                yield last_chunk(self.model_id, "cancelled")
                return
            loaded = self._load()
            inputs = self._inputs(loaded, messages, options)
            read = int(inputs["input_ids"].shape[1])
            text = TextStream(options.stop, CALL_START if options.tools else "")
            writing = Writing(loaded, inputs, options, self.context_tokens - read)
            for piece in writing.pieces():
                shown = text.feed(piece.encode())
                if shown:
                    yield AIMessageChunk(content=shown)
                if text.stopped:
                    writing.stop()
            finish = writing.finish(self.model_id)
            rest = text.rest()
            calls: list[dict[str, str]] = []
            if options.tools:
                rest, calls = read_tool_calls(rest)
            if rest:
                yield AIMessageChunk(content=rest)
            yield last_chunk(
                self.model_id, finish, read=read, written=writing.written, tool_calls=calls
            )

    def score(self, messages: Sequence[BaseMessage], candidates: Sequence[str]) -> list[float]:
        """Return the log-probability (natural) of each candidate as the whole answer."""
        from assistant.models.hub_writing import log_probability

        with self._turns.take(never):
            loaded = self._load()
            inputs = self._inputs(loaded, messages, Options(max_tokens=1))
            return [log_probability(loaded, inputs, candidate) for candidate in candidates]

    def _inputs(self, loaded: Loaded, messages: Sequence[BaseMessage], options: Options) -> Any:
        inputs = hub_inputs(
            loaded,
            messages,
            options.tools,
            name=self.model_id,
            longest_side=self.longest_side,
            most_images=self.most_images,
        )
        read = int(inputs["input_ids"].shape[1])
        if read >= self.context_tokens:
            raise ContextTooLong(tokens=read, model=self.model_id, limit=self.context_tokens)
        return inputs

    def _load(self) -> Loaded:
        with self._loading:
            if self._loaded is None:
                there = self.folder if self._packed else self.folder / "config.json"
                if not there.is_file():
                    raise ModelUnavailable(model=self.model_id, detail=f"{self.folder} is gone")
                try:
                    self._loaded = self._read_weights()
                except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
                    raise ModelError(
                        model=self.model_id, detail=f"it cannot be loaded ({error})"
                    ) from error
            return self._loaded

    def _read_weights(self) -> Loaded:
        if self._packed:
            from assistant.models.hub_gguf import load_gguf, plan_gguf

            plan = plan_gguf(self.folder, self.model_id)
            return load_gguf(self.folder, self.model_id, plan, self.threads)
        plan = make_plan(self.folder, self.model_id, self.quantization)
        return load(self.folder, self.model_id, plan, self.threads, self.adapter)
