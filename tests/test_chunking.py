"""Chunks: never longer than the embedder reads, never over two pages, with their exact place."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.chunking import Chunker, embedded_text, lines, slabs
from retrieval.embed.e5 import E5Small
from retrieval.fakes import HashTextEmbedder
from retrieval.values import (
    Block,
    Chunk,
    PageLocator,
    RegionLocator,
    TextLocator,
    TimeLocator,
    Word,
)
from retrieval.weights import ModelStore

FAKE = HashTextEmbedder()


def cut(blocks: Iterable[Block]) -> list[Chunk]:
    chunker = Chunker(FAKE.count_tokens, FAKE.max_tokens)
    return [chunk for block in blocks for chunk in chunker.feed(block)] + list(chunker.finish())


def text_block(text: str, start: int = 0, heading: str = "") -> Block:
    return Block(text, "body", TextLocator(start, start + len(text)), heading=heading)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(alphabet="abc def.\n发票号码 15", min_size=1, max_size=600), min_size=1, max_size=5
    ),
    st.text(alphabet="head ing", max_size=120),
)
def test_no_chunk_is_cut_by_the_embedder(texts: list[str], heading: str) -> None:
    for chunk in cut(text_block(text, heading=heading) for text in texts):
        assert FAKE.count_tokens(embedded_text(chunk)) <= FAKE.max_tokens


@given(st.text(alphabet="word one.two 发票\n", max_size=3000))
def test_every_word_is_in_some_chunk(text: str) -> None:
    chunks = cut([text_block(text)])
    for chunk in chunks:
        assert isinstance(chunk.locator, TextLocator)
        assert text[chunk.locator.start : chunk.locator.end] == chunk.text
    kept = "".join(chunk.text for chunk in chunks)
    assert "".join(kept.split()) == "".join(text.split())


def test_no_chunk_is_cut_by_the_real_embedder(model_store: ModelStore) -> None:
    e5 = E5Small(model_store.path("e5-small"))
    chunker = Chunker(e5.count_tokens, e5.max_tokens)
    texts = ["The quick brown fox. " * 300, "快速的棕色狐狸跳过了懒狗。" * 200, "x1" * 4000]
    made = [c for t in texts for c in chunker.feed(text_block(t, heading="A heading"))]
    made += chunker.finish()
    assert len(made) > 10
    assert max(e5.count_tokens(embedded_text(chunk)) for chunk in made) <= e5.max_tokens
    assert [chunk.ordinal for chunk in made] == list(range(len(made)))


def word(text: str, x: float, y: float) -> Word:
    return Word(text, (x, y, x + 0.1, y + 0.02))


def test_a_chunk_never_spans_two_pages() -> None:
    blocks = [Block(f"page {n}", "body", PageLocator(n)) for n in (1, 1, 2)]
    assert [(c.text, c.locator) for c in cut(blocks)] == [
        ("page 1\npage 1", PageLocator(1)),
        ("page 2", PageLocator(2)),
    ]


def test_boxes_are_those_of_the_words_in_the_chunk() -> None:
    text = " ".join(f"w{n}." for n in range(80))
    words = tuple(word(f"w{n}.", 0.1 * (n % 8), 0.02 * (n // 8)) for n in range(80))
    chunks = cut([Block(text, "body", PageLocator(3), words)])
    assert len(chunks) > 1
    places = [c.locator for c in chunks if isinstance(c.locator, PageLocator)]
    assert all(place.page == 3 and place.boxes for place in places)
    assert places[0].boxes[0][1] < places[-1].boxes[0][1]
    assert sum(len(place.boxes) for place in places) <= 10 + len(places)  # one a line


def test_words_of_a_line_become_one_box() -> None:
    boxes = [word("a", 0.1, 0.1).box, word("b", 0.21, 0.1).box, word("c", 0.1, 0.2).box]
    joined = list(lines([box for box in boxes if box is not None]))
    assert joined == [
        (0.1, 0.1, pytest.approx(0.31), pytest.approx(0.12)),
        (0.1, 0.2, pytest.approx(0.2), pytest.approx(0.22)),
    ]


def test_times_and_regions_are_merged() -> None:
    spoken = [Block(f"sentence {n}", "transcript", TimeLocator(n, n + 1.5)) for n in range(3)]
    assert [c.locator for c in cut(spoken)] == [TimeLocator(0, 3.5)]
    seen = [
        Block("one", "ocr", RegionLocator((0.1, 0.1, 0.2, 0.2))),
        Block("two", "ocr", RegionLocator((0.5, 0.1, 0.9, 0.3))),
    ]
    assert [c.locator for c in cut(seen)] == [RegionLocator((0.1, 0.1, 0.9, 0.3))]


def test_a_long_table_repeats_its_head() -> None:
    rows = "\n".join(f"| item {n} | {n}.90 |" for n in range(60))
    chunks = cut([text_block("x"), Block(f"| name | price |\n|---|---|\n{rows}", "table",
                                          PageLocator(1))])  # fmt: skip
    tables = [chunk for chunk in chunks if chunk.kind == "table"]
    assert len(tables) > 3
    assert all(chunk.text.startswith("| name | price |\n|---|---|\n") for chunk in tables)
    assert tables[-1].text.endswith("| item 59 | 59.90 |")


def test_blank_blocks_make_nothing() -> None:
    assert cut([text_block("  \n "), text_block("")]) == []


def test_slabs_cover_the_text() -> None:
    text = "a sentence of words. " * 2000
    spans = list(slabs(text))
    assert "".join(text[a:b] for a, b in spans) == text
    assert max(b - a for a, b in spans) <= 6000
