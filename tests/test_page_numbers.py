"""Pages by the numbers people call them: as counted, and as printed."""

from __future__ import annotations

from pathlib import Path

from assisting import open_assistant, outcome
from reportlab.pdfgen.canvas import Canvas

from assistant.config import Settings
from assistant.messages import Abstained, ToolFinished
from assistant.models.scripted import ScriptedChat
from assistant.page_numbers import page_names, pages_called, printed_shift
from retrieval.values import PageLocator, Passage


def _page(number: int, text: str) -> Passage:
    place = PageLocator(number)
    return Passage(1, "a.pdf", "s", "document", "application/pdf", "body", text, place, 1.0, 1.0)


COVERED = [
    _page(1, "The lease"),
    _page(2, "Contents"),
    *(_page(n, f"Clause on page {n}.\nHarbour Ltd   {n - 2}") for n in range(3, 9)),
]


def test_the_printed_number_comes_before_the_count() -> None:
    assert printed_shift(COVERED) == 2
    assert pages_called(3, COVERED) == (5, 3)
    assert pages_called(3, COVERED, counted=True) == (3,)
    assert pages_called(7, COVERED) == (7,), "page 9 is not there"
    assert pages_called(40, COVERED) == ()


def test_pages_are_told_as_counted_with_the_printed_number_beside() -> None:
    assert page_names([1, 5, 8], COVERED, "en", 2) == [
        "1 [1]",
        "5 (printed 3) [2]",
        "8 (printed 6)",
    ]
    assert page_names([5], COVERED, "zh", 0) == ["5（印为第 3 页）"]
    plain = [_page(n, f"Clause {n}.") for n in range(1, 6)]
    assert page_names([2], plain, "en", 1) == ["2 [1]"]


def test_figures_at_the_end_of_lines_are_no_page_numbers() -> None:
    bills = [_page(n, f"Total {n * 17}\nPaid 2024") for n in range(1, 9)]
    assert printed_shift(bills) == 0 and pages_called(2, bills) == (2,)
    few = COVERED[:4]
    assert printed_shift(few) == 0, "two pages agree by chance"


def test_a_page_without_words_is_not_counted() -> None:
    backs = [_page(1, "Cover"), _page(3, "July 2009"), _page(5, "Summary")]
    assert pages_called(2, backs, counted=True) == (3,)
    assert pages_called(3, backs, counted=True) == (3,)


def test_a_question_on_a_page_reads_the_one_so_printed(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "lease.pdf"))
    for number in range(1, 9):
        canvas.drawString(72, 700, "The lease" if number < 3 else f"Clause {number} on dogs.")
        if number > 2:
            canvas.drawString(300, 40, str(number - 2))
        canvas.showPage()
    canvas.save()
    helper = open_assistant(
        Settings(home=tmp_path / "home"), ScriptedChat(script=["NOT FOUND"] * 9)
    )
    try:
        helper.ingest([tmp_path / "lease.pdf"])
        events = list(helper.ask("What does the clause on page 4 of lease.pdf say of cats?"))
    finally:
        helper.close()
    read = [e for e in events if isinstance(e, ToolFinished) and e.tool == "read_document"]
    pages = [p.locator.page for p in read[0].passages if isinstance(p.locator, PageLocator)]
    assert pages[0] == 6 and set(pages) == {6, 4}
    end = outcome(events)
    assert isinstance(end, Abstained) and "(p. 6, 4)" in end.text
