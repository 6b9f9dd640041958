"""The runner: drawing, resuming, failures, intervals; baselines, comparison and reports of runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.config import Settings
from evals import baseline, compare, plots, report, runner
from evals.context import Context
from evals.data import Media
from evals.errors import (
    BaselineMismatch,
    BaselineWorse,
    EvalBusy,
    EvalDataInvalid,
    EvalRunNotFound,
    NotOffered,
)
from evals.metrics import word_errors
from evals.store import alone, latest_run, list_runs, load_run, opened
from evals.suite import Suite
from evals.suites import speech
from evals.values import Broken, Case, Dataset, Metric, Options, Part, Result, Score, Scored

ROOT = Path(__file__).resolve().parent.parent


class Spelling(Suite):
    """Counts wrong letters; it can be told to fail, and remembers what it did."""

    name = "speech"  # a registered name, so that reports know its metrics
    about = "test"
    roles = ("chat",)
    metrics = (Metric("wer", lower_is_better=True),)

    def __init__(self, count: int = 10, fail: frozenset[str] = frozenset()) -> None:
        self.count, self.fail = count, fail
        self.did: list[str] = []

    def load(self, folder: Path, split: str | None) -> Dataset:
        cases = tuple(Case(f"x.jsonl:{n}", {"n": n}) for n in range(self.count))
        broken = (Broken("x.jsonl:99", "not JSON"),)
        return Dataset("speech", folder, "all", cases, Media(folder), broken, "d" * 64)

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        def work() -> Scored:
            self.did.append(case.id)
            if case.id in self.fail:
                raise RuntimeError("the model went away")
            errors, words = word_errors("a b c d", "a b c " + "dx"[case.data["n"] % 2])
            return Scored({"wer": Score(errors / words, "why", words)}, {"got": case.id})

        return [Part("spell", work, {"wer": Score(1.0, weight=4)})]


class Plain(Context):
    """A context that names fixed models and builds none."""

    def model_ids(self, roles: Sequence[str]) -> dict[str, str]:
        return {"chat": "none"}


@pytest.fixture
def context(settings: Settings) -> Context:
    return Plain(settings, Options(), lambda line: None)


def run(suite: Suite, context: Context, folder: Path, **options: object) -> Result:
    context.options = replace(context.options, **options)  # type: ignore[arg-type]
    return runner.run_suite(suite, folder, None, context, context.note)


def test_a_limit_draws_the_same_cases_each_time() -> None:
    cases = [Case(str(n), {}) for n in range(100)]
    suite = Spelling()
    ten = runner.draw(cases, suite, Options(limit=10))
    assert ten == runner.draw(cases, suite, Options(limit=10))
    assert ten != runner.draw(cases, suite, Options(limit=10, seed=8))
    assert {c.id for c in ten} < {c.id for c in runner.draw(cases, suite, Options(limit=20))}
    assert [int(c.id) for c in ten] == sorted(int(c.id) for c in ten)
    some = runner.draw(cases, suite, Options(generations=3))
    assert sum(c.generate for c in some) == 3
    assert len(some) == 100
    assert all(c.generate for c in runner.draw(cases, suite, Options(generations=0)))


def test_the_contract_of_a_result(context: Context, tmp_path: Path) -> None:
    result = run(Spelling(), context, tmp_path)
    document = json.loads(json.dumps(result.to_json()))
    assert list(document) == ["suite", "split", "n", "metrics", "intervals", "seconds", "config"]
    assert document["metrics"] == {"wer": 0.125}  # one of four words wrong in every other case
    low, high = document["intervals"]["wer"]
    assert low < 0.125 < high
    assert document["config"]["broken_rows"] == [{"where": "x.jsonl:99", "reason": "not JSON"}]
    assert document["config"]["counts"] == {"wer": 10}


def test_a_failing_case_is_scored_as_its_worst_and_shown(context: Context, tmp_path: Path) -> None:
    said: list[str] = []
    context.note = said.append
    result = run(Spelling(2, frozenset({"x.jsonl:0"})), context, tmp_path)
    assert result.metrics["wer"] == (4 + 1) / 8
    assert result.config["failed"] == 1
    assert "x.jsonl:0 spell: the model went away; scored as a failure" in said
    assert "the model went away" in report.markdown([result])


def test_an_interrupted_run_goes_on(context: Context, tmp_path: Path) -> None:
    class Stopped(Spelling):
        def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
            part = super().parts(case, dataset, context)[0]

            def work() -> Scored:
                if len(self.did) == 4:
                    raise KeyboardInterrupt
                return part.work()

            return [replace(part, work=work)]

    with pytest.raises(KeyboardInterrupt):
        run(Stopped(), context, tmp_path)
    suite = Spelling()
    result = run(suite, context, tmp_path)
    assert suite.did == [f"x.jsonl:{n}" for n in range(4, 10)]
    assert result.metrics["wer"] == 0.125
    again = Spelling()
    run(again, context, tmp_path)
    assert again.did == []
    run(again, context, tmp_path, fresh=True)
    assert len(again.did) == 10


def test_failures_are_tried_again(context: Context, tmp_path: Path) -> None:
    run(Spelling(3, frozenset({"x.jsonl:1"})), context, tmp_path)
    suite = Spelling(3)
    result = run(suite, context, tmp_path)
    assert suite.did == ["x.jsonl:1"]
    assert result.config["failed"] == 0


def test_the_same_run_twice_at_once_is_refused(tmp_path: Path) -> None:
    with (
        alone(tmp_path, "speech", "k"),
        pytest.raises(EvalBusy, match="under way"),
        alone(tmp_path, "speech", "k"),
    ):
        pass


def test_two_runs_at_once_do_not_disturb_each_other(settings: Settings, tmp_path: Path) -> None:
    """Processes of different runs write into one database; each finds all of its own."""
    script = (
        "import sys; sys.path[:0] = ['tests', '.']\n"
        "from pathlib import Path\n"
        "from test_evals_runner import Plain, Spelling\n"
        "from assistant.config import Settings\n"
        "from evals.runner import run_suite\n"
        "from evals.values import Options\n"
        "home, limit = Path(sys.argv[1]), int(sys.argv[2])\n"
        "made = Plain(Settings(home=home), Options(timeout=limit, limit=limit), print)\n"
        "print(run_suite(Spelling(60), home, None, made, print).config['run'])\n"
    )
    with opened(settings):
        pass  # the schema is there before both begin
    words = [sys.executable, "-c", script, str(settings.home)]
    both = [
        subprocess.Popen([*words, limit], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for limit in ("50", "60")
    ]
    names = [one.communicate()[0].splitlines()[-1] for one in both]
    with opened(settings) as engine:
        assert sorted(list_runs(engine)) == sorted(names)
        counts = [len(load_run(engine, name).outcomes) for name in names]
    assert counts == [50, 60]


def test_what_a_system_does_not_offer_is_not_measured(context: Context, tmp_path: Path) -> None:
    class Mute(Spelling):
        def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
            def work() -> Scored:
                raise NotOffered(system="mute", what="spell")

            return [Part("spell", work, {"wer": Score(1.0)})]

    result = run(Mute(), context, tmp_path)
    assert result.metrics == {"wer": None}
    assert result.config["unavailable"] == {"wer": "mute does not spell"}
    assert result.config["failed"] == 0


def test_groups_of_cases_have_figures_of_their_own(context: Context, tmp_path: Path) -> None:
    class Grouped(Spelling):
        def groups(self, case: Case) -> dict[str, str]:
            return {"half": "even" if case.data["n"] % 2 == 0 else "odd"}

    groups = run(Grouped(), context, tmp_path).config["groups"]
    assert groups == {"half=even": {"n": 5, "wer": 0.0}, "half=odd": {"n": 5, "wer": 0.25}}


def test_no_usable_row_is_an_error(context: Context, tmp_path: Path) -> None:
    with pytest.raises(EvalDataInvalid, match="no row can be used"):
        run(Spelling(0), context, tmp_path)


def test_runs_are_kept_and_found(context: Context, tmp_path: Path) -> None:
    result = run(Spelling(), context, tmp_path)
    name = result.config["run"]
    second = run(Spelling(10, frozenset({"x.jsonl:0"})), context, tmp_path, fresh=True)
    with opened(context.settings) as engine:
        assert list_runs(engine) == [name, second.config["run"]]
        assert load_run(engine, name).to_json() == result.to_json()
        before = [(o.case, o.error) for o in load_run(engine, name).outcomes]
        assert before == [(o.case, o.error) for o in result.outcomes]  # as they were then
        latest = latest_run(engine, "speech")
        assert latest is not None and latest.config["failed"] == 1
        assert latest_run(engine, "speech", "txtai") is None
        assert latest_run(engine, "xquad") is None
        with pytest.raises(EvalRunNotFound):
            load_run(engine, "nothing")


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
    fewer = replace(result, config={**result.config, "limit": 3})
    with pytest.raises(BaselineMismatch, match="limit"):
        baseline.gate(fewer, tmp_path)


def test_two_runs_are_compared_case_by_case(context: Context, tmp_path: Path) -> None:
    first = run(Spelling(), context, tmp_path)
    right = [
        replace(o, scores={"wer": Score(0.0, weight=4)}) if n % 4 else o
        for n, o in enumerate(first.outcomes)
    ]
    second = replace(first, outcomes=tuple(right))
    found = compare.compare(first, second)
    figures = found["metrics"]["wer"]
    assert found["n"] == 10
    assert (figures["a"], figures["b"], figures["difference"]) == (0.125, 0.0, -0.125)
    assert figures["interval"][1] < 0
    assert figures["p"] < 0.05
    assert figures["better"] is True
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
    assert len(told["runs"]) == 2
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
        speech_run, suite="forms", metrics={"anls": 0.5}, intervals={"anls": (0.4, 0.6)}
    )
    baseline.keep(other, False, tmp_path, page)
    baseline.keep(speech_run, False, tmp_path, page)
    text = page.read_text()
    assert "| forms | all | anls | 0 | 0.500 | 0.400 – 0.600 |" in text
    assert "| speech | all | wer | 4 | 0.125 |" in text
    assert "CPU cores" in text
    worse = replace(speech_run, metrics={"wer": 0.9})
    with pytest.raises(BaselineWorse, match="wer"):
        baseline.keep(worse, False, tmp_path, page)
    assert page.read_text() == text
    baseline.keep(worse, True, tmp_path, page)
    assert "| wer | 4 | 0.900 |" in page.read_text()
    assert len(list(tmp_path.glob("speech-*.json"))) == 1


def test_progress_says_what_is_left() -> None:
    said: list[str] = []
    progress = runner.Progress(3, said.append, every=0.0)
    for _ in range(3):
        progress.step()
    assert said[-1] == "3/3 done, about 0 s left"
    assert [runner.duration(s) for s in (12, 600, 7200)] == ["12 s", "10 min", "2.0 h"]


def test_the_suite_of_speech_weighs_by_words() -> None:
    score = speech.heard_score("red dogs run home", "red dogs run")
    assert score == Score(0.25, "1 of 4 words", 4.0)
    assert speech.language_of("港口大桥有多长？") == "zh"
