"""Spoken questions with the real recogniser: words are heard, silence is no question."""

from __future__ import annotations

import threading
from pathlib import Path

from assisting import outcome
from parsing import silence, write_wav

from assistant.errors import NothingHeard
from assistant.messages import AttachmentFile, Failed, Heard
from assistant.models.scripted import ScriptedChat
from assistant.service import Assistant
from assistant.speech import Speech
from retrieval.transcribe import WhisperTranscriber
from retrieval.weights import ModelStore

pytest_plugins = ["assisting_fixtures"]
VOICE = Path(__file__).parent.parent / "assistant" / "demo" / "files" / "voice-note.m4a"


def test_the_model_is_built_once_and_only_when_needed(model_store: ModelStore) -> None:
    built: list[int] = []

    def make() -> WhisperTranscriber:
        built.append(1)
        return WhisperTranscriber(model_store.path("whisper-base"))

    speech = Speech(make)
    assert built == []
    threads = [threading.Thread(target=speech.warm) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert built == [1]
    heard = speech.question("voice-note.m4a", VOICE)
    assert heard.language == "en" and len(heard.text.split()) > 5


def test_silence_is_no_question_and_leaves_nothing(
    helper: Assistant, model: ScriptedChat, tmp_path: Path
) -> None:
    path = write_wav(tmp_path / "silence.wav", 2.0, silence)
    events = list(helper.ask("", audio=AttachmentFile("silence.wav", path)))
    end = outcome(events)
    assert isinstance(end, Failed) and end.code == NothingHeard.code
    assert not any(isinstance(e, Heard) for e in events)
    assert helper.conversations() == []
