"""Chinese sentences that the lines of a page broke."""

from __future__ import annotations

from assistant.library import EmptyLibrary
from assistant.lines import joined_lines
from assistant.models.scripted import ScriptedChat
from assistant.session import Limits, Request, Session
from retrieval.values import Passage, TextLocator


def test_chinese_sentences_are_whole_again_that_lines_broke() -> None:
    broken = (
        "外墙饰面的颜色经居民投票最后定为米\n黄色，质保期为十年，由施工单位负责维\n护。\n三、停车"
    )
    whole = "外墙饰面的颜色经居民投票最后定为米黄色，质保期为十年，由施工单位负责维护。\n三、停车"
    assert joined_lines(broken) == whole
    items = "（一）屋面防水改造两千四百平方米整\n（二）外墙保温改造五千六百平方米整"
    short = "项目\n屋面防水\n外墙保温"
    english = "The walls are pale\nyellow, by a vote."
    for text in (items, short, english, "", "米\n黄"):
        assert joined_lines(text) == text
    passage = Passage(
        1, "a.txt", "s", "text", "text/plain", "body", broken, TextLocator(0, 1), 1.0, 1.0
    )
    request = Request("c", "m", "？", "zh", EmptyLibrary())
    session = Session(request, ScriptedChat(), Limits(), lambda: False)
    assert session.screened(passage) == whole
    assert joined_lines("很长的一行没有标点也没有尽头\n" * 20_000)
