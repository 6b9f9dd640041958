"""GGUF vision-language models (a model and its mmproj file) in this process.

llama.cpp's own server runs inside this process on a loopback port, because reading pictures with
an mmproj file is its work; we talk to it as to any served model.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from pydantic import PrivateAttr

from assistant.errors import ModelUnavailable
from assistant.models.openai_compatible import ServedChat
from assistant.models.protocol import Options

_CACHE_MIB = 256


class MmprojChat(ServedChat):
    """A GGUF model behind llama.cpp's server in this process; starts at the first question.

    Args:
        path: the model.
        mmproj: its vision half, or None for a model that only reads.
        threads: threads of the server.
    """

    endpoint: str = ""
    path: Path
    mmproj: Path | None = None
    threads: int = 1

    _server: Any = PrivateAttr(default=None)
    _starting: Any = PrivateAttr(default_factory=threading.Lock)

    def model_post_init(self, context: Any, /) -> None:
        """Tell what it can do; nothing is loaded yet."""
        super().model_post_init(context)
        self.sees_images = self.mmproj is not None

    @property
    def loaded(self) -> bool:
        """Whether the server runs."""
        return self._server is not None

    def warm(self) -> None:
        """Start the server.

        Raises:
            ModelUnavailable: a file is gone or llama.cpp cannot read it.
        """
        with self._starting:
            if self._server is None:
                self._server = self._start()
                self.endpoint = str(self._server.listening_address)
        super().warm()

    def unload(self) -> None:
        """Stop the server and free its memory."""
        with self._starting:
            self._server = None
            self._name = ""

    def answer(self, messages: Sequence[BaseMessage], options: Options) -> Iterator[AIMessageChunk]:
        """Yield the answer; see ``ServedChat``."""
        if not self.loaded:
            self.warm()
        yield from super().answer(messages, options)

    def _start(self) -> Any:
        import xllamacpp

        for file in (self.path, self.mmproj):
            if file is not None and not file.is_file():
                raise ModelUnavailable(model=self.model_id, detail=f"the file {file} is gone")
        params = xllamacpp.CommonParams()
        params.model.path = str(self.path)
        params.model_alias = {self.model_id}
        if self.mmproj is not None:
            params.mmproj.path = str(self.mmproj)
        params.n_ctx, params.n_parallel, params.warmup = self.context_tokens, 1, False
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self.threads
        params.hostnames, params.port, params.ui = ["127.0.0.1"], 0, False
        params.cache_ram_mib, params.verbosity = _CACHE_MIB, 1  # its defaults: 8 GiB, and chatty
        try:
            return xllamacpp.Server(params)
        except (RuntimeError, ValueError) as error:
            raise ModelUnavailable(
                model=self.model_id, detail=f"llama.cpp cannot serve {self.path} ({error})"
            ) from error
