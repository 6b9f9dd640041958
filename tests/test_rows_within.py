"""Figures worked out from tables that stand within documents: real PDF, Word and Markdown files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assisting import open_assistant, outcome, write
from parsing import read

from assistant.config import Settings
from assistant.messages import Abstained, Answered
from assistant.models.scripted import ScriptedChat
from assistant.service import Assistant
from retrieval.chunking import Chunker
from retrieval.table_values import Table
from retrieval.tables import tables_of
from retrieval.values import Passage

SHOPS = ("KIOSK SUED 0432", "Holm Books", "Tram Office")
STATEMENT = [
    (f"{1 + n % 28:02d}.{3 + n // 28:02d}.2026", SHOPS[n % 3], f"-{10 + n}.50") for n in range(70)
]
NOTES = {
    "runs.md": (
        "# Running log\n\nMy runs this spring.\n\n"
        "| Date | Route | Distance (km) |\n|------|:-----:|--------------:|\n"
        "| 2026-03-02 | **River** | 8.2 |\n| 2026-03-05 | Forest | 12.0 |\n"
        "| 2026-04-01 | River | 10.4 |\n\nShoes bought in March.\n"
    ),
    "三月.md": (
        "# 家庭开支\n\n| 日期 | 类别 | 金额 |\n|---|---|---|\n| 2026-03-01 | 餐饮 | 86.5 |\n"
        "| 2026-03-04 | 交通 | 32 |\n| 2026-03-07 | 餐饮 | 120 |\n"
    ),
    "order.md": (
        "# Order 77\n\n| Article | Pieces | Price |\n|---|---|---|\n| Lamp | 2 | 30.00 |\n"
        "| Desk | 1 | 210.00 |\n\nTotal with delivery: 285.00\n"
    ),
}


def _statement(path: Path, *, again: bool) -> Path:
    """Draw a statement over two pages, its columns named on both or on the first only."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

    look = getSampleStyleSheet()
    rows = [("Date", "Description", "Amount EUR"), *STATEMENT]
    table = Table(rows, colWidths=[80, 260, 90], repeatRows=int(again))
    parts: list[Any] = [Paragraph("Account statement", look["Title"]), table]
    parts.append(Paragraph("Please check within six weeks.", look["Normal"]))
    SimpleDocTemplate(str(path), pagesize=A4).build(parts)
    return path


def _works(path: Path) -> Path:
    """Write a Word document with two tables of different columns."""
    import docx

    document = docx.Document()
    cost = [("Item", "Place", "Paid"), ("Tiles", "Bath", "420 €"), ("Oven", "Galley", "799 €"),
            ("Worktop", "Galley", "350 €")]  # fmt: skip
    work = [("Worker", "Day", "Hours"), ("Ivo", "3 March 2026", "6"),
            ("Lena", "3 March 2026", "4.5"), ("Ivo", "4 March 2026", "7")]  # fmt: skip
    for heading, rows in (("Cost", cost), ("Work", work)):
        document.add_heading(heading, 1)
        table = document.add_table(rows=0, cols=3)
        for row in rows:
            for cell, words in zip(table.add_row().cells, row, strict=True):
                cell.text = words
    document.save(str(path))
    return path


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant over documents with tables whose model must never be asked for a figure."""
    folder: Path = tmp_path_factory.mktemp("within")
    opened = open_assistant(Settings(home=folder / "home"), ScriptedChat(script=["99.99"] * 40))
    files = write(folder / "files", NOTES)
    bank = _statement(folder / "bank.pdf", again=True)
    opened.ingest([*files, bank, _works(folder / "renovation.docx")])
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("question", "said", "rows"),
    [
        (
            "How much did I spend at Holm Books?",
            "1023.50 EUR in total, over 23 rows of bank.pdf",
            0,
        ),
        ("How much did I spend at the Kiosk in May?", "367.50 EUR in total, over 5 rows", 0),
        ("Which shop did I spend most at in bank.pdf?", "KIOSK SUED 0432: 1080.00 EUR", 0),
        ("How many hours did Ivo work?", "13 in total", 2),
        ("How much did we pay for the galley?", "1149 € in total", 2),
        ("What was the most expensive item in the renovation?", "799 €: Oven", 1),
        ("How far did I run in March?", "20.2 km", 2),
        ("How far did I run on the river route?", "18.6 km", 2),
        ("What was my longest run?", "12.0 km: 2026-03-05, Forest", 1),
        ("三月餐饮一共花了多少？", "206.50", 2),
    ],
)
def test_rows_are_chosen_and_worked_out(
    helper: Assistant, question: str, said: str, rows: int
) -> None:
    end = outcome(helper.ask(question))
    assert isinstance(end, Answered) and said in end.text, end.text
    assert end.citations and (not rows or len(end.citations) == rows)


def test_a_documents_own_total_is_not_replaced_by_a_sum(helper: Assistant) -> None:
    end = outcome(helper.ask("What is the total of order.md?"))
    assert "285.00" in end.text and "240" not in end.text


@pytest.mark.parametrize("again", [True, False])
def test_a_table_over_two_pages_is_put_together_again(tmp_path: Path, again: bool) -> None:
    path = _statement(tmp_path / "bank.pdf", again=again)
    (table,) = _tables(path)
    assert table.within and table.columns == ("Date", "Description", "Amount EUR")
    assert [row.cells for row in table.rows] == STATEMENT


def test_tables_of_one_document_are_kept_apart(tmp_path: Path) -> None:
    cost, work = _tables(_works(tmp_path / "works.docx"))
    assert cost.columns == ("Item", "Place", "Paid") and len(cost.rows) == 3
    assert work.sheet == "Work" and work.rows[0].cells == ("Ivo", "3 March 2026", "6")


def test_a_title_set_across_a_table_is_no_row_and_years_name_columns(tmp_path: Path) -> None:
    import docx

    document = docx.Document()
    for rows in (
        [("Who pays", "Share", "Note"), ("Tenants", "40", ""), ("Club", "60", "")],
        [("2. Fees", "", ""), ("Notice given", "Fee", "Note"), ("15 days", "10%", "none")],
        [("Line", "2024", "2025 budget"), ("Rent", "1,200", "1,350"), ("Heat", "300", "280")],
    ):
        table = document.add_table(len(rows), len(rows[0]))
        for row, cells in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    path = tmp_path / "club.docx"
    document.save(str(path))
    found = _tables(path)
    assert [t.columns for t in found] == [
        ("Who pays", "Share", "Note"), ("Notice given", "Fee", "Note"),
        ("Line", "2024", "2025 budget"),
    ]  # fmt: skip
    assert [len(t.rows) for t in found] == [2, 1, 2]


def test_rows_that_do_not_fit_the_columns_are_no_table(tmp_path: Path) -> None:
    spoiled = NOTES["order.md"].replace("| Desk | 1 |", "| Desk |")
    assert not _tables(*write(tmp_path, {"order.md": spoiled}))


def _tables(path: Path) -> list[Table]:
    chunker = Chunker(lambda words: 1 + len(words.split()), 100)
    chunks = [c for block in read(path).blocks for c in chunker.feed(block)]
    chunks += chunker.finish()
    return tables_of(
        [
            Passage(1, path.name, "0", "document", "", c.kind, c.text, c.locator, 0.0, 0.0,
                    heading=c.heading)
            for c in chunks
        ]
    )  # fmt: skip


NARROW = [
    ("Number", "Client", "Due", "Amount", "State"),
    ("2041", "Oakmoor School", "2 Apr 2024", "1,470.98", "paid"),
    ("2042", "Brightwater", "12 Apr 2024", "1,482.29", "open"),
    ("2043", "Holm", "9 May 2024", "76.79", "open"),
    ("2044", "Kestrel Rowing Club", "28 May 2024", "12,236.55", "paid"),
]
EMPTY = [
    ("Date", "Details", "Paid out", "Paid in", "Balance"),
    ("03 Mar 2025", "Card insurance", "42.10", "", "957.90"),
    ("17 Mar 2025", "Transfer", "", "200.00", "1,157.90"),
    ("31 Mar 2025", "Interest", "", "6.17", "1,164.07"),
    ("02 Apr 2025", "Card insurance", "42.10", "", "1,121.97"),
]


@pytest.mark.parametrize(("rows", "padding"), [(NARROW, 3), (EMPTY, 6)])
def test_columns_are_told_by_all_rows_together(
    tmp_path: Path, rows: list[tuple[str, ...]], padding: int
) -> None:
    """Beside the longest entry a gap is as narrow as a blank, and an empty cell leaves no gap."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate
    from reportlab.platypus import Table as Drawn

    path = tmp_path / "sent.pdf"
    style = [(f"{side}PADDING", (0, 0), (-1, -1), padding) for side in ("LEFT", "RIGHT")]
    SimpleDocTemplate(str(path), pagesize=A4).build([Drawn(rows, style=style)])
    (table,) = _tables(path)
    assert table.columns == rows[0] and [row.cells for row in table.rows] == rows[1:]


def test_one_row_is_no_answer_about_all(settings: Settings, tmp_path: Path) -> None:
    """What was not understood of the rows is said to be so, whatever cell was copied."""
    assistant = open_assistant(settings, ScriptedChat(copies={"8.2": -0.1}))
    assistant.ingest(write(tmp_path / "in", {"runs.md": NOTES["runs.md"]}))
    end = outcome(assistant.ask("What was the average cadence of my runs in runs.md?"))
    assistant.close()
    assert (
        isinstance(end, Abstained) and "cannot work this out from the rows of runs.md" in end.text
    )
