"""Both languages say everything, with the same parameters."""

from __future__ import annotations

import json
import pickle
import string
from pathlib import Path
from typing import get_args

import assistant.errors  # noqa: F401  (fills the tree)
import evals.errors  # noqa: F401
from assistant import i18n
from assistant.messages import StatusKey
from retrieval.errors import FileTooLarge, error_classes

FOLDER = Path(i18n.__file__).with_name("locale")


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def load(language: str) -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads((FOLDER / f"{language}.json").read_text())
    return loaded


def test_every_error_is_translated_with_its_parameters() -> None:
    chinese = load("zh")["errors"]
    templates = {code: kind.template for code, kind in error_classes().items()}
    assert set(chinese) == set(templates)
    for code, template in templates.items():
        assert fields(chinese[code]) == fields(template), code


def test_interface_texts_are_complete_in_both_languages() -> None:
    english, chinese = load("en")["ui"], load("zh")["ui"]
    assert set(english) == set(chinese)
    for key, template in english.items():
        assert fields(chinese[key]) == fields(template), key


def test_everything_told_while_working_has_a_text() -> None:
    written = {key for key in load("en")["ui"] if key.startswith("status_")}
    assert written - {"status_thinking"} == set(get_args(StatusKey))


def test_an_error_speaks_the_users_language_and_crosses_processes() -> None:
    error = FileTooLarge(name="a.png", size="400 megapixels", limit="120 megapixels")
    assert "a.png is too large" in str(error)
    assert "太大" in i18n.explain(error, "zh")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is FileTooLarge
    assert copy.params == error.params


def test_an_error_stored_by_an_older_version_still_reads() -> None:
    assert "<limit>" in i18n.explain_code("file_too_large", {"name": "x", "size": "1"}, "en")
