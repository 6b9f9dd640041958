"""Write docs/settings.md and docs/cli.md from the code; with --check fail when they are stale."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

from assistant.config import Settings

DOCS = Path(__file__).resolve().parent.parent / "docs"
COMMANDS = (
    (),
    ("serve",),
    ("ingest",),
    ("search",),
    ("ask",),
    ("transcribe",),
    ("demo",),
    ("doctor",),
    ("migrate",),
    ("backup",),
    ("restore",),
    ("models", "list"),
    ("models", "verify"),
    ("models", "pull"),
    ("people",),
    ("people", "on"),
    ("people", "look"),
    ("people", "list"),
    ("people", "faces"),
    ("people", "name"),
    ("people", "merge"),
    ("people", "move"),
    ("people", "forget"),
    ("people", "erase"),
    ("eval",),
    ("eval", "run"),
    ("eval", "compare"),
    ("eval", "report"),
    ("eval", "gate"),
    ("eval", "baseline"),
    ("eval", "add"),
    ("eval", "make"),
    ("eval", "cases"),
    ("eval", "export"),
    ("eval", "judge"),
    ("tune",),
)


def settings_page() -> str:
    """Return the table of settings, from their definitions."""
    lines = [
        "# Settings",
        "",
        "Set them in the environment (`SIGHTLINE_` and the name in capitals) or in `settings.toml`",
        "in the home folder. The environment wins over the file, the command line over both.",
        "",
        "| setting | default | what it is |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        limits = _limits(field)
        lines.append(f"| `{name}` | {_default(name, field)} | {field.description}{limits} |")
    return "\n".join(lines) + "\n"


def _default(name: str, field: Any) -> str:
    computed = {"home": "the platform's user-data folder", "threads": "all cores, at most 8"}
    if name in computed:
        return computed[name]
    return f"`{field.default}`" if field.default not in ("", None) else "none"


def _limits(field: Any) -> str:
    parts = []
    for rule in field.metadata:
        if (low := getattr(rule, "ge", None)) is not None:
            parts.append(f"at least {low:g}")
        if (high := getattr(rule, "le", None)) is not None:
            parts.append(f"at most {high:g}")
    choices = [c for c in get_args(field.annotation) if isinstance(c, str)]
    if choices:
        parts.append("one of " + ", ".join(f"`{c}`" for c in choices))
    return f" ({'; '.join(parts)})" if parts else ""


def commands_page() -> str:
    """Return the help text of every command."""
    parts = ["# Commands\n\nEach exits with 0 when done, 1 when the work failed, 2 on bad usage.\n"]
    for command in COMMANDS:
        words = ["sightline", *command]
        parts.append(f"## `{' '.join(words)}`\n\n```\n{_help(command)}\n```\n")
    return "\n".join(parts)


def _help(command: tuple[str, ...]) -> str:
    sightline = Path(sys.executable).with_name("sightline")
    done = subprocess.run(
        [str(sightline), *command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={
            "COLUMNS": "90",
            "TERM": "dumb",
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(DOCS.parent),  # the commands of this tree, wherever it lies
        },
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def main() -> None:
    """Write both pages, or compare them."""
    pages = {"settings.md": settings_page(), "cli.md": commands_page()}
    stale = [n for n, text in pages.items() if not _same(DOCS / n, text)]
    if "--check" in sys.argv:
        if stale:
            raise SystemExit(f"stale: {', '.join(stale)}; run `make docs`")
        return
    for name, text in pages.items():
        (DOCS / name).write_text(text, encoding="utf-8")


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    main()
