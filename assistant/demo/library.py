"""The sample library: its files, the questions to ask about them, and taking them in.

The photos ship inside the scikit-image wheel and are free of rights; the documents are drawn when
asked for (see ``documents``); the voice note is committed (``scripts/make_demo_voice.py`` made
it). Everything comes out byte for byte the same each time, so a second demo finds duplicates only.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.i18n import Language
from retrieval.errors import FileNotFound

if TYPE_CHECKING:
    from assistant.service import Assistant, FileOutcome

PHOTOS: dict[str, str] = {
    "astronaut.png": "Eileen Collins, NASA; public domain",
    "camera.png": "Lav Varshney; CC0",
    "chelsea.png": "Stefan van der Walt; CC0",
    "coffee.png": "Rachel Michetti; CC0",
    "coins.png": "Brooklyn Museum Collection; no known copyright restrictions",
    "hubble_deep_field.jpg": "NASA, ESA; public domain",
    "rocket.jpg": "SpaceX; public domain",
}
"""Photos that the scikit-image wheel carries, with who made them and on what terms."""

_HERE = Path(__file__).parent
_VOICE = "voice-note.m4a"


@dataclass(frozen=True)
class DemoQuestion:
    """A question about a sample file, and what a right answer holds.

    ``expected`` are words that must all be in the answer (compared without case and without the
    commas of thousands), none for a photo; ``asset`` is the file it must cite.
    """

    asset: str
    language: Language
    question: str
    expected: tuple[str, ...]

    def answered_by(self, text: str) -> bool:
        """Tell whether ``text`` holds every expected word."""
        found = _plain(text)
        return all(_plain(word) in found for word in self.expected)


def demo_files(folder: Path) -> list[Path]:
    """Write the sample files into ``folder`` and return their paths, sorted by name.

    Raises:
        FileNotFound: the scikit-image package or one of its photos is not installed.
    """
    from assistant.demo.documents import DOCUMENTS

    folder.mkdir(parents=True, exist_ok=True)
    photos = _photo_folder()
    for name in PHOTOS:
        if not (photos / name).is_file():
            raise FileNotFound(name=str(photos / name))
        shutil.copyfile(photos / name, folder / name)
    for name, draw in DOCUMENTS.items():
        (folder / name).write_bytes(draw())
    shutil.copyfile(_HERE / "files" / _VOICE, folder / _VOICE)
    return sorted(folder / name for name in (*PHOTOS, *DOCUMENTS, _VOICE))


def fill_demo(
    assistant: Assistant, progress: Callable[[int, int, str], None] | None = None
) -> list[FileOutcome]:
    """Take the sample files into the assistant's library, and wait until they are in.

    Args:
        progress: told (files done, files in all, name of the file at hand).
    """
    with tempfile.TemporaryDirectory(prefix="sightline-demo-") as folder:
        return assistant.ingest(demo_files(Path(folder)), on_progress=progress)


@cache
def _all_questions() -> tuple[DemoQuestion, ...]:
    rows = json.loads((_HERE / "questions.json").read_text(encoding="utf-8"))
    return tuple(DemoQuestion(**{**row, "expected": tuple(row["expected"])}) for row in rows)


def demo_questions(
    language: Language | None = None, assets: Collection[str] | None = None
) -> list[DemoQuestion]:
    """Return the questions, of one language and about the named files only, if given."""
    return [
        q
        for q in _all_questions()
        if (language is None or q.language == language) and (assets is None or q.asset in assets)
    ]


def _photo_folder() -> Path:
    """Find the photos without importing scikit-image, which takes a second."""
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFound(name="scikit-image")
    return Path(spec.submodule_search_locations[0]) / "data"


def _plain(text: str) -> str:
    return text.casefold().replace(",", "").replace(" ", "")
