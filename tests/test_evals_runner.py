"""The runner: drawing, resuming, failures, several at once, what is kept of runs."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from spelling import Plain, Spelling, run

from assistant.config import Settings
from evals import progress, report, runner
from evals.context import Context
from evals.errors import EvalBusy, EvalDataInvalid, EvalRunNotFound, NotOffered
from evals.store import alone, latest_run, list_runs, load_run, opened
from evals.suites import speech
from evals.values import Case, Dataset, Options, Part, Score, Scored

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def context(settings: Settings) -> Context:
    return Plain(settings, Options(), lambda line: None)


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


def test_jobs_are_done_at_once_and_kept_in_order(context: Context, tmp_path: Path) -> None:
    meeting = threading.Barrier(4)

    class Slow(Spelling):
        def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
            part = super().parts(case, dataset, context)[0]

            def work() -> Scored:
                meeting.wait(timeout=30)  # breaks unless four are under way
                return part.work()

            return [replace(part, work=work)]

    result = run(Slow(8, frozenset({"x.jsonl:5"})), context, tmp_path, jobs=4)
    assert result.config["failed"] == 1
    assert [o.case for o in result.outcomes] == [f"x.jsonl:{n}" for n in range(8)]


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
        "from spelling import Plain, Spelling\n"
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


def test_progress_says_what_is_left() -> None:
    said: list[str] = []
    meter = progress.Progress(3, said.append, every=0.0)
    for _ in range(3):
        meter.step()
    assert said[-1] == "3/3 done, about 0 s left"
    assert [progress.duration(s) for s in (12, 600, 7200)] == ["12 s", "10 min", "2.0 h"]


def test_the_suite_of_speech_weighs_by_words() -> None:
    score = speech.heard_score("red dogs run home", "red dogs run")
    assert score == Score(0.25, "1 of 4 words", 4.0)
    assert speech.language_of("港口大桥有多长？") == "zh"
