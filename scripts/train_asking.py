"""Train how questions look for texts: ``train_asking.py FOLDER``, a folder laid out like XQuAD.

Writes the adapters that ship (``retrieval/embed/weights/e5-small-asking``), with a card that says
how often the paper that answers is found with and without them. Two articles in three and nine
everyday papers in ten teach, the others measure. Goes on where it was stopped; takes some ten
minutes on two cores. Fit the calibrations anew after it (``fit_texts.py``).
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.config import load_settings
from assistant.tuning.asking_measure import found_by_sentences
from assistant.tuning.asking_train import AskingSettings, lessons_of, train_asking
from assistant.tuning.reader_data import read_questions
from assistant.tuning.reader_papers import read_papers, split_papers
from assistant.tuning.registry import CARD, WEIGHTS, sha256_of
from assistant.tuning.text_fit import Told, told_by_papers, told_by_paragraphs
from retrieval.embed.e5 import E5Small
from retrieval.embed.registry import ASKING
from retrieval.weights import ModelStore


def main(folder: Path) -> None:
    """Train, write weights and card, print the card."""
    from safetensors.numpy import save_file

    settings, chosen = load_settings(), AskingSettings()
    file = ModelStore(settings.models_folder).path("e5-small")
    questions = read_questions(folder)
    (taught, held), (papers, other) = questions.split(), split_papers(read_papers())
    plain = E5Small(file, settings.threads)
    sorts = [told_by_papers(papers), told_by_paragraphs(questions.paragraphs, taught)]
    lessons = lessons_of(plain, file, sorts, settings.threads)
    print(f"{len(lessons.holds)} questions, {len(lessons.sentences)} sentences", flush=True)
    run = settings.home / "runs" / "asking"
    made = train_asking(file, lessons, run, chosen, lambda line: print(line, flush=True))
    ASKING.mkdir(exist_ok=True)
    save_file(made, ASKING / WEIGHTS)
    card = {
        "id": "e5-small-asking",
        "title": "Low-rank adapters by which questions look for texts",
        "base": "multilingual-e5-small, 4-bit (MIT), frozen",
        "data": f"{len(papers)} everyday papers of this project and {len(taught)} questions of "
        "XQuAD (CC BY-SA 4.0), each asked in English and in Chinese",
        "settings": asdict(chosen),
        "sha256": sha256_of(ASKING / WEIGHTS),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    _write(card)  # without it the weights are not read, and so not measured
    paragraphs = told_by_paragraphs(questions.paragraphs, held)
    measured = {"everyday papers": told_by_papers(other), "XQuAD": paragraphs}
    with_them = E5Small(file, settings.threads, ASKING)
    card["metrics"] = {name: _found(plain, with_them, told) for name, told in measured.items()}
    print(_write(card))


def _found(without: E5Small, with_them: E5Small, told: Told) -> dict[str, Any]:
    return {
        "without": found_by_sentences(without, told),
        "with": found_by_sentences(with_them, told),
    }


def _write(card: dict[str, Any]) -> str:
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    (ASKING / CARD).write_text(text, encoding="utf-8")
    return text


if __name__ == "__main__":
    main(Path(sys.argv[1]))
