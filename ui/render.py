"""Messages and steps as widgets.

Text of models, users and files only reaches Streamlit as Markdown after escaping: no HTML, no
pictures, no links, no formulas come from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from assistant.i18n import explain_code
from assistant.messages import AttachmentView, Citation, MessageView
from retrieval.errors import SightlineError
from retrieval.values import locator_from_json
from ui import evidence, runtime
from ui.live import Live, Step
from ui.state import language, notice_error, plain, t

USER, ASSISTANT = ":material/person:", ":material/visibility:"
_REASONS = ("down", "wrong_citation", "should_have_refused")
_TOOLS = {
    "search_library",
    "read_document",
    "look_at_image",
    "read_chart",
    "find_marks",
    "transcribe",
    "calculate",
    "translate",
    "summarise",
    "extract",
    "sentiment",
    "list_assets",
    "compare_assets",
}


def answer_markdown(text: str, numbers: frozenset[int] = frozenset()) -> str:
    """Return an answer as Markdown that may have emphasis, lists, tables and code only.

    Dollar signs and angle brackets are shown as they are, pictures and links lose their targets'
    power, and ``[n]`` of a known citation becomes a badge.
    """
    safe = re.sub(r"\\*([$<])", r"\\\1", text)
    safe = re.sub(r"!\\*\[", r"!\\[", safe)
    safe = re.sub(r"\\*\](?=[(\[:])", r"\\]", safe)
    safe = re.sub(r":(?=[a-z_]+[-a-z_/]*[\[:])", r"\\:", safe)

    def badge(match: re.Match[str]) -> str:
        known = int(match[1]) in numbers
        return f":primary-badge[{match[1]}]" if known else f"\\[{match[1]}\\]"

    return re.sub(r"\[(\d{1,3})\\?\]", badge, safe)


def user_message(text: str, attachments: Sequence[AttachmentView] = ()) -> None:
    """Show what the user asked, with the files sent along."""
    with st.chat_message("user", avatar=USER):
        _attachments(attachments)
        st.text(text or "…")


def _attachments(attachments: Sequence[AttachmentView]) -> None:
    for item in attachments:
        try:
            data = runtime.assistant().attachment(item.sha256)
        except (SightlineError, OSError):
            st.caption(f":material/attach_file: {plain(item.name)}")
            continue
        if item.media_type.startswith("image/"):
            st.image(data, width=220, alt=t("attached_alt", name=item.name))
        elif item.media_type.startswith("audio/"):
            st.audio(data, format=item.media_type)
        st.caption(plain(item.name))


def assistant_message(message: MessageView) -> None:
    """Show a stored answer: how it came about, its text, its evidence, and a place to judge it."""
    with st.chat_message("assistant", avatar=ASSISTANT):
        steps = [_step(row) for row in message.trace.get("steps", ())]
        if steps:
            steps_box(steps, running=False)
        numbers = frozenset(c.number for c in message.citations)
        if message.text:
            st.markdown(answer_markdown(message.text, numbers))
        _ending(message)
        if message.citations:
            evidence.cards(message.citations, f"cites-{message.id}")
        if misses := [_miss(row) for row in message.trace.get("nearest", ())]:
            st.caption(t("nearest_misses"))
            evidence.quotes(misses, f"nearest-{message.id}")
        if message.status in ("complete", "abstained"):
            _feedback(message.id)


def _step(row: Mapping[str, Any]) -> Step:
    return Step(
        str(row.get("tool", "")),
        str(row.get("summary", "")),
        float(row.get("seconds", 0.0)),
        str(row.get("error", "")),
    )


def _miss(row: Mapping[str, Any]) -> Citation:
    """Read back what came nearest; number 0 says that nothing refers to it."""
    return Citation(
        number=0,
        asset=str(row["asset"]),
        sha256=str(row["sha256"]),
        modality=row["modality"],
        locator=locator_from_json(row["locator"]),
        snippet=str(row["snippet"]),
        asset_id=row["asset_id"],
    )


def _ending(message: MessageView) -> None:
    """Say it when an answer did not come to its end."""
    if message.status == "stopped":
        st.caption(f":material/stop_circle: {t('answer_stopped')}")
    elif message.status == "failed" and message.error_code:
        sentence = explain_code(message.error_code, dict(message.error_params), language())
        st.error(plain(sentence), icon=":material/error:")
    elif message.status == "streaming":
        st.caption(f":material/warning: {t('answer_interrupted')}")


def live_message(live: Live) -> None:
    """Show an answer that is being written."""
    with st.chat_message("assistant", avatar=ASSISTANT):
        if live.heard:
            st.caption(f":material/mic: {t('heard', text=plain(live.heard))}")
        label = t("status_thinking")
        if live.status is not None:
            label = t(live.status.key, **live.status.params)
        steps_box(live.steps, running=True, label=label)
        if live.text:
            numbers = frozenset(c.number for c in live.citations)
            st.markdown(answer_markdown(live.text, numbers) + " ▍")


def steps_box(steps: Sequence[Step], running: bool, label: str = "") -> None:
    """Show what the assistant did, folded."""
    if not running:
        label = t("steps_done", count=len(steps), seconds=f"{sum(s.seconds for s in steps):.1f}")
    with st.status(plain(label), state="running" if running else "complete", type="compact"):
        for step in steps:
            name = t(f"tool_{step.tool}") if step.tool in _TOOLS else plain(step.tool)
            if step.summary is None:
                st.markdown(f":material/hourglass_empty: {name}")
                continue
            sign = ":material/error:" if step.error else ":material/check:"
            detail = plain(step.error or step.summary)
            st.markdown(f"{sign} **{name}** · {detail} :gray[({step.seconds:.1f} s)]")


def _feedback(message_id: str) -> None:
    key = f"feedback-{message_id}"
    judged = st.feedback("thumbs", key=key)
    if judged is None:
        return
    sent = st.session_state.get(f"{key}-sent")
    if judged == 1:
        if sent != "up":
            _send(message_id, "up", "")
            st.session_state[f"{key}-sent"] = "up"
        st.caption(t("feedback_thanks"))
        return
    with st.form(f"{key}-form", border=True):
        reason = st.radio(
            t("feedback_reason"), _REASONS, format_func=lambda code: t(f"feedback_{code}")
        )
        comment = st.text_input(t("feedback_comment"), max_chars=500)
        if st.form_submit_button(t("send")):
            _send(message_id, reason, comment)
            st.caption(t("feedback_thanks"))


def _send(message_id: str, verdict: Any, comment: str) -> None:
    try:
        runtime.assistant().feedback(message_id, verdict, comment)
    except SightlineError as error:
        notice_error(error)
