"""Reading with the real 4-bit model, and what is made of its words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from assisting import LIBRARY_TXT, MEMO_TXT

from assistant.candidates import (
    can_be,
    can_hold,
    kind_of,
    places_for,
    trimmed,
    whole_range,
    with_unit,
    without_counted,
)
from assistant.choices import asks_yes_no
from assistant.config import Settings
from assistant.errors import ReadingTooSlow
from assistant.gist import bare_question, halves
from assistant.i18n import Language
from assistant.library import EmptyLibrary
from assistant.models.registry import build_chat_model
from assistant.models.scripted import ScriptedChat
from assistant.planner import plan
from assistant.reader import by_rule, locate, neat, read, read_one, tidy, worth_reading
from assistant.session import Limits, Request, Session
from assistant.windows import window
from retrieval.values import Passage, TextLocator
from retrieval.weights import ModelStore

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _passage(text: str, name: str = "a.txt", chance: float = 0.9) -> Passage:
    place = TextLocator(0, len(text))
    return Passage(1, name, name, "text", "text/plain", "body", text, place, 1.0, chance)


def _session(question: str, model: ScriptedChat, language: Language = "en") -> Session:
    request = Request("c", "m", question, language, EmptyLibrary())
    return Session(request, model, Limits(), lambda: False)


def test_the_real_model_copies_answers(settings: Settings, model_store: ModelStore) -> None:
    model = build_chat_model(settings, model_store)
    asked: list[tuple[str, Language, str]] = [
        ("How many volumes does the Harbour Library hold?", "en", "42,000"),
        ("When was the Harbour Library founded?", "en", "1974"),
        ("港口图书馆的新馆长是谁？", "zh", "林晓"),
    ]
    passages = [_passage(LIBRARY_TXT), _passage(MEMO_TXT, "memo.txt")]
    for question, language, answer in asked:
        request = Request("c", "m", question, language, EmptyLibrary())
        session = Session(request, model, Limits(), lambda: False)
        order = passages if language == "en" else passages[::-1]
        reading = read(session, question, order)
        assert reading is not None and answer in reading.text, question
        assert reading.passage is order[0]
    model.unload()


def test_a_long_passage_is_cut_to_the_sentences_that_matter() -> None:
    long = " ".join(f"Sentence {n} is about nothing." for n in range(90))
    text = f"{long} The ferry to Bergen leaves at noon. {long}"
    session = _session("When does the ferry to Bergen leave?", ScriptedChat())
    shown = window(session, session.request.question, _passage(text), room=100)
    assert "The ferry to Bergen leaves at noon." in shown
    assert len(shown) < len(text) / 4
    assert window(session, "?", _passage("Short. Text.")) == "Short. Text."


def test_the_likeliest_passage_is_read_first_and_unlikely_ones_never() -> None:
    question = "When was the Harbour Library founded?"
    model = ScriptedChat()
    model.copies = {"1974": -0.1, "noon": -0.1}
    passages = [_passage("The ferry leaves at noon.", "b.txt", 0.3), _passage(LIBRARY_TXT)]
    reading = read(_session(question, model), question, passages)
    assert reading is not None and reading.text == "1974" and reading.passage is passages[1]
    unlikely = [_passage("The ferry leaves at noon.", "b.txt", 0.01)]
    assert read(_session(question, model), question, unlikely) is None


def test_a_trained_reader_reads_three_unlikely_passages_and_no_fourth(tmp_path: Path) -> None:
    question = "What must I give before I move out?"
    rule = tmp_path / "confidence.json"
    rule.write_text('{"weights": [0.0, 0.0, 1.0, 0.0, 0.0]}')
    copies = {"two months": -0.1, "nine years": -0.1}
    passages = [
        _passage(f"{place}: {term}.", f"{place}.txt", chance)
        for place, term, chance in (
            ("Lift", "none", 0.04), ("Yard", "shared", 0.03), ("Flat", "two months", 0.02),
            ("Roof", "nine years", 0.01),
        )
    ]  # fmt: skip
    assert not worth_reading(question, passages), "by the search alone none is read"
    model = ScriptedChat(copies=copies)
    assert read(_session(question, model), question, passages) is None
    reader = ScriptedChat(reads=True, confidence=rule, copies=copies)
    reading = read(_session(question, reader), question, passages)
    assert reading is not None and reading.text == "two months"
    reader.copies = {"nine years": -0.1}
    assert read(_session(question, reader), question, passages) is None, "the fourth stays unread"


def test_a_trained_reader_takes_the_copy_it_is_surest_of(tmp_path: Path) -> None:
    rule = tmp_path / "confidence.json"
    rule.write_text('{"weights": [0.0, 1.0, 0.0, 0.0, 0.0]}')
    model = ScriptedChat(reads=True, confidence=rule)
    model.copies = {"1974": -2.0, "1975": -0.5}
    other = "The Harbour Library was founded in 1975."
    passages = [_passage(LIBRARY_TXT), _passage(other, "b.txt", 0.5)]
    question = "When was the Harbour Library founded?"
    reading = read(_session(question, model), question, passages)
    assert reading is not None and reading.text == "1975" and reading.passage is passages[1]


def test_what_a_model_without_odds_writes_must_stand_in_the_passage() -> None:
    question = "When was the Harbour Library founded?"
    said = ScriptedChat(script=["1974"])
    reading = read(_session(question, said), question, [_passage(LIBRARY_TXT)])
    assert reading is not None and reading.text == "1974"
    invented = ScriptedChat(script=["in the year 1812, by pirates"])
    assert read(_session(question, invented), question, [_passage(LIBRARY_TXT)]) is None


def test_fields_and_labels_are_for_papers_not_for_prose() -> None:
    question = "When was the “Harbour Library” founded?"
    model = ScriptedChat(script=["1974"])
    reading = read(_session(question, model), question, [_passage(LIBRARY_TXT)], plan(question))
    assert reading is not None and reading.text == "1974" and len(model.calls) == 1


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("Answer: 42.", "42"),
        ("“the old bridge”", "the old bridge"),
        ("one\ntwo", "one"),
        ("", ""),
    ],
)
def test_wrapping_is_taken_off(written: str, answer: str) -> None:
    assert tidy(written) == answer


def test_a_copy_is_one_line_without_the_marks_of_its_sentence() -> None:
    assert neat("the old\nbridge,") == "the old bridge" and neat("林晓。") == "林晓"
    found = locate("the old  reading room", _passage(LIBRARY_TXT))
    assert found is not None and found.text == "the old reading room"


def test_a_contact_is_the_one_beside_the_name() -> None:
    text = "Elm House\nTel: 01983 873655\nopen daily\n\n\n\nHarbour Inn\nTel: 01983 111222\n"
    asked = "What is the telephone number of the Harbour Inn?"
    session = _session(asked, ScriptedChat(script=["nothing there"]))
    found = read(session, asked, [_passage(text)], plan(asked))
    assert found is not None and found.text == "01983 111222"
    other = "What is the telephone number of the Quality Commission?"
    assert read(session, other, [_passage(text)], plan(other)) is None
    alone = "What is the email address in this document?"
    found = read(session, alone, [_passage("Write to a@b.org now.")], plan(alone))
    assert found is not None and found.text == "a@b.org"


def test_the_question_is_not_said_again() -> None:
    assert trimmed("新馆长是林晓", "新馆长是谁？") == "林晓"
    assert trimmed("110 mph (180 km/h)", "How fast was it?") == "110 mph"
    assert without_counted("16,000 species", "How many species of trees are there?") == "16,000"
    assert without_counted("16,000 trees", "How many species are there?") == "16,000 trees"


def test_one_end_of_a_range_is_no_answer() -> None:
    for text, copied, whole in (
        ("从 1321 年至 1323 年 。", "1321", "1321 年至 1323 年"),
        ("rose by 0.3 to 0.6 °C in all", "0.6 °C", "0.3 to 0.6 °C"),
        ("between 10 and 20 boats", "20", "10 and 20"),
        ("the 1914–1918 war", "1914", "1914–1918"),
        ("10 and 20 boats", "10", "10"),
        ("open 3 to 4 pm", "open 3 to 4 pm", "open 3 to 4 pm"),
        ("in 1914, 1918 and 1920", "1914", "1914"),
        ("翻岭用了两个小时四十分，很累", "四十分", "两个小时四十分"),
        ("It took 1 hour and 20 minutes.", "20 minutes", "1 hour and 20 minutes"),
        ("after two years, three months and a day", "two years", "two years, three months"),
        ("at 2 hours, 40 people left", "40", "40"),
    ):
        start = text.index(copied)
        assert text[slice(*whole_range(text, start, start + len(copied)))] == whole


def test_kinds_of_answers() -> None:
    assert kind_of("How many species?") == "number" and kind_of("谁是馆长？") == "name"
    assert kind_of("In what year did it end?") == "time" and kind_of("Why?") == "any"
    assert not can_be("the library", "When was the library founded?")
    # "140支" is no price; a sum with its unit is, and so is a bare figure
    assert not can_be("140支", "兼毫笔一支多少钱？") and can_be("18元一支", "兼毫笔一支多少钱？")
    assert not can_be("3 to 20 s", "What sum may we go into the red by?")
    assert can_be("£5,000", "What sum may we go into the red by?")
    assert not can_be("12 months", "How much does the lock cost?") and can_be(
        "40", "How much does it cost?"
    )
    assert not can_be("30 November", "28号几点前要退房？") and can_be("11:00", "28号几点前要退房？")
    assert not can_be("Monday", "What time does it start?") and can_be("1830", "What time is it?")
    assert can_be("5月3日", "哪天几点出发？")
    assert not can_be("very many", "How many books are there?")
    assert can_be("a fire", "What destroyed the room?")


def test_a_copy_that_cannot_be_the_answer_is_passed_over() -> None:
    question = "When was the Harbour Library founded?"
    model = ScriptedChat()
    model.copies = {"Mira Lund": -0.2, "1974": -0.9}
    reading = read(_session(question, model), question, [_passage(LIBRARY_TXT)])
    assert reading is not None and reading.text == "1974"


def test_a_number_is_looked_for_where_no_copy_is_one() -> None:
    question = "Riverside 图书馆在2025年有多少人次到访？"
    text = "In 2025 Riverside Library, of Amara Okafor, had 48,310 visits."
    places = places_for(question, text)
    assert places == {text.index("48,310")}  # the year is the question's own
    assert places_for("Why did it close?", text) is None
    months = places_for("When did it open?", "It opened in March 1974.")
    assert months == {13, 19}
    model = ScriptedChat()
    model.copies = {"Amara Okafor": -0.2, "Riverside Library": -0.3}
    session = _session(question, model, "zh")
    unfit = read_one(session, question, _passage(text))
    assert unfit is not None and unfit.text == "Amara Okafor"  # no copy is a number
    model.copies["48,310"] = -7.0
    found = read_one(session, question, _passage(text))
    assert found is not None and found.text == "48,310"


def test_the_total_of_a_sheet_is_on_its_own_line_of_totals() -> None:
    rows = "Date: 2026-05-04 | Item: Train | Amount (EUR): 86.4\nItem: Total | Amount (EUR): 462"
    sheet = replace(_passage(rows, "may.xlsx"), kind="table", media_type=XLSX)
    model = ScriptedChat()
    model.copies = {"86.4": -0.1}
    for asked, right in (
        ("may.xlsx 的总额是多少？", "462"),
        ("What is the total in may.xlsx?", "462"),
        ("What is the total for the train in may.xlsx?", "86.4"),  # a part of the sheet
    ):
        found = read(_session(asked, model), asked, [sheet], plan(asked))
        assert found is not None and found.text == right


def test_passages_that_cannot_hold_the_answer_are_not_read_first() -> None:
    title = _passage("Harbour Library", "report.pdf", 0.9)
    text = _passage("In 2025 the library had 48,310 visits.", "report.pdf", 0.5)
    assert worth_reading("How many visits did the Harbour Library have?", [title, text]) == [text]
    asked = "Harbour Library 在2025年有多少人次到访（visits）？"
    other = _passage("The van stops in nine villages.", "report.pdf", 0.6)
    assert worth_reading(asked, [title, other, text])[0] is text  # it has the words in brackets
    given = replace(title, probability=1.0)  # the question came with it
    assert worth_reading("What is it called?", [given]) == [given]
    assert worth_reading("What is it called?", [replace(title, probability=0.02)]) == []


def test_a_text_that_could_not_be_read_in_time_is_not_called_empty_of_answers() -> None:
    question = "When was the Harbour Library founded?"
    model = ScriptedChat()
    model.copies = {}
    request = Request("c", "m", question, "en", EmptyLibrary())
    session = Session(request, model, Limits(seconds=0.0), lambda: False)
    with pytest.raises(ReadingTooSlow):
        read(session, question, [_passage(LIBRARY_TXT)])


def test_a_figure_keeps_its_unit() -> None:
    def said(text: str, copied: str, question: str) -> str:
        start = text.index(copied)
        return text[slice(*with_unit(text, start, start + len(copied), question))]

    rest = "Let the batter rest for 20 minutes, at 35 °C. It keeps 2 dayslong."
    assert said(rest, "20", "How long does it rest?") == "20 minutes"
    assert said(rest, "20", "How many minutes does it rest?") == "20"
    assert said(rest, "35", "How warm should it be?") == "35 °C"
    assert said(rest, "2 ", "How long does it keep?") == "2 "
    assert said("申请人须年满18周岁，有效期6个月。", "18", "多大可以申请？") == "18周岁"
    assert said("申请人须年满18周岁，有效期6个月。", "6", "有效期多久？") == "6个月"
    assert said("In the 1990 season", "1990", "When was it?") == "1990"


def test_money_does_not_count_things() -> None:
    assert not can_be("180 euros", "How many keys does she get?")
    assert can_be("180 euros", "How many euros does it cost?") and can_be("3", "How many keys?")


def test_a_place_is_no_time() -> None:
    assert not can_be("4月15日上午10点", "下次会议在哪里开？") and can_be(
        "三号会议室", "会议在哪里开？"
    )
    assert not can_be("Tuesday 11 March at 14:00", "Where is it?") and can_be("March", "Who is it?")


@pytest.mark.parametrize(
    "asked, answer",
    [
        ("When did the power bill go through?", "2024-05-30"),
        ("What day did the fridge turn up?", "18/03/2023"),
        ("Which day of the week does he greet the ferry?", "Thursdays"),
        ("When does the church clock strike?", "at noon"),
        ("When does the bar close?", "half ten"),
        ("When do the logs expire?", "the tenth of next month"),
        ("水箱改到哪天洗？", "礼拜五"),
        ("瓷砖现在哪天进场？", "二十号"),
        ("会议改在什么时候？", "周四下午三点"),
        ("去楚雄那天坐几点的车", "七点五十"),
        ("木匠啥时候能动工", "谷雨以后"),
        ("By when do they want the bill?", "30 November"),
    ],
)
def test_days_and_times_in_any_form_are_of_the_kind_asked_for(asked: str, answer: str) -> None:
    assert can_be(answer, asked)
    assert can_hold(f"As told before: {answer}.", asked)
    assert places_for(asked, answer)


def test_a_telephone_number_a_price_or_a_name_is_no_time() -> None:
    assert not can_be("85块", "坐几点的车？") and not can_be("£60", "When is it?")
    assert not can_be("(021) 555-0177", "When did it ring?")
    assert not can_be("Greta Lind", "When did it ring?")
    assert not can_hold("Greta Lind keeps the harbour.", "When did it ring?")


def test_asked_on_about_an_invoice_its_fields_are_found_by_rule() -> None:
    text = "INVOICE 2211\nDate: 17 April 2026\nDue date: 17 May 2026\nTotal: 414.00"
    asked_on = plan("And its date?", history=True)
    found = by_rule(asked_on, [_passage(text, "invoice_north.pdf")])
    assert found is not None and found.text == "17 April 2026"
    assert by_rule(asked_on, [_passage(text, "north.pdf")]) is None
    assert by_rule(plan("And its date?"), [_passage(text, "invoice_north.pdf")]) is None


def test_two_questions_in_one() -> None:
    asked = "How much is the trip and when must it be paid?"
    assert halves(asked) == ("How much is the trip", "when must it be paid?")
    assert halves("班费多少钱，什么时候交？") == ("班费多少钱", "什么时候交？")
    for whole in (
        "When and where was he born?",
        "Which city and state was it?",
        "在2008年，谁赢了？",
    ):
        assert halves(whole) == (whole, "")


def test_a_polite_request_is_no_question_of_yes_or_no() -> None:
    assert bare_question("Would you mind telling me when the bus leaves?") == "when the bus leaves?"
    assert bare_question("Can you tell me who wrote it?") == "who wrote it?"
    assert bare_question("请问班车几点出发？") == "班车几点出发？"
    assert not asks_yes_no("Could you boil it down for me") and asks_yes_no("Can dogs come along?")
