"""``make bench``: the whole table, on the sample library, in a home folder of its own.

Prints Markdown, or JSON with ``--json``. Ends with 1 when a bar is missed.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.config import load_settings
from benchmarks.measure import PeakMemory, Row, median_seconds

if TYPE_CHECKING:
    from assistant.service import Assistant

QUERIES = ("a cup of coffee", "invoice total", "a cat", "发票", "regional sales", "rocket launch")


def command_line() -> Row:
    """Wall time of ``sightline --help``."""
    import subprocess

    sightline = str(Path(sys.executable).with_name("sightline"))
    taken = median_seconds(
        lambda: subprocess.run([sightline, "--help"], stdout=subprocess.DEVNULL, check=True), 7
    )
    return Row("sightline --help", taken, "s", "< 0.5 s", taken < 0.5)


def whole_chain(home: Path) -> Iterator[Row]:
    """Take in the sample files, search, ask; with the memory of it all."""
    from assistant.build import build_assistant
    from assistant.demo import fill_demo

    settings = load_settings(home=home)
    with PeakMemory() as memory:
        assistant = build_assistant(settings)
        outcomes = fill_demo(assistant, None)
        assert all(o.status == "indexed" for o in outcomes), outcomes
        assistant.search("warm up")
        for query in QUERIES:  # the first search of a length pays for its shape
            assistant.search(query)
        searches = [assistant.search(q).seconds * 1000 for q in QUERIES * 5]
        yield Row(
            "search, sample library (median)",
            statistics.median(searches),
            "ms",
            "< 100 ms",
            statistics.median(searches) < 100,
        )
        yield from _first_tokens(assistant)
        assistant.close()
    peak = memory.peak_bytes / 2**30
    yield Row("peak memory, ingest to answer", peak, "GiB", "< 2.5 GiB", peak < 2.5)


def _first_tokens(assistant: Assistant) -> Iterator[Row]:
    from PIL import Image
    from skimage import data

    from assistant.messages import Abstained, Answered, AttachmentFile

    photo = assistant.settings.home / "bench-photo.jpg"
    Image.fromarray(data.coffee()).save(photo)
    assistant.warm_up()
    while any(state in ("cold", "loading") for state in assistant.warm_state().values()):
        time.sleep(0.2)
    asked: tuple[tuple[str, str, list[AttachmentFile], float], ...] = (
        ("warm", "Where is the spring staff meeting held?", [], 60),
        ("field", "What is the total due on the Northwind Boats invoice?", [], 3),
        ("text", "How many visits did Riverside Library have in 2025?", [], 3),
        ("photo", "What is in this photo?", [AttachmentFile(photo.name, photo)], 5),
    )
    for name, question, images, bar in asked:
        for event in assistant.ask(question, images=images):
            if isinstance(event, Answered | Abstained) and name != "warm":
                first = event.timings.first_token or event.timings.total
                yield Row(f"first token, {name} question", first, "s", f"< {bar} s", first < bar)


def rows() -> Iterator[Row]:
    """Measure everything, quickest first."""
    from assistant.demo import demo_files
    from benchmarks import engines, ingestion, reuse, scale
    from retrieval.weights import ModelStore

    settings = load_settings()
    store = ModelStore(settings.models_folder)
    yield command_line()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SIGHTLINE_MODELS_DIR"] = str(settings.models_folder)
        yield from whole_chain(Path(folder) / "home")
        clips = [p for p in demo_files(Path(folder)) if p.suffix in (".ogg", ".flac", ".m4a")]
        yield engines.decoding(store, settings.threads)
        yield from reuse.rows(store, settings.threads)
        yield engines.photo_encoding(store, settings.threads)
        yield engines.text_encoding(store, settings.threads)
        yield from ingestion.rows(store, settings.threads)
        yield from scale.rows((100_000,))
        yield engines.transcription(store, settings.threads, clips[0])


def main() -> None:
    """Print the table as it grows."""
    as_json, found = "--json" in sys.argv, []
    if not as_json:
        print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores\n")
        print("| what | ours | bare | ratio | bar | met |\n|---|---|---|---|---|---|")
    for row in rows():
        found.append(row)
        if not as_json:
            bare = f"{row.bare:.2f}" if row.bare is not None else ""
            ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
            ours = f"{row.ours:.2f} {row.unit}"
            met = "yes" if row.met else "no"
            print(f"| {row.name} | {ours} | {bare} | {ratio} | {row.bar} | {met} |", flush=True)
    if as_json:
        print(json.dumps([row.to_json() for row in found]))
    if not all(row.met for row in found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
