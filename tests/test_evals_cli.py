"""`sightline eval`: one JSON document, exit codes, and the commands over stored runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.cli.main import app
from evals.smoke import make_smoke
from evals.suite import NAMES, OWN

HERE = Path(__file__).resolve().parent.parent


def call(*words: str) -> tuple[int, Any, str]:
    """Run a command; returns exit code, the JSON document on stdout, and stderr."""
    done = CliRunner().invoke(app, ["eval", *words])
    return done.exit_code, json.loads(done.stdout) if done.stdout else None, done.stderr


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chat model that needs no weights."""
    monkeypatch.setenv("SIGHTLINE_CHAT_MODEL", "scripted")


def test_list_names_the_contract() -> None:
    code, document, _ = call("list", "--json")
    assert code == 0
    metrics = {row["suite"]: row["metrics"] for row in document["suites"]}
    assert list(metrics) == [*NAMES, OWN]
    assert metrics["flickr8k"] == [
        "t2i_r1", "t2i_r5", "t2i_r10", "i2t_r1", "i2t_r10", "bleu4", "cider",
    ]  # fmt: skip
    assert metrics["visual7w"] == ["accuracy", "accuracy_blind"]
    assert metrics["daquar"] == ["exact", "exact_blind"]
    assert metrics["receipts"] == ["total", "company", "date", "page_r1"]
    assert metrics["forms"] == ["anls", "page_r1"]
    assert {"en_hit1", "zh_hit5", "zh_en_hit1", "em", "f1", "cited"} <= set(metrics["xquad"])
    assert metrics["speech"] == ["wer"]
    assert metrics["voice_captions"] == ["r10_spoken", "r10_typed", "wer"]
    assert metrics["long_documents"][:4] == [
        "page_recall5", "correct", "refusal_precision", "refusal_recall",
    ]  # fmt: skip


def test_every_suite_has_a_card() -> None:
    for name in (*NAMES, OWN):
        assert (HERE / "evals" / "cards" / f"{name}.md").read_text().startswith(f"# {name}\n")


def test_what_does_not_exist_is_bad_usage(tmp_path: Path) -> None:
    code, document, said = call("run", "flickr30k", "--json")
    assert (code, document["error"]["code"]) == (2, "suite_unknown")
    assert "Choose one of: flickr8k" in said
    code, document, _ = call("run", "speech", "--data", str(tmp_path / "none"), "--json")
    assert (code, document["error"]["code"]) == (2, "eval_data_invalid")
    code, document, _ = call("compare", "a", "b", "--json")
    assert (code, document["error"]["code"]) == (2, "eval_run_not_found")
    assert call("gate", "--json")[0] == 2
    assert CliRunner().invoke(app, ["eval", "run", "speech", "--limit", "0"]).exit_code == 2


@pytest.mark.usefixtures("scripted")
def test_run_compare_report_and_gate(tmp_path: Path) -> None:
    data = make_smoke("daquar", tmp_path / "data", 6)
    runs = []
    for _ in range(2):
        code, document, said = call("run", "daquar", "--data", str(data), "--limit", "4", "--json")
        assert code == 0
        assert document["n"] == 4
        assert document["metrics"]["exact"] is None
        assert "does not see images" in document["config"]["unavailable"]["exact"]
        runs.append(document["config"]["run"])
    assert "4 of 4 steps are done already" in said
    code, document, _ = call("list", "--json")
    assert document["runs"] == sorted(runs)
    code, document, _ = call("compare", *runs, "--json")
    assert (code, document["metrics"]["exact_blind"]["difference"]) == (0, 0.0)
    code, document, _ = call("report", runs[0], "--out", str(tmp_path / "out"), "--json")
    assert code == 0
    assert all(Path(path).is_file() for path in document["files"])
    assert call("gate", runs[0], "--json")[0] in (1, 2)  # no baseline is kept for this data


@pytest.mark.usefixtures("scripted")
def test_people_get_lines(tmp_path: Path) -> None:
    data = make_smoke("visual7w", tmp_path / "data", 2)
    words = ["eval", "run", "visual7w", "--data", str(data), "--split", "none"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    assert "accuracy_blind" in done.stdout
    assert "measuring on test" in done.stderr
