"""Settings: precedence, refusals in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.config import load_settings
from assistant.errors import SettingsInvalid


def test_environment_wins_over_file_and_command_line_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings.toml").write_text('language = "zh"\nport = 9000\nthreads = 3\n')
    monkeypatch.setenv("SIGHTLINE_PORT", "9001")
    settings = load_settings(home=tmp_path, threads=5, host=None)
    assert (settings.language, settings.port, settings.threads) == ("zh", 9001, 5)
    assert settings.database_url == f"sqlite:///{tmp_path / 'sightline.db'}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", "colour"),
        ("port = 0", "port"),
        ('library = "../other"', "library"),
        ("port = ", "settings.toml"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(SettingsInvalid, match=words):
        load_settings(home=tmp_path)


def test_the_home_folder_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path / "elsewhere"))
    assert load_settings().home == tmp_path / "elsewhere"
