"""Sentences made of questions and answers: right ones, and none where there is no sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from assistant.tuning.data import CaptionRow, read_split
from assistant.tuning.pipeline import arrange
from assistant.tuning.statements import described, statement


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        ("Who is feeding the goat?", "A girl.", "a girl is feeding the goat"),
        ("Who has the umbrella?", "The waiter", "the waiter has the umbrella"),
        ("Who is in the picture?", "Two sailors.", "a photo of two sailors"),
        ("Where is the kettle?", "On the stove.", "the kettle is on the stove"),
        ("Where are the bikes parked?", "Along a wall.", "the bikes are parked along a wall"),
        ("Where is the anchor?", "The harbour.", "the anchor is at the harbour"),
        ("Where does the tram stop?", "In front of a bank.", "the tram stop in front of a bank"),
        ("Where was this photo taken?", "In a kitchen.", "a photo taken in a kitchen"),
        ("Where was the picture taken?", "Kitchen.", "a photo of kitchen"),
        ("When is the photo taken?", "At night.", "a photo taken at night"),
        ("When was this?", "Sunset.", "a photo taken during sunset"),
        ("Who watches TV?", "TV fans.", "TV fans watches tv"),
    ],
)
def test_a_question_and_its_answer_make_a_sentence(question: str, answer: str, said: str) -> None:
    assert statement(question, answer) == said


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who is on the bench?", "No one."),
        ("Who took the photo?", "A photographer."),
        ("Why is the road wet?", "It rained."),
        ("When will the train leave?", "Soon."),
        ("Where is the lamp?", " . "),
    ],
)
def test_what_makes_no_sentence_is_left_out(question: str, answer: str) -> None:
    assert statement(question, answer) is None


def test_photos_without_captions_get_statements_that_learn_and_measure(tmp_path: Path) -> None:
    for split, count in (("train", 60), ("val", 9)):
        folder = tmp_path / "asked" / split
        folder.mkdir(parents=True)
        lines = []
        for number in range(count):
            name = f"{split}{number}.png"
            Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / name)
            for question, answer in (
                ("When was the photo taken?", "During the day."),
                (f"Who holds sign {number}?", "A man."),
                ("Where was the photo taken?", f"In town {number}."),
            ):
                row = {"image": name, "question": question, "answer": answer}
                lines.append(json.dumps(row | {"distractors": ["No."]}))
        (folder.parent / f"{split}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    splits = [read_split(tmp_path / "asked" / f"{name}.jsonl") for name in ("train", "val")]

    parts = {(part.split.name, part.kind, part.learns): part for part in arrange(splits)}

    assert set(parts) == {
        ("asked/train", "choices", True),
        ("asked/val", "choices", False),
        ("asked/train-statements", "captions", True),
        ("asked/val-statements", "captions", False),
    }
    learned = parts["asked/train-statements", "captions", True]
    assert learned.source == "asked/train"  # its photos' features are those of the questions
    first = learned.split.rows[0]
    assert isinstance(first, CaptionRow)
    # what is said of every photo is not said at all; person and place also make one sentence
    assert first.captions == (
        "a man holds sign 0", "a photo taken in town 0", "a man holds sign 0 in town 0",
    )  # fmt: skip


def test_questions_that_make_no_sentence_give_no_captions(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    row = {"image": "a.png", "question": "How many?", "answer": "Two"}
    (tmp_path / "train.jsonl").write_text(json.dumps(row), encoding="utf-8")
    assert described(read_split(tmp_path / "train.jsonl")) is None
