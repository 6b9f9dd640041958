"""Widgets that narrow a search or a listing down, and the filters they mean."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import streamlit as st

from retrieval.sniff import EXTENSIONS
from retrieval.values import Filters, Modality
from ui import runtime
from ui.state import library, t

_FIRST = date(1900, 1, 1)
_ENDINGS: dict[str, str] = {}
for _ending, _type in EXTENSIONS.items():  # jpg stands for jpeg too: one name a type
    _ENDINGS.setdefault(_type, _ending.removeprefix("."))


def widgets(kind: Modality | None) -> Filters:
    """Draw the widgets of the search page and return what they mean, ``kind`` included."""
    with st.container(horizontal=True, key="narrow-dates"):
        taken = _dates("filter_taken", "search-taken")
        added = _dates("filter_added", "search-added")
    with st.container(horizontal=True, key="narrow-what"):
        types = st.multiselect(
            t("filter_type"), list(_ENDINGS), format_func=lambda m: _ENDINGS[m], key="search-types"
        )
        tags = tags_widget("search-tags")
        folder = st.text_input(t("filter_folder"), key="search-folder").strip()
    return Filters(
        modality=kind,
        media_types=frozenset(types),
        tags=frozenset(tags),
        folder=str(Path(folder)) if folder else "",
        taken_from=_moment(taken, 0, photos=True),
        taken_to=_moment(taken, 1, photos=True),
        added_from=_moment(added, 0, photos=False),
        added_to=_moment(added, 1, photos=False),
    )


def tags_widget(key: str) -> list[str]:
    """Draw a choice of the library's tags, none where there are none, and return the chosen."""
    counts = runtime.assistant().tags(library=library())
    if not counts:
        return []
    return st.multiselect(
        t("tags"), list(counts), format_func=lambda name: f"{name} ({counts[name]})", key=key
    )


def _dates(label: str, key: str) -> tuple[date, ...]:
    chosen: Any = st.date_input(t(label), value=[], min_value=_FIRST, key=key)
    return tuple(chosen) if isinstance(chosen, tuple | list) else (chosen,)


def _moment(days: tuple[date, ...], end: int, *, photos: bool) -> datetime | None:
    """Return the first moment of the first day, or the last of the last, None when not chosen.

    One day alone is both. Photos' moments are kept as if UTC, others' by this machine's clock.
    """
    if not days:
        return None
    wall = datetime.combine(days[-1] if end else days[0], time.max if end else time.min)
    return wall.replace(tzinfo=UTC) if photos else wall.astimezone()
