"""Marked words: in a colour, under a marker, blacked out; on real PDFs, drawn anew when asked."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from assisting import open_assistant, outcome
from PIL import Image
from reportlab.lib.colors import Color, HexColor
from reportlab.pdfgen.canvas import Canvas

from assistant import marked
from assistant.config import Settings
from assistant.marked_words import stretches
from assistant.marks_asked import MarksAsked, marks_asked
from assistant.messages import Abstained, Answered, Status
from assistant.models.scripted import ScriptedChat
from assistant.service import Assistant
from retrieval.colours import names_of
from retrieval.errors import Cancelled as FileCancelled
from retrieval.errors import FileDamaged
from retrieval.marks import PageMarks
from retrieval.sandbox import ParserProcess
from retrieval.values import PageLocator

BLACK, RED, BLUE = HexColor("#000000"), HexColor("#c00000"), HexColor("#0b2f8a")
YELLOW, PINK = HexColor("#fff27a"), HexColor("#ffc0dc")
Run = tuple[str, Color, Color | None]


def _line(canvas: Canvas, y: float, runs: list[Run]) -> None:
    x = 72.0
    for text, ink, marker in runs:
        width = canvas.stringWidth(text, "Helvetica", 11)
        if marker is not None:
            canvas.setFillColor(marker)
            canvas.rect(x - 1, y - 3, width + 2, 13, fill=1, stroke=0)
        canvas.setFillColor(ink)
        canvas.drawString(x, y, text)
        x += width + canvas.stringWidth(" ", "Helvetica", 11)


def _black_out(canvas: Canvas, y: float, before: str, hidden: str, after: str) -> None:
    """A line with a black bar; what it hides is left in the text layer, as careless people do."""
    canvas.setFont("Helvetica", 11)
    canvas.setFillColor(BLACK)
    canvas.drawString(72, y, f"{before} {hidden} {after}")
    x = 72 + canvas.stringWidth(f"{before} ", "Helvetica", 11)
    canvas.rect(x, y - 3, canvas.stringWidth(hidden, "Helvetica", 11), 13, fill=1, stroke=0)


def lease(path: Path) -> Path:
    """Three pages: colours and markers; two bars and a black table head; nothing but words."""
    canvas = Canvas(str(path))
    canvas.setFont("Helvetica", 11)
    _line(canvas, 700, [("Lease of the boathouse", BLACK, None)])
    _line(canvas, 670, [("The rent is due", BLACK, None), ("within ten days", RED, None),
                        ("of the invoice.", BLACK, None)])  # fmt: skip
    _line(canvas, 640, [("The tenant may keep one small dog", BLACK, YELLOW),
                        ("but no parrots.", BLACK, None)])  # fmt: skip
    _line(canvas, 610, [("Each key costs £18.", BLACK, PINK), ("See also clause 4.", BLUE, None)])
    canvas.showPage()
    canvas.setFont("Helvetica", 11)
    canvas.setFillColor(BLACK)
    canvas.rect(72, 696, 300, 15, fill=1, stroke=0)
    canvas.setFillColor(HexColor("#ffffff"))
    canvas.drawString(76, 700, "Name")
    _black_out(canvas, 660, "The keys were given to", "Gerald Winterbourne", "on Monday evening.")
    _black_out(canvas, 630, "His telephone number is", "01603 555 0148", "as far as we know.")
    canvas.showPage()
    canvas.setFont("Helvetica", 11)
    _line(canvas, 700, [("Signed by both parties at the quay.", BLACK, None)])
    canvas.save()
    return path


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> list[PageMarks]:
    path = lease(tmp_path_factory.mktemp("marks") / "lease.pdf")
    parser = ParserProcess(models_dir)
    try:
        return list(parser.look(path, "lease.pdf", (1, 2, 3, 9)))
    finally:
        parser.close()


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("marked")
    lease(folder / "lease.pdf")
    scan = Canvas(str(folder / "scanned letter.pdf"))
    buffer = io.BytesIO()
    _as_picture(lease(folder / "of.pdf")).save(buffer, "JPEG", quality=85)
    (folder / "page.jpg").write_bytes(buffer.getvalue())
    scan.drawImage(str(folder / "page.jpg"), 0, 0, 595, 842)
    scan.save()
    opened = open_assistant(Settings(home=folder / "home"), ScriptedChat(script=["NOT FOUND"] * 99))
    opened.ingest([folder / "lease.pdf", folder / "scanned letter.pdf"])
    yield opened
    opened.close()


def _as_picture(path: Path, page: int = 0) -> Image.Image:
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        picture: Image.Image = document[page].render(scale=2).to_pil()
    return picture.convert("RGB")


def _texts(pages: list[PageMarks], asked: MarksAsked) -> list[str]:
    return [stretch.text for stretch in stretches(pages, asked)]


def test_pages_are_looked_at_in_order_and_missing_ones_left_out(pages: list[PageMarks]) -> None:
    assert [page.page for page in pages] == [1, 2, 3]
    assert set(pages[0].colours) >= {"white", "yellow", "pink"}
    assert pages[2].colours[0] == "white" and "red" not in pages[2].colours


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (MarksAsked("colour", "red"), ["within ten days"]),
        (MarksAsked("colour", "blue"), ["See also clause 4."]),
        (MarksAsked("colour", "yellow"), ["The tenant may keep one small dog"]),
        (MarksAsked("marker", "pink"), ["Each key costs £18."]),
        (MarksAsked("marker"), ["The tenant may keep one small dog", "Each key costs £18."]),
        (MarksAsked("colour", "green"), []),
    ],
)
def test_stretches_are_whole_and_end_where_the_colour_does(
    pages: list[PageMarks], asked: MarksAsked, told: list[str]
) -> None:
    assert _texts(pages, asked) == told


def test_bars_are_told_from_a_black_heading(pages: list[PageMarks]) -> None:
    assert [len(page.blackened) for page in pages] == [0, 2, 0]
    assert [page.covered for page in pages] == [0, 2, 0]
    first = pages[1].blackened[0]
    assert 0.2 < first[0] < first[2] < 0.6 and 0.2 < first[1] < first[3] < 0.25


def test_a_scan_has_no_words_under_its_bars(helper: Assistant, tmp_path: Path) -> None:
    picture = _as_picture(lease(tmp_path / "lease.pdf"), 1)
    picture.save(tmp_path / "scan.pdf", resolution=144)
    helper.ingest([tmp_path / "scan.pdf"])
    end = _answered(helper, "Which pages of scan.pdf have something blacked out?")
    assert "Blacked-out places: 2" in end.text and "still in the file" not in end.text


def test_shades_have_the_names_people_give_them() -> None:
    shades = {
        "#c00000": "red", "#ff0000": "red", "#e67e00": "orange", "#fff27a": "yellow",
        "#1e7b34": "green", "#0000ee": "blue", "#0b2f8a": "blue", "#6a1b9a": "purple",
        "#ffc0dc": "pink", "#000000": "black", "#101018": "black", "#808080": "grey",
        "#fafafa": "white", "#e8e8f0": "white",
    }  # fmt: skip
    rgb = np.array([[int(h[i : i + 2], 16) for i in (1, 3, 5)] for h in shades])
    assert names_of(rgb).tolist() == list(shades.values())


def test_a_look_can_be_cancelled_and_a_broken_file_is_refused(
    models_dir: Path, tmp_path: Path
) -> None:
    parser = ParserProcess(models_dir)
    stop = threading.Event()
    stop.set()
    with pytest.raises(FileCancelled):
        list(parser.look(lease(tmp_path / "a.pdf"), "a.pdf", (1, 2, 3), stop.is_set))
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7 and no more")
    with pytest.raises(FileDamaged, match=r"b\.pdf"):
        list(parser.look(tmp_path / "b.pdf", "b.pdf", (1,)))
    assert len(list(parser.look(tmp_path / "a.pdf", "a.pdf", (1, 2, 3)))) == 3
    parser.close()


# --- asked -----------------------------------------------------------------------------------


def _answered(helper: Assistant, question: str) -> Answered:
    end = outcome(helper.ask(question))
    assert isinstance(end, Answered), end
    return end


def test_what_is_written_in_a_colour_is_told_and_cited_at_its_place(helper: Assistant) -> None:
    end = _answered(helper, "What is written in red in lease.pdf?")
    assert end.text == "within ten days [1]"
    locator = end.citations[0].locator
    assert isinstance(locator, PageLocator) and locator.page == 1
    ((x0, y0, x1, y1),) = locator.boxes
    assert 0.2 < x0 < x1 < 0.45 and 0.19 < y0 < y1 < 0.23
    chinese = _answered(helper, "lease.pdf 里红色的字写的是什么？")
    assert chinese.text == "within ten days [1]"


def test_a_file_is_known_by_the_words_it_is_called_by(helper: Assistant) -> None:
    end = _answered(helper, "Which parts of the lease are highlighted?")
    assert "one small dog [1]" in end.text and "Each key costs £18. [2]" in end.text
    assert {c.asset for c in end.citations} == {"lease.pdf"}


def test_a_scan_is_looked_at_as_it_was_kept(helper: Assistant) -> None:
    end = _answered(helper, "What is highlighted in yellow in the scanned letter?")
    # Recognised boxes are rough: of a line that is marked in part the last word may be missed.
    assert end.text.startswith("The tenant may keep one small")
    assert "parrots" not in end.text and end.citations[0].asset == "scanned letter.pdf"


def test_blacked_out_places_are_counted_and_what_lies_below_stays_there(
    helper: Assistant,
) -> None:
    end = _answered(helper, "Which pages of lease.pdf have something blacked out?")
    assert "2 [1]" in end.text and "Winterbourne" not in end.text
    assert "words under 2 of these places are still in the file" in end.text
    locator = end.citations[0].locator
    assert isinstance(locator, PageLocator) and len(locator.boxes) == 2
    none = outcome(helper.ask("Is anything redacted on page 1 of lease.pdf?"))
    assert isinstance(none, Abstained) and not none.unable
    assert "nothing blacked out on lease.pdf (p. 1)" in none.text


def test_colours_of_a_page_are_named(helper: Assistant) -> None:
    end = _answered(helper, "Which colours does the text on page 1 of lease.pdf have?")
    assert {"black", "red", "blue"} <= set(end.text.replace(" [1]", "").split(", "))
    assert "yellow" not in end.text


def test_of_a_long_document_it_is_said_how_far_was_looked(
    helper: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marked, "MOST_PAGES", 1)
    end = _answered(helper, "What is written in red in lease.pdf?")
    assert end.text == "within ten days [1]\n\nI looked at the first 1 pages only."
    none = outcome(helper.ask("Which pages of lease.pdf are redacted?"))
    assert isinstance(none, Abstained)
    assert none.text == "I see nothing blacked out on lease.pdf (p. 1)."


def test_a_model_finds_marks_by_a_tool(helper: Assistant) -> None:
    red = helper.use_tool("find_marks", file="lease.pdf", mark="colour", colour="red")
    assert red.text == "p. 1: within ten days"
    assert red.passages[0].text == "within ten days"
    locator = red.passages[0].locator
    assert isinstance(locator, PageLocator) and locator.page == 1 and len(locator.boxes) == 1
    bars = helper.use_tool("find_marks", file="lease.pdf", mark="blackened")
    assert bars.data["marks"] == [{"page": 2, "words": ""}]
    none = helper.use_tool("find_marks", file="lease.pdf", mark="marker", page=3)
    assert not none.error and none.text == "I see no such marks in lease.pdf."
    assert "colour" in helper.use_tool("find_marks", file="a", mark="colour", colour="purpel").error


def test_it_is_said_what_is_looked_at(helper: Assistant) -> None:
    events = list(helper.ask("What is written in red in lease.pdf?"))
    said = [e.params for e in events if isinstance(e, Status) and e.key == "status_looking"]
    assert said == [{"asset": "lease.pdf"}]


# --- what is asked ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Which sentence is in blue on the second page?", MarksAsked("colour", "blue")),
        ("Whose names are printed in red?", MarksAsked("colour", "red")),
        ("Which clauses have I gone over with a pink marker?", MarksAsked("marker", "pink")),
        ("What did somebody highlight in the minutes?", None),
        ("What has been highlighted in the minutes?", MarksAsked("marker")),
        ("How many places are redacted in the filing?", MarksAsked("blackened")),
        ("Which colours are used on the cover?", MarksAsked("colours")),
        ("纪要第3页涂成粉红色的是哪句？", MarksAsked("marker", "pink")),
        ("通知里用黄色荧光笔标出的是什么？", MarksAsked("marker", "yellow")),
        ("答复书哪几页有涂黑的地方？", MarksAsked("blackened")),
    ],
)
def test_questions_on_marks_are_known(question: str, asked: MarksAsked | None) -> None:
    assert marks_asked(question) == asked


@pytest.mark.parametrize(
    "question",
    [
        "How many red boxes are in Figure 1?",
        "Which team won the red cup?",
        "What are the highlights of the report?",
        "Who redacted the minutes?",
        "What colour is the new bus?",
        "Where does the blue line end?",
        "书桌是什么颜色？",
        "红队赢了什么？",
    ],
)
def test_other_questions_are_left_alone(question: str) -> None:
    assert marks_asked(question) is None
