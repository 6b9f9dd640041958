"""Plain text, Markdown, CSV: encodings, order, offsets."""

from __future__ import annotations

from pathlib import Path

import pytest
from parsing import read

from retrieval.parse.text import decode
from retrieval.values import TextLocator

CHINESE = "会议纪要：四月预算为九千元，请在周五之前提交报告。\n参加人：王小明、李华。\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_chinese_in_any_encoding(encoding: str) -> None:
    assert decode(CHINESE.encode(encoding)).strip("\ufeff") == CHINESE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "latin-1", "cp1252"])
def test_western_in_any_encoding(encoding: str) -> None:
    text = "Größe, naïve café, señor, Ærø: déjà vu à l'été\n"
    assert decode(text.encode(encoding)).strip("\ufeff") == text


def test_lines_of_different_encodings_in_one_file() -> None:
    data = "Grüße aus Köln\n".encode() + "Café crème\n".encode("latin-1") + b"plain\n"
    assert decode(data) == "Grüße aus Köln\nCafé crème\nplain\n"
    mixed = "四月预算\n".encode() + "五月的预算为九千元\n".encode("gb18030")
    assert decode(mixed) == "四月预算\n五月的预算为九千元\n"


def test_traditional_chinese_in_big5() -> None:
    for text in ("會議記錄：港口將於七點開放，請各位準時出席。\n", "發票號碼：一二三\n金額\n"):
        assert decode(text.encode("big5")) == text


def test_rare_characters_of_gb_are_not_taken_for_big5() -> None:
    text = "朱镕基的报告：陶喆、王珺和李玥在会上发言，人民币五百元整。\n"
    assert decode(text.encode("gbk")) == text


def test_chinese_and_western_lines_of_old_encodings_in_one_file() -> None:
    data = "第二行是国标编码的汉字内容\n".encode("gb18030") + "café, señor\n".encode("latin-1")
    assert decode(data) == "第二行是国标编码的汉字内容\ncafé, señor\n"


def test_every_locator_points_into_the_joined_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "First paragraph,\ntwo lines.\n\n\n\nSecond\u200b one.\r\n\r\nThird.", newline=""
    )
    found = read(path)
    joined = "\n\n".join(block.text for block in found.blocks)
    assert [b.text for b in found.blocks] == [
        "First paragraph,\ntwo lines.",
        "Second one.",
        "Third.",
    ]
    for block in found.blocks:
        assert isinstance(block.locator, TextLocator)
        assert joined[block.locator.start : block.locator.end] == block.text


def test_markdown_headings_and_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "# Boats\n\nAll about them.\n\n## Prices\n\n| boat | price |\n|---|---|\n| skiff | 900 |\n"
        "\n```\n# no heading in code\n```\n"
    )
    found = read(path)
    assert found.header.metadata["title"] == "Boats"
    assert [(b.heading, b.kind) for b in found.blocks] == [
        ("Boats", "body"),
        ("Boats", "body"),
        ("Prices", "body"),
        ("Prices", "table"),
        ("Prices", "body"),
    ]
    assert "# no heading in code" in found.blocks[-1].text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_rows_carry_their_columns(tmp_path: Path, delimiter: str) -> None:
    rows = [["item", "unit price", "town"], ["skiff", "900", "Århus"], ["oar", "35", ""]]
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(delimiter.join(row) for row in rows).encode("latin-1"))
    found = read(path)
    assert found.header.metadata == {"rows": 2, "columns": 3}
    assert found.blocks[1].text == (
        "item: skiff | unit price: 900 | town: Århus\nitem: oar | unit price: 35"
    )
    assert {b.kind for b in found.blocks} == {"table"}


def test_csv_without_names_of_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1,2,3\n4,5,6\n")
    assert read(path).blocks[0].text == "1 | 2 | 3\n4 | 5 | 6"


def test_long_text_reports_progress(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n\n".join(f"Paragraph {i} " + "words " * 100 for i in range(400)))
    found = read(path)
    assert found.header.units == 5
    assert [b.unit for b in found.blocks] == sorted(b.unit for b in found.blocks)
    assert found.blocks[-1].unit == 4
