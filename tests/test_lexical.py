"""The cut into words: the same for what is stored and what is asked."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.lexical import fts5_match, lexemes, query_words, segment, tsquery


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("Total RM15.90 incl. tax", "15.90"),
        ("due on 2024-05-01", "2024-05-01"),
        ("1,234.50 USD", "1234.50"),
        ("part no. AB12-34/X", "ab12-34"),
        ("Two boxes of apples", "box apple"),
        ("the companies' invoices", "company invoice"),
        ("naïve café", "naive cafe"),
        ("ＦＵＬＬ width １２", "full 12"),
        ("增值税发票总金额为八百元", "发票金额"),
        ("零\u200b宽字符", "零宽"),
        ("mail to bob@example.com", "bob@example.com"),
    ],
)
def test_what_is_asked_meets_what_is_stored(stored: str, asked: str) -> None:
    words = query_words(asked)
    assert words
    assert set(words) & set(segment(stored))


def test_chinese_becomes_characters_and_pairs() -> None:
    assert segment("发票号") == ["发", "票", "号", "发票", "票号"]


def test_question_words_are_dropped_but_not_all() -> None:
    assert query_words("What is the total of the invoice?") == ["total", "invoice"]
    assert query_words("what is this") == ["what", "is", "thi"]
    assert "什么" not in query_words("发票的总金额是什么？")


def test_a_question_of_100_kb_is_short() -> None:
    assert len(query_words(" ".join(f"word{n}" for n in range(20_000)))) == 64


@given(st.text(max_size=200))
def test_any_text_makes_a_match_that_sqlite_accepts(text: str) -> None:
    words = query_words(text)
    assert all(" " not in word and '"' not in word for word in segment(text))
    assert tsquery(words).count("'") % 2 == 0
    if not words:
        return
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE t USING fts5(l, "
        "tokenize=\"unicode61 remove_diacritics 0 tokenchars '.,-_:/@''+&#'\")"
    )
    database.execute("INSERT INTO t VALUES (?)", (lexemes(text),))
    database.execute("SELECT rowid FROM t WHERE t MATCH ?", (fts5_match(words),)).fetchall()
    database.close()
