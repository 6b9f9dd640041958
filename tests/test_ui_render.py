"""What the pages make of answers, file names, events and boxes; no browser, no models."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from assistant.i18n import clock
from assistant.messages import (
    Abstained,
    Citation,
    Cited,
    EvidenceView,
    Failed,
    Heard,
    Revised,
    Status,
    Timings,
    Token,
    ToolFinished,
    ToolStarted,
)
from retrieval.values import CellLocator, PageLocator
from ui.evidence import draw_boxes, where
from ui.find import highlight
from ui.library import size_text
from ui.live import fold
from ui.render import answer_markdown
from ui.state import plain

ROOT = Path(__file__).resolve().parent.parent


def test_known_citations_become_badges_and_others_stay_text() -> None:
    shown = answer_markdown("It is 12 [1] or 13 [9].", frozenset({1}))
    assert ":primary-badge[1]" in shown
    assert r"\[9\]" in shown


@pytest.mark.parametrize(
    ("written", "forbidden"),
    [
        ("![x](http://evil.example/?q=1)", "!["),
        ("[here](http://evil.example)", "(?<!\\\\)\\]\\("),
        ("[here\\](http://evil.example)", "(\\\\\\\\)\\]\\("),
        ("[here][ref]\n\n[ref]: http://evil.example", "(?<!\\\\)\\][\\[:]"),
        ("<img src=http://evil.example>", "(?<!\\\\)<"),
        ("costs $5 or $6", "(?<!\\\\)\\$"),
        (":material/home: :red[x]", "(?<!\\\\):(?=material|red)"),
    ],
)
def test_an_answer_cannot_bring_pictures_links_html_or_formulas(
    written: str, forbidden: str
) -> None:
    pattern = forbidden if forbidden.startswith("(") else re.escape(forbidden)
    assert not re.search(pattern, answer_markdown(written))


def test_emphasis_lists_and_tables_of_an_answer_stay() -> None:
    written = "**bold**\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    assert answer_markdown(written) == written


def test_names_of_files_are_shown_letter_by_letter() -> None:
    name = "**x** [a](b) <i> :smile: $y$ #1.pdf"
    assert re.sub(r"\\(.)", r"\1", plain(name)) == name
    assert not re.search(r"(?<!\\)[*\[<:$#]", plain(name))


def test_words_of_the_query_are_marked_in_both_languages() -> None:
    assert ":primary[**Roof**]" in highlight("The Roof leaks", "roof")
    assert ":primary[**会**]议" in highlight("会议地点", "开会")
    assert highlight("plain text", "") == "plain text"


def test_boxes_are_drawn_inside_the_picture() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (200, 100), "white").save(buffer, "JPEG")
    view = EvidenceView(buffer.getvalue(), ((0.25, 0.25, 0.75, 0.75), (0.9, 0.9, 1.4, 1.4)))
    with Image.open(io.BytesIO(draw_boxes(view))) as drawn:
        assert drawn.size == (200, 100)
        red, _green, blue = drawn.convert("RGB").getpixel((100, 50))
        assert red > 240 and blue < 215
        assert min(drawn.convert("RGB").getpixel((20, 50))) > 245


def test_the_whole_photo_is_not_boxed() -> None:
    view = EvidenceView(b"as it is", ((0.0, 0.0, 1.0, 1.0),))
    assert draw_boxes(view) == b"as it is"


def test_times_and_sizes_are_written_for_people() -> None:
    assert [clock(s) for s in (0, 65.9, 3661)] == ["0:00", "1:05", "1:01:01"]
    assert [size_text(n) for n in (0, 999, 1500, 2_340_000)] == ["0 B", "999 B", "1.5 KB", "2.3 MB"]


def test_events_fold_into_what_is_known_so_far() -> None:
    cited = Citation(1, "a.pdf", "0" * 64, "text", PageLocator(1), "words")
    live = fold(
        [
            Heard("how much?", "en"),
            Status("status_searching", {"query": "x"}),
            ToolStarted("search_library", {}),
            ToolStarted("read_document", {}),
            ToolFinished("search_library", "2 passages", 0.5),
            Token("It is "),
            Token("12."),
            Cited(cited),
        ]
    )
    assert (live.heard, live.text, live.citations) == ("how much?", "It is 12.", (cited,))
    assert [s.summary for s in live.steps] == ["2 passages", None]
    assert live.outcome is None
    ended = fold([Revised("It is 13."), Failed("c", "m", "answer_cancelled", {})], live)
    assert ended.text == "It is 13." and isinstance(ended.outcome, Failed)
    nothing = Abstained("c", "m", "Nothing found.", (), Timings(None, 1.0, 0, None))
    assert fold([nothing]).text == "Nothing found."


def test_every_text_the_pages_use_is_there_in_both_languages() -> None:
    used: set[str] = set()
    for path in (ROOT / "ui").glob("*.py"):
        used |= set(re.findall(r"\bt\(\s*\"(\w+)\"", path.read_text(encoding="utf-8")))
    assert len(used) > 60
    english, chinese = (
        json.loads((ROOT / f"assistant/locale/{code}.json").read_text(encoding="utf-8"))["ui"]
        for code in ("en", "zh")
    )
    for key in sorted(used):
        assert english[key] and chinese[key]
        names = [set(re.findall(r"\{(\w+)", words[key])) for words in (english, chinese)]
        assert names[0] == names[1], key


def test_cells_are_named_by_sheet_rows_and_column() -> None:
    assert where(CellLocator(2, rows=(4,), column="Fee", sheet="Club")) == "Club · row 4 · Fee"
    assert where(CellLocator(1, rows=(2, 3, 4, 9, 4))) == "rows 2–4, 9"
    assert where(CellLocator(1, rows=tuple(range(1, 20, 2)))) == "rows 1, 3, 5, 7 …"
    assert where(CellLocator(3)) == "page 3"
