"""Peers on the same work: each takes files in, finds, answers or says that it does not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.models.llama_server import MmprojChat
from assistant.models.scripted import ScriptedChat
from evals.context import Context
from evals.errors import EvalUsage, NotOffered, SystemUnknown
from evals.runner import run_suite
from evals.running import measure
from evals.smoke import make_smoke
from evals.suite import FURTHER, load_suite
from evals.systems import build_peer
from evals.systems.base import Ask, Query
from evals.values import Options
from retrieval.fakes import ColourJointEmbedder
from retrieval.weights import ModelStore

BRIDGE = "The Harbour Bridge at Port Ellen was opened in 1962 and is 418 metres long."
MINE = [name for name in FURTHER if name != "attacks"]  # they have tests of their own
NOT_COUNTED = {"abstention": ["selective_accuracy"], "everyday": ["cited"]}
"""What says nothing here: the scripted answer is refused each time."""
LYNX = "The blue lynx eats mostly snow hares and sleeps in hollow larch trees."


@pytest.fixture
def context(settings: Settings) -> Context:
    """A context with a chat model that reads nothing and a joint encoder that knows colours."""
    chat = ScriptedChat(script=("It is 418 metres long [1].",))
    return Context(settings, Options(), print, chat, ColourJointEmbedder())


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = []
    for name, text in (("bridge.txt", BRIDGE), ("lynx.txt", LYNX)):
        (tmp_path / name).write_text(text)
        paths.append(tmp_path / name)
    return paths


@pytest.mark.parametrize("name", ["text_rag", "txtai"])
def test_text_pipelines_find_answer_and_keep_libraries_apart(
    name: str, context: Context, files: list[Path], tmp_path: Path
) -> None:
    system = build_peer(name, context, tmp_path / "peer")
    try:
        taken = system.ingest(files, "mine", lambda done: None)
        assert all(number is not None for number, _ in taken.values())
        found = system.search(Query("mine", "What does the lynx eat?", k=2))
        assert [p.asset for p in found] == ["lynx.txt", "bridge.txt"]
        assert system.search(Query("theirs", "What does the lynx eat?")) == []
        with pytest.raises(NotOffered, match="by a picture"):
            system.search(Query("mine", image=files[0]))
        *_, said = system.ask(Ask("How long is the bridge?", "mine", turns=("Hello?",)), 60.0)
        assert said.text == "It is 418 metres long [1]."
        assert [c.asset for c in said.citations] == ["bridge.txt"]
    finally:
        system.close()


def test_the_photo_search_answers_no_questions(context: Context, tmp_path: Path) -> None:
    folder = make_smoke("retrieval", tmp_path / "retrieval", 5)
    context.options = Options(system="clip")
    result = run_suite(load_suite("retrieval"), folder, None, context, print)
    assert result.config["system"] == "clip"
    assert all(result.metrics[f"{way}_r10"] is not None for way in ("t2i", "i2i", "i2t", "t2t"))
    assert result.config["failed"] == 0
    folder = make_smoke("abstention", tmp_path / "abstention", 2)
    refused = run_suite(load_suite("abstention"), folder, None, context, print)
    assert set(refused.metrics.values()) == {None}
    assert refused.config["unavailable"]["aurc"] == "clip does not answer questions"


def test_a_suite_runs_through_a_real_endpoint(
    settings: Settings, model_store: ModelStore, tmp_path: Path
) -> None:
    """llama.cpp's own server, spoken to as any OpenAI-compatible one; two cases at once."""
    path = model_store.path("qwen2.5-coder-0.5b")
    server = MmprojChat(model_id="qwen", path=path, context_tokens=2048)
    server.warm()
    try:
        served = Settings(**{**settings.model_dump(), "endpoint": server.endpoint})
        folder = tmp_path / "abstention"
        folder.mkdir()
        (folder / "bridge.txt").write_text(BRIDGE)
        rows = [
            {"question": "How long is the bridge?", "answers": ["418 metres"]},
            {"question": "Who built it?", "answerable": False},
        ]
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        (folder / "questions.jsonl").write_text(lines)
        options = Options(system="endpoint", jobs=2)
        result = measure(served, "abstention", folder, None, options, print)
        assert (result.n, result.config["failed"]) == (2, 0)
        assert all(outcome.shown["got"] for outcome in result.outcomes)
        assert result.metrics["coverage"] is not None
        assert result.config["models"]["chat"] not in ("embedded", "")
    finally:
        server.unload()
    gone = measure(served, "abstention", folder, None, replace(options, fresh=True), print)
    assert gone.config["failed"] == 2
    assert all(outcome.error for outcome in gone.outcomes)


def test_what_a_system_needs_is_said(context: Context, settings: Settings) -> None:
    with pytest.raises(EvalUsage, match="SIGHTLINE_ENDPOINT"):
        build_peer("endpoint", context, settings.home)
    with pytest.raises(SystemUnknown, match="txtai"):
        measure(settings, "speech", None, None, Options(system="other"), print)


FEWER = {
    "ocr": 6, "fields": 6, "speech_noise": 2, "voice_questions": 4, "intents": 20, "work": 20,
    "tables": 12, "choices": 9, "everyday": 12, "reports": 30,
    "charts": 29,
}  # fmt: skip
"""Of these, another number of cases: mostly fewer, since pictures and speech take their time."""


@pytest.mark.parametrize("name", MINE)
def test_a_small_set_is_measured_to_its_end(name: str, context: Context, tmp_path: Path) -> None:
    """Retrieval, OCR and speech are real, what the model says is scripted; no figure is missing."""
    context.given_chat = ScriptedChat(sees_images=True, script=("It is 418 metres long [1].",))
    folder = make_smoke(name, tmp_path / name, FEWER.get(name))
    suite = load_suite(name)
    try:
        result = run_suite(suite, folder, None, context, print)
    finally:
        context.close()
    assert result.n == FEWER.get(name, 20)
    assert result.config["failed"] == 0, [o.error for o in result.outcomes if o.error]
    counts = result.config["counts"]
    assert [m.name for m in suite.metrics if not counts[m.name]] == NOT_COUNTED.get(name, [])


def test_broken_rows_and_missing_files_are_named(tmp_path: Path) -> None:
    folder = make_smoke("voice_questions", tmp_path / "data", 4)
    path = folder / "questions.jsonl"
    lines = path.read_text().splitlines()
    lines[1] = "{broken"
    lines[2] = lines[2].replace("question-02.m4a", "gone.m4a")
    path.write_text("\n".join(lines) + "\n")
    data = load_suite("voice_questions").load(folder, None)
    told = {broken.where: broken.reason for broken in data.broken}
    assert told.keys() == {"questions.jsonl:2", "questions.jsonl:3"}
    assert "not JSON" in told["questions.jsonl:2"]
    assert told["questions.jsonl:3"] == "the file gone.m4a is missing"
    assert len(data.cases) == 2
