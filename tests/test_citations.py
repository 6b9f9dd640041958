"""Sentences aligned with evidence, numbered, narrowed; what nothing supports is dropped."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.citations import check, cite, find_span, marked, split_sentences, support
from assistant.places import snippet
from retrieval.values import (
    Locator,
    PageLocator,
    Passage,
    RegionLocator,
    TextLocator,
    TimeLocator,
    Word,
)


def _passage(text: str, name: str = "a.txt", place: Locator | None = None) -> Passage:
    return Passage(
        1, name, name, "text", "text/plain", "body", text,
        place or TextLocator(100, 100 + len(text)), 1.0, 1.0,
    )  # fmt: skip


def _no_words(_passage: Passage) -> Sequence[Word]:
    return ()


ONE = _passage("The bridge was built in 1887 by Tom Reyes. It is 312 metres long.", "one.txt")
TWO = _passage("The ferry stopped in 1890 because nobody used it any more.", "two.txt")


def test_sentences_find_their_evidence_whatever_their_marks() -> None:
    done = check(
        "The ferry stopped in 1890. Tom Reyes built the bridge in 1887 [2].", [ONE, TWO], _no_words
    )
    assert done.text == "The ferry stopped in 1890 [1]. Tom Reyes built the bridge in 1887 [2]."
    assert [c.asset for c in done.citations] == ["two.txt", "one.txt"]


def test_unsupported_sentences_are_dropped() -> None:
    done = check("The bridge was sold to a duke. It is 312 metres long.", [ONE], _no_words)
    assert done.text == "It is 312 metres long [1]."
    assert done.dropped == ("The bridge was sold to a duke.",)


def test_a_wrong_figure_is_never_supported() -> None:
    assert support("The bridge was built in 1888 by Tom Reyes", ONE.text) == 0.0
    assert check("The bridge was built in 1888 by Tom Reyes.", [ONE], _no_words).citations == ()
    assert support("It costs 1,200.50", "price 1200.5") > 0


def test_chinese_sentences() -> None:
    evidence = _passage("新馆长是林晓，她于2019年上任。")
    done = check("馆长是林晓。她于2020年离开。", [evidence], _no_words)
    assert done.text == "馆长是林晓[1]。" and len(done.dropped) == 1


def test_marks_stay_with_their_sentence() -> None:
    assert split_sentences("One. [1] Two.") == ["One. [1]", "Two."]
    assert marked("Done.", 2) == "Done [2]."
    assert marked("完成。", 2) == "完成[2]。"


def test_character_spans_are_exact() -> None:
    made = cite(1, ONE, "Tom Reyes [1]")
    assert isinstance(made.locator, TextLocator)
    start = made.locator.start - 100
    assert ONE.text[start : made.locator.end - 100] == "Tom Reyes"


def test_pages_are_narrowed_to_the_words() -> None:
    words = [
        Word("Total", (0.1, 0.1, 0.2, 0.12)),
        Word("due", (0.21, 0.1, 0.3, 0.12)),
        Word("42.00", (0.7, 0.1, 0.8, 0.12)),
        Word("Thanks", (0.1, 0.3, 0.2, 0.32)),
    ]
    page = _passage("Total due 42.00 Thanks", place=PageLocator(3, ((0.1, 0.1, 0.8, 0.32),)))
    made = cite(1, page, "42.00", words)
    assert made.locator == PageLocator(3, ((0.7, 0.1, 0.8, 0.12),))


def test_pages_without_words_are_narrowed_to_lines() -> None:
    boxes = ((0.1, 0.1, 0.9, 0.12), (0.1, 0.2, 0.9, 0.22), (0.1, 0.3, 0.9, 0.32))
    text = "a" * 40 + "\n" + "b" * 40 + "\nanswer here " + "c" * 28
    made = cite(1, _passage(text, place=PageLocator(1, boxes)), "answer here")
    assert made.locator == PageLocator(1, (boxes[2],))


def test_photos_are_narrowed_to_a_band() -> None:
    text = "\n".join(f"line {n}" for n in range(10))
    made = cite(1, _passage(text, place=RegionLocator((0.0, 0.0, 1.0, 1.0))), "line 5")
    assert isinstance(made.locator, RegionLocator)
    x0, y0, x1, y1 = made.locator.region
    assert (x0, x1) == (0.0, 1.0) and 0.4 <= y0 <= 0.5 and 0.6 <= y1 <= 0.7


def test_recordings_are_narrowed_to_the_words() -> None:
    words = [Word("call", start=1.0, end=1.2), Word("Anna", start=1.3, end=1.6)]
    made = cite(1, _passage("call Anna", place=TimeLocator(0.0, 5.0)), "Anna", words)
    assert made.locator == TimeLocator(1.3, 1.6)


def test_spans_are_found_across_line_ends_and_in_other_cases() -> None:
    assert find_span("new reading room", "the New\nreading room") == (4, 20)
    assert find_span("23-16", "won 23–16 at home") == (4, 9)
    assert find_span("", "x") is None
    assert find_span("zebra", "no such animal") is None


def test_snippets_are_cut_at_words() -> None:
    text = "word " * 100 + "needle " + "word " * 100
    cut = snippet(text, find_span("needle", text))
    assert "needle" in cut and cut.startswith("… word") and cut.endswith("word …")
    assert len(cut) < 330


def test_a_cell_of_a_page_is_cited_by_its_own_box() -> None:
    """Cells may take several lines of the page; empty ones have no box."""
    text = "Date | Details | Out\n02 Sep | Potters supply | 342.60\n03 Sep |  | 18.00"
    boxes = [(0.1 * n, 0.1 * n, 0.1 * n + 0.05, 0.1 * n + 0.05) for n in range(8)]
    place = PageLocator(2, tuple(boxes))
    passage = Passage(1, "a.pdf", "0", "document", "", "table", text, place, 0.0, 0.0)
    one = cite(1, passage, "342.60").locator
    assert one == PageLocator(2, (boxes[5],))
    row = cite(1, passage, "03 Sep |  | 18.00").locator
    assert row == PageLocator(2, ((*boxes[6][:2], *boxes[7][2:]),))
