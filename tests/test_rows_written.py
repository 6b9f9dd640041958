"""Questions on tables that no rule understands: the model writes a query, to be borne out."""

from __future__ import annotations

from pathlib import Path

from assisting import open_assistant, outcome, write

from assistant.config import Settings
from assistant.messages import Abstained, Answered
from assistant.models.scripted import ScriptedChat
from retrieval.values import CellLocator

SPENDING = (
    "date,shop,category,amount\n"
    "2025-01-03,Kiosk Nord,food,4.20\n"
    "2025-01-20,Bergmann,tools,61.00\n"
    "2025-02-02,Kiosk Nord,food,5.35\n"
    "2025-02-14,La Luna,eating out,72.50\n"
    "2025-02-21,Kiosk Nord,papers,3.10\n"
    "Total,,,146.15\n"
)


def test_a_question_no_rule_knows_is_answered_by_a_query(tmp_path: Path) -> None:
    """The model chooses the rows and the column; the figure is worked out, and cited."""
    model = ScriptedChat(
        script=["SELECT SUM(amount) FROM t WHERE shop = 'Kiosk Nord' AND category = 'tools'"],
        constrains=True,
    )
    opened = open_assistant(Settings(home=tmp_path / "home"), model)
    opened.ingest(write(tmp_path / "files", {"spending.csv": SPENDING}))
    try:
        said = outcome(opened.ask("what has the Kiosk Nord been setting us back in spending.csv?"))
        assert isinstance(said, Answered)
        assert "12.65" in said.text
        assert {c.asset for c in said.citations} == {"spending.csv"}
        asked, options = model.calls[-1]
        assert options.grammar is not None and "Kiosk Nord" in str(asked[-1].content)
    finally:
        opened.close()


def test_a_cell_that_no_query_bears_out_is_not_told(tmp_path: Path) -> None:
    model = ScriptedChat(script=["SELECT shop FROM t WHERE shop = 'La Luna'"], constrains=True)
    opened = open_assistant(Settings(home=tmp_path / "home"), model)
    opened.ingest(write(tmp_path / "files", {"spending.csv": SPENDING}))
    try:
        said = outcome(opened.ask("Which waiter served us at La Luna, by spending.csv?"))
        assert isinstance(said, Abstained)
    finally:
        opened.close()


def test_prose_in_a_cell_is_read_although_no_query_holds(tmp_path: Path) -> None:
    model = ScriptedChat(
        script=["SELECT field FROM t WHERE value = 'Ferry'", "418 metres"], constrains=True
    )
    opened = open_assistant(Settings(home=tmp_path / "home"), model)
    text = (
        "The Harbour Bridge at Port Ellen was opened on 3 May 1962 and is 418 metres long. It was "
        "designed by the engineer Ingrid Voss."
    )
    table = f'field,value\ntopic,Harbour Bridge\ntext,"{text}"\n'
    opened.ingest(write(tmp_path / "files", {"bridge.csv": table}))
    try:
        said = outcome(opened.ask("How long is the Harbour Bridge?"))
        assert isinstance(said, Answered) and "418 metres" in said.text
        (cited,) = said.citations
        assert isinstance(cited.locator, CellLocator)
        assert (cited.locator.rows, cited.locator.column) == ((3,), "value")
    finally:
        opened.close()


def test_a_bills_own_total_is_told_although_no_query_holds(tmp_path: Path) -> None:
    model = ScriptedChat(
        script=["SELECT SUM(amount) FROM t WHERE item = 'Boats'", "1,135.20"], constrains=True
    )
    opened = open_assistant(Settings(home=tmp_path / "home"), model)
    bill = (
        "# Invoice of Northwind Boats\n\n| item | amount |\n|---|---|\n| Oak planks | 462.00 |\n"
        "| Brass cleats | 195.00 |\n| Total due | 1,135.20 |\n"
    )
    opened.ingest(write(tmp_path / "files", {"bill.md": bill}))
    try:
        said = outcome(opened.ask("What is the total due on the Northwind Boats invoice?"))
        assert isinstance(said, Answered) and "1,135.20" in said.text
    finally:
        opened.close()
