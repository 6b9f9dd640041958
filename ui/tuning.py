"""The training page: start a run on own photos, watch and stop it, use a version or go back.

A run works in a process of its own, so it outlives the page and the server; what is shown here is
read from what it writes down.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from assistant.i18n import explain_code
from retrieval.errors import SightlineError
from ui import runtime, state
from ui.state import language, plain, t

if TYPE_CHECKING:
    from assistant.tuning.control import RunView
    from assistant.tuning.registry import Version

_KINDS = ("vlm", "clip", "hub")
_AT_HOME = ("127.0.0.1", "localhost", "::1")
_SHAPE = """{"image": "a.jpg", "captions": ["Two dogs in the snow.", "…"]}
{"image": "b.jpg", "question": "Who is this?", "answer": "Aunt Mei", "distractors": ["Grandpa"]}
{"image": "c.jpg", "box": [10, 20, 220, 60], "text": "EXIT"}"""
_BADGES = {"failed": "red", "interrupted": "orange", "stopped": "orange", "evaluated": "green"}


def page() -> None:
    """Draw the page."""
    st.title(t("nav_tuning"), anchor=False)
    state.show_notices()
    _say_news()
    st.caption(t("tuning_about"))
    if runtime.settings().host not in _AT_HOME:
        st.info(t("tuning_remote"), icon=":material/lock:")
        return
    _new_run()
    _runs_box()
    _versions()


def _new_run() -> None:
    with st.container(border=True, key="new-run"):
        st.markdown(f"#### {t('tuning_new')}")
        what = st.segmented_control(
            t("tuning_what"), _KINDS, format_func=lambda k: t(f"tuning_{k}"), default="vlm",
            key="tuning-what", required=True,
        )  # fmt: skip
        data = st.text_input(t("tuning_data"), key="tuning-data", icon=":material/folder:")
        with st.expander(t("tuning_shape")):
            st.code(_SHAPE, language="json", wrap_lines=True)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input(t("tuning_name"), value="mine", key="tuning-name", width=220)
            hours = st.number_input(
                t("tuning_hours"), 0.1, 72.0, 4.0, 0.5, key="tuning-hours", width=160
            )
            ready = bool(data.strip() and re.fullmatch(r"\w[\w.-]{0,63}", name))
            if st.button(t("tuning_start"), type="primary", disabled=not ready, key="tuning-start"):
                _start(name, str(what), [data.strip()], hours)


def _start(name: str, what: str, data: Sequence[str], hours: float | None) -> None:
    """Start or go on: the command finds out itself what is done already."""
    arguments = ["run", *data, "--what", what]
    if hours is not None and what != "clip":
        arguments += ["--hours", f"{hours:g}"]
    try:
        runtime.assistant().tuning.start(name, arguments)
    except SightlineError as error:
        state.notice_error(error)
    st.session_state["tuning-watched"] = name
    st.rerun()


def _runs_box() -> None:
    runs = runtime.assistant().tuning.runs()
    waited = st.session_state.get("tuning-watched")
    active = any(run.active for run in runs) or (waited and waited not in {r.name for r in runs})
    if not runs and not waited:
        return
    with st.container(border=True, key="runs"):
        st.markdown(f"#### {t('tuning_runs')}")
        st.fragment(_runs, run_every=1.0 if active or waited else None)()


def _runs() -> None:
    runs = runtime.assistant().tuning.runs()
    for run in runs:
        _run(run)
    watched = next((r for r in runs if r.name == st.session_state.get("tuning-watched")), None)
    if watched is not None and not watched.active and watched.state != "preparing":
        del st.session_state["tuning-watched"]
        st.rerun()


def _run(run: RunView) -> None:
    with st.container(key=f"run-{run.name}", gap="xxsmall"):
        colour = "primary" if run.active else _BADGES.get(run.state, "gray")
        badge = f":{colour}-badge[{t(f'state_{run.state}')}]"
        st.markdown(f"**{plain(run.name)}** · {t(f'tuning_{run.what}')} {badge}")
        if run.error is not None:
            code, params = run.error
            st.caption(f":red[{plain(explain_code(code, dict(params), language()))}]")
        elif run.told:
            left = "" if run.left is None else " · " + t("tuning_left", time=_time(run.left))
            st.caption(plain(run.told.split(";")[0] + left))
        if chart := runtime.assistant().tuning.plot(run.name):
            st.image(chart, width="stretch")
        _buttons(run)


def _buttons(run: RunView) -> None:
    tuning = runtime.assistant().tuning
    with st.container(horizontal=True):
        if run.active:
            st.button(
                t("cancel"), icon=":material/stop_circle:", key=f"stop-{run.name}",
                on_click=tuning.stop, args=(run.name,),
            )  # fmt: skip
            return
        unfinished = run.state in ("stopped", "interrupted", "failed", "prepared")
        if unfinished and run.data and st.button(t("tuning_go_on"), key=f"go-on-{run.name}"):
            _start(run.name, run.what, run.data, None)
        if run.has_weights and run.state in ("trained", "evaluated"):
            st.button(
                t("tuning_apply_run"), key=f"use-{run.name}", icon=":material/check:",
                on_click=_apply, kwargs={"run": run.name},
            )  # fmt: skip


def _versions() -> None:
    st.markdown(f"#### {t('tuning_versions')}")
    versions = runtime.assistant().tuning.versions()
    if not versions:
        st.caption(t("tuning_none"))
    for version in reversed(versions):
        _version(version)


def _version(version: Version) -> None:
    with st.container(border=True, key=f"version-{version.name}-{version.version}", gap="xxsmall"):
        used = f" :primary-badge[{t('in_use')}]" if version.current else ""
        st.markdown(f"**{plain(version.name)} {plain(version.version)}**{used}")
        facts = [f"{version.bytes / 1e6:.1f} MB", str(version.card.get("licence", ""))]
        st.caption(plain(" · ".join(facts)))
        figures = [f"{key} {value}" for key, value in version.card.get("metrics", {}).items()]
        if figures:
            st.caption(plain("; ".join(figures[:4])))
        if version.current:
            st.button(
                t("tuning_back"), key=f"back-{version.name}-{version.version}",
                icon=":material/undo:", on_click=_roll_back, args=(version.name,),
            )  # fmt: skip
        else:
            st.button(
                t("tuning_apply"), key=f"apply-{version.name}-{version.version}",
                on_click=_apply,
                kwargs={"version": version.version, "name": version.name},
            )  # fmt: skip


def _apply(**which: str) -> None:
    try:
        found = runtime.assistant().tuning.apply(**which)
    except SightlineError as error:
        state.notice_error(error)
        return
    later = found.name == "sightline-clip"
    key = "tuning_applied_later" if later else "tuning_applied"
    st.session_state["tuning-news"] = t(key, name=found.name, version=found.version)


def _roll_back(name: str) -> None:
    try:
        found = runtime.assistant().tuning.rollback(name)
    except SightlineError as error:
        state.notice_error(error)
        return
    version = found.version if found else t("tuning_shipped")
    st.session_state["tuning-news"] = t("tuning_rolled_back", version=version)


def _say_news() -> None:
    if news := st.session_state.pop("tuning-news", None):
        st.success(plain(news), icon=":material/check_circle:")


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
