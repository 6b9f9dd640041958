"""The chat page: messages, the answer being written, the composer."""

from __future__ import annotations

import mimetypes
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from assistant.demo import demo_files, demo_questions
from assistant.errors import ConversationNotFound
from assistant.i18n import explain_code
from assistant.messages import AttachmentFile, ConversationView, Failed
from retrieval.errors import SightlineError
from ui import jobs, render, runtime, state
from ui.live import look
from ui.state import Pending, t

_SUGGESTIONS = 6
_TICK = 0.3


def page() -> None:
    """Draw the page."""
    state.keep_address()
    conversation = _opened()
    run_id = runtime.assistant().active_run(conversation.id) if conversation else None
    if conversation is None or not (conversation.messages or state.pending() or run_id):
        _welcome()
    if conversation is not None:
        _messages(conversation, running=run_id is not None)
    if run_id is not None:
        st.fragment(_answer, run_every=_TICK)(run_id)
    elif state.pending() is not None:
        st.fragment(_wait_for_documents, run_every=_TICK)()
    state.show_notices()
    _composer(busy=run_id is not None or state.pending() is not None)


def _opened() -> ConversationView | None:
    opened = state.conversation_id()
    if opened is None:
        return None
    try:
        return runtime.assistant().conversation(opened)
    except ConversationNotFound as error:
        state.open_conversation(None)
        state.notice_error(error)
        return None


def _messages(conversation: ConversationView, running: bool) -> None:
    messages = conversation.messages
    if running and messages and messages[-1].status == "streaming":
        messages = messages[:-1]  # it is being written: the fragment below shows it
    for message in messages:
        if message.role == "user":
            render.user_message(message.text, message.attachments)
        else:
            render.assistant_message(message)
    if running and not (messages and messages[-1].role == "user"):
        render.user_message(st.session_state.get("asked", ""))  # it is not yet written down
    idle = not running and state.pending() is None
    if idle and messages and messages[-1].status in ("failed", "stopped"):
        _offer_again(conversation)


def _offer_again(conversation: ConversationView) -> None:
    asked = [m for m in conversation.messages if m.role == "user"]
    if asked and asked[-1].text and not asked[-1].attachments:
        st.button(
            t("ask_again"),
            icon=":material/refresh:",
            key="ask-again",
            on_click=ask,
            args=(Pending(asked[-1].text),),
        )


def _answer(run_id: str) -> None:
    """Show the answer as it is written; at its end draw the whole page from what was stored."""
    live = look(runtime.assistant(), run_id)
    if live.outcome is not None:
        if isinstance(live.outcome, Failed) and not live.outcome.message:
            _not_asked(live.outcome)
        st.rerun()
    message = st.container()
    # Sent before the message and acting by itself: on a busy machine the next look at a long answer
    # cuts this one off, and what comes last in it is neither drawn nor heard.
    cancel = runtime.assistant().cancel
    st.button(t("stop"), icon=":material/stop_circle:", key="stop", on_click=cancel, args=(run_id,))
    with message:
        render.live_message(live)


def _not_asked(failed: Failed) -> None:
    """Say why a question came to nothing; a conversation begun for it alone is dropped."""
    state.notice(explain_code(failed.code, dict(failed.params), state.language()))
    opened = _opened()
    if opened is not None and not opened.messages:
        runtime.assistant().delete_conversation(opened.id)
        state.open_conversation(None)


def _wait_for_documents() -> None:
    """Show how the documents of a question are read, then ask it."""
    waiting = state.pending()
    if waiting is None:
        return
    if waiting.question:
        render.user_message(waiting.question)
    with st.chat_message("assistant", avatar=render.ASSISTANT):
        st.caption(t("reading_first"))
        mine = jobs.views(waiting.jobs)
        jobs.show(mine)
        if any(job.active for job in mine):
            return
    state.set_pending(None)
    for job in mine:
        for file in job.files:
            if file.status == "failed":
                state.notice(jobs.reason(file))
    if waiting.question or waiting.audio or waiting.images:
        ask(replace(waiting, jobs=()))
    else:
        st.toast(t("added_to_library"), icon=":material/check:")
    st.rerun()


def _welcome() -> None:
    size = runtime.assistant().library_size(state.library())
    with st.container(key="welcome"):
        st.title(t("welcome_title"), anchor=False)
        st.markdown(t("welcome_text"))
        if not size:
            st.button(
                t("demo_button"),
                icon=":material/auto_awesome:",
                type="primary",
                on_click=_load_demo,
            )
            st.caption(t("demo_text"))
        else:
            _suggestions()


def _suggestions() -> None:
    st.caption(t("suggestions"))
    with st.container(horizontal=True, key="suggestions"):
        for at, question in enumerate(suggested()):
            st.button(
                state.plain(question),
                key=f"suggestion-{at}",
                on_click=ask,
                args=(Pending(question),),
            )


def suggested() -> list[str]:
    """Return questions to start with: about the sample files if they are there, else the rest."""
    assistant = runtime.assistant()
    names = {asset.name for asset in assistant.assets(library=state.library(), limit=500, offset=0)}
    known = [q.question for q in demo_questions(state.language(), names)]
    if known:
        return known[:_SUGGESTIONS]
    return list(assistant.suggestions(library=state.library()))[:_SUGGESTIONS]


def _load_demo() -> None:
    assistant = runtime.assistant()
    started = []
    try:
        with tempfile.TemporaryDirectory(prefix="sightline-demo-") as folder:
            for path in demo_files(Path(folder)):
                data = path.read_bytes()
                started.append(assistant.upload(path.name, data, library=state.library()))
    except SightlineError as error:
        state.notice_error(error)
    state.set_pending(Pending("", jobs=tuple(started)))


def ask(question: Pending) -> None:
    """Start a run; a question that cannot be asked leaves its sentence on the page."""
    assistant = runtime.assistant()
    try:
        conversation = state.conversation_id()
        if conversation is None:
            conversation = assistant.new_conversation(library=state.library()).id
            state.open_conversation(conversation)
        st.session_state["asked"] = question.question
        assistant.start(
            question.question,
            images=question.images,
            audio=question.audio,
            conversation=conversation,
            library=state.library(),
        )
    except SightlineError as error:
        state.notice_error(error)


def _composer(busy: bool) -> None:
    sent: Any = st.chat_input(
        t("composer"),
        accept_file="multiple",
        accept_audio=True,
        disabled=busy,
        key="composer",
    )
    if not sent:
        return
    pictures = [f for f in sent.files if _is_picture(f.name, f.type)]
    images = tuple(AttachmentFile(f.name, state.scratch_file(f.getvalue())) for f in pictures)
    started = _upload([f for f in sent.files if f not in pictures])
    audio = None
    if sent.audio is not None:
        audio = AttachmentFile("question.wav", state.scratch_file(sent.audio.getvalue()))
    question = sent.text or ""
    if images and not question.strip() and audio is None:
        question = t("default_image_question")
    waiting = Pending(question, images, audio, started)
    if started:
        state.set_pending(waiting)
    elif question or audio:
        ask(waiting)
    st.rerun()


def _upload(files: Sequence[Any]) -> tuple[int, ...]:
    started = []
    for file in files:
        try:
            job = runtime.assistant().upload(file.name, file.getvalue(), library=state.library())
            started.append(job)
        except SightlineError as error:
            state.notice_error(error)
    return tuple(started)


def _is_picture(name: str, media_type: str | None) -> bool:
    guessed = media_type or mimetypes.guess_type(name)[0] or ""
    return guessed.startswith("image/") or name.lower().endswith((".heic", ".heif"))
