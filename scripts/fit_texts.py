"""Fit how texts are found and judged: ``fit_texts.py FOLDER``, a folder laid out like XQuAD.

First what ships with the text embedder: the directions of its languages and the map from scores to
chances. Then, by real searches with these, the chance that a passage holds the answer
(``assistant/evidence.json``). Two articles in three and nine everyday papers in ten teach, the
others measure. Takes some ten minutes on two cores.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from pathlib import Path

from assistant.build import build_assistant
from assistant.confidence import EVIDENCE
from assistant.config import Settings, load_settings
from assistant.tuning.evidence_fit import (
    Seen,
    Shelf,
    fit_evidence,
    paper_shelves,
    paragraph_shelves,
    seen_of,
)
from assistant.tuning.reader_data import Questions, read_questions
from assistant.tuning.reader_papers import read_papers, split_papers
from assistant.tuning.text_fit import fit_texts, told_by_papers, told_by_paragraphs
from retrieval.embed.registry import TEXT_CALIBRATION, e5_small
from retrieval.weights import ModelStore

_FOUND = 20


def main(folder: Path) -> None:
    """Fit both, write them, print how well they do on what did not teach."""
    settings = load_settings()
    questions = read_questions(folder)
    _fit_embedder(settings, questions)
    _fit_chance(settings, questions)


def _fit_chance(settings: Settings, questions: Questions) -> None:
    taught, held = questions.split()
    papers, other = split_papers(read_papers())
    rows, measured = (
        _rows(settings, [*paper_shelves(some), *paragraph_shelves(questions.paragraphs, asked)])
        for some, asked in ((papers, taught), (other, held))
    )
    source = (
        f"searches for questions on {len(papers)} everyday papers and {len(taught)} of "
        "XQuAD, with and without the file that answers; the first ten passages of each"
    )
    print(fit_evidence(rows, measured, source, EVIDENCE))


def _fit_embedder(settings: Settings, questions: Questions) -> None:
    taught, _ = questions.split()
    papers, _ = split_papers(read_papers())
    text = e5_small(ModelStore(settings.models_folder), settings.threads)
    sorts = {
        "papers": told_by_papers(papers),
        "paragraphs": told_by_paragraphs(questions.paragraphs, taught),
    }
    calibration, measured = fit_texts(text, sorts)
    data = "everyday papers of this project and XQuAD paragraphs, English and Chinese"
    written = calibration.to_json(data=data, metrics=measured)
    TEXT_CALIBRATION.write_text(written, encoding="utf-8")
    print(measured, flush=True)


def _rows(settings: Settings, shelves: Iterable[Shelf]) -> list[Seen]:
    """Build each library, search it, and throw it away."""
    rows: list[Seen] = []
    for shelf in shelves:
        with tempfile.TemporaryDirectory() as home:
            files = Path(home) / "files"
            files.mkdir()
            for name, text in shelf.texts.items():
                (files / name).write_text(text, encoding="utf-8")
            own = load_settings(
                home=Path(home), models_dir=settings.models_folder, threads=settings.threads
            )
            with closing(build_assistant(own)) as assistant:
                for _ in assistant.ingest(sorted(files.iterdir())):
                    pass
                search = partial(assistant.search, k=_FOUND)
                rows += [row for put in shelf.puts for row in seen_of(put, search)]
        print(f"{len(shelf.texts)} texts, {len(shelf.puts)} questions", flush=True)
    return rows


if __name__ == "__main__":
    main(Path(sys.argv[1]))
