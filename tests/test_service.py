"""The façade over a real home: questions stored, stopped, resumed; files kept and let go."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from assisting import open_assistant, outcome, photo, write
from langchain_core.messages import BaseMessage

from assistant.config import Settings
from assistant.errors import (
    AssetNotFound,
    ConversationBusy,
    ConversationNotFound,
    MessageUnknown,
    QuestionEmpty,
    QuestionTooLong,
)
from assistant.messages import Abstained, Answered, AttachmentFile, Failed, Token
from assistant.models.protocol import Options
from assistant.models.scripted import ScriptedChat
from assistant.service import Assistant
from assistant.store.conversations import Conversations
from assistant.views import FileOutcome
from retrieval.catalog.base import open_engine
from retrieval.errors import FileDamaged, FileNotFound

pytest_plugins = ["assisting_fixtures"]


@pytest.fixture
def empty(settings: Settings, model: ScriptedChat) -> Iterator[Assistant]:
    """An assistant with an empty library."""
    assistant = open_assistant(settings, model)
    yield assistant
    assistant.close()


def test_importing_and_building_load_nothing_heavy(settings: Settings) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from assistant.build import build_assistant\n"
        "from assistant.config import Settings\n"
        f"a = build_assistant(Settings(home=Path({str(settings.home)!r})))\n"
        "a.conversations(); a.warm_state()\n"
        "heavy = ['torch', 'faiss', 'langgraph', 'langchain_core', 'transformers', 'onnxruntime']\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_questions_that_cannot_be_asked_store_nothing(empty: Assistant) -> None:
    with pytest.raises(QuestionEmpty):
        empty.ask("   ")
    with pytest.raises(QuestionTooLong):
        empty.ask("x" * 20_001)
    with pytest.raises(ConversationNotFound):
        empty.ask("hello", conversation="nothing")
    assert empty.conversations() == []


def test_question_and_answer_are_stored_with_their_trace(
    helper: Assistant, model: ScriptedChat
) -> None:
    model.script = ["sailors"]
    end = outcome(helper.ask("Who donated the volumes of the Harbour Library?"))
    assert isinstance(end, Answered)
    view = helper.conversation(end.conversation)
    question, answer = view.messages
    assert view.title == question.text == "Who donated the volumes of the Harbour Library?"
    assert (answer.id, answer.status, answer.text) == (end.message, "complete", end.text)
    assert answer.citations == end.citations
    trace = answer.trace
    assert trace["model"] == "scripted" and trace["prompts"] and trace["settings"]
    assert trace["steps"][0]["tool"] == "search_library" and trace["timings"]["total"] > 0


def test_a_replay_tells_whether_the_answer_is_the_same_and_what_changed(
    helper: Assistant, model: ScriptedChat, tmp_path: Path
) -> None:
    model.script = ["sailors"]
    first = outcome(helper.ask("Who donated the volumes of the Harbour Library?"))
    model.script = ["1974"]
    follow = outcome(helper.ask("And when was it founded?", conversation=first.conversation))
    model.script = ["1974"]
    again = helper.replay(follow.message)
    assert (again.same, again.changes, again.now) == (True, (), "1974 [1]")
    assert len(helper.conversation(first.conversation).messages) == 4  # nothing is stored
    helper.ingest(write(tmp_path / "later", {"later.txt": "The harbour has two cranes."}))
    model.script = ["a fire"]
    other = helper.replay(follow.message)
    assert not other.same
    assert {c.what for c in other.changes} == {"answer", "citations", "index"}
    question = helper.conversation(first.conversation).messages[0].id
    for unknown in ("nothing", question):
        with pytest.raises(MessageUnknown):
            helper.replay(unknown)


def test_answers_survive_a_restart(
    helper: Assistant, settings: Settings, model: ScriptedChat
) -> None:
    model.script = ["sailors"]
    end = outcome(helper.ask("Who donated the volumes of the Harbour Library?"))
    assert isinstance(end, Answered)
    helper.close()
    again = open_assistant(settings, model)
    assert again.conversation(end.conversation).messages[-1].citations == end.citations
    again.close()


def test_stopping_keeps_what_was_written(helper: Assistant, model: ScriptedChat) -> None:
    def slowly(_messages: Sequence[BaseMessage], options: Options) -> str:
        return "word " * 200

    model.script = slowly
    run = helper.start("Write a story about rain")
    seen = ""
    for _, event in helper.follow(run):
        if isinstance(event, Token):
            seen += event.text
            helper.cancel(run)
        end = event
    assert isinstance(end, Failed) and end.code == "answer_cancelled"
    last = helper.conversation(end.conversation).messages[-1]
    assert last.status == "stopped" and last.text == end.text and last.text


def test_leaving_the_iterator_stops_the_run(helper: Assistant, model: ScriptedChat) -> None:
    model.script = ["word " * 200]
    events = helper.ask("Write a story about rain")
    for event in events:
        if isinstance(event, Token):
            break
    events.close()  # type: ignore[attr-defined]
    (view,) = helper.conversations()
    for _ in range(200):
        if helper.active_run(view.id) is None:
            break
        time.sleep(0.02)
    assert helper.conversation(view.id).messages[-1].status in ("stopped", "complete")


def test_a_second_question_waits_for_the_first(helper: Assistant, model: ScriptedChat) -> None:
    def wait(_messages: Sequence[BaseMessage], options: Options) -> str:
        while not options.cancel():
            time.sleep(0.01)
        return "late"

    model.script = wait
    conversation = helper.new_conversation().id
    run = helper.start("Write a story", conversation=conversation)
    assert helper.active_run(conversation) == run
    with pytest.raises(ConversationBusy):
        helper.start("And another", conversation=conversation)
    helper.cancel(run)
    list(helper.follow(run))
    assert helper.active_run(conversation) is None


def test_an_answer_cut_off_by_a_crash_is_marked_stopped(
    settings: Settings, empty: Assistant, model: ScriptedChat
) -> None:
    store = Conversations(open_engine(settings.database_url))
    conversation = empty.new_conversation().id
    store.add_question(conversation, "Tell me")
    answer = store.begin_answer(conversation, {})
    store.save_partial(answer, "Once upon")
    again = open_assistant(settings, model)
    last = again.conversation(conversation).messages[-1]
    assert (last.status, last.text) == ("stopped", "Once upon")
    again.close()


def test_attached_files_are_kept_until_their_conversation_goes(
    empty: Assistant, tmp_path: Path
) -> None:
    path = photo(tmp_path / "garden.png", (10, 200, 30))
    end = outcome(empty.ask("What is this?", images=[AttachmentFile("garden.png", path)]))
    assert isinstance(end, Answered)
    path.unlink()
    (attachment,) = empty.conversation(end.conversation).messages[0].attachments
    assert attachment.name == "garden.png" and empty.attachment(attachment.sha256)
    shown = empty.evidence(end.citations[0])
    assert shown is not None and shown.jpeg[:2] == b"\xff\xd8"
    empty.delete_conversation(end.conversation)
    with pytest.raises(AssetNotFound):
        empty.attachment(attachment.sha256)


def test_a_picture_without_words_is_a_question(empty: Assistant, tmp_path: Path) -> None:
    path = photo(tmp_path / "sea.png", (10, 20, 220))
    end = outcome(empty.ask("", images=[AttachmentFile("sea.png", path)]))
    assert isinstance(end, Answered) and "sea" in end.text


def test_a_broken_attachment_fails_in_a_sentence(empty: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + b"\x00" * 40)
    end = outcome(empty.ask("What is this?", images=[AttachmentFile("broken.jpg", path)]))
    assert isinstance(end, Failed) and "broken.jpg" in str(end.params.get("name"))


def test_without_the_library_it_is_not_searched(helper: Assistant, model: ScriptedChat) -> None:
    model.script = ["Hello."]
    end = outcome(helper.ask("Who founded the Harbour Library in Tromsø?", use_library=False))
    assert isinstance(end, Answered) and end.citations == ()
    assert end.text.startswith("From general knowledge, not from your files")
    mine = outcome(helper.ask("What is the total of my receipts?", use_library=False))
    assert isinstance(mine, Abstained) and "not searched" in mine.text


def test_files_of_a_library(helper: Assistant, tmp_path: Path) -> None:
    assert helper.library_size() == 6
    views = helper.assets(query="receipt")
    assert len(views) == 3
    name, media_type, data = helper.original(views[0].id)
    assert name == views[0].name and media_type.startswith("text/") and data
    assert helper.chunks(views[0].id)
    assert helper.thumbnail(views[0].id) is None
    helper.delete_asset(views[0].id)
    assert helper.library_size() == 5
    with pytest.raises(AssetNotFound):
        helper.asset(views[0].id)
    assert helper.suggestions()


def test_ingest_reports_every_file(empty: Assistant, tmp_path: Path) -> None:
    paths = write(tmp_path / "in", {"a.txt": "one two three", ".hidden": "no", "empty.txt": ""})
    seen: list[str] = []
    done = empty.ingest(
        [tmp_path / "in", tmp_path / "gone.pdf"], on_progress=lambda *x: seen.append(x[2])
    )
    by_name = {o.name: o for o in done}
    assert {n: o.status for n, o in by_name.items()} == {
        "gone.pdf": "failed",
        "a.txt": "indexed",
        "empty.txt": "failed",
    }
    assert "gone.pdf" in by_name["gone.pdf"].reason() and by_name["empty.txt"].reason("zh")
    assert sorted(seen) == ["a.txt", "empty.txt"]
    again: FileOutcome = empty.ingest([paths[0]])[0]
    assert again.status == "duplicate" and again.asset_id == by_name["a.txt"].asset_id


def test_uploads_are_taken_in_by_the_worker(empty: Assistant) -> None:
    job = empty.upload("../../note.txt", b"The harbour opens at six.")
    for _ in range(600):
        (view,) = empty.jobs()
        if not view.active:
            break
        time.sleep(0.05)
    assert view.id == job and [f.status for f in view.files] == ["indexed"]
    assert view.files[0].name.endswith("note.txt")
    with pytest.raises(FileNotFound):
        empty.upload("gone.txt", Path("/nowhere/gone.txt"))


def test_search_by_picture_needs_a_picture(empty: Assistant, tmp_path: Path) -> None:
    with pytest.raises(FileNotFound):
        empty.search(image=tmp_path / "gone.png")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(FileDamaged):
        empty.search(image=broken)


def test_models_and_tier_are_told(empty: Assistant) -> None:
    roles = {view.role for view in empty.models()}
    assert {"language", "speech", "text embedding"} <= roles
    assert empty.tier().name == "embedded" and empty.tier().reason
    assert set(empty.warm_state().values()) == {"cold"}


def test_feedback_and_titles(empty: Assistant) -> None:
    end = outcome(empty.ask("2+2"))
    assert isinstance(end, Answered)
    empty.feedback(end.message, "up", "right")
    empty.rename_conversation(end.conversation, "Sums")
    assert empty.conversations()[0].title == "Sums"
    with pytest.raises(ConversationNotFound):
        empty.feedback("nothing", "up")
