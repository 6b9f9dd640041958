"""A wish to use a tool, and what came of it. Values only: knows no tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.look import Sight
from assistant.messages import AssetView
from retrieval.errors import SightlineError
from retrieval.values import Passage, SearchResult


@dataclass(frozen=True)
class ToolCall:
    """A wish to use a tool; arguments are unchecked JSON values."""

    tool: str
    arguments: Mapping[str, Any]
    id: str = ""


@dataclass(frozen=True)
class ToolResult:
    """What a tool found. ``text`` is for a model or a person, ``error`` says why it failed.

    ``broken`` is the failure of a tool that should have worked, as against one that was asked
    for what is not there.
    """

    call: ToolCall
    summary: str = ""
    text: str = ""
    passages: tuple[Passage, ...] = ()
    assets: tuple[AssetView, ...] = ()
    sights: tuple[Sight, ...] = ()
    search: SearchResult | None = None
    seconds: float = 0.0
    error: str = ""
    broken: SightlineError | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
