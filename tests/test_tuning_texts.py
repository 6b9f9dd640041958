"""Fitting how texts are found and judged: on real vectors and real searches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from assistant.build import build_assistant
from assistant.confidence import SEEN
from assistant.config import Settings
from assistant.service import Assistant
from assistant.tuning.evidence_fit import (
    Put,
    Seen,
    fit_evidence,
    paper_shelves,
    paragraph_shelves,
    seen_of,
)
from assistant.tuning.reader_data import Asked
from assistant.tuning.reader_papers import read_papers, split_papers
from assistant.tuning.text_fit import fit_texts, told_by_papers
from retrieval.embed.e5 import E5Small
from retrieval.weights import ModelStore

PAPERS = split_papers(read_papers())[1][:40]
"""Papers that teach nothing."""


@pytest.fixture(scope="module")
def assistant(
    tmp_path_factory: pytest.TempPathFactory, models_dir: Path
) -> Iterator[tuple[Assistant, list[Put]]]:
    home = tmp_path_factory.mktemp("shelf")
    (shelf,) = paper_shelves(PAPERS)
    settings = Settings(home=home, models_dir=models_dir)
    with closing(build_assistant(settings)) as made:
        for name, text in shelf.texts.items():
            (home / name).write_text(text, encoding="utf-8")
        for _ in made.ingest([home / name for name in shelf.texts]):
            pass
        yield made, list(shelf.puts)


def test_each_search_counts_with_the_file_that_answers_and_without(
    assistant: tuple[Assistant, list[Put]],
) -> None:
    searcher, puts = assistant
    search = partial(searcher.search, k=20)
    rows = [seen_of(put, search) for put in puts[:24]]
    found = [some for some in rows if any(row.right for row in some)]
    assert len(found) >= 12
    for some in found:
        assert len(some) == 20 and not any(row.right for row in some[10:])
        assert all(len(row.numbers) == len(SEEN) for row in some)


def test_shelves_hold_what_is_asked_of_them() -> None:
    for shelf in paper_shelves(PAPERS):
        assert all(put.answer in shelf.texts[put.file] for put in shelf.puts)
    asked = [Asked("P1", {"en": "Who?", "zh": "谁？"}, {"en": "Ann", "zh": "安"})]
    asked.append(Asked("P2", {"en": "When?", "zh": "何时？"}, {"en": "noon", "zh": "中午"}))
    texts = {"en": {"P1": "Ann.", "P2": "At noon.", "P3": "No."}, "zh": {"P1": "安", "P2": "中午"}}
    english, chinese = paragraph_shelves(texts, asked)  # type: ignore[arg-type]
    assert set(english.texts) == {"P1.txt", "P2.txt"}
    assert [put.question for put in english.puts] == ["Who?", "When?", "何时？"]
    assert [put.answer for put in chinese.puts] == ["安", "中午", "中午"]


def test_the_rule_is_fitted_on_some_and_measured_on_others(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(3000, len(SEEN)))
    right = rng.random(3000) < 1 / (1 + np.exp(-(2 * numbers[:, 1] + numbers[:, 3] - 1)))
    rows = [Seen(tuple(n), bool(r)) for n, r in zip(numbers, right, strict=True)]
    written = fit_evidence(rows[:2000], rows[2000:], "made up", tmp_path / "rule.json")
    assert json.loads((tmp_path / "rule.json").read_text()) == written
    assert written["weights"][1] == pytest.approx(2, abs=0.3)
    assert written["auroc"] > 0.85 and written["calibration_error"] < 0.06


def test_the_embedders_calibration_is_fitted_in_both_languages(model_store: ModelStore) -> None:
    e5 = E5Small(model_store.path("e5-small"))
    told = told_by_papers(PAPERS)
    assert len(told.questions) == 2 * sum(a.answer is not None for p in PAPERS for a in p.asks)
    calibration, measured = fit_texts(e5, {"papers": told})
    assert calibration.languages is not None
    assert set(calibration.maps) == {"text", "sentence", "crossed"}
    # of 40 papers, one that answers is told from others much better than by chance
    assert measured["papers_auroc"] > 0.65
    # and by its sentences better still
    assert measured["sentence_papers_auroc"] > measured["papers_auroc"] + 0.1
