"""What stands beside every page: the conversations, the language, the state of the models."""

from __future__ import annotations

import streamlit as st

from assistant.messages import ConversationView
from retrieval.errors import SightlineError
from ui import evidence, runtime, state
from ui.models import sign
from ui.state import LANGUAGES, library, plain, t


def draw(chat: object) -> None:
    """Draw the sidebar; ``chat`` is the page that a conversation opens on."""
    with st.sidebar:
        if st.button(t("new_chat"), icon=":material/add:", width="stretch", key="new-chat"):
            _go(chat, None)
        with st.container(key="conversations", gap=None):
            for conversation in runtime.assistant().conversations(library=library()):
                _row(chat, conversation)
        with st.container(key="sidebar-foot"):
            st.segmented_control(
                t("language"),
                list(LANGUAGES),
                format_func=lambda code: LANGUAGES[code],
                default=state.language(),
                required=True,
                key="language",
                label_visibility="collapsed",
            )
            _models_state()


def _go(chat: object, conversation: str | None) -> None:
    state.open_conversation(conversation)
    st.switch_page(chat)  # type: ignore[arg-type]  # the page object of this run


def _row(chat: object, conversation: ConversationView) -> None:
    title = conversation.title or t("untitled")
    is_open = conversation.id == state.conversation_id()
    with st.container(
        horizontal=True,
        wrap=False,
        gap=None,
        vertical_alignment="center",
        key=f"row-{'open-' if is_open else ''}{conversation.id}",
    ):
        if st.button(
            plain(title),
            key=f"conversation-{conversation.id}",
            type="tertiary",
            width="stretch",
        ):
            _go(chat, conversation.id)
        chosen = st.menu_button(
            evidence.when(conversation.updated_at),
            ("rename", "delete"),
            format_func=lambda action: t(action),
            key=f"menu-{conversation.id}",
            type="tertiary",
            help=t("conversation_menu"),
        )
    if chosen == "rename":
        st.dialog(t("rename"))(_rename)(conversation.id, title)
    elif chosen == "delete":
        st.dialog(t("delete"))(_delete)(conversation.id, title)


def _rename(conversation: str, title: str) -> None:
    with st.form("rename", border=False):
        wanted = st.text_input(t("title"), value=title, max_chars=60)
        if st.form_submit_button(t("save"), type="primary") and wanted.strip():
            try:
                runtime.assistant().rename_conversation(conversation, wanted.strip())
            except SightlineError as error:
                state.notice_error(error)
            st.rerun()


def _delete(conversation: str, title: str) -> None:
    st.markdown(t("delete_conversation_question", title=plain(title)))
    with st.container(horizontal=True):
        if st.button(t("delete_yes"), type="primary"):
            try:
                runtime.assistant().delete_conversation(conversation)
            except SightlineError as error:
                state.notice_error(error)
            if state.conversation_id() == conversation:
                state.open_conversation(None)
            st.rerun()
        if st.button(t("cancel")):
            st.rerun()


def _models_state() -> None:
    """Show whether the models are ready; look again while they load."""
    states = dict(runtime.assistant().warm_state())
    settled = all(word == "ready" or word.startswith("failed") for word in states.values())
    st.fragment(_badge, run_every=None if settled else 2.0)(settled)


def _badge(was_settled: bool) -> None:
    assistant = runtime.assistant()
    states = list(assistant.warm_state().values())
    failed = [word for word in states if word.startswith("failed")]
    ready = sum(word == "ready" for word in states)
    if failed:
        word, key = failed[0], "models_failed"
    elif ready == len(states):
        word, key = "ready", "models_ready"
    else:
        word, key = "loading", "models_loading"
    tier = plain(assistant.tier().name)
    st.markdown(f"{sign(word)} {t(key, ready=ready, total=len(states))} :gray-badge[{tier}]")
    if not was_settled and (failed or ready == len(states)):
        st.rerun()
