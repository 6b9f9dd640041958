"""A line on a picture that the language model and a small decoder agree on."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from langchain_core.messages import HumanMessage

from assistant.models.branching import best_lines
from assistant.models.images import ImageBlock
from assistant.models.likelihood import line_likelihood
from assistant.models.llama_cpp import LlamaChat
from assistant.models.llama_engine import Rows
from assistant.models.protocol import never
from assistant.models.sight import CAPTION_QUESTION
from retrieval.weights import ModelStore


class SecondEyes:
    """Sees noise, drafts one line, and finds every line but its own unlikely."""

    def __init__(self) -> None:
        self.draft: list[int] = []
        self.sure = 0.0
        self.asked: list[list[int]] = []
        self.sure_of: tuple[str, ...] = ()

    def look(self, image: ImageBlock) -> Rows:
        noise = np.random.default_rng(4).normal(size=(12, 896))
        return Rows(image.sha256, (noise * 0.015).astype(np.float32))

    def adapter(self) -> None:
        return None

    def drafts(self, image: ImageBlock, question: Sequence[int]) -> list[list[int]]:
        self.asked.append(list(question))
        return [self.draft] if self.draft else []

    def things(self, image: ImageBlock) -> tuple[str, ...]:
        return self.sure_of

    def opinions(
        self, image: ImageBlock, question: Sequence[int], answers: Sequence[Sequence[int]]
    ) -> list[float]:
        return [0.0 if list(answer) == self.draft else -self.sure for answer in answers]


@pytest.fixture
def eyes() -> SecondEyes:
    return SecondEyes()


@pytest.fixture
def chat(eyes: SecondEyes, model_store: ModelStore) -> Iterator[LlamaChat]:
    model = LlamaChat(
        model_id="two", locate=lambda: model_store.path("qwen2.5-coder-0.5b"),
        context_tokens=256, max_tokens=12, eyes=eyes,
    )  # fmt: skip
    yield model
    model.unload()


def asked(question: str) -> list[HumanMessage]:
    data = base64.b64encode(b"one").decode()
    picture = {"type": "image", "base64": data, "mime_type": "image/png"}
    return [HumanMessage([picture, {"type": "text", "text": question}])]


def tokens(chat: LlamaChat, text: str) -> list[int]:
    return chat._load()[1].tokens(text)


@pytest.mark.parametrize("question", [CAPTION_QUESTION, "What colour is the dog?"])
def test_the_line_that_both_find_likeliest_is_said(
    chat: LlamaChat, eyes: SecondEyes, question: str
) -> None:
    alone = chat.invoke(asked(question)).content
    assert alone  # without drafts the language model speaks for itself
    eyes.draft = tokens(chat, " brown and white")
    unsure = chat.invoke(asked(question)).content
    eyes.sure = 1000.0
    sure = chat.invoke(asked(question)).content
    assert str(sure).lower() == "brown and white" != str(alone).lower()
    assert unsure in {alone, "brown and white", "Brown and white"}
    told = [] if question == CAPTION_QUESTION else tokens(chat, " what colour is the dog")
    assert eyes.asked == [told] * 3
    assert chat.invoke(asked(question)).content == sure  # what was tried left nothing behind


def test_a_sentence_names_what_is_surely_seen(chat: LlamaChat, eyes: SecondEyes) -> None:
    alone = str(chat.invoke(asked(CAPTION_QUESTION)).content)
    eyes.draft = tokens(chat, " two cats on a bed")
    assert "cats" not in alone
    eyes.sure_of = ("animal", "cat")
    assert chat.invoke(asked(CAPTION_QUESTION)).content == "Two cats on a bed"
    eyes.sure, eyes.sure_of = 1000.0, (alone.split()[-1].strip("."), "zebra")
    assert chat.invoke(asked(CAPTION_QUESTION)).content != "Two cats on a bed"
    eyes.sure_of = ("zebra",)  # which no line names
    assert chat.invoke(asked(CAPTION_QUESTION)).content == "Two cats on a bed"


def test_long_answers_and_set_temperatures_are_the_language_models_own(
    chat: LlamaChat, eyes: SecondEyes
) -> None:
    eyes.draft, eyes.sure = tokens(chat, " brown"), 1000.0
    long = "Write the numbers from one to thirty, with a comma after each."
    assert str(chat.invoke(asked(long)).content).lower() != "brown"
    warm = chat.invoke(asked("What colour is the dog?"), temperature=0.9, seed=1).content
    assert str(warm).lower() != "brown"
    assert eyes.asked == []


def test_cancelled_before_the_first_word(chat: LlamaChat, eyes: SecondEyes) -> None:
    eyes.draft = tokens(chat, " brown")
    found = chat.invoke(asked(CAPTION_QUESTION), cancel=lambda: True)
    assert found.response_metadata["finish_reason"] == "cancelled"


def test_a_branch_goes_on_from_the_greedy_line(chat: LlamaChat) -> None:
    engine, vocabulary = chat._load()
    prompt = vocabulary.tokens("The keeper of the lighthouse wrote in his log that the")
    ready = engine.prefill(prompt, never)
    first = engine.logits().copy()
    lines = best_lines(engine, ready, vocabulary.ends, longest=10, branches=5)
    assert len({line.tokens for line in lines}) == 6
    for line in lines:  # what a line was given on the way is what the model gives it anew
        engine.cut(ready.lane, ready.read)
        alone = line_likelihood(engine, ready, first, line.tokens)
        assert line.total == pytest.approx(alone, abs=0.2)
