"""The evidence behind a citation or a search result: page with boxes, photo, sound, or words."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from assistant.i18n import clock
from assistant.messages import Citation, EvidenceView, RowsView
from retrieval.errors import SightlineError
from retrieval.values import (
    Box,
    CellLocator,
    Locator,
    PageLocator,
    Passage,
    RegionLocator,
    TextLocator,
    TimeLocator,
)
from ui import runtime
from ui.state import language, plain, t

_MARKED = "background-color: rgba(255, 196, 0, 0.35)"
_RUNS = 4
_FILL, _LINE = (255, 196, 0, 70), (214, 120, 0, 255)
_WHOLE = (0.0, 0.0, 1.0, 1.0)
ICONS = {"image": ":material/image:", "text": ":material/description:", "audio": ":material/mic:"}


def where(locator: Locator) -> str:
    """Say where in a file something is: a page, a span of seconds, a part of a photo."""
    match locator:
        case CellLocator(rows=rows) if rows:
            return _where_rows(locator)
        case PageLocator():
            return t("where_page", page=locator.page)
        case TimeLocator():
            return f"{clock(locator.start)}–{clock(locator.end)}"
        case RegionLocator():
            return t("where_photo" if locator.region == _WHOLE else "where_region")
        case TextLocator():
            return t("where_text")


def _where_rows(place: CellLocator) -> str:
    """Name the sheet, the rows as runs, and the column of a single cell."""
    runs: list[list[int]] = []
    for row in sorted(set(place.rows)):
        if runs and row == runs[-1][-1] + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    told = ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}–{r[-1]}" for r in runs[:_RUNS])
    rows = t("where_row" if len(set(place.rows)) == 1 else "where_rows", rows=told)
    more = " …" if len(runs) > _RUNS else ""
    return " · ".join(part for part in (place.sheet, rows + more, place.column) if part)


def draw_boxes(view: EvidenceView) -> bytes:
    """Return the picture as JPEG with its boxes marked; unchanged when there are none."""
    boxes = [box for box in view.boxes if box != _WHOLE]
    if not boxes:
        return view.jpeg
    from PIL import Image, ImageDraw

    with Image.open(io.BytesIO(view.jpeg), formats=("JPEG",)) as picture:
        base = picture.convert("RGBA")
    layer = Image.new("RGBA", base.size, (0, 0, 0, 0))
    brush = ImageDraw.Draw(layer)
    for box in boxes:
        brush.rectangle(_pixels(box, base.size), fill=_FILL, outline=_LINE, width=2)
    buffer = io.BytesIO()
    Image.alpha_composite(base, layer).convert("RGB").save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _pixels(box: Box, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Scale a box to pixels, with a little air around it, inside the picture."""
    width, height = size
    x0, y0, x1, y1 = box
    return (
        max(0.0, min(x0, x1) * width - 3),
        max(0.0, min(y0, y1) * height - 3),
        min(width - 1.0, max(x0, x1) * width + 3),
        min(height - 1.0, max(y0, y1) * height + 3),
    )


def open_evidence(source: Citation | Passage) -> None:
    """Open the dialog with the evidence."""
    st.dialog(t("evidence_title"), width="medium")(_evidence)(source)


def _evidence(source: Citation | Passage) -> None:
    snippet = source.snippet if isinstance(source, Citation) else source.text
    st.markdown(f"**{plain(source.asset)}** · {plain(where(source.locator))}")
    if (rows := _rows_of(source)) is not None:
        _show_rows(rows)
    elif snippet.strip():
        with st.container(key="quote"):
            st.text(snippet)
    if source.asset_id is None:
        st.info(t("evidence_gone"), icon=":material/info:")
    else:
        _picture_or_sound(source.asset_id, source)
    if source.asset_id is not None:
        download(source.asset_id)


def _rows_of(source: Citation | Passage) -> RowsView | None:
    if source.asset_id is None or not isinstance(source.locator, CellLocator):
        return None
    try:
        return runtime.assistant().evidence_rows(
            source if isinstance(source, Citation) else (source.asset_id, source.locator)
        )
    except SightlineError:
        return None


def _show_rows(view: RowsView) -> None:
    """Show rows of a sheet as a table, those that are the evidence marked."""
    import pandas as pd  # comes with Streamlit

    numbers = [number for number, _ in view.rows]
    # Names of columns may be alike, which a style cannot have: a blank each tells them apart.
    seen: Counter[str] = Counter()
    names = []
    for name in view.columns:
        names.append(name + " " * seen[name])
        seen[name] += 1
    frame = pd.DataFrame([cells for _, cells in view.rows], numbers, names)
    marked = pd.DataFrame("", frame.index, frame.columns)
    columns = [view.column] if view.column in names else names
    marked.loc[[number in view.cited for number in numbers], columns] = _MARKED
    st.dataframe(frame.style.apply(lambda _: marked, axis=None), height="content")


def _picture_or_sound(asset_id: int, source: Citation | Passage) -> None:
    assistant = runtime.assistant()
    try:
        if isinstance(source.locator, TimeLocator):
            _name, media_type, data = assistant.original(asset_id)
            st.audio(data, format=media_type, start_time=int(source.locator.start))
            return
        view = (
            assistant.evidence(source)
            if isinstance(source, Citation)
            else assistant.evidence((asset_id, source.locator))
        )
    except (SightlineError, OSError):
        st.info(t("evidence_gone"), icon=":material/info:")
        return
    if view is not None:
        st.image(draw_boxes(view), width="stretch", alt=t("evidence_alt", name=source.asset))


def download(asset_id: int) -> None:
    """Offer the original file."""
    try:
        name, media_type, data = runtime.assistant().original(asset_id)
    except (SightlineError, OSError):
        return
    st.download_button(
        t("download"),
        data,
        file_name=name,
        mime=media_type,
        icon=":material/download:",
        key=f"download-{asset_id}",
        on_click="ignore",
    )


def cards(sources: Sequence[Citation | Passage], key: str) -> None:
    """Show sources side by side; each opens its evidence."""
    with st.container(horizontal=True, key=f"cards-{key}", gap="small"):
        for at, source in enumerate(sources):
            _card(source, f"{key}-{at}")


def quotes(sources: Sequence[Citation], key: str) -> None:
    """Show sources below each other with their words; what has none, as a photo, as cards."""
    for at, source in enumerate(sources):
        if not source.snippet.strip():
            continue
        with st.container(border=True, key=f"quote-{key}-{at}", gap="xxsmall"):
            label = f"{plain(source.asset)} · {plain(where(source.locator))}"
            pressed = st.button(label, key=f"quoted-{key}-{at}", type="tertiary")
            st.caption(plain(source.snippet))
        if pressed:
            open_evidence(source)
    if wordless := [source for source in sources if not source.snippet.strip()]:
        cards(wordless, key)


def _card(source: Citation | Passage, key: str) -> None:
    number = getattr(source, "number", 0)  # a search result has none
    label = f"**{number}** · {plain(source.asset)}" if number else plain(source.asset)
    with st.container(border=True, width=176, key=f"card-{key}", gap="xxsmall"):
        page = source.locator.page if isinstance(source.locator, PageLocator) else None
        thumbnail(source.asset_id, source.asset, source.modality, key, page)
        pressed = st.button(
            label,
            key=f"open-{key}",
            type="tertiary",
            width="stretch",
        )
        st.caption(plain(where(source.locator)))
    if pressed:
        open_evidence(source)


def thumbnail(
    asset_id: int | None, name: str, modality: str, key: str, page: int | None = None
) -> None:
    """Show a small picture of a file, of the page that is meant, or a sign of its kind."""
    picture = None
    if asset_id is not None:
        try:
            picture = runtime.assistant().thumbnail(asset_id, page)
        except (SightlineError, OSError):
            picture = None
    if picture:
        st.image(picture, width="stretch", alt=t("thumbnail_alt", name=name))
    else:
        with st.container(key=f"sign-{key}"):
            st.markdown(ICONS.get(modality, ICONS["text"]), text_alignment="center")


def when(moment: datetime) -> str:
    """Write a date and time shortly, in the reader's language."""
    local = moment.astimezone()
    if local.date() == datetime.now().astimezone().date():
        return f"{local:%H:%M}"
    return f"{local.month}月{local.day}日" if language() == "zh" else f"{local.day} {local:%b}"
