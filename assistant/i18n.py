"""Words for people, in English and Chinese: errors by their code, interface texts by their key.

English error texts are the templates of the error classes; everything else is in ``locale/``.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

from retrieval.errors import SightlineError, error_classes

Language = Literal["en", "zh"]
_FOLDER = Path(__file__).with_name("locale")


@cache
def _texts(language: Language) -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads(
        (_FOLDER / f"{language}.json").read_text(encoding="utf-8")
    )
    return loaded


def text(key: str, language: Language = "en", **params: Any) -> str:
    """Return the interface text of ``key``.

    Raises:
        KeyError: no such key in that language (a test keeps both languages complete).
    """
    return _texts(language)["ui"][key].format(**params)


def explain(error: SightlineError, language: Language = "en") -> str:
    """Say an error in the user's language."""
    return explain_code(error.code, error.params, language)


def explain_code(code: str, params: dict[str, Any], language: Language = "en") -> str:
    """Say a stored error (code and parameters) in the user's language."""
    kind = error_classes().get(code, SightlineError)
    template = kind.template
    if language != "en":
        template = _texts(language)["errors"].get(code, template)
    return template.format_map(_Lenient(params))


def clock(seconds: float) -> str:
    """Write seconds as m:ss, or h:mm:ss."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


class _Lenient(dict[str, Any]):
    """Parameters stored by an older version may lack a name; show it rather than fail."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"
