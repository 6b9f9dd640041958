"""Values beside labels, by the layout that text keeps."""

from __future__ import annotations

from assistant.forms import find_values
from retrieval.values import Passage, RegionLocator

TEXT = """R&D SUGGESTION/SOLUTION FORM
Name/Phone Ext.: M. Hamann, P. Harper   Date: 9/3/92
Brand: PHOENIX | Company: B.A.T. CYPRUS
Licensee Ref. No.: | Market:
Tobacco Rod Length | 64 | mm
Suggestion: Discontinue the analyses of samples that the licensees
submit, since they measure them themselves.
Region | Units | Price
North | 12 | 4.50
Prepared by
A. Meyer"""


def _passage(text: str = TEXT) -> Passage:
    return Passage(1, "f.jpg", "", "image", "image/jpeg", "ocr", text, RegionLocator(), 1.0, 1.0)


def _value(label: str) -> str:
    found = find_values(label, [_passage()])
    return found[0].text if found else ""


def test_values_after_a_label() -> None:
    assert _value("Date:") == "9/3/92"
    assert _value("Name / Phone Ext. :") == "M. Hamann, P. Harper"
    assert _value("Company:") == "B.A.T. CYPRUS"
    assert _value("Brand:") == "PHOENIX"


def test_a_unit_in_the_next_cell_belongs_to_the_value() -> None:
    assert _value("Tobacco Rod Length") == "64 mm"


def test_a_value_goes_on_in_the_next_line() -> None:
    said = _value("Suggestion:")
    assert said.startswith("Discontinue") and said.endswith("themselves.")


def test_values_below() -> None:
    assert _value("Units") == "12"
    assert _value("Prepared by") == "A. Meyer"


def test_misread_labels_are_still_found() -> None:
    assert _value("Tobaceo Rod Lenqth") == "64 mm"


def test_empty_and_unknown_labels_have_no_value() -> None:
    assert _value("Market:") == ""
    assert _value("Shoe size") == ""
    assert find_values("::", [_passage()]) == []
