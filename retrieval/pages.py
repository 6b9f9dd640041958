"""Evidence on one page of a document: the image of the page and its passages support each other.

A page that answers is often found by several of its passages, none of them alone in front. So
the best passage of a page is ranked by all of them: its own score, half of the next, a quarter of
the one after (on long reports the right page was among the first five .71 of the time by the best
passage alone, .76 so). Chances are left as they are.

A page that the question names (page 8) is put forward: the one that bears the number, else the
one that comes there by counting.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection

from retrieval.catalog.library import chunks_for, chunks_on_page
from retrieval.fusion import RANK_CONSTANT, Fused
from retrieval.places import Page, Part, Place
from retrieval.values import PageLocator

_SHARE = 0.5
"""What each further passage of a page adds, to the power of its place among them."""


_NAMED = re.compile(
    r"\bpages?\s*(\d{1,4})(?:\s*(?:,|and|&|to|-|–)\s*(?:page\s*)?(\d{1,4}))?|第\s*(\d{1,4})\s*页",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\[[^\]]*\]")
_NAMED_WORTH = 0.5
_DOCUMENTS = 3
"""Pages are named of a document: of so many of the best."""


def named(question: str) -> list[int]:
    """Return the page numbers a question names; in brackets stand examples of answers."""
    bare = _BRACKETS.sub(" ", question)
    found = (number for match in _NAMED.findall(bare) for number in match if number)
    return list(dict.fromkeys(map(int, found)))


def put_forward(connection: Connection, fused: dict[Place, Fused], question: str) -> None:
    """Add worth to the passages of the pages that a question names, found already or not."""
    numbers = named(question)
    if not numbers:
        return
    worth: dict[int, float] = {}
    for key, one in fused.items():
        if isinstance(key, (Part, Page)):
            worth[key.asset_id] = max(worth.get(key.asset_id, 0.0), one.score)
    documents = sorted(worth, key=lambda asset: -worth[asset])[:_DOCUMENTS]
    for number in numbers:
        by_place, by_print = chunks_on_page(connection, documents, number)
        printed = {chunk.asset_id for chunk in by_print}
        for chunk in (*by_print, *(c for c in by_place if c.asset_id not in printed)):
            key = Part(chunk.asset_id, chunk.id)
            fused.setdefault(key, Fused(key)).score += _NAMED_WORTH / RANK_CONSTANT


def gather(connection: Connection, fused: dict[Place, Fused]) -> None:
    """Give a page's image to its best passage, and that passage a part of the others' scores."""
    chunks = [key.chunk_id for key in fused if isinstance(key, Part)]
    if not chunks:
        return
    on_page: dict[Page, list[Fused]] = {}
    for record in chunks_for(connection, chunks, ()):
        if isinstance(record.locator, PageLocator):
            page = Page(record.asset_id, record.locator.page)
            on_page.setdefault(page, []).append(fused[Part(record.asset_id, record.id)])
    for page, found in on_page.items():
        found.sort(key=lambda one: -one.score)
        if page in fused:
            found[0].absorb(fused.pop(page))
        added = sum(one.score * _SHARE**place for place, one in enumerate(found[1:], 1))
        found[0].score += added
