"""Web and e-mail addresses, telephone numbers, dates, and rows of tables, asked for as such."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from assisting import open_assistant, outcome
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import (
    Flowable,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from assistant.config import Settings
from assistant.kinds import kind_asked, values_of
from assistant.messages import Abstained, Answered, AttachmentFile
from assistant.models.scripted import ScriptedChat
from assistant.service import Assistant
from retrieval.values import PageLocator, Passage

STYLE = getSampleStyleSheet()["Normal"]
MEMBERS = [
    (f"Member {letter}", "Full" if n % 3 else "Junior") for n, letter in enumerate("ABCDEFGHIJK")
]
LOANS = [(str(year), str(310 + 7 * year % 50)) for year in range(2014, 2024)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    grid = Table([list(head), *map(list, rows)], repeatRows=1)
    grid.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black")]))
    return grid


def _words(*lines: str) -> list[Flowable]:
    return [flowable for line in lines for flowable in (Paragraph(line, STYLE), Spacer(1, 8))]


def club_report(path: Path) -> None:
    parts = [
        *_words("Rowing club annual report", "Published on 14 March 2024."),
        PageBreak(),
        *_words("Write to office@rowing.example.org or treasurer@rowing.example.org.",
                "Table 1. Members who rowed at the regatta"),
        _table(("Name", "Kind"), MEMBERS),
        PageBreak(),
        *_words("More is told at https://rowing.example.org/news.", "The boathouse is warm.",
                "Table 2. Loans of boats"),
        _table(("Year", "Number of loans"), LOANS),
        PageBreak(),
        *_words("Call the boathouse: 01603 555 0148.", "The next report comes in May 2025."),
    ]  # fmt: skip
    SimpleDocTemplate(str(path), pagesize=A4).build(parts)


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("kinds")
    club_report(folder / "rowing club report.pdf")
    SimpleDocTemplate(str(folder / "soup.pdf"), pagesize=A4).build(
        _words("Leek soup for ten", "Ask cook@kitchen.example.com for the secret.", "Two leeks.")
    )
    SimpleDocTemplate(str(folder / "garden notes.pdf"), pagesize=A4).build(
        _words("Garden notes", "The beans were sown in the north bed.")
    )
    opened = open_assistant(Settings(home=folder / "home"), ScriptedChat(script=["NOT FOUND"] * 99))
    opened.ingest(sorted(folder.glob("*.pdf")))
    yield opened
    opened.close()


def _answered(helper: Assistant, question: str) -> Answered:
    end = outcome(helper.ask(question))
    assert isinstance(end, Answered), end
    return end


def _pages(end: Answered) -> list[int]:
    return [c.locator.page for c in end.citations if isinstance(c.locator, PageLocator)]


def test_all_values_of_a_kind_are_told_of_the_file_that_is_meant(helper: Assistant) -> None:
    end = _answered(helper, "List all e-mail addresses in the rowing club's report.")
    assert end.text == "- office@rowing.example.org [1]\n- treasurer@rowing.example.org [2]"
    assert _pages(end) == [2, 2] and {c.asset for c in end.citations} == {"rowing club report.pdf"}


def test_pages_that_have_one_are_told(helper: Assistant) -> None:
    end = _answered(helper, "Which pages of rowing club report.pdf have a web address?")
    assert end.text.endswith("(1): 3 [1]") and _pages(end) == [3]
    dates = _answered(helper, "How many pages of rowing club report.pdf mention a date?")
    assert _pages(dates) == [1, 4]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What date is on the first page of the rowing club report?", "14 March 2024 [1]"),
        ("Which telephone number is on the last page of the rowing club report?",
         "01603 555 0148 [1]"),
        ("What date is mentioned on page 4 of rowing club report.pdf? As YYYY-MM, please.",
         "2025-05 [1]"),
        ("rowing club report.pdf 第3页上的网址是什么？", "https://rowing.example.org/news [1]"),
    ],
)  # fmt: skip
def test_the_only_one_on_a_page_is_told(helper: Assistant, question: str, said: str) -> None:
    assert _answered(helper, question).text == said


def test_what_a_file_has_not_is_not_taken_from_another(helper: Assistant) -> None:
    end = outcome(helper.ask("Which e-mail address is given in the garden notes?"))
    assert isinstance(end, Abstained) and not end.unable
    assert end.text == "I found no e-mail addresses in garden notes.pdf."


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("How many entries are in Table 1 of rowing club report.pdf?", "11"),
        ("How many members rowed at the regatta, by rowing club report.pdf?", "11"),
        ("rowing club report.pdf 的 Table 1 有多少项？", "11"),
    ],
)
def test_rows_of_a_captioned_table_are_counted(
    helper: Assistant, question: str, count: str
) -> None:
    end = _answered(helper, question)
    assert end.text == f"{count} [1]" and _pages(end) == [2]


def test_rows_of_an_attached_file_are_those_of_the_table_that_is_named(
    helper: Assistant, tmp_path: Path
) -> None:
    club_report(tmp_path / "attached.pdf")
    given = [AttachmentFile("attached.pdf", tmp_path / "attached.pdf")]
    for table, count in (("Table 1", "11"), ("Table 2", "10")):
        end = outcome(helper.ask(f"How many rows are in {table}?", images=given))
        assert isinstance(end, Answered) and end.text == f"{count} [1]"


def test_rows_that_hold_numbers_of_what_is_asked_are_not_counted(helper: Assistant) -> None:
    end = outcome(helper.ask("How many loans of boats are there in rowing club report.pdf?"))
    assert getattr(end, "text", "") != "10 [1]"


@pytest.mark.parametrize(
    "question",
    [
        "Whose e-mail address should complaints be sent to?",
        "By which date must the deposit be paid?",
        "What is the phone number of the dentist on page 2?",
        "Which website did the mayor open?",
        "Send an e-mail and list the dates",
    ],
)
def test_questions_that_name_more_are_left_to_reading(question: str) -> None:
    asked = kind_asked(question)
    assert asked is None or asked.words


def test_values_are_told_from_what_looks_like_them() -> None:
    text = (
        "Visit www.example.org/a?b=1, mail a.b@example.com, see e.g. Fig. 3.\n"
        "Call +44 1603 555 0148. Account 12345678, 2019-2021, ISBN 978 3 16 148410 0.\n"
        "网址为example.cn/data下载，电话：010-62345678"
    )
    passage = Passage(
        asset_id=1, asset="a.txt", sha256="0", modality="text", media_type="text/plain",
        kind="body", text=text, locator=PageLocator(1), score=1.0, probability=1.0,
    )  # fmt: skip
    told = {
        kind: [v.text for v in values_of(kind, [passage])] for kind in ("website", "email", "phone")
    }
    assert told == {
        "website": ["www.example.org/a?b=1", "example.cn/data"],
        "email": ["a.b@example.com"],
        "phone": ["+44 1603 555 0148", "010-62345678"],
    }
