"""Any OpenAI-compatible endpoint as the reader of the plain text pipeline (``text_rag``).

Set ``SIGHTLINE_ENDPOINT`` and ``SIGHTLINE_CHAT_MODEL``: the files are read and found as in
``text_rag``, and the endpoint writes the answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.errors import EvalUsage
from evals.systems.rag import TextRag

if TYPE_CHECKING:
    from pathlib import Path

    from evals.context import Context


class Endpoint(TextRag):
    """See the module."""

    name = "endpoint"


def build(context: Context, home: Path) -> Endpoint:
    """Build it over the endpoint of the settings.

    Raises:
        EvalUsage: no endpoint is set.
    """
    if not context.settings.endpoint:
        raise EvalUsage(detail="The system endpoint needs SIGHTLINE_ENDPOINT (see docs/evals.md).")
    return Endpoint.over(context, home)
