"""One file per family of formats; a dict is the registry."""

from retrieval.parse.base import Limits, ParseTools, Source
from retrieval.parse.registry import PARSERS, look, parse

__all__ = ["PARSERS", "Limits", "ParseTools", "Source", "look", "parse"]
