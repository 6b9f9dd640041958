"""Texts are cut into sentences without losing a word, and passages are found by their sentences."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from library import Library, write_texts
from sqlalchemy import text

from retrieval.embed.e5 import E5Small
from retrieval.embed.sentences import Sentences, has_sentences
from retrieval.refill import Refill, missing_vectors
from retrieval.sentences import LEAST, sentences_of
from retrieval.weights import ModelStore

pytest_plugins = ["library_fixtures"]

LETTER = """Thank you for the cake and for coming all that way in the rain on Sunday.
We have let the top flat to a young couple from Derry, who move in at Easter.
Ben broke his wrist at football but is out of plaster now.
The dog sleeps on the sofa again."""


@pytest.mark.parametrize(
    ("said", "cut"),
    [
        (
            "The roof of the chapel was mended in May. Nobody has asked for the bill yet.",
            ["The roof of the chapel was mended in May.", "Nobody has asked for the bill yet."],
        ),
        (
            "The members of the club agreed that the fee for\nboats under five metres stays as it"
            " is for\nthe coming year.\nThe next meeting is on the first Monday in March.",
            [
                "The members of the club agreed that the fee for boats under five metres stays as"
                " it is for the coming year.",
                "The next meeting is on the first Monday in March.",
            ],
        ),
        (
            "租客应当在每个月的五号之前把房租转到下面的账\n户里，逾期要付滞纳金。水费每季度由房东代交一次。",
            [
                "租客应当在每个月的五号之前把房租转到下面的账户里，逾期要付滞纳金。",
                "水费每季度由房东代交一次。",
            ],
        ),
        (
            "Member of the board | Telephone\n--- | ---\nAnna Kowalska | 0161 496 0110 (mornings)\n"
            "Bartek Nowak, treasurer | 0161 496 0177",
            [
                "Member of the board | Telephone",
                "Anna Kowalska | 0161 496 0110 (mornings)",
                "Bartek Nowak, treasurer | 0161 496 0177",
            ],
        ),
        ("Costs\nThe new kiln cost £2,140 with its delivery.",
         ["Costs The new kiln cost £2,140 with its delivery."]),
        ("12", ["12"]),
    ],
)  # fmt: skip
def test_sentences(said: str, cut: list[str]) -> None:
    assert sentences_of(said) == cut


@given(st.text(st.sampled_from("aB1 \n.!?。，|:-租房\t£"), max_size=200))
def test_no_word_is_lost(said: str) -> None:
    words = re.compile(r"[^\W_]")
    cut = sentences_of(said)
    assert words.findall("".join(cut)) == words.findall(said)
    assert cut
    assert all(len(one) * 3 >= LEAST for one in cut[:-1])  # only Chinese is that short


def test_a_sentence_is_nearer_to_its_question_than_its_passage(model_store: ModelStore) -> None:
    e5 = E5Small(model_store.path("e5-small"))
    passage = e5.embed_passages([LETTER])
    (sentences,) = Sentences(e5).embed([LETTER], passage)
    assert np.allclose(np.linalg.norm(sentences, axis=1), 1, atol=1e-5)
    asked = e5.embed_queries(["Who lives upstairs from spring?", "Which bone was hurt?"])
    near = asked @ sentences.T
    assert list(near.argmax(axis=1)) == [1, 2]
    assert (near.max(axis=1) > (asked @ passage.T)[:, 0]).all()
    assert Sentences(e5).embed([], passage[:0]) == []


def test_photos_have_no_sentences() -> None:
    assert has_sentences("text", "body", "") and has_sentences("audio", "transcript", "")
    assert has_sentences("text", "ocr", "") and has_sentences("text", "table", "")
    assert not has_sentences("image", "ocr", "EXIT 14") and has_sentences(
        "image", "ocr", "Hi. " * 20
    )
    assert not has_sentences("text", "metadata", "") and not has_sentences(
        "image", "tags", "x" * 99
    )


def _stored(library: Library) -> dict[tuple[int, str], list[bytes]]:
    rows = (
        "SELECT chunk_id, embedder, data FROM vectors WHERE embedder LIKE '%sentences' ORDER BY id"
    )
    found: dict[tuple[int, str], list[bytes]] = {}
    with library.engine.connect() as connection:
        for chunk, embedder, data in connection.execute(text(rows)):
            found.setdefault((chunk, embedder), []).append(data)
    return found


def test_a_library_from_before_gets_its_sentences(library: Library, tmp_path: Path) -> None:
    library.ingest(
        *write_texts(tmp_path / "in", [LETTER, "The gate code is 4471 until the spring."])
    )
    kept = _stored(library)
    assert [len(some) for some in kept.values()] == [4, 1]
    with library.engine.begin() as connection:
        connection.execute(text("DELETE FROM vectors WHERE embedder LIKE '%sentences'"))
    library.reopen()
    found = library.search("gate code", k=1).passages[0]
    assert found.asset == "t001.txt" and "sentence" not in found.signals
    embedder = Sentences(library.text)
    assert missing_vectors(library.engine, embedder) == 2
    assert Refill(library.engine, library.blobs, embedder).run() == 2
    assert _stored(library) == kept
    found = library.search("gate code", k=1).passages[0]
    assert found.asset == "t001.txt" and "sentence" in found.signals
    assert not library.doctor()


def test_a_deleted_file_takes_its_sentences_along(library: Library, tmp_path: Path) -> None:
    first, second = library.ingest(
        *write_texts(tmp_path / "in", [LETTER, "Bins go out on Fridays."])
    )
    assert first.asset_id is not None and second.asset_id is not None
    library.search("cake")
    library.catalog.delete(first.asset_id, library.blobs)
    assert [len(some) for some in _stored(library).values()] == [1]
    passages = library.search("Who let the top flat?").passages
    assert {p.asset for p in passages} == {"t001.txt"}
    assert not library.doctor()
