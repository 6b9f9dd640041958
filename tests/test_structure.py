"""What a document is made of, asked in words and answered from real files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from assisting import open_assistant, outcome, write
from reportlab.pdfgen.canvas import Canvas

from assistant.config import Settings
from assistant.messages import Abstained, Answered
from assistant.models.scripted import ScriptedChat
from assistant.numbered import highest, section_number
from assistant.service import Assistant
from assistant.structure import pages_with
from assistant.structure_asked import Asked, structure_asked
from retrieval.values import PageLocator, Passage

PAGES = (
    "The lease of the mill.\nThe deposit is two rents.",
    "Table 1: Rents by year\n2021 900\n2022 950",
    "TABLE 1 is explained here.\nTable 2. Repairs\nFigure 1: The mill",
    "Fig. 1 shows the mill.\nThe  Deposit\nis paid back in May.",
    "",
)


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("structure")
    canvas = Canvas(str(folder / "lease.pdf"))
    for told in PAGES:
        for row, line in enumerate(told.splitlines()):
            canvas.drawString(72, 700 - 16 * row, line)
        canvas.showPage()
    canvas.save()
    heads = ("Harbour guide", "Opening hours", "Prices")
    guide = "\n\n".join(f"# {head}\n\nWhat is told of it." for head in heads)
    opened = open_assistant(Settings(home=folder / "home"), ScriptedChat())
    opened.ingest([folder / "lease.pdf", *write(folder, {"guide.md": guide})])
    yield opened
    opened.close()


def _answer(helper: Assistant, question: str) -> Answered:
    end = outcome(helper.ask(question))
    assert isinstance(end, Answered), end
    return end


def _cited(end: Answered) -> list[int]:
    return [c.locator.page for c in end.citations if isinstance(c.locator, PageLocator)]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How many pages does lease.pdf have?", "Pages: 5 [1]"),
        ("lease.pdf 有几页？", "页数：5 [1]"),
    ],
)
def test_pages_are_counted_empty_ones_too(helper: Assistant, question: str, said: str) -> None:
    assert _answer(helper, question).text == said


def test_pages_that_speak_of_something(helper: Assistant) -> None:
    end = _answer(helper, "Which pages of lease.pdf mention the deposit?")
    assert end.text == "Pages with “deposit”: 1 [1], 4 [2]" and _cited(end) == [1, 4]
    assert all("deposit" in c.snippet.casefold() for c in end.citations)
    end = _answer(helper, "On which page of lease.pdf are repairs mentioned?")
    assert _cited(end) == [3]
    end = _answer(helper, "Which page of the lease mentions rents by year?")
    assert _cited(end) == [2], "the file was searched for"
    end = outcome(helper.ask("Which pages of lease.pdf mention elephants?"))
    assert isinstance(end, Abstained) and "lease.pdf" in end.text


def test_how_often_something_stands_there(helper: Assistant) -> None:
    end = _answer(helper, "How many times is the deposit mentioned in lease.pdf?")
    assert end.text == "“deposit” stands in it: 2 × [1] [2]" and _cited(end) == [1, 4]
    assert structure_asked("全文一共提到了几次电梯？") == Asked("times", "电梯")
    assert structure_asked("How often does fog come up in this report?") == Asked("times", "fog")
    assert structure_asked("How many times did the boat break down?") is None
    viaduct = 'How many times is the word "viaduct" used in the yearbook?'
    assert structure_asked(viaduct) == Asked("times", "viaduct")
    assert structure_asked("“大字版”这个词在全文里出现了几次？") == Asked("times", "大字版")


def test_words_are_whole_in_english_and_anywhere_in_chinese() -> None:
    def page(number: int, words: str) -> Passage:
        place = PageLocator(number)
        return Passage(1, "a", "s", "text", "a/b", "body", words, place, 1.0, 1.0)

    english = [page(1, "A category."), page(2, "Two cats."), page(3, "A cat")]
    assert [p.locator for p, _ in pages_with("cat", english)] == [PageLocator(2), PageLocator(3)]
    chinese = [page(1, "押金两个月"), page(2, "退还房屋押金。")]
    assert len(pages_with("押金", chinese)) == 2


def test_captions_are_counted_once(helper: Assistant) -> None:
    end = _answer(helper, "How many tables are in lease.pdf?")
    assert end.text == "Numbered tables: 2 [1] [2]" and _cited(end) == [2, 3]
    end = _answer(helper, "How many figures does lease.pdf contain?")
    assert end.text == "Numbered figures: 1 [1]" and _cited(end) == [3]


def test_numbers_that_are_spoken_of_count_where_a_caption_is_lost() -> None:
    assert highest({1, 2, 4, 5, 6, 7}) == 7, "the third is drawn"
    assert highest({1, 2, 40}) == 2, "the fortieth is of another paper"
    assert highest(()) == 0
    titles = (
        "3. Methods 3.1 Design",
        "12 Warranty",
        "Chapter 4 Fees",
        "十、表决结果",
        "第二十一章 附则",
    )
    assert [section_number(title) for title in titles] == [3, 12, 4, 10, 21]
    plain = ("2023 in figures", "3.2 Vegetation", "Notes", "一定要看")
    assert [section_number(title) for title in plain] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("question", "what"),
    [
        ("How many numbered tables are there in the whole annual report?", "tables"),
        ("How many figures does the report have in total?", "figures"),
        ("How many chapters is the manual divided into? Answer in int format.", "parts"),
        ("How many top-level numbered sections does the article have?", "parts"),
        ("整份方案一共有多少张带编号的表格？请用整数回答。", "tables"),
        ("这份报告共分几章？", "parts"),
        ("报告里编了号的表一共有几张？", "tables"),
        ("How many numbered tables does the yearbook contain?", "tables"),
        ("How many figures are there in the patient guide?", "figures"),
    ],
)
def test_parts_are_counted_however_it_is_asked(question: str, what: str) -> None:
    asked = structure_asked(question)
    assert asked is not None and asked.what == what


def test_numbered_sections_are_counted(helper: Assistant, tmp_path: Path) -> None:
    heads = ("1. Scope", "2. Terms", "Notes", "3. Fees")
    told = "\n\n".join(f"# {head}\n\nWhat is told of it." for head in heads)
    helper.ingest(write(tmp_path, {"terms.md": told}))
    end = _answer(helper, "How many sections does terms.md have?")
    assert end.text.startswith("Sections: 3\n") and "Notes" not in end.text


def test_sections_are_named(helper: Assistant) -> None:
    end = _answer(helper, "What are the sections of guide.md?")
    assert end.text.splitlines() == [
        "Sections: 3",
        "- Harbour guide [1]",
        "- Opening hours [2]",
        "- Prices [3]",
    ]


def test_a_file_without_pages_has_none(helper: Assistant) -> None:
    end = outcome(helper.ask("How many pages does guide.md have?"))
    assert isinstance(end, Abstained)


def test_other_questions_are_left_alone() -> None:
    for question in (
        "How many tables are in the room?",
        "How many people are on page 3?",
        "Which page has the highest total?",
        "What pages do I need?",
        "How long is the Harbour Bridge?",
        "What is on page 4?",
        "How many pages did Mira read?",
    ):
        assert structure_asked(question) is None, question
    assert structure_asked("Which of its pages mention visits?") == Asked("mentions", "visits")
    assert structure_asked("押金在第几页？") == Asked("mentions", "押金")
    assert structure_asked("这份报告有哪些章节？") == Asked("sections")
