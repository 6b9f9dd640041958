"""What tools make of their arguments and of what they find. Knows no library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

from assistant.arguments import FindPeople, ListAssets, SearchLibrary
from assistant.safety import find_orders
from assistant.shelf import tag_name
from retrieval.values import Filters, Modality, Passage


def filters_of(given: SearchLibrary | ListAssets | FindPeople) -> Filters:
    """Return the restrictions among a tool's arguments; cameras' moments are kept as UTC."""
    if isinstance(given, FindPeople):
        modality: Modality | None = "image"
        tags: frozenset[str] = frozenset()
    else:
        modality, tags = given.modality, frozenset({tag_name(given.tag)} - {""})
    first, last = (
        t if t is None or t.tzinfo else t.replace(tzinfo=UTC)
        for t in (given.taken_from, given.taken_to)
    )
    return Filters(modality=modality, tags=tags, taken_from=first, taken_to=last)


def read_result(name: str, passages: Sequence[Passage]) -> dict[str, Any]:
    """Return what reading a file gives: its text and its passages."""
    whole = "\n".join(p.text for p in passages)
    return {
        "summary": f"{name}: {len(whole)} characters",
        "text": whole,
        "passages": tuple(passages),
    }


def on_pages(passage: Passage, first: int, last: int) -> bool:
    """Whether a passage stands on one of the pages, both ends included."""
    page = getattr(passage.locator, "page", None)
    return page is not None and first <= page <= last


def names_of(names: Iterable[str], most: int = 6) -> str:
    """Return the first names, each once, and how many more there are."""
    unique = list(dict.fromkeys(names))
    rest = len(unique) - most
    return ", ".join(unique[:most]) + (f" … (+{rest})" if rest > 0 else "")


def line_of(passage: Passage) -> str:
    """Return a passage on one line: its file and how it begins."""
    return f"{passage.asset}: {' '.join(passage.text.split())[:300]}"


def extracted(passages: Sequence[Passage]) -> dict[str, Any]:
    """Return the typed fields of a paper that fit its schema; none that gives orders."""
    from assistant.fields import fields_of
    from assistant.papers import fitting

    hits = {n: hit for n, hit in fields_of(passages).items() if not find_orders(hit.value)}
    found = {n: hits[n] for n in fitting({n: hit.value for n, hit in hits.items()}) if n in hits}
    written = "\n".join(f"{name}: {hit.value}" for name, hit in found.items())
    return {
        "summary": "; ".join(written.splitlines()),
        "text": written,
        "passages": tuple(hit.passage for hit in found.values()),
        "data": {name: hit.value for name, hit in found.items()},
    }
