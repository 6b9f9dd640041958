"""Copying under the constraint that what is written stands in the text."""

from __future__ import annotations

from assistant.models.spans import Copier, Span, agreed

TEXT = "In 2024 the café sold 24 teas,\nnot 240. 林晓于2019年上任。"


def _copy(*tokens: str) -> str | None:
    """Follow tokens from the beginning; the stretch copied, or None where it cannot be."""
    copier = Copier(TEXT)
    places, length = copier.starts, 0
    for token in tokens:
        data = token.encode()
        places = copier.follow(places, data)
        length += len(data)
    if not places or not copier.may_end(places):
        return None
    span = copier.span(places, length, -1.0)
    return TEXT[span.start : span.end]


def test_what_stands_in_the_text_can_be_copied() -> None:
    assert _copy("the", " caf", "é") == "the café"
    assert _copy("林", "晓") == "林晓" and _copy("2", "019") == "2019"
    assert _copy("teas", ",", " not", " 240") == "teas,\nnot 240"  # a line break is a blank
    assert _copy("tea", "pot") is None


def test_words_and_characters_are_whole() -> None:
    assert _copy("24") == "24" and TEXT.index("24 teas") > TEXT.index("2024")
    assert _copy("fé") is None  # begins inside a word
    assert _copy("te") is None  # ends inside a word
    copier = Copier(TEXT)
    half = copier.follow(copier.starts, "林".encode()[:2])
    assert half and not copier.may_end(half)  # ends inside a character


def test_a_copy_begins_only_where_it_may() -> None:
    copier = Copier(TEXT, {TEXT.index("24 teas")})
    assert not copier.follow(copier.starts, b"the")
    places = copier.follow(copier.starts, b"24")
    span = copier.span(places, 2, -1.0)
    assert span.start == TEXT.index("24 teas")


def test_what_most_stretches_share_is_agreed_on() -> None:
    """One beginning is likeliest by itself, but two others hold the same words."""
    alone = Span(0, 10, -1.0)
    part, whole, beyond = Span(30, 36, -1.4), Span(30, 42, -1.2), Span(30, 60, -3.0)
    every = [alone, part, whole, beyond]
    assert agreed(every, every) == whole
    assert agreed([alone, part], every) == part  # of those that may be said
    sure = Span(0, 10, -0.01)
    assert agreed([sure, part], [sure, part]) == sure
