"""What is made of runs: baselines and the gate, comparisons, reports, plots."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from spelling import Plain, Spelling, run

from assistant.config import Settings
from evals import baseline, compare, plots, report
from evals.context import Context
from evals.errors import BaselineMismatch, BaselineWorse
from evals.suite import NAMES
from evals.values import Options, Score


@pytest.fixture
def context(settings: Settings) -> Context:
    return Plain(settings, Options(), lambda line: None)


def test_the_gate_holds_figures_and_refuses_other_data(context: Context, tmp_path: Path) -> None:
    result = run(Spelling(), context, tmp_path)
    assert baseline.gate(result, tmp_path) == []
    path = baseline.write_baseline(result, tmp_path)
    kept = json.loads(path.read_text())
    slack = kept["metrics"]["wer"]["tolerance"]
    assert slack >= 0.02
    assert all(check.ok for check in baseline.gate(result, tmp_path))
    # a word error rate gets worse by growing
    worse = replace(result, metrics={"wer": 0.125 + slack + 0.01})
    better = replace(result, metrics={"wer": 0.0})
    gone = replace(result, metrics={"wer": None})
    verdicts = [baseline.gate(r, tmp_path)[0].ok for r in (worse, better, gone)]
    assert verdicts == [False, True, False]
    other = replace(result, config={**result.config, "data": "other"})
    with pytest.raises(BaselineMismatch, match="its data is dddddddd"):
        baseline.gate(other, tmp_path)
    small = replace(result, config={**result.config, "small_set": True, "data": "small"})
    baseline.write_baseline(small, tmp_path)  # beside the other, not in its place
    assert len(list(tmp_path.glob("speech-*.json"))) == 2
    assert all(check.ok for run in (result, small) for check in baseline.gate(run, tmp_path))
    peer = replace(result, config={**result.config, "system": "txtai"})
    with pytest.raises(BaselineMismatch, match="its system is sightline, the run's is txtai"):
        baseline.gate(peer, tmp_path)
    fewer = replace(result, config={**result.config, "limit": 3})
    with pytest.raises(BaselineMismatch, match="limit"):
        baseline.gate(fewer, tmp_path)


def test_two_runs_are_compared_case_by_case(context: Context, tmp_path: Path) -> None:
    first = run(Spelling(20), context, tmp_path)
    right = [
        replace(o, scores={"wer": Score(0.0, weight=4)}) if n % 4 else o
        for n, o in enumerate(first.outcomes)
    ]
    second = replace(first, outcomes=tuple(right))
    found = compare.compare(first, second)
    figures = found["metrics"]["wer"]
    assert found["n"] == 20
    assert (figures["a"], figures["b"], figures["difference"]) == (0.125, 0.0, -0.125)
    assert figures["interval"][1] < 0
    assert figures["p"] < 0.05
    assert figures["better"] is True
    few = [
        replace(
            run, outcomes=tuple(o for o in run.outcomes if o.case in ("x.jsonl:1", "x.jsonl:3"))
        )
        for run in (first, second)
    ]
    two = compare.compare(*few)["metrics"]["wer"]
    assert (two["difference"], two["interval"]) == (-0.25, None)
    assert two["p"] > 0.3  # two cases prove nothing, however clear they are
    assert "-0.25" in report.markdown(few, compare.compare(*few))
    same = compare.compare(first, first)["metrics"]["wer"]
    assert (same["difference"], same["p"], same["better"]) == (0.0, 1.0, None)
    other = replace(first, config={**first.config, "data": "other"})
    with pytest.raises(BaselineMismatch):
        compare.compare(first, other)


def test_a_report_shows_the_worst_and_is_one_file(context: Context, tmp_path: Path) -> None:
    result = run(Spelling(4, frozenset({"x.jsonl:3"})), context, tmp_path)
    odd = replace(result.outcomes[1], shown={"got": "<script>alert(1)</script>"})
    result = replace(result, outcomes=(result.outcomes[0], odd, *result.outcomes[2:]))
    paths = report.write_report([result], tmp_path / "out")
    assert [p.name for p in paths] == ["report.md", "report.html", "report.json"]
    page = paths[1].read_text()
    assert "<script" not in page
    assert "http" not in page
    assert [o.case for o in report.worst(result)] == ["x.jsonl:3", "x.jsonl:1"]


def test_two_runs_side_by_side(context: Context, tmp_path: Path) -> None:
    first = run(Spelling(), context, tmp_path)
    right = [
        replace(o, scores={"wer": Score(0.0, "mended", weight=4)}) if n % 4 else o
        for n, o in enumerate(first.outcomes)
    ]
    second = replace(first, outcomes=tuple(right))
    paths = report.write_report([first, second], tmp_path / "out", pair=True)
    text, page = paths[0].read_text(), paths[1].read_text()
    assert "| wer | 0.125 | 0.0 | -0.125 |" in text
    assert "Cases that changed" in page
    assert page.count('class="good"') >= 2  # the cases that got better
    assert "http" not in page
    told = json.loads(paths[2].read_text())
    assert told["comparison"]["metrics"]["wer"]["difference"] == -0.125
    assert [len(one["outcomes"]) for one in told["runs"]] == [10, 10]
    with pytest.raises(BaselineMismatch):
        other = replace(first, config={**first.config, "data": "other"})
        report.write_report([first, other], tmp_path / "out", pair=True)


def test_plots_are_within_their_frame() -> None:
    drawn = plots.bar(2.0, (-1.0, 3.0), 1.0)
    numbers = [float(n) for n in re.findall(r'(?:x1|x2|width)="([\d.]+)"', drawn)]
    assert max(numbers) <= plots.WIDTH and min(numbers) >= 0
    curve = plots.curves([("a<b", np.array([0.0, 0.5, 1.0]))], "coverage", "risk")
    assert "a&lt;b" in curve and curve.count("polyline") == 1
    assert plots.histogram([]) == ""


def test_one_suite_is_refreshed_and_the_rest_remembered(context: Context, tmp_path: Path) -> None:
    page = tmp_path / "TABLE.md"
    speech_run = run(Spelling(4), context, tmp_path)
    other = replace(
        speech_run, suite="forms", metrics={"anls": 0.5}, intervals={"anls": (0.4, 0.6)},
        config={**speech_run.config, "counts": {"anls": 9}},
    )  # fmt: skip
    baseline.keep(other, False, tmp_path, page)
    baseline.keep(speech_run, False, tmp_path, page)
    text = page.read_text()
    assert "| forms | all | anls | 9 | 0.500 | 0.400 – 0.600 |" in text
    assert "| speech | all | wer | 4 | 0.125 |" in text
    assert "CPU cores" in text
    assert f"2 of {len(NAMES)} suites" in text
    worse = replace(speech_run, metrics={"wer": 0.9})
    with pytest.raises(BaselineWorse, match="wer"):
        baseline.keep(worse, False, tmp_path, page)
    assert page.read_text() == text
    baseline.keep(worse, True, tmp_path, page)
    assert "| wer | 4 | 0.900 |" in page.read_text()
    assert len(list(tmp_path.glob("speech-*.json"))) == 1
