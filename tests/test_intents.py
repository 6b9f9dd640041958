"""Requests in words that no rule knows, told by their meaning; questions of fact stay such."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from assisting import fake_embedders, outcome, write

from assistant.build import build_assistant
from assistant.config import Settings
from assistant.intents import IntentJudge, seen
from assistant.messages import Answered
from assistant.models.scripted import ScriptedChat
from assistant.planner import Judge, plan
from retrieval.embed.protocol import TextEmbedder
from retrieval.embed.registry import e5_small
from retrieval.errors import WeightsError
from retrieval.fakes import HashTextEmbedder
from retrieval.weights import ModelStore

# fmt: off
FRESH = [
    ("So what's deed.pdf getting at, in brief?", "summary"),
    ("deed.pdf太长，挑要点讲", "summary"),
    ("I'd like deed.pdf in Chinese instead", "translate"),
    ("deed.pdf改成英文", "translate"),
    ("Was whoever wrote opinion.txt pleased or cross?", "sentiment"),
    ("opinion.txt是好话还是抱怨", "sentiment"),
    ("which persons and towns come up in deed.pdf", "entities"),
    ("please write down what is spoken in call.mp3", "transcribe"),
    ("把call.mp3变成文字", "transcribe"),
    ("all I have to do with the orchard", "list"),
    ("跟果园有关的东西都拿来", "list"),
    ("where's the picture with a windmill", "pick"),
    ("有风车的照片是哪张", "pick"),
    ("how many pics of windmills did I take", "count"),
    ("what do all my receipts come to", "aggregate"),
    ("这些发票加在一块是多少", "aggregate"),
    ("deed.pdf beside draft.pdf: where do they part", "compare"),
    ("deed.pdf跟draft.pdf有什么出入", "compare"),
    ("get the values of all fields on card.png", "extract"),
    ("what is the girl in yard.jpg up to", "look"),
    ("yard.jpg拍的是啥", "look"),
    ("head count in yard.jpg", "faces"),
    ("page count of deed.pdf", "structure"),
    ("dream up a name for my rabbit", "general"),
    ("thanks a bunch", "chat"),
]
FACTS = [
    "What differences between the two drugs does the study report?",
    "How many employees does the company have?",
    "Who translated the poem?",
    "What was the mood in the town after the strike?",
    "Which documents do I need for the permit?",
    "How many photos did the probe send home?",
    "Who is the guarantor in deed.pdf?",
    "What does deed.pdf say about the fence?",
    "What is the amount on card.png?",
    "When does the woman in call.mp3 want to come?",
    "When does the recording tour.wav say: The ferry is late.",
    "List the ingredients of the soup",
    "gate code",
    "研究说两种药有什么差别",
    "公司有多少员工",
    "这首诗是谁翻译的",
    "补助金要交什么材料",
    "deed.pdf里担保人是谁",
    "大门密码",
]
# fmt: on


@pytest.fixture(scope="module")
def embedder(model_store: ModelStore) -> TextEmbedder:
    return e5_small(model_store, 1)


@pytest.fixture(scope="module")
def judge(embedder: TextEmbedder) -> Judge:
    return IntentJudge(lambda: embedder)


def test_requests_in_other_words_are_understood(judge: Judge) -> None:
    wrong = {q: plan(q, judge=judge).intent for q, i in FRESH if plan(q, judge=judge).intent != i}
    assert len(wrong) <= 3, wrong
    known = [q for q, intent in FRESH if plan(q).intent == intent]
    assert len(known) <= 5, "these are words that rules know"


def test_questions_of_fact_stay_so(judge: Judge) -> None:
    taken = {q: plan(q, judge=judge).intent for q in FACTS}
    assert set(taken.values()) == {"find"}, taken


@pytest.mark.parametrize(
    ("question", "ruled"),
    [
        ("hold deed.pdf against the other one", "find"),  # one file
        ("what is the girl in deed.pdf up to", "find"),  # no picture
        ("type up the recording deed.pdf", "find"),  # no recording either
    ],
)
def test_what_cannot_be_done_is_left_to_the_rules(judge: Judge, question: str, ruled: str) -> None:
    made = plan(question, judge=judge)
    assert (made.intent, made.judged) == (ruled, False)


def test_the_rest_of_the_plan_follows(judge: Judge) -> None:
    def made(question: str, **more: bool) -> tuple[str, str]:
        asked = plan(question, judge=judge, **more)
        assert asked.judged, question
        return asked.intent, asked.topic

    assert made("round up everything on the orchard") == ("list", "orchard")
    assert made("where's the picture with a windmill") == ("pick", "windmill")
    assert made("哪一张图有风车") == ("pick", "风车")
    assert made("what do all my receipts come to") == ("aggregate", "")
    assert made("how much did I shell out at the bookshop") == ("aggregate", "bookshop")
    assert plan("which of my receipts was the priciest", judge=judge).operation == "max"
    said = plan("早上好用英文怎么说", judge=judge)
    assert (said.intent, said.subject, said.target) == ("translate", "早上好", "en")


def test_sure_rules_ask_nobody() -> None:
    def never() -> TextEmbedder:
        raise AssertionError("the embedder was asked for")

    for question in ("hello", "12*(3+4)", "Summarise lease.pdf", "Compare a.pdf and b.pdf",
                     "What is in cat.jpg?", "概括一下刚才的对话", "Write a poem", "Explain tax",
                     "Translate to Chinese: Good morning"):  # fmt: skip
        assert plan(question, judge=IntentJudge(never)) == plan(question)
    pictured = plan("What is this?", pictures=True, judge=IntentJudge(never))
    assert pictured.intent == "look"


def test_another_embedder_or_none_leaves_the_rules_alone() -> None:
    def missing() -> TextEmbedder:
        raise WeightsError(model="e5-small", detail="gone")

    for question, _ in FRESH:
        assert plan(question, judge=IntentJudge(HashTextEmbedder)) == plan(question)
    assert plan(FRESH[0][0], judge=IntentJudge(missing)) == plan(FRESH[0][0])


def test_names_of_files_do_not_matter(judge: Judge) -> None:
    one, other = "boil down total-of-all-photos.pdf for me", "boil down “合同.docx” for me"
    assert judge(one) == judge(other) == judge(one)
    assert seen(one)[0] == seen(other)[0] and "total" not in seen(one)[0]


def test_the_trace_says_what_told_the_intent(
    settings: Settings, embedder: TextEmbedder, tmp_path: Path
) -> None:
    helper = build_assistant(
        settings, embedders=lambda: replace(fake_embedders(), text=embedder), model=ScriptedChat
    )
    files = {"old.txt": "Lease of the barn.\nThe rent is 620 euros.\n",
             "new.txt": "Lease of the barn.\nThe rent is 680 euros.\n"}  # fmt: skip
    helper.ingest(write(tmp_path / "more", files))

    def intent(question: str) -> object:
        end = outcome(helper.ask(question))
        assert isinstance(end, Answered), end
        return helper.conversation(end.conversation).messages[-1].trace["intent"]

    assert intent("Compare old.txt and new.txt") == {"intent": "compare", "by": "rule"}
    assert intent("hold old.txt against new.txt") == {"intent": "compare", "by": "meaning"}
    helper.close()
