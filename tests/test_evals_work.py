"""The judges of suite ``work`` tell good answers from bad ones."""

from __future__ import annotations

from typing import Any

from assistant.messages import Citation
from evals.context import Reply
from evals.suites.work import judge
from retrieval.values import TextLocator


def _reply(text: str, *files: str, abstained: bool = False) -> Reply:
    cited = tuple(
        Citation(n, name, name, "text", TextLocator(0, 0), name) for n, name in enumerate(files, 1)
    )
    return Reply(text, abstained, cited)


def test_an_album_must_tell_its_files_and_no_other() -> None:
    row = {"task": "album", "files": ["a.jpg", "b.jpg"], "facts": ["2 files", "2024-05-03"]}
    good = judge(row, [_reply("2 files, 2024-05-03\n- a.jpg [1]\n- b.jpg [2]", "a.jpg", "b.jpg")])
    assert good["album_facts"].value == good["album_lines"].value == 1.0
    assert good["album_files"].parts == (2.0, 0.0, 0.0)
    bad = judge(row, [_reply("2 files\n- b.jpg [1]\n- c.jpg [2]", "a.jpg", "c.jpg")])
    assert bad["album_facts"].value == bad["album_lines"].value == 0.5
    assert bad["album_files"].parts == (1.0, 1.0, 1.0)
    assert judge({"task": "album"}, [_reply("It holds 3 files.")])["album_facts"].value == 0.0


def test_a_talk_summed_up_must_add_nothing() -> None:
    row = {"task": "talk", "question": "Sum up", "turns": ["What is the fee?", "Who is in charge?"],
           "facts": ["680", "Greta Lind"]}  # fmt: skip
    said = [_reply("680 euros [1]."), _reply("Greta Lind [1].")]
    good = judge(row, [*said, _reply("The fee is 680 and Greta Lind is in charge.")])
    assert (good["talk_facts"].value, good["talk_invented"].value) == (1.0, 0.0)
    bad = judge(row, [*said, _reply("The fee is 690 and is paid to Omar.")])
    assert (bad["talk_facts"].value, bad["talk_invented"].value) == (0.0, 1.0)
    assert judge(row, [*said, _reply("费用是 680。")])["language"].value == 0.0


def test_a_difference_must_be_told_of_the_right_file() -> None:
    row: dict[str, Any] = {
        "task": "compare", "differ": {"a.txt": ["620"], "b.txt": ["680"]}, "same": ["slate"],
    }  # fmt: skip
    good = judge(row, [_reply("- a.txt: 620 [1]\n- b.txt: 680 [2]", "a.txt", "b.txt")])
    assert good["compare_facts"].parts == (2.0, 0.0, 0.0) and good["compare_cited"].value == 1.0
    both = judge(row, [_reply("- a.txt: 680, slate [1]\nBoth: slate.", "a.txt")])
    assert both["compare_facts"].parts == (0.0, 1.0, 2.0)
    photos = {"task": "compare", "differ": {"rocket.jpg": ["rocket"]}}
    named = judge(photos, [_reply("- rocket.jpg: a crane [1]", "rocket.jpg")])
    assert named["compare_facts"].parts == (0.0, 0.0, 1.0)
    none = judge(row, [_reply("Not found in a.txt: 620, b.txt: 680", abstained=True)])
    assert none["compare_facts"].parts == (0.0, 0.0, 2.0)


def test_a_link_needs_both_names_and_the_words_between() -> None:
    row = {"task": "links", "facts": [["Ruth", "married", "Omar"], ["Omar", "lives in", "Kiel"]]}
    scores = judge(row, [_reply("Ruth – married – Omar\nKiel – near – Omar")])
    assert scores["links_f1"].parts == (1.0, 1.0, 1.0)


def test_free_chat_must_be_told_from_files() -> None:
    row = {"task": "chat", "facts": ["Paris"]}
    label = "From general knowledge, not from your files: "
    good = judge(row, [_reply(f"{label}Paris.")])
    assert {s.value for s in good.values()} == {1.0}
    assert judge(row, [_reply("Paris.")])["chat_apart"].value == 0.0
    assert judge(row, [_reply(f"{label}Paris [1].", "a.txt")])["chat_apart"].value == 0.0
    assert judge(row, [_reply(f"{label}巴黎")])["chat_right"].value == 0.0
    refused = {"task": "chat", "refuse": True}
    assert judge(refused, [_reply("620 euros")])["chat_apart"].value == 0.0
