"""The judge of suite ``choices`` tells right choices from wrong ones."""

from __future__ import annotations

import pytest

from assistant.messages import Citation
from evals.context import Reply
from evals.suites.choices import chosen, judge, yes_or_no
from retrieval.values import TextLocator


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Yes, the soup can be frozen. [1]", "yes"),
        ("**No**: drones may not be flown.", "no"),
        ("是，可以续借一次。", "yes"),
        ("是：“自习室须提前一天预约。”[1]", "yes"),
        ("是否可以，没有写。", ""),
        ("可以。", "yes"),
        ("不可以", "no"),
        ("否：禁止转租。", "no"),
        ("没有家具。", "no"),
        ("No one was absent.", ""),
        ("Drones may not be flown.", ""),
        ("Yesterday.", ""),
        ("", ""),
    ],
)
def test_yes_and_no_are_heard_at_the_beginning(said: str, meant: str) -> None:
    assert yes_or_no(said) == meant


def test_one_thing_must_be_named_and_the_other_not() -> None:
    assert chosen("The tenant pays.", ["tenant"], ["landlord"])
    assert not chosen("The tenant or the landlord.", ["tenant"], ["landlord"])
    assert not chosen("The landlord.", ["tenant"], ["landlord"])
    assert chosen("退房后七日内", ["七天", "七日"], ["十四"])


def test_a_refusal_is_not_right_and_a_wrong_file_not_cited() -> None:
    def reply(text: str, file: str, abstained: bool = False) -> Reply:
        cited = (Citation(1, file, file, "text", TextLocator(0, 0), file),)
        return Reply(text, abstained, () if abstained else cited)

    row = {"kind": "yes_no", "answers": ["no"], "file": "a.txt"}
    good = judge(row, reply("No. [1]", "a.txt"))
    assert {name: score.value for name, score in good.items()} == {
        "yes_no": 1.0, "yes_no_wrong": 0.0, "cited": 1.0
    }  # fmt: skip
    wrong = judge(row, reply("Yes. [1]", "a.txt"))
    assert wrong["yes_no"].value == 0.0 and wrong["yes_no_wrong"].value == 1.0
    for quoted in ("“No phones are needed.” [1]", "“可以安装空调。” [1]"):
        open_ = judge(row, reply(quoted, "a.txt"))
        assert open_["yes_no"].value == 0.0 and open_["yes_no_wrong"].value == 0.0
    assert judge(row, reply("No. [1]", "b.txt"))["cited"].value == 0.0
    refused = judge(row, reply("No such thing was found.", "a.txt", abstained=True))
    assert {score.value for score in refused.values()} == {0.0}
    either = {"kind": "either", "answers": ["bus"], "others": ["train"], "file": "a.txt"}
    assert judge(either, reply("by bus [1]", "a.txt"))["either"].value == 1.0
