"""The cases page: complaints become cases, drafted questions are confirmed, all can be exported.

A case is a question with the answer you expect; ``sightline eval run own`` asks them all again.
"""

from __future__ import annotations

import tempfile
import threading
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import streamlit as st

from assistant.own_case import OwnCaseView
from retrieval.errors import SightlineError
from retrieval.values import locator_from_json
from ui import evidence, runtime, state
from ui.state import plain, t

_DRAFTS = 10
_TICK = 1.0


def page() -> None:
    """Draw the page."""
    st.title(t("nav_cases"), anchor=False)
    st.caption(t("cases_hint"))
    state.show_notices()
    book = runtime.assistant().cases
    complaints = book.complaints(state.library())
    if complaints:
        st.markdown(f"#### {t('cases_complaints', count=len(complaints))}")
        for case in complaints:
            _complaint(case)
    kept = book.all(state.library())
    _make()
    _list(t("cases_drafts"), [case for case in kept if case.status == "draft"])
    ready = [case for case in kept if case.status == "ready"]
    _list(t("cases_ready"), ready)
    if ready:
        _export()


def _complaint(case: OwnCaseView) -> None:
    """Show an answer that was marked as bad, with one button that makes a case of it."""
    with st.container(border=True, key=f"complaint-{case.message}"):
        st.markdown(f"**{plain(case.question)}**")
        told = [t(f"feedback_{case.verdict}"), case.comment]
        st.caption(" · ".join(plain(part) for part in told if part))
        st.markdown(f":gray[{t('cases_was')}] {plain(case.was[:300])}")
        st.button(
            t("cases_add"),
            key=f"complaint-add-{case.message}",
            icon=":material/add:",
            on_click=_add,
            args=(case.message,),
        )


def _add(message: str) -> None:
    try:
        runtime.assistant().cases.from_message(message)
    except SightlineError as error:
        state.notice_error(error)


def _list(title: str, cases: Sequence[OwnCaseView]) -> None:
    if cases:
        st.markdown(f"#### {title} ({len(cases)})")
        for case in cases:
            _case(case)


def _case(case: OwnCaseView) -> None:
    """Show a case as a form: question, expected answers, file, and whether it can be answered."""
    with st.form(f"case-{case.id}", border=True):
        question = st.text_input(t("cases_question"), case.question, key=f"case-q-{case.id}")
        answers = st.text_area(
            t("cases_answers"), "\n".join(case.answers), key=f"case-a-{case.id}", height=68
        )
        asset = st.text_input(t("cases_asset"), case.asset, key=f"case-f-{case.id}")
        answerable = st.checkbox(t("cases_answerable"), case.answerable, key=f"case-able-{case.id}")
        if case.snippet:
            place = evidence.where(locator_from_json(case.locator)) if case.locator else ""
            st.caption(plain(f"{place} · {case.snippet}" if place else case.snippet))
        with st.container(horizontal=True):
            label = t("cases_confirm" if case.status == "draft" else "save")
            saved = st.form_submit_button(label, icon=":material/check:", key=f"case-ok-{case.id}")
            gone = st.form_submit_button(
                t("delete"), icon=":material/delete:", key=f"case-del-{case.id}"
            )
    if saved:
        _save(case, question, answers, asset, answerable)
    elif gone:
        _try(lambda: runtime.assistant().cases.delete(case.id))


def _save(case: OwnCaseView, question: str, answers: str, asset: str, answerable: bool) -> None:
    """Keep what was written; a case that expects nothing stays a draft."""
    expected = tuple(line.strip() for line in answers.splitlines() if line.strip())
    complete = bool(question.strip()) and (bool(expected) or bool(asset.strip()) or not answerable)
    if not complete:
        state.notice(t("cases_incomplete"))
        st.rerun()
    moved = asset.strip() != case.asset
    _try(
        lambda: runtime.assistant().cases.change(
            case.id,
            question=question.strip(),
            answers=expected if answerable else (),
            asset=asset.strip() if answerable else "",
            locator={} if moved or not answerable else case.locator,
            answerable=answerable,
            status="ready",
        )
    )


def _try(change: Callable[[], object]) -> None:
    try:
        change()
    except SightlineError as error:
        state.notice_error(error)
    st.rerun()


def _make() -> None:
    """Offer to draft questions; while it goes on, tell how many there are."""
    worker: threading.Thread | None = st.session_state.get("drafting")
    if worker is not None and worker.is_alive():
        st.fragment(_wait, run_every=_TICK)()
        return
    pressed = st.button(
        t("cases_make", count=_DRAFTS), key="cases-make", icon=":material/edit_note:"
    )
    if pressed:
        book, library = runtime.assistant().cases, state.library()
        told: list[str] = st.session_state.setdefault("drafting-told", [])

        def work() -> None:
            try:
                if not list(book.draft(library, _DRAFTS)):
                    told.append("")
            except SightlineError as error:
                told.append(str(error))

        started = threading.Thread(target=work, daemon=True, name="drafting")
        st.session_state["drafting"] = started
        started.start()
        st.rerun()


def _wait() -> None:
    worker: threading.Thread = st.session_state["drafting"]
    if worker.is_alive():
        st.caption(f":material/hourglass_empty: {t('cases_drafting')}")
        return
    for sentence in st.session_state.pop("drafting-told", []):
        state.notice(sentence or t("cases_nothing"))
    st.session_state.pop("drafting")
    st.rerun()


def _export() -> None:
    """Offer the cases as a ZIP file; redacted unless asked otherwise."""
    redacted = st.checkbox(t("cases_redacted"), value=True, key="cases-redacted")
    with tempfile.TemporaryDirectory(prefix="sightline-cases-") as folder:
        runtime.assistant().cases.export(Path(folder), redacted=redacted, library=state.library())
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path(folder).iterdir()):
                archive.write(path, path.name)
    st.download_button(
        t("cases_export"), packed.getvalue(), "cases.zip", "application/zip",
        icon=":material/download:",
    )  # fmt: skip
