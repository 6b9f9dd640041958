"""The growth measurement: a small library measured for real, the table and the plot."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks.growth import COLUMNS, PLOT, ROWS, draw, measure, recall_at_10, replace_row, table
from benchmarks.synthetic import DIM, clustered
from retrieval.index import VectorIndex

SVG = "{http://www.w3.org/2000/svg}"


def test_a_small_library_is_measured_whole() -> None:
    row = measure(50, 2)
    assert row["photos"] == 50
    assert row["recall_at_10"] == 1.0
    assert row["kind"] == "flat"
    assert all(row[key] > 0 for key in COLUMNS)


def test_recall_counts_what_an_index_lacks() -> None:
    index = VectorIndex(DIM)
    vectors = clustered(1000, 1)
    index.add(np.arange(1, 1001), vectors)
    assert recall_at_10(index, 1000, queries=20) == 1.0
    index.remove(np.arange(1, 501))
    assert 0.2 < recall_at_10(index, 1000, queries=20) < 0.8


def test_a_size_measured_again_replaces_its_row() -> None:
    rows = [{"photos": 10, "x": 1}, {"photos": 1000, "x": 1}]
    assert replace_row(rows, {"photos": 10, "x": 2}) == [{"photos": 10, "x": 2}, rows[1]]
    assert [r["photos"] for r in replace_row(rows, {"photos": 100})] == [10, 100, 1000]


def test_equal_ratios_are_equally_far_apart_in_the_plot() -> None:
    rows = [{"photos": 10**n, "search_p50_ms": 2.0**n} for n in (3, 4, 5, 6)]
    drawn = ElementTree.fromstring(draw(rows))
    assert [t.text for t in drawn.iter(f"{SVG}text")][0] == COLUMNS["search_p50_ms"]
    (line,) = drawn.iter(f"{SVG}polyline")
    points = [tuple(map(float, p.split(","))) for p in line.attrib["points"].split()]
    steps = [(b[0] - a[0], a[1] - b[1]) for a, b in pairwise(points)]
    for along, up in steps:
        assert along == pytest.approx(steps[0][0], abs=0.2)
        assert up == pytest.approx(steps[0][1], abs=0.2)
        assert up > 0


def test_a_figure_that_was_not_measured_is_a_dash_and_no_point() -> None:
    rows = [
        {"photos": 10, "kind": "flat", "recall_at_10": 0.98, "memory_mib": 100},
        {"photos": 20, "kind": "flat", "note": "an earlier run", "memory_mib": 110},
    ]
    last = table(rows).splitlines()[-1]
    assert last.startswith("| 20 (an earlier run) | `flat` |")
    assert last.count("–") == len(COLUMNS) - 1
    assert len(re.findall("<circle", draw(rows))) == 3


def test_the_plot_in_the_docs_is_of_the_rows_kept() -> None:
    assert PLOT.read_text(encoding="utf-8") == draw(json.loads(ROWS.read_text(encoding="utf-8")))
