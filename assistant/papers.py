"""The shape of the fields that are read off a receipt, an invoice or a form: a JSON schema.

What does not fit the schema is no field. Knows nothing of how fields are found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEXT = {"type": "string", "minLength": 2, "maxLength": 300}
_MONEY = {"type": "string", "pattern": r"^\D{0,6}\d[\d\s,.，．]*$"}
PAPER: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Fields of a paper",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "total": _MONEY,
        "tax": _MONEY,
        "date": {"type": "string", "pattern": r"\d", "maxLength": 60},
        "company": _TEXT,
        "address": _TEXT,
        "phone": {"type": "string", "pattern": r"^[^A-Za-z]*\d[\d\s()+./-]{4,}"},
        "email": {"type": "string", "pattern": r"^[^@\s]+@[^@\s]+\.\w+$"},
        "number": {"type": "string", "pattern": r"\w", "maxLength": 60},
    },
}


def fitting(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields whose values fit the schema; what is left is valid as a whole."""
    from jsonschema import Draft202012Validator

    kinds = PAPER["properties"]
    return {
        name: value
        for name, value in fields.items()
        if name in kinds and Draft202012Validator(kinds[name]).is_valid(value)
    }
