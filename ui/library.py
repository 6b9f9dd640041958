"""The library page: add files, watch them being taken in, find, open, download, delete them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from assistant.errors import AssetNotFound
from assistant.i18n import clock
from assistant.messages import AssetView
from retrieval.errors import SightlineError
from retrieval.values import Filters, Modality, PageLocator, RegionLocator
from ui import evidence, jobs, narrow, runtime, state
from ui.state import library, plain, t

_PAGE_SIZE = 24
_SHOWN_CHUNKS = 40
_SHOWN_JOBS = "shown-jobs"
_MODALITIES: tuple[Modality, ...] = ("image", "text", "audio")


def page() -> None:
    """Draw the page."""
    st.title(t("nav_library"), anchor=False)
    state.show_notices()
    size = runtime.assistant().library_size(library())
    st.caption(t("library_count", count=size) if size else t("library_empty"))
    _drop_zone()
    _jobs_box()
    if size:
        _browse()


def _drop_zone() -> None:
    """Take files; the widget is renewed after each batch so that it is empty again."""
    key = f"upload-{st.session_state.get('upload_round', 0)}"
    st.file_uploader(t("upload"), accept_multiple_files=True, key=key, on_change=_take, args=(key,))


def _take(key: str) -> None:
    files: list[Any] = st.session_state.get(key) or []
    started: set[int] = st.session_state.setdefault(_SHOWN_JOBS, set())
    taken: set[str] = st.session_state.setdefault("taken-files", set())
    for file in files:
        if file.file_id in taken:  # the browser reports a batch more than once
            continue
        taken.add(file.file_id)
        try:
            started.add(runtime.assistant().upload(file.name, file.getvalue(), library=library()))
        except SightlineError as error:
            state.notice_error(error)
    st.session_state["upload_round"] = st.session_state.get("upload_round", 0) + 1


def _jobs_box() -> None:
    """Show the jobs begun here, and those of others while they work."""
    shown: set[int] = st.session_state.setdefault(_SHOWN_JOBS, set())
    active = {job.id for job in jobs.views() if job.active}
    shown |= active
    if shown:
        with st.container(border=True, key="jobs"):
            st.fragment(_jobs, run_every=0.5 if active else None)(bool(active))


def _jobs(was_active: bool) -> None:
    found = jobs.views(st.session_state[_SHOWN_JOBS])
    jobs.show(found, buttons=True)
    active = any(job.active for job in found)
    if was_active and not active:
        st.rerun()
    if not active and st.button(t("hide"), key="hide-jobs", type="tertiary"):
        st.session_state[_SHOWN_JOBS] = set()
        st.rerun()


def _browse() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        words = st.text_input(
            t("filter_name"), key="library-words", icon=":material/search:", width=320
        )
        kind = st.pills(
            t("filter_kind"),
            _MODALITIES,
            format_func=lambda m: t(f"modality_{m}"),
            key="library-kind",
        )
        under = narrow.tags_widget("library-tags")
    shown = st.session_state.get("library-shown", _PAGE_SIZE)
    found = runtime.assistant().assets(
        library=library(),
        query=words,
        filters=Filters(modality=kind, tags=frozenset(under)),
        limit=shown + 1,
        offset=0,
    )
    if not found:
        st.info(t("nothing_found"), icon=":material/search_off:")
    with st.container(horizontal=True, key="grid"):
        for asset in found[:shown]:
            _tile(asset)
    if len(found) > shown and st.button(t("show_more"), icon=":material/expand_more:"):
        st.session_state["library-shown"] = shown + _PAGE_SIZE
        st.rerun()


def _tile(asset: AssetView) -> None:
    with st.container(border=True, width=176, key=f"tile-{asset.id}", gap="xxsmall"):
        evidence.thumbnail(asset.id, asset.name, asset.modality, str(asset.id))
        pressed = st.button(
            plain(asset.name),
            key=f"asset-{asset.id}",
            type="tertiary",
            width="stretch",
        )
        st.caption(_summary(asset))
    if pressed:
        st.dialog(t("file_details"), width="medium")(_details)(asset.id)


def _summary(asset: AssetView) -> str:
    if asset.status == "failed":
        return f":red[{t('file_failed')}]"
    if asset.modality == "audio":
        return clock(float(asset.meta.get("duration", asset.units) or 0))
    if asset.modality == "image":
        return t("kind_image")
    return t("pages", count=asset.units)


def _details(asset_id: int) -> None:
    assistant = runtime.assistant()
    state.show_notices()
    try:
        asset = assistant.asset(asset_id)
    except AssetNotFound:
        st.rerun()  # deleted, here or elsewhere: the page is drawn again without it
    st.markdown(f"### {plain(asset.name)}")
    facts = [asset.media_type, size_text(asset.bytes), t("passages", count=asset.chunks)]
    moments = [("taken_on", asset.taken_at), ("added_on", asset.added_at)]
    facts += [t(key, date=f"{moment:%Y-%m-%d}") for key, moment in moments if moment]
    st.caption(" · ".join(plain(fact) for fact in facts))
    if asset.reason:
        st.error(plain(asset.reason), icon=":material/error:")
    _preview(asset)
    words = "\n\n".join(chunk.text for chunk in assistant.chunks(asset_id)[:_SHOWN_CHUNKS])
    if words.strip():
        with st.expander(t("extracted_text"), icon=":material/notes:"):
            st.text(words)
    _tags(asset)
    evidence.download(asset_id)
    st.button(
        t("read_again"),
        icon=":material/refresh:",
        help=t("read_again_help"),
        key=f"again-{asset.id}",
        on_click=_read_again,
        args=(asset.id,),
    )
    _delete(asset)


def _tags(asset: AssetView) -> None:
    """Let tags be chosen, or written anew; a change is kept at once."""
    known = sorted({*runtime.assistant().tags(library=library()), *asset.tags})
    chosen = st.multiselect(
        t("tags"), known, list(asset.tags), key=f"tags-{asset.id}", accept_new_options=True
    )
    gone, new = set(asset.tags) - set(chosen), set(chosen) - set(asset.tags)
    try:
        for names, remove in ((gone, True), (new, False)):
            if names:
                runtime.assistant().tag([asset.id], sorted(names), remove=remove, library=library())
    except SightlineError as error:
        state.notice_error(error)
        state.show_notices()


def _preview(asset: AssetView) -> None:
    assistant = runtime.assistant()
    try:
        if asset.modality == "audio":
            _name, media_type, data = assistant.original(asset.id)
            st.audio(data, format=media_type)
            return
        locator = RegionLocator() if asset.modality == "image" else PageLocator(1)
        view = assistant.evidence((asset.id, locator))
    except (SightlineError, OSError):
        return
    if view is not None:
        st.image(view.jpeg, width="stretch", alt=t("thumbnail_alt", name=asset.name))


def _read_again(asset_id: int) -> None:
    try:
        runtime.assistant().queue_again(asset_id, library=library())
    except SightlineError as error:
        state.notice_error(error)
    else:
        st.toast(t("read_again_queued"), icon=":material/refresh:")


def _delete(asset: AssetView) -> None:
    """Delete in two presses: the second one is labelled with what it does.

    Both presses act in callbacks, because the dialog's own code does not run when another part
    of the page asks for a whole rerun at the same moment, and the press would be lost.
    """
    sure = f"sure-{asset.id}"
    if not st.session_state.get(sure):
        st.button(
            t("delete"),
            icon=":material/delete:",
            key=f"delete-{asset.id}",
            on_click=st.session_state.update,
            args=({sure: True},),
        )
        return
    st.warning(t("delete_file_question", name=plain(asset.name)), icon=":material/warning:")
    with st.container(horizontal=True):
        st.button(
            t("delete_yes"),
            type="primary",
            key=f"yes-{asset.id}",
            on_click=_delete_now,
            args=(asset.id, sure),
        )
        st.button(
            t("cancel"), key=f"no-{asset.id}", on_click=st.session_state.pop, args=(sure, None)
        )


def _delete_now(asset_id: int, sure: str) -> None:
    st.session_state.pop(sure, None)
    try:
        runtime.assistant().delete_asset(asset_id)
    except SightlineError as error:
        state.notice_error(error)


def size_text(count: int) -> str:
    """Write a number of bytes for people."""
    value, unit = float(count), "B"
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
