"""Words of questions and of tables: nouns for adjectives, and opposites. Knows no tables."""

from __future__ import annotations

import re

from assistant.citations import fold

_NOUNS = {
    "heavy": "weight, mass", "tall": "height", "wide": "width", "deep": "depth", "fast": "speed",
    "hot": "temperature", "warm": "temperature", "loud": "noise", "old": "age",
}  # fmt: skip
"""What tables call what is asked for with an adjective."""
_HOW = re.compile(rf"\bhow ({'|'.join(_NOUNS)})\b", re.IGNORECASE)


def in_nouns(asked: str) -> str:
    """Return a question with the noun for the adjective it asks with: how heavy, what weight."""
    return _HOW.sub(lambda found: f"what {_NOUNS[found[1].casefold()]}", asked)


def opposed(asked: str, label: str) -> bool:
    """Whether a label says the opposite of a question: half board, of which full board is asked."""
    one, other = (set(re.findall(r"[a-z]+", fold(text))) for text in (asked, label))
    return any((a in one and b in other) or (b in one and a in other) for a, b in _OPPOSED)


_OPPOSED = (
    ("full", "half"), ("full", "part"), ("adult", "child"), ("adults", "children"),
    ("men", "women"), ("male", "female"), ("boys", "girls"), ("day", "night"),
    ("single", "double"), ("single", "return"), ("early", "late"), ("before", "after"),
    ("with", "without"), ("upper", "lower"), ("left", "right"), ("front", "rear"),
    ("inner", "outer"), ("winter", "summer"), ("old", "new"), ("small", "large"),
    ("min", "max"), ("net", "gross"), ("income", "expenditure"), ("incoming", "outgoing"),
    ("morning", "evening"), ("morning", "afternoon"), ("first", "second"), ("first", "last"),
)  # fmt: skip
