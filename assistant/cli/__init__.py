"""The ``sightline`` command, split by subcommand; thin, like the pages."""

from assistant.cli.main import main

__all__ = ["main"]
