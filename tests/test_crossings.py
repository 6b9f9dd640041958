"""Cells that a question names by row and column, and those it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from assisting import open_assistant, outcome, write

from assistant.config import Settings
from assistant.crossings import crossing
from assistant.messages import Answered
from assistant.models.scripted import ScriptedChat
from retrieval.values import PageLocator, Passage

SAILINGS = (
    "Cause | Route 1 | Route 2 | Total\n"
    "Weather | 41 | 38 | 79\n"
    "Crew shortage | 9 | 14 | 23\n"
    "Fog before noon | 5 | 5 | 10"
)
FLEET = (
    "Vessel | Built | Cars | Speed (knots)\n"
    "MV Kittiwake | 1998 | 38 | 13.5\n"
    "MV Morwenna | 2011 | 24 | 12.0\n"
    "MV Solan | 2006 | 52 | 14"
)
EFFECTS = (
    "Effect | Estimate | SE | p\nWater level | 0.74 | 0.09 | 0.001\nNitrogen | -0.45 | 0.19 | 0.02"
)
SATISFIED = (
    " | Very satisfied | Neither | Fairly dissatisfied\nTram | 41 | 11 | 7\nBus | 20 | 25 | 30"
)
VOTES = "楼号 | 应投 | 同意 | 反对\n3号楼 | 48 | 43 | 2\n4号楼 | 48 | 39 | 5"
BOOKS = "名次 | 书名 | 作者\n4 | 《夜话》 | 秦若溪\n5 | 《木工入门》 | 邵大成"
BOLTS = "Thread | Class 8.8 | Class 10.9\nM8 | 23 | 34\nM10 | 46 | 68"
ROOMS = "Type | € a week | Meals\nHost family, half board | 215 | two\nResidence | 155 | none"
HOUSES = "楼号 | 层数 | 户数\n1号楼 | 6 | 72\n2号楼 | 7 | 84"
FEES = "课程 | 教室 | 学费\n手机摄影 | 机房 | 200元\n书法 | 二楼 | 150元"


def _table(text: str, heading: str = "Table 3: Cancelled sailings by cause") -> Passage:
    place = PageLocator(9)
    return Passage(
        1, "a.pdf", "s", "document", "application/pdf", "table", text, place, 1.0, 1.0, 1, heading
    )


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [
        ("How many Route 2 sailings were cancelled because of too few crew?", SAILINGS, "14"),
        ("According to Table 3, how many Route 1 sailings did weather cost?", SAILINGS, "41"),
        ("What is the speed, in knots, of the vessel built in 2011?", FLEET, "12.0"),
        ("How fast is the Morwenna?", FLEET, "12.0"),
        ("How many cars does the Kittiwake take?", FLEET, "38"),
        ("In Table 2, what is the standard error of the effect of nitrogen?", EFFECTS, "0.19"),
        ("How many tram users were neither satisfied nor dissatisfied?", SATISFIED, "11"),
        ("表7中，4号楼投反对票的有几票？", VOTES, "5"),
        ("书法的学费是多少？", FEES, "150元"),
        ("《木工入门》的作者是谁？", BOOKS, "邵大成"),
        ("How tight should an M10 bolt of class 10.9 be?", BOLTS, "68"),
        ("What does half board in a host family cost a week?", ROOMS, "215"),
        ("2号楼有多少户？", HOUSES, "84"),
        ("2号楼有几层？", HOUSES, "7"),
    ],
)
def test_the_cell_of_the_row_and_the_column_named(question: str, text: str, value: str) -> None:
    found = crossing(question, [_table(text)])
    assert found is not None and found.value == value
    assert value in found.line


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How many sailings were cancelled because of too few crew?", SAILINGS),  # which route?
        ("How many Route 7 sailings were cancelled for weather?", SAILINGS),
        ("How many Route 2 sailings were cancelled for strikes?", SAILINGS),
        ("Which route had the most weather cancellations on Route 2?", SAILINGS),
        ("Why were Route 2 sailings cancelled for weather?", SAILINGS),
        ("How many Route 2 sailings did weather cost last year?", SAILINGS),
        ("How many Route 2 sailings were cancelled for fog after noon?", SAILINGS),
        ("What is the speed in knots of the vessel built in 2012?", FLEET),
        ("How many cars did the Kittiwake carry in January?", FLEET),
        ("上学期书法的学费是多少？", FEES),
        ("What does full board in a host family cost a week?", ROOMS),
        ("绘画的学费是多少？", FEES),
    ],
)
def test_no_cell_where_something_of_the_question_is_left_over(question: str, text: str) -> None:
    assert crossing(question, [_table(text)]) is None


def test_two_tables_that_say_different_things_say_nothing() -> None:
    other = SAILINGS.replace("14", "15")
    question = "How many Route 2 sailings were cancelled for want of crew?"
    assert crossing(question, [_table(SAILINGS), _table(other)]) is None
    assert crossing(question, [_table(SAILINGS), _table(SAILINGS)]) is not None


def test_a_pasted_text_is_no_question() -> None:
    assert crossing("What is Route 2 " + "crew " * 20_000, [_table(SAILINGS)]) is None


def test_it_answers_from_a_real_file_and_cites_the_row(tmp_path: Path) -> None:
    rows = "\n".join(f"| {line} |" for line in SAILINGS.split("\n"))
    head, _, rest = rows.partition("\n")
    told = f"# Cancelled sailings by cause\n\n{head}\n|---|---|---|---|\n{rest}\n"
    helper = open_assistant(Settings(home=tmp_path / "home"), ScriptedChat())
    try:
        helper.ingest(write(tmp_path / "in", {"sailings.md": told}))
        end = outcome(helper.ask("How many Route 2 sailings were cancelled for want of crew?"))
    finally:
        helper.close()
    assert isinstance(end, Answered) and end.text == "14 [1]"
    assert "Crew shortage" in end.citations[0].snippet
