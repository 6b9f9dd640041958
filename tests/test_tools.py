"""Tools: checked arguments, exact arithmetic, one user's files only; failures are results."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from assisting import ColourClassifier, write

from assistant.arithmetic import calculate, in_signs, plain_number
from assistant.calls import ToolCall
from assistant.errors import ToolFailed
from assistant.library import EmptyLibrary
from assistant.look import Looker
from assistant.models.scripted import ScriptedChat
from assistant.service import Assistant
from assistant.tools import Toolbox, schemas

pytest_plugins = ["assisting_fixtures"]


def _toolbox(helper: Assistant, library: str = "default") -> Toolbox:
    shelf = helper._files.shelf(library)
    return Toolbox(shelf, (), Looker(ColourClassifier), "en")


def test_every_tool_has_a_schema() -> None:
    named = {schema["function"]["name"] for schema in schemas()}
    assert named == {
        "search_library", "read_document", "outline_document", "look_at_image", "transcribe",
        "calculate", "list_assets", "extract", "find_faces", "find_people", "summarise_album",
        "read_chart", "find_marks",
        "summarise", "translate", "sentiment", "entities",
    }  # fmt: skip
    assert all(schema["function"]["description"] for schema in schemas())


def test_reading_searching_listing_extracting(helper: Assistant) -> None:
    tools = _toolbox(helper)
    read = tools.run(ToolCall("read_document", {"file": "HARBOUR.txt"}))
    assert "Mira Lund" in read.text and not read.error
    found = tools.run(ToolCall("search_library", {"query": "Harbour Library", "k": 3}))
    assert found.passages[0].asset == "harbour.txt"
    inside = tools.run(ToolCall("search_library", {"query": "library", "file": "museum.txt"}))
    assert {p.asset for p in inside.passages} <= {"museum.txt"}
    listed = tools.run(ToolCall("list_assets", {}))
    assert len(listed.assets) == 6
    fields = tools.run(ToolCall("extract", {"file": "receipt-may.txt"}))
    assert fields.data["total"] == "12.00"


def test_a_long_file_is_read_by_its_outline(helper: Assistant, tmp_path: Path) -> None:
    text = "# Lease\n\nGeneral.\n\n## Rent\n\nDue monthly.\n\n## Pets\n\nNo geese.\n"
    helper.ingest(write(tmp_path / "o", {"lease.md": text}))
    tools = _toolbox(helper)
    sections = tools.run(ToolCall("outline_document", {"file": "lease.md"})).data["sections"]
    assert [section["title"].rsplit("›")[-1].strip() for section in sections] == [
        "Lease", "Rent", "Pets",
    ]  # fmt: skip
    read = tools.run(ToolCall("read_document", {"file": "lease.md", "section": "pets"}))
    assert "geese" in read.text
    assert "monthly" not in read.text
    assert not tools.run(ToolCall("outline_document", {"file": "harbour.txt"})).error


def test_tools_keep_to_tags_and_times(helper: Assistant) -> None:
    harbour = helper.assets(query="harbour.txt")[0]
    helper.tag([harbour.id], ["Town"])
    tools = _toolbox(helper)
    assert [a.name for a in tools.run(ToolCall("list_assets", {"tag": "town"})).assets] == [
        "harbour.txt"
    ]
    assert tools.run(ToolCall("list_assets", {"taken_from": "2020-01-01T00:00:00"})).assets == ()
    found = tools.run(ToolCall("search_library", {"query": "library", "tag": "town"}))
    assert {p.asset for p in found.passages} == {"harbour.txt"}


def test_another_library_cannot_be_named(helper: Assistant, tmp_path: Path) -> None:
    helper.ingest(write(tmp_path / "x", {"secret.txt": "the code is 4711"}), library="ben")
    mine = _toolbox(helper)
    assert mine.run(ToolCall("read_document", {"file": "secret.txt"})).error
    found = mine.run(ToolCall("search_library", {"query": "secret code 4711"}))
    assert "secret.txt" not in {p.asset for p in found.passages}
    assert _toolbox(helper, "ben").run(ToolCall("read_document", {"file": "secret.txt"})).text
    other = helper.assets(library="ben")[0]
    from assistant.errors import AssetNotFound

    with pytest.raises(AssetNotFound):
        helper._files.shelf("default").passages(other.id)


@pytest.mark.parametrize(
    "call",
    [
        ToolCall("format_disk", {}),
        ToolCall("read_document", {}),
        ToolCall("read_document", {"file": "a", "user": "ben"}),
        ToolCall("search_library", {"query": "x", "k": 10**6}),
        ToolCall("calculate", {"expression": "__import__('os')"}),
        ToolCall("calculate", {"expression": "9**9**9**9"}),
        ToolCall("look_at_image", {"file": "nothing.jpg"}),
    ],
)
def test_what_cannot_be_done_is_a_result(call: ToolCall, model: ScriptedChat) -> None:
    tools = Toolbox(EmptyLibrary(), (), Looker(ColourClassifier), "en")
    result = tools.run(call)
    assert result.error and result.summary and not result.passages


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1+2*3", "7"),
        ("(1 + 2) * 3", "9"),
        ("0.1+0.2", "0.3"),
        ("10/4", "2.5"),
        ("2^10", "1024"),
        ("1,000 × 3", "3000"),
        ("-5 + 3", "-2"),
        ("7 % 4", "3"),
    ],
)
def test_arithmetic_is_exact(expression: str, value: str) -> None:
    assert plain_number(calculate(expression)) == value


@pytest.mark.parametrize(
    ("spoken", "value"),
    [
        ("12.5 % of 840", "105"),
        ("2 to the power of 10", "1024"),
        ("840的12.5%", "105"),
        ("5 plus 3 times 2", "11"),
        ("3的4次方", "81"),
        ("17.5% on top of 240", "282"),
        ("20 percent off 80", "64"),
        ("200 - 15%", "170"),
        ("三百六十五乘以二十四", "8760"),
        ("一万二千零五加三亿零一", "300012006"),
        ("800打七五折", "600"),
        ("2的12次方再减96", "4000"),
        ("100 minus 30 percent of 1,200", "-260"),
    ],
)
def test_spoken_arithmetic_is_written_in_signs(spoken: str, value: str) -> None:
    assert plain_number(calculate(in_signs(spoken))) == value


@pytest.mark.parametrize("expression", ["1/0", "a+1", "1+", "(1", "open('x')", "[1]*9", "2**999"])
def test_no_arithmetic_is_refused(expression: str) -> None:
    with pytest.raises(ToolFailed):
        calculate(expression)


def test_numbers_are_written_plainly() -> None:
    assert plain_number(Decimal("30.10")) == "30.1"
    assert plain_number(Decimal("1E+3")) == "1000"
    assert plain_number(Decimal(1) / Decimal(3)) == "0.3333333333"
