"""Evidence on one page of a document: the image of the page and its passages support each other.

A page that answers is often found by several of its passages, none of them alone in front. So
the best passage of a page is ranked by all of them: its own score, half of the next, a quarter of
the one after (on long reports the right page was among the first five .71 of the time by the best
passage alone, .76 so). Chances are left as they are.
"""

from __future__ import annotations

from sqlalchemy import Connection

from retrieval.catalog.library import chunks_for
from retrieval.fusion import Fused
from retrieval.places import Page, Part, Place
from retrieval.values import PageLocator

_SHARE = 0.5
"""What each further passage of a page adds, to the power of its place among them."""


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
