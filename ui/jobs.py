"""Files being taken in, as widgets: one line a file, one bar for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from assistant.i18n import explain_code
from assistant.views import JobAction, JobFileView, JobView
from ui import runtime
from ui.state import language, library, plain, t

_SIGNS = {
    "queued": ":material/schedule:",
    "indexed": ":material/check_circle:",
    "duplicate": ":material/content_copy:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
}
_STATUSES = ("queued", "parsing", "embedding", "indexed", "duplicate", "failed", "cancelled")


def views(wanted: Iterable[int] | None = None) -> list[JobView]:
    """Return the jobs of the library, or those with the given ids."""
    found = list(runtime.assistant().jobs(library=library()))
    if wanted is None:
        return found
    ids = set(wanted)
    return sorted((job for job in found if job.id in ids), key=lambda job: job.id)


def reason(file: JobFileView) -> str:
    """Say in the session's language why a file failed."""
    if file.code:
        return explain_code(file.code, dict(file.params), language())
    return file.reason


def show(jobs: Sequence[JobView], buttons: bool = False) -> None:
    """Show overall progress, then each file; with ``buttons`` also cancel and retry."""
    files = [file for job in jobs for file in job.files]
    if not files:
        return
    done = sum(file.status in ("indexed", "duplicate", "failed", "cancelled") for file in files)
    active = [job for job in jobs if job.active]
    if active:
        share = sum(file.progress for file in files) / len(files)
        label = t("jobs_progress", done=done, total=len(files))
        etas = [job.eta for job in active if job.eta is not None]
        if all(job.status == "paused" for job in active):
            label += " · " + t("jobs_paused")
        elif etas:
            label += " · " + t("jobs_eta", seconds=max(1, round(max(etas))))
        st.progress(min(1.0, max(0.0, share)), text=label)
    for job in jobs:
        _job(job, buttons)


def _job(job: JobView, buttons: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"job-{job.id}"):
        with st.container(width="stretch", gap="xxsmall"):
            for file in job.files:
                _file(file)
        if buttons:
            _buttons(job)


def _buttons(job: JobView) -> None:
    if job.status == "paused":
        _button(job, "resume", "resume", ":material/play_arrow:")
    elif job.active:
        _button(job, "pause", "pause", ":material/pause:")
    if job.active:
        _button(job, "cancel", "cancel", ":material/close:")
        return
    left = any(file.status in ("failed", "cancelled") for file in job.files)
    if left and _button(job, "retry", "retry", ":material/refresh:"):
        st.rerun()  # the page looks again and again only while something is at work


def _button(job: JobView, action: JobAction, label: str, icon: str) -> bool:
    return st.button(
        t(label),
        icon=icon,
        key=f"{action}-{job.id}",
        type="tertiary",
        on_click=_steer,
        args=(job.id, action),
    )


def _steer(job: int, action: JobAction) -> None:
    runtime.assistant().steer_job(job, action, library=library())


def _file(file: JobFileView) -> None:
    status = t(f"file_{file.status}") if file.status in _STATUSES else plain(file.status)
    sign = _SIGNS.get(file.status, ":material/progress_activity:")
    if file.status in ("parsing", "embedding"):
        status += f" {file.progress:.0%}"
    st.markdown(f"{sign} **{plain(file.name)}** · :gray[{status}]")
    if file.status == "failed":
        st.caption(plain(reason(file)))
