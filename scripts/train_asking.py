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

from assistant.config import load_settings
from assistant.tuning.asking_measure import found_by_sentences
from assistant.tuning.asking_train import AskingSettings, lessons_of, train_asking
from assistant.tuning.reader_data import read_questions
from assistant.tuning.reader_papers import read_papers, split_papers
from assistant.tuning.registry import CARD, WEIGHTS, sha256_of
from assistant.tuning.text_fit import told_by_papers, told_by_paragraphs
from retrieval.embed.e5 import E5Small
from retrieval.embed.registry import ASKING
from retrieval.weights import ModelStore


def main(folder: Path) -> None:
    """Train, write weights and card, print the card."""
    from safetensors.numpy import save_file

    settings, chosen = load_settings(), AskingSettings()
    file = ModelStore(settings.models_folder).path("e5-small")
    questions = read_questions(folder)
    taught, held = questions.split()
    papers, other = split_papers(read_papers())
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
    (ASKING / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    measured = {
        "everyday papers": told_by_papers(other),
        "XQuAD": told_by_paragraphs(questions.paragraphs, held),
    }
    card["metrics"] = {
        name: {
            "without": found_by_sentences(plain, told),
            "with": found_by_sentences(E5Small(file, settings.threads, ASKING), told),
        }
        for name, told in measured.items()
    }
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    (ASKING / CARD).write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
