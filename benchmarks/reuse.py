"""The first token: beside bare llama.cpp, and of a second question on one document or photo.

An engine that keeps what it has read reads only the new question. Every round has a document or a
photo of its own, so that nothing is known before its first question.
"""

from __future__ import annotations

import base64
import io
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.engines import BareLlama
from benchmarks.measure import Row, paired
from retrieval.weights import ModelStore

ROUNDS = 5
LEAST = 5.0
"""Times that a second question must be answered sooner than the first."""
_SENTENCE = "On day {n} keeper {name} noted {n} boats, a wind of force {n} and a calm, grey sea."
_QUESTIONS = ("How many boats were noted on day 12?", "Who was keeper on day 30?")
_LOOKS = ("What is on the table?", "What colour is the cup?")


def rows(store: ModelStore, threads: int) -> Iterator[Row]:
    """Measure the three."""
    from assistant.models.eyes import SightEyes
    from assistant.models.llama_cpp import LlamaChat

    path = store.path("qwen2.5-coder-0.5b")
    eyes = SightEyes(store, threads=threads)
    chat = LlamaChat(
        model_id="bench",
        locate=lambda: path,
        threads=threads,
        eyes=eyes,
        context_tokens=2048,
        int8=True,
    )
    _first(chat, "Hello")  # loads the model
    _first(chat, _looked(0, _LOOKS[0]))
    bare = BareLlama(path, threads)
    try:
        yield _beside_bare(chat, bare)
        yield _second("document", lambda n, question: _first(chat, _document(n, question)))
        yield _second("photo", lambda n, question: _first(chat, _looked(n, question)), _LOOKS)
    finally:
        bare.close()
        chat.unload()


def _beside_bare(chat: Any, bare: BareLlama) -> Row:
    number = iter(range(1000, 1000 + 2 * ROUNDS))

    def theirs() -> float:
        text = _document(next(number), _QUESTIONS[0])
        prompt = f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
        return bare.first_token_seconds(bare.tokenize(prompt))

    ours, plain, ratio = paired(
        lambda: _first(chat, _document(next(number), _QUESTIONS[0])), theirs, ROUNDS
    )
    return Row("first token, new document", ours, "s", "≤ 1.1 × bare", ratio <= 1.1, plain, ratio)


def _second(
    what: str, ask: Callable[[int, str], float], questions: tuple[str, str] = _QUESTIONS
) -> Row:
    """``bare`` is the first question on the same thing; the ratio is of the medians of pairs."""
    pairs = [(ask(n, questions[0]), ask(n, questions[1])) for n in range(1, ROUNDS + 1)]
    first, second = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    bar = f"≤ 1/{LEAST:.0f} of the first"
    return Row(f"first token, second question, same {what}", second, "s", bar,
               ratio <= 1 / LEAST, first, ratio)  # fmt: skip


def _first(chat: Any, content: str | list[Any]) -> float:
    """Return the seconds to the first token of an answer."""
    from langchain_core.messages import HumanMessage

    began = time.perf_counter()
    for chunk in chat.stream([HumanMessage(content)], max_tokens=2):
        if chunk.text:
            break
    return time.perf_counter() - began


def _document(number: int, question: str) -> str:
    """Return some 600 tokens that no other number has, and a question."""
    names = ("Mara", "Ivo", "Lena", "Tomas", "Edda")
    told = (_SENTENCE.format(n=n, name=names[(n + number) % 5]) for n in range(1, 25))
    return f"Log book {number}.\n" + "\n".join(told) + f"\n\n{question}"


def _looked(number: int, question: str) -> list[Any]:
    from PIL import Image
    from skimage import data

    picture, told = Image.fromarray(data.coffee()), io.BytesIO()
    picture.rotate(number, expand=True).save(told, "JPEG")
    body = base64.b64encode(told.getvalue()).decode()
    image = {"type": "image", "base64": body, "mime_type": "image/jpeg"}
    return [image, {"type": "text", "text": question}]
