"""The search page: words, a picture or both; results with their probability and the place."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from retrieval.errors import SightlineError
from retrieval.values import Filters, Modality, Passage, SearchResult
from ui import evidence, narrow, runtime, state
from ui.state import library, plain, t

_MODALITIES: tuple[Modality, ...] = ("image", "text", "audio")
_RESULTS = 20
_SNIPPET = 240


def page() -> None:
    """Draw the page."""
    st.title(t("nav_search"), anchor=False)
    state.show_notices()
    with st.form("search", border=False):
        words = st.text_input(t("search_words"), key="search-words", icon=":material/search:")
        with st.expander(t("search_by_picture"), icon=":material/image_search:"):
            picture: Any = st.file_uploader(t("search_picture"), key="search-picture")
        kind = st.pills(
            t("filter_kind"),
            _MODALITIES,
            format_func=lambda m: t(f"modality_{m}"),
            key="search-kind",
        )
        with st.expander(t("search_filters"), icon=":material/filter_alt:"):
            filters = narrow.widgets(kind)
        st.form_submit_button(t("nav_search"), type="primary", icon=":material/search:")
    if not words.strip() and picture is None:
        st.caption(t("search_hint"))
        return
    found = _search(words, picture, filters)
    if found is not None:
        _results(found, words)


def _search(words: str, picture: Any, filters: Filters) -> SearchResult | None:
    image = state.scratch_file(picture.getvalue()) if picture is not None else None
    try:
        return runtime.assistant().search(
            words, image=image, k=_RESULTS, filters=filters, library=library(), fold=True
        )
    except SightlineError as error:
        if picture is not None:  # say the name the user knows, not that of our copy
            error.params["name"] = picture.name
        state.notice_error(error)
        state.show_notices()
        return None


def _results(found: SearchResult, words: str) -> None:
    if not found.passages:
        st.info(t("nothing_found"), icon=":material/search_off:")
        return
    if not found.confident:
        st.info(t("search_unsure"), icon=":material/help:")
    seconds = f"{found.seconds:.2f}"
    st.caption(t("search_count", count=len(found.passages), seconds=seconds))
    likely = [passage for passage in found.passages if passage.likely]
    misses = [passage for passage in found.passages if not passage.likely]
    for at, passage in enumerate(likely):
        _result(passage, words, str(at))
    if likely and misses:
        st.caption(t("search_misses"))
    for at, passage in enumerate(misses):
        _result(passage, words, f"miss-{at}")  # the style greys what is named so


def _result(passage: Passage, words: str, at: str) -> None:
    with (
        st.container(border=True, key=f"result-{at}"),
        st.container(horizontal=True, gap="medium"),
    ):
        with st.container(width=120, key=f"result-picture-{at}"):
            evidence.thumbnail(passage.asset_id, passage.asset, passage.modality, f"result-{at}")
        with st.container(width="stretch", gap="xxsmall", key=f"result-text-{at}"):
            pressed = st.button(
                f"**{plain(passage.asset)}**", key=f"result-open-{at}", type="tertiary"
            )
            colour = "green" if passage.probability >= 0.5 else "gray"
            place = plain(evidence.where(passage.locator))
            chance = t("probability", percent=f"{passage.probability:.0%}")
            st.markdown(f":{colour}-badge[{chance}] :gray[{place}]")
            if passage.text.strip():
                st.markdown(highlight(passage.text[:_SNIPPET], words))
            if passage.alike:
                _alike(passage, at)
    if pressed:
        evidence.open_evidence(passage)


def _alike(passage: Passage, at: str) -> None:
    """Show the photos folded behind a result, when asked to."""
    with (
        st.expander(t("alike", count=len(passage.alike)), icon=":material/burst_mode:"),
        st.container(horizontal=True, key=f"alike-{at}"),
    ):
        for asset_id in passage.alike[:_RESULTS]:
            evidence.thumbnail(asset_id, passage.asset, "image", f"alike-{at}-{asset_id}")


def highlight(text: str, words: str) -> str:
    """Return escaped text as Markdown, with the words of the query marked."""
    wanted = [w for w in re.findall(r"[^\W_]+", words.casefold()) if len(w) > 1]
    wanted += [c for c in words if "\u4e00" <= c <= "\u9fff"]
    flat = " ".join(text.split())
    if not wanted:
        return plain(flat)
    pattern = re.compile("|".join(re.escape(w) for w in sorted(set(wanted), key=len)[::-1]), re.I)
    pieces, last = [], 0
    for match in pattern.finditer(flat):
        pieces += [plain(flat[last : match.start()]), f":primary[**{plain(match[0])}**]"]
        last = match.end()
    return "".join([*pieces, plain(flat[last:])])
