"""What the makers of small sets share: tables of this folder, JSON lines, the photos."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from retrieval.errors import FileNotFound

HERE = Path(__file__).parent
SPLIT = "test"
COUNT = 20
_SIDE = 224


def table(name: str) -> list[dict[str, Any]]:
    """Return the rows of a JSON file of this folder."""
    rows: list[dict[str, Any]] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return rows


def write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows as JSON lines."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def photos(folder: Path, count: int) -> list[dict[str, Any]]:
    """Put the photos into the split's folder, squashed to 224 × 224; returns their rows."""
    from PIL import Image

    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFound(name="scikit-image")
    source = Path(spec.submodule_search_locations[0]) / "data"
    target = folder / SPLIT
    target.mkdir(exist_ok=True)
    rows = table("photos.json")[:count]
    for row in rows:
        row["image"] = f"{Path(row['file']).stem}.jpg"
        with Image.open(source / row["file"]) as image:
            flat = Image.new("RGBA", image.size, "white")
            flat.alpha_composite(image.convert("RGBA"))
        small = flat.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
        small.save(target / row["image"], quality=90)
    return rows
