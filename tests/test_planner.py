"""Questions taken apart by rule, in both languages."""

from __future__ import annotations

import pytest

from assistant.details import is_follow_up, language_of, names_in
from assistant.leader import next_calls
from assistant.library import EmptyLibrary
from assistant.messages import Citation
from assistant.planner import Plan, plan
from assistant.session import Request
from retrieval.values import TextLocator


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("hello", "chat"),
        ("你好！", "chat"),
        ("12*(3+4)", "calculate"),
        ("What is 19.90 + 5.10?", "calculate"),
        ("Translate to Chinese: Good morning", "translate"),
        ("把“早上好”翻译成英文", "translate"),
        ("Summarize the report", "summary"),
        ("总结一下这份合同", "summary"),
        ("What is the sentiment of: I hate this", "sentiment"),
        ("What is said in voice-note.m4a?", "transcribe"),
        ("录音里说了什么？", "transcribe"),
        ("How many photos with a dog do I have?", "count"),
        ("有多少张狗的照片？", "count"),
        ("List my documents about tax", "list"),
        ("Which month did I spend most on books?", "aggregate"),
        ("Add up all my receipts", "aggregate"),
        ("Which of my receipts is the highest?", "aggregate"),
        ("我这个月一共花了多少钱？", "aggregate"),
        ("Compare a.pdf and b.pdf", "compare"),
        ("How do a.pdf and b.pdf differ?", "compare"),
        ("What changed between a.pdf and b.pdf?", "compare"),
        ("Recap our chat so far", "summary"),
        ("“甲.txt”和“乙.txt”有什么不同？", "compare"),
        ("Sum up what we talked about", "summary"),
        ("Sum up lease.pdf", "summary"),
        ("总结一下我们聊了什么", "summary"),
        ("How are the names in this text related: Ann met Bo.", "entities"),
        ("How are plants related to algae?", "find"),
        ("Extract all fields from form.jpg as JSON", "extract"),
        ("Write a poem about rain", "general"),
        ("Who wrote the report?", "find"),
        ("What is the total amount of the receipt 079.jpg?", "find"),
        ('What does the field "Summary:" say in 1.jpg?', "find"),
        ('What does the field "Number of pages" say in 1.jpg?', "find"),
        ("黑豹队的防守丢了多少分？", "find"),
        ("How many points did the Panthers defense surrender?", "find"),
        ("What is the difference between an acid and a base?", "find"),
    ],
)
def test_intents(question: str, intent: str) -> None:
    assert plan(question).intent == intent


def test_pictures_make_a_look_of_a_question() -> None:
    assert plan("What is this?", pictures=True).intent == "look"
    assert plan("What is in cat.jpg?").intent == "look"
    assert plan("What is the date of the receipt cat.jpg?").intent == "find"


def test_details() -> None:
    asked = plan('What does the field "Date:" say in 0000971160.jpg?')
    assert (asked.names, asked.label) == (("0000971160.jpg",), "Date:")
    asked = plan("Which company issued the receipt 079.jpg?")
    assert (asked.field, asked.document, asked.names) == ("company", True, ("079.jpg",))
    asked = plan("What is on page 3 of annual report.pdf?")
    assert asked.page == 3
    asked = plan("How many photos with a dog do I have?")
    assert (asked.topic, asked.modality) == ("dog", "image")
    asked = plan("Which month did I spend most on books?")
    assert (asked.group, asked.operation, asked.topic) == ("month", "max", "books")
    assert plan("Translate to Chinese: Good morning").target == "zh"
    assert plan("把“早上好”翻译成英文").subject == "早上好"


def test_file_names_may_have_brackets_and_stand_in_them() -> None:
    assert plan("What is due (see lease.pdf)?").names == ("lease.pdf",)
    assert plan("What does scan(1).pdf say?").names == ("scan(1).pdf",)
    assert plan("Sum up (draft)plan.v2.docx").names == ("(draft)plan.v2.docx",)


def test_whom_to_phone_is_no_number() -> None:
    assert plan("What is the phone number of the Harbour Inn?").field == "phone"
    assert plan("港口旅馆的电话是多少？").field == "phone"
    for question in ("Who should I phone about the roof?", "屋顶漏水要打电话给谁？"):
        assert plan(question).field is None


def test_who_is_named_asks_for_people() -> None:
    assert plan("Who is named in letter.txt?").intent == "entities"
    assert plan("Who was mentioned in the letter?").intent == "entities"
    assert plan("Who is named director in letter.txt?").intent == "find"


def test_languages() -> None:
    assert language_of("总结 copper_choir-049.txt") == "zh", "names of files are in no language"
    assert language_of("Summarise copper.txt") == "en" and language_of("copper.pdf", "zh") == "en"
    assert language_of("这张 receipt 的总额是多少") == "zh"
    assert language_of("What does 你好 mean in English please") == "en"
    assert language_of("12", "zh") == "zh"


def test_follow_ups() -> None:
    for text in (
        "And its price?",
        "它是什么颜色？",
        "why?",
        "那日期呢？",
        "What about the other one",
        "What does it cost if I return it?",
        "What is the price if I buy two of them?",
        "Who wrote the long letter to the council about it?",
    ):
        assert is_follow_up(text), text
    for text in (
        "What is the capital of the Yuan dynasty?",
        "How many books did Anna buy in May?",
        "How long must a new drum rest before it is played?",
        "Where is the little lion going to be kept while the school has it on loan?",
        "How soon must the tenants of the barn leave once they are given notice?",
    ):
        assert not is_follow_up(text), text


def _request(question: str) -> Request:
    cited = Citation(1, "a.pdf", "0" * 64, "text", TextLocator(0, 1), "x", 1)
    history = (("What is the total of a.pdf?", "5.00 [1]"),)
    return Request("c", "m", question, "en", EmptyLibrary(), history, (cited,))


def test_the_leader_opens_the_file_of_before_for_a_follow_up() -> None:
    made: Plan = plan("And its date?", history=True)
    calls = next_calls(made, _request("And its date?"), ())
    assert [c.tool for c in calls] == ["read_document", "search_library"]
    assert calls[0].arguments["file"] == "a.pdf"


def test_the_leader_searches_and_is_done() -> None:
    made = plan("Who won the regatta?", history=True)
    (call,) = next_calls(made, _request("Who won the regatta?"), ())
    assert call.tool == "search_library" and call.arguments["query"] == "Who won the regatta?"


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("How many people are there in the photo with the big ship?", "big ship"),
        ("What can be seen in the photo of the cat?", "cat"),
        ("Describe the picture of my red bicycle.", "red bicycle"),
        ("What is the cat doing in the photo?", "cat"),
        ("What colour is the cup in my picture?", "cup"),
        ("照片里的猫在做什么？", "猫"),
        ("图片中的杯子是什么颜色？", "杯子"),
        ("猫的照片里能看到什么？", "猫"),
    ],
)
def test_a_picture_spoken_of_is_searched_by_what_it_shows(question: str, thing: str) -> None:
    made = plan(question)
    assert made.topic == thing
    assert made.intent == ("faces" if "people" in question else "look")
    (call,) = next_calls(made, _request(question), ())
    assert (call.tool, call.arguments["query"]) == ("search_library", thing)


@pytest.mark.parametrize(
    "question",
    [
        "Which photo shows a cat?",
        "When was the photo of the cat taken?",
        "What was the tone of the discussion on Europa?",
        "What was public sentiment about the war?",
        "Who painted the picture of Dorian Gray in the novel?",
        "报告中提到了哪些情绪问题？",
    ],
)
def test_other_questions_are_not_taken_for_it(question: str) -> None:
    assert plan(question).intent in ("find", "pick", "list")


@pytest.mark.parametrize(
    ("question", "intent", "shown"),
    [
        ("Do I have a photo of a giraffe?", "pick", "a giraffe"),
        ("Are there any pictures of boats?", "pick", "boats"),
        ("有没有大象的照片？", "pick", "大象"),
        ("我有猫的照片吗？", "pick", "猫"),
        ("Do I have photos of May 2023?", "list", None),
        ("有没有2023年5月的照片？", "list", None),
        ("有没有2023年的发票？", "find", None),
    ],
)
def test_whether_there_is_a_picture_is_looked_up_not_read(
    question: str, intent: str, shown: str | None
) -> None:
    made = plan(question)
    assert made.intent == intent
    assert shown is None or made.topic == shown


@pytest.mark.parametrize(
    "question",
    [
        "What is the mood of the letter from Anna?",
        "Is the review of the hotel positive or negative?",
        "What is the sentiment of Lemon_Festival.txt?",
        "Analyse the sentiment of this message: I hate rain",
        "Sentiment: I hate rain",
        "这封信的语气怎么样？",
        "这条评论是正面还是负面的？",
        "这段文字的情感是什么：下雨了",
    ],
)
def test_moods(question: str) -> None:
    assert plan(question).intent == "sentiment"


def test_a_text_whose_mood_is_asked_for_is_searched_by_its_own_words() -> None:
    for question, words in (
        ("What is the mood of the letter from Anna?", "letter Anna"),
        ("Is the review of the hotel positive or negative?", "review hotel"),
        ("这封信的语气怎么样？", "这封信"),
    ):
        made = plan(question)
        (call,) = next_calls(made, _request(question), ())
        assert (call.tool, call.arguments["query"]) == ("search_library", words)


FILES = [
    "租房合同.txt", "合同.txt", "对账单.pdf", "Annual report 2024.pdf", "春天院子.png",
    "秋天院子.png", "report.pdf", "scans\\1 may.pdf",
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("请总结租房合同.txt", ("租房合同.txt",)),  # not its ending, 合同.txt
        ("看看对账单.pdf里有什么", ("对账单.pdf",)),
        ("Summarise annual report 2024.pdf please", ("annual report 2024.pdf",)),
        ("帮忙对照一下春天院子.png与秋天院子.png", ("春天院子.png", "秋天院子.png")),
        ("what is in report.pdf?", ("report.pdf",)),
        ("sum up scans\\1 may.pdf", ("scans\\1 may.pdf",)),
        ('"租房合同.txt" 的租金是多少', ("租房合同.txt",)),
        ("翻译不存在的文件.docx", ("不存在的文件.docx",)),  # no file of ours, but plainly a name
        ("对比“春天院子.png”和秋天院子.png", ("春天院子.png", "秋天院子.png")),
        ("网址是 https://a.example 吗", ()),
    ],
)
def test_names_of_files_in_the_midst_of_chinese(question: str, names: tuple[str, ...]) -> None:
    def find(part: str) -> list[str]:
        return [name for name in FILES if part.casefold() in name.casefold()]

    known = names_in(question, find)
    made = plan(question, known=known)
    assert set(made.names) == set(names)
    assert "“" not in made.query and not any(name in made.query for name in names)


def test_a_long_text_without_a_mark_is_taken_apart_too() -> None:
    """Patterns for names that tried every split of a run took hours for this."""
    assert plan("字" * 8_000).names == ()
    assert plan("请总结" + "长" * 90 + ".txt").names == ("长" * 90 + ".txt",)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["- ", "a", "图.pdf", "a.", "1,", "\n", "... ", "3 x ", "字"])
def test_a_pasted_text_is_planned_at_once(piece: str) -> None:
    """The longest question that may be asked, of what patterns go over again and again."""
    assert plan("x " + piece * (20_000 // len(piece))).intent != "calculate"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["the a and ", "our rows, and ", "it the "])
def test_a_pasted_text_is_told_from_a_follow_up_at_once(piece: str) -> None:
    assert is_follow_up(piece * (20_000 // len(piece))) == ("it" in piece)
