"""Copying under the constraint that what is written stands in the text."""

from __future__ import annotations

from assistant.models.spans import Copier

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
