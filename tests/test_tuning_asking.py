"""How questions look for texts: what is trained, and the adapters that ship."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.tuning.asking_measure import found_by_sentences
from assistant.tuning.asking_train import AskingSettings, Lessons, lessons_of, train_asking
from assistant.tuning.reader_papers import read_papers, split_papers
from assistant.tuning.text_fit import told_by_papers
from retrieval.embed.e5 import E5Small
from retrieval.embed.registry import ASKING
from retrieval.errors import WeightsCorrupt, WeightsMissing
from retrieval.weights import ModelStore

HELD = split_papers(read_papers())[1]
"""Papers that teach nothing."""
SETTINGS = AskingSettings(steps=16, batch=16, rank=2, lr=4e-3, warmup=1, ema=0.0, kept=1.0)


@pytest.fixture(scope="module")
def weights(model_store: ModelStore) -> Path:
    return model_store.path("e5-small")


@pytest.fixture(scope="module")
def shipped(weights: Path) -> E5Small:
    return E5Small(weights, asking=ASKING)


@pytest.fixture(scope="module")
def lessons(weights: Path) -> Lessons:
    return lessons_of(E5Small(weights), weights, [told_by_papers(HELD[:4])] * 2)


def test_each_question_is_taught_the_sentences_that_hold_its_answer(lessons: Lessons) -> None:
    assert len(lessons.holds) == len(lessons.questions)
    assert set(lessons.paper) == set(range(8))
    half = len(lessons.holds) // 2
    for first, again in zip(lessons.holds[:half], lessons.holds[half:], strict=True):
        # the second set is the first once more: its sentences are its own
        assert (again - len(lessons.sentences) // 2 == first).all()
        assert len({lessons.paper[n] for n in first}) == 1


def test_questions_come_nearer_to_what_answers_them(
    lessons: Lessons, weights: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    made = train_asking(weights, lessons, tmp_path, SETTINGS, said.append)
    assert len(said) == 1 and said[0].startswith("step 16/16")
    plain = E5Small(weights)
    try:
        learned = {name: tensor.astype(np.float32) for name, tensor in made.items()}
        taught = plain.tuned(learned, "test-of-asking")
        assert _surprise(taught, lessons) < 0.8 * _surprise(plain, lessons)
    finally:
        for file in weights.parent.glob("*test-of-asking*"):
            file.unlink()

    # a run that is done goes on where it was: nothing more is learned, the same comes out
    again = train_asking(weights, lessons, tmp_path, SETTINGS, said.append)
    assert len(said) == 1
    for name, tensor in made.items():
        np.testing.assert_array_equal(again[name], tensor)
    half = train_asking(weights, lessons, tmp_path / "half", replace(SETTINGS, kept=0.5), print)
    np.testing.assert_allclose(half["l3.q.b"], made["l3.q.b"] / 2, rtol=0.05, atol=1e-5)
    np.testing.assert_array_equal(half["l3.q.a"], made["l3.q.a"])


def _surprise(e5: E5Small, lessons: Lessons) -> float:
    """Return the mean surprise at the sentences that hold the answer, all languages together."""
    told = told_by_papers(HELD[:4])
    assert len(lessons.holds) == 2 * len(told.questions)  # each answer stands in one sentence
    near = np.exp(e5.embed_queries(told.questions) @ lessons.sentences.T / 0.03)
    pairs = zip(near, lessons.holds, strict=False)
    return float(np.mean([np.log(row.sum() / row[holds].sum()) for row, holds in pairs]))


def test_texts_pass_as_ever_and_questions_that_look_for_them_otherwise(
    weights: Path, shipped: E5Small
) -> None:
    plain = E5Small(weights)
    texts = ["The meter was read on 3 May.", "电表于五月三日抄录。"]
    assert shipped.id == plain.id
    np.testing.assert_array_equal(shipped.embed_passages(texts), plain.embed_passages(texts))
    np.testing.assert_array_equal(shipped.embed_queries(texts), plain.embed_queries(texts))
    np.testing.assert_array_equal(plain.embed_asked(texts), plain.embed_queries(texts))
    asked = shipped.embed_asked(texts)
    np.testing.assert_allclose(np.linalg.norm(asked, axis=1), 1, atol=1e-5)
    assert ((asked * plain.embed_queries(texts)).sum(axis=1) < 0.99).all()


def test_papers_are_found_across_languages_more_often(weights: Path, shipped: E5Small) -> None:
    told = told_by_papers(HELD[:40])
    without, found = (found_by_sentences(text, told) for text in (E5Small(weights), shipped))
    for pair in ("en > zh", "zh > en"):
        assert found[pair][1] > without[pair][1] + 0.1
    for pair in ("en > en", "zh > zh"):
        assert found[pair][1] >= without[pair][1]


def test_adapters_that_are_not_those_of_the_card_are_refused(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "asking"
    shutil.copytree(ASKING, folder)
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(WeightsCorrupt, match="model.safetensors"):
        E5Small(weights, asking=folder)
    (folder / "card.json").unlink()
    with pytest.raises(WeightsMissing, match="card.json"):
        E5Small(weights, asking=folder)
