"""From a folder of questions to a reader in use: train, measure, fit its confidence, install.

A run is a folder: ``checkpoint.safetensors``, and ``out`` with adapter, ``confidence.json`` and
card. Two articles in three teach, the third measures. Training resumes where it was stopped.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.models.llama_cpp import READER
from assistant.models.protocol import SightlineChatModel
from assistant.tuning.lm import dequantize
from assistant.tuning.reader_confidence import fit_confidence
from assistant.tuning.reader_data import lessons, read_questions
from assistant.tuning.reader_measure import Search, measure_papers, measure_reader
from assistant.tuning.reader_pages import page_of, refusal
from assistant.tuning.reader_papers import paper_lessons, read_papers, split_papers
from assistant.tuning.reader_train import ReaderSettings, train
from assistant.tuning.registry import CARD, sha256_of
from retrieval.weights import ModelStore

Report = Callable[[str], None]
_PASSES = 3
"""Passes over the folder's lessons for one over the papers, which are more; each cut anew."""
_MEASURED = 12
_OF_PAPERS = 3
"""Questions of papers, for each question of the folder, that the chance is fitted on."""


def train_reader(
    data: Path,
    run: Path,
    store: ModelStore,
    settings: ReaderSettings,
    report: Report,
    start: Path | None = None,
) -> Path:
    """Train on a folder laid out like XQuAD and on everyday papers; returns the adapter.

    The adapter lies in the run's ``out``. ``start`` is a run whose weights this one begins with.

    Raises:
        DataInvalid: the folder holds no such questions.
        CheckpointMismatch: the run was begun with other settings or data.
    """
    from transformers import AutoTokenizer

    questions = read_questions(data)
    teach, held = questions.split()
    papers, other = split_papers(read_papers())
    report(
        f"{len(teach)} questions and {len(papers)} everyday papers teach; {len(held)} questions of "
        f"other articles and {len(other)} papers are left to measure"
    )
    lm = dequantize(store.path("qwen2.5-coder-0.5b"), store.folder / "dequantized")
    tokenizer = AutoTokenizer.from_pretrained(lm)
    found = [e for seed in range(_PASSES) for e in lessons(questions, teach, seed)]
    found += paper_lessons(papers, 0)
    kept_back = lessons(questions, held, 0)[:_MEASURED] + paper_lessons(other, 0)[:_MEASURED]
    pages, measured = (
        [page for e in some if (page := page_of(e, tokenizer, settings.longest))]
        for some in (found, kept_back)
    )
    adapter = train(lm, pages, measured, refusal(tokenizer), run, settings, report, start)
    out = run / "out"
    out.mkdir(exist_ok=True)
    shutil.copyfile(adapter, out / READER)
    return out / READER


def fit_reader(
    data: Path,
    run: Path,
    model: SightlineChatModel,
    search: Search,
    limit: int,
    report: Report,
) -> dict[str, Any]:
    """Measure on held-out questions, fit the confidence, write the card; returns the figures."""
    _, held = read_questions(data).split()
    drawn = random.Random(0).sample(held, min(limit, len(held)))
    rows, right = measure_reader(model, search, drawn, report)
    _, papers = split_papers(read_papers())
    more, also = measure_papers(model, search, papers, _OF_PAPERS * limit, report)
    source = (
        f"{len(drawn)} held-out questions of {data.name}, in three pairs of languages, and "
        f"{len(more)} readings of everyday papers"
    )
    fitted = fit_confidence([*rows, *more], source, run / "out" / "confidence.json")
    figures = {k: fitted[k] for k in ("auroc", "calibration_error", "rows")}
    return {"right": {**right, **also}, **figures}


def write_reader_card(run: Path, settings: ReaderSettings, figures: dict[str, Any]) -> None:
    """Write ``card.json``: what the adapter was made from, how, and how good it is."""
    adapter = run / "out" / READER
    card = {
        "name": "reader",
        "title": "Low-rank adapter that makes the small language model copy answers",
        "base": "Qwen2.5-Coder-0.5B-Instruct Q4_K_M (Apache-2.0), frozen",
        "settings": asdict(settings),
        "metrics": figures,
        "bytes": adapter.stat().st_size,
        "sha256": sha256_of(adapter),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (run / "out" / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def install_reader(run: Path, models: Path) -> Path:
    """Put a run's reader into use: its folder in the models folder, replaced as a whole."""
    target = models / "reader"
    temporary = models / f".reader.{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(run / "out", temporary)
    shutil.rmtree(target, ignore_errors=True)
    temporary.replace(target)
    return target
