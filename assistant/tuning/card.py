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

RESEARCH = "research use only (the weights were trained on data for research)"
OWN = "yours (the weights were trained on your own data)"
_KNOWN = {"flickr8k": RESEARCH, "daquar": RESEARCH, "visual7w": "CC BY 4.0 (name Visual7W)"}
_NONE: Mapping[str, Any] = {}


@dataclass(frozen=True)
class DataUsed:
    """One split that was learned from or measured on."""

    name: str
    photos: int
    rows: int
    use: str


def licence_of(data: Sequence[DataUsed], start: str = "") -> str:
    """Say what may be done with weights that learned from these sets.

    Args:
        start: the licence of the weights that the training began from.
    """
    learned = [used.name.split("/")[0] for used in data if used.use.startswith("training")]
    said = {_KNOWN.get(name, OWN) for name in learned}
    if RESEARCH in said or "research" in start:
        return RESEARCH
    return "; ".join(sorted(said)) or OWN


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


def write_card(
    folder: Path, card: Card, files: Sequence[str] = (WEIGHTS,), extra: Mapping[str, Any] = _NONE
) -> dict[str, Any]:
    """Write ``card.json`` and ``README.md`` beside the weights, with the weights' checksums.

    Args:
        files: names of the weights.
        extra: further entries, for whoever loads the weights.

    Raises:
        FileNotFoundError: one of the files is not there.
    """
    import torch

    value = {
        **asdict(card),
        "files": {name: sha256_of(folder / name) for name in files},
        "sha256": sha256_of(folder / files[0]),
        "bytes": sum((folder / name).stat().st_size for name in files),
        "hardware": hardware(),
        "software": {"python": platform.python_version(), "torch": torch.__version__},
        **extra,
    }
    _write(folder, value)
    return value


def add_metrics(folder: Path, metrics: Mapping[str, Any]) -> None:
    """Write what was measured into a card that is there."""
    value = json.loads((folder / CARD).read_text(encoding="utf-8"))
    value["metrics"] = {**value.get("metrics", {}), **metrics}
    _write(folder, value)


def hardware() -> str:
    """Say what machine this is: processor, cores, memory, and the GPU if torch sees one."""
    import psutil
    import torch

    cores, memory = psutil.cpu_count(), psutil.virtual_memory().total / (1 << 30)
    told = f"{_processor()}, {cores} cores, {memory:.0f} GiB"
    return f"{told}, {torch.cuda.get_device_name(0)}" if torch.cuda.is_available() else told


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else f"{platform.machine()}, {platform.system()}"


def _write(folder: Path, value: Mapping[str, Any]) -> None:
    """Write both forms, each whole or not at all, the one for programs last."""
    texts = {
        "README.md": _markdown(value),
        CARD: json.dumps(value, indent=2, ensure_ascii=False) + "\n",
    }
    for name, text in texts.items():
        temporary = folder / f".{name}.part"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(folder / name)


def _markdown(value: Mapping[str, Any]) -> str:
    data = "\n".join(
        f"| {d['name']} | {d['photos']} | {d['rows']} | {d['use']} |" for d in value["data"]
    )
    metrics = "\n".join(f"| {name} | {figure} |" for name, figure in value["metrics"].items())
    seconds = "\n".join(f"| {name} | {s / 60:.0f} min |" for name, s in value["seconds"].items())
    commands = "\n".join(value["commands"])
    weights = "\n".join(f"- `{name}`, SHA-256 `{sha}`" for name, sha in value["files"].items())
    settings = json.dumps(value["settings"], indent=2)
    return f"""# {value["title"]}

Made {value["made"]} from {value["base"]}. Licence: **{value["licence"]}**.
Weights, {value["bytes"]:,} bytes:
{weights}

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
