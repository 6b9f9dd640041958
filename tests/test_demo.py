"""The sample library: the same bytes each time, every file readable, questions for each."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pypdfium2

from assistant.demo import PHOTOS, demo_files, demo_questions
from retrieval.weights import ModelStore


def _hashes(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in demo_files(folder)}


def test_files_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    first = _hashes(tmp_path / "a")
    assert first == _hashes(tmp_path / "b")
    assert set(PHOTOS) < set(first)
    assert len(first) >= 12


def test_pdfs_carry_the_text_that_the_questions_ask_for(tmp_path: Path) -> None:
    demo_files(tmp_path)
    for question in demo_questions("en"):
        if question.asset.endswith(".pdf"):
            with pypdfium2.PdfDocument(tmp_path / question.asset) as document:
                text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
            assert question.answered_by(text)
    with pypdfium2.PdfDocument(tmp_path / "library-report-2025.pdf") as document:
        assert len(document) == 3


def test_every_file_has_a_question_in_both_languages(tmp_path: Path) -> None:
    names = {p.name for p in demo_files(tmp_path)}
    for language in ("en", "zh"):
        # Asked in Chinese, these are not found: the joint space does not know the words for what
        # the photos show.
        unknown = {"rocket.jpg", "astronaut.png"} if language == "zh" else set()
        assert {q.asset for q in demo_questions(language)} == names - unknown
    assert [q.asset for q in demo_questions("en", {"coffee.png"})] == ["coffee.png"]


def test_answers_are_compared_without_case_and_commas() -> None:
    question = demo_questions("en", {"invoice-northwind.pdf"})[0]
    assert question.answered_by("The total due is EUR 1,135.20 [1].")
    assert not question.answered_by("The total due is 946.00.")


def test_the_voice_note_is_heard_right(tmp_path: Path, model_store: ModelStore) -> None:
    from faster_whisper import WhisperModel

    folder = model_store.path("whisper-base")
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    demo_files(tmp_path)
    segments, info = model.transcribe(str(tmp_path / "voice-note.m4a"))
    text = " ".join(s.text for s in segments)
    assert info.language == "en"
    for word in ("Maria Jensen", "leaking roof", "June", "Friday", "900"):
        assert word in text
