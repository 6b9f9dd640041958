"""The second look: a tiny cross-encoder and a tiny ColQwen2, built here, judge what was found."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hub_checkpoints import ENDS, HEADS, TEXT, tokenizer
from library import Library
from PIL import Image
from sqlalchemy import Engine
from test_search import Pages

from assistant.config import Settings
from retrieval.errors import WeightsError, WeightsMissing
from retrieval.fusion import Fused
from retrieval.places import Part
from retrieval.rerank.cross_encoder import CrossEncoder
from retrieval.rerank.late_interaction import LateInteraction
from retrieval.rerank.protocol import Candidate, reorder
from retrieval.search import Searcher
from retrieval.values import PageLocator

SPECIALS = {
    "video_token": "<|video_pad|>",
    "vision_bos_token": "<|vision_start|>",
    "vision_eos_token": "<|vision_end|>",
    "end_of_text": "<|endoftext|>",
}


def cross_encoder(folder: Path, labels: int = 1) -> Path:
    """Save a BERT of two layers with a head of one score."""
    from transformers import BertConfig, BertForSequenceClassification

    words = tokenizer("<image>", {}, "")
    words.model_max_length = 64
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    config = BertConfig(
        vocab_size=400, num_attention_heads=2, num_labels=labels, pad_token_id=0, **sizes
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def colqwen2(folder: Path) -> Path:
    """Save a ColQwen2 of one visual and two textual layers."""
    from transformers import (
        ColQwen2Config,
        ColQwen2ForRetrieval,
        ColQwen2Processor,
        Qwen2VLConfig,
        Qwen2VLImageProcessor,
    )

    words = tokenizer("<|image_pad|>", SPECIALS, "")
    ids = words.convert_tokens_to_ids
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e4}
    inner = Qwen2VLConfig(
        text_config={**TEXT, **HEADS, **ENDS, "rope_parameters": rope},
        vision_config={
            "depth": 1, "embed_dim": 16, "hidden_size": 32, "num_heads": 2, "patch_size": 14,
            "mlp_ratio": 2,
        },
        image_token_id=ids("<|image_pad|>"),
        video_token_id=ids("<|video_pad|>"),
        vision_start_token_id=ids("<|vision_start|>"),
        vision_end_token_id=ids("<|vision_end|>"),
    )  # fmt: skip
    config = ColQwen2Config(vlm_config=inner, embedding_dim=16)
    ColQwen2ForRetrieval(config).save_pretrained(folder)
    eye = Qwen2VLImageProcessor(size={"shortest_edge": 28 * 28, "longest_edge": 56 * 56})
    ColQwen2Processor(eye, words, chat_template=words.chat_template).save_pretrained(folder)
    return folder


def test_a_cross_encoder_judges_texts_only(tmp_path: Path) -> None:
    model = CrossEncoder(cross_encoder(tmp_path / "cross"))
    texts = ["the boiler was repaired " * 30, "roses"]
    judged = model.scores("who?", [Candidate(texts[0]), Candidate(), Candidate(texts[1])])
    assert judged[1] is None
    alone = model.scores("who?", [Candidate(texts[1])])
    assert judged[2] == pytest.approx(alone[0], abs=1e-4)  # padding changes nothing
    assert judged[0] != judged[2]


def test_what_is_no_reranker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        CrossEncoder(tmp_path)
    with pytest.raises(WeightsError, match="2 scores"):
        CrossEncoder(cross_encoder(tmp_path / "two", labels=2))
    with pytest.raises(WeightsError, match="bert"):
        LateInteraction(tmp_path / "two", lambda _: b"")


def test_late_interaction_judges_pages_and_keeps_them(tmp_path: Path) -> None:
    read: list[str] = []

    def jpeg(colour: str) -> bytes:
        read.append(colour)
        out = io.BytesIO()
        Image.new("RGB", (60, 80), colour).save(out, "JPEG")
        return out.getvalue()

    folder = colqwen2(tmp_path / "ColQwen2-tiny")
    pages = [Candidate("text", "red"), Candidate("text only"), Candidate(picture="blue")]
    model = LateInteraction(folder, jpeg)
    first = model.scores("a red page", pages)
    assert first[1] is None
    assert first[0] is not None and -1.01 <= first[0] <= 1.01
    again = model.scores("a red page", pages)
    assert read == ["red", "blue"]  # the second time from memory
    assert again == first


def test_judged_places_trade_ranks() -> None:
    places = [Fused(Part(1, n), score) for n, score in enumerate((5.0, 4.0, 3.0))]
    reorder(places, [0.1, None, 0.9])
    assert [place.score for place in places] == [3.0, 4.0, 5.0]
    assert places[2].signals == {"rerank": 0.9}


class LastFirst:
    """Holds that later pages answer better."""

    id = "last-first"

    def scores(self, question: str, candidates: Sequence[Candidate]) -> list[float | None]:
        """Return the length of each text."""
        assert all(candidate.picture for candidate in candidates)
        return [float(len(candidate.text)) for candidate in candidates]


def test_a_search_is_looked_at_again(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    library = Library(engine, settings.home, Pages())
    document = tmp_path / "two.txt"
    document.write_text("white:boilers|white:boilers and a longer text on other things")
    library.ingest(document)

    def first() -> Any:
        return library.search("boilers").passages[0]

    assert first().locator.page == 1
    library.searcher = Searcher(
        engine, library.indexer, library.text, library.joint, rerankers=[LastFirst()]
    )
    found = first()
    assert isinstance(found.locator, PageLocator)
    assert found.locator.page == 2
    assert "rerank" in found.signals
