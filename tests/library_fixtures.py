"""The library of ``library``, empty, and the real parser process, for tests to take as fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from library import Library, parser_process
from sqlalchemy import Engine

from assistant.config import Settings
from retrieval.sandbox import ParserProcess


@pytest.fixture(scope="module")
def parser(models_dir: Path) -> Iterator[ParserProcess]:
    """The real parser, one process for all tests of a file."""
    with parser_process(models_dir) as process:
        yield process


@pytest.fixture
def library(engine: Engine, settings: Settings, parser: ParserProcess) -> Library:
    """An empty library over a fresh home."""
    return Library(engine, settings.home, parser)
