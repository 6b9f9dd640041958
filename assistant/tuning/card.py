"""The card of trained weights: what they were made from, how, how good they are, what may be done.

Written by the run itself, as JSON for programs and as Markdown for people.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.tuning.registry import CARD, WEIGHTS, sha256_of


@dataclass(frozen=True)
class DataUsed:
    """One split that was learned from or measured on."""

    name: str
    photos: int
    rows: int
    use: str


@dataclass(frozen=True)
class Card:
    """What a run says of its weights. Metrics are as named; intervals are 95 % bootstrap."""

    name: str
    title: str
    base: str
    licence: str
    data: Sequence[DataUsed]
    settings: Mapping[str, Any]
    metrics: Mapping[str, Any]
    seconds: Mapping[str, float]
    commands: Sequence[str]
    notes: str = ""
    made: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


def write_card(folder: Path, card: Card) -> dict[str, Any]:
    """Write ``card.json`` and ``README.md`` beside the weights, with their checksum."""
    import torch

    value = {
        **asdict(card),
        "sha256": sha256_of(folder / WEIGHTS),
        "bytes": (folder / WEIGHTS).stat().st_size,
        "hardware": f"{platform.machine()}, {platform.system()}, CPU only",
        "software": {"python": platform.python_version(), "torch": torch.__version__},
    }
    text = json.dumps(value, indent=2, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_markdown(value), encoding="utf-8")
    return value


def _markdown(value: Mapping[str, Any]) -> str:
    data = "\n".join(
        f"| {d['name']} | {d['photos']} | {d['rows']} | {d['use']} |" for d in value["data"]
    )
    metrics = "\n".join(f"| {name} | {figure} |" for name, figure in value["metrics"].items())
    seconds = "\n".join(f"| {name} | {s / 60:.0f} min |" for name, s in value["seconds"].items())
    commands = "\n".join(value["commands"])
    settings = json.dumps(value["settings"], indent=2)
    return f"""# {value["title"]}

Made {value["made"]} from {value["base"]}. Licence: **{value["licence"]}**.
`{WEIGHTS}`: {value["bytes"]:,} bytes, SHA-256 `{value["sha256"]}`.

{value["notes"]}

## Data
| split | photos | rows | use |
|---|---|---|---|
{data}

## Measured
| what | figure |
|---|---|
{metrics}

## Time
| stage | wall clock |
|---|---|
{seconds}

On {value["hardware"]}, torch {value["software"]["torch"]}.

## Settings
```json
{settings}
```

## Commands
```
{commands}
```
"""
