"""Which pages of a document a person may mean by a number: as counted, or as printed on the page.

A report's "page 2" is often its sixth: cover and contents are not numbered. The printed numbers are
told by lines that end in them, where most pages agree on how far they are off. Knows passages only.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from assistant.i18n import Language, text
from retrieval.values import PageLocator, Passage

_PRINTED = re.compile(
    r"(?:^|\s{2,}|\bpage\s+|\s)[-–—(]?\s?(?P<number>\d{1,4})\s?[-–—)]?(?:\s*(?:of|/)\s*\d{1,4})?\s*$"
    r"|^第?\s*(?P<zh>\d{1,4})\s*页",
    re.IGNORECASE,
)
_ENDS = 2
"""Lines at the head and at the foot of a page that may have its number."""
_SHARE, _LEAST = 0.3, 3
"""Share of the pages, and how many, that must agree."""


def page_of(passage: Passage) -> int | None:
    """Return the page, or the sheet, that a passage stands on, 1-based; None without pages."""
    return passage.locator.page if isinstance(passage.locator, PageLocator) else None


def pages_called(
    number: int, passages: Sequence[Passage], counted: bool = False
) -> tuple[int, ...]:
    """Return the pages, 1-based as counted, that may be meant by "page ``number``".

    The one on which the number is printed comes first. Where the page of that count has no words,
    as the back of a cover, it is counted among the pages that have some.

    Args:
        passages: all text of one file.
        counted: "the second page" is meant, not "page 2".
    """
    pages = sorted({page for p in passages if (page := page_of(p)) is not None})
    shift = 0 if counted else printed_shift(passages)
    called = [number + shift] if shift else []
    if number not in pages and number <= len(pages):
        called.append(pages[number - 1])
    return tuple(dict.fromkeys(page for page in (*called, number) if page in pages))


def printed_shift(passages: Sequence[Passage]) -> int:
    """Return by how much the count of a page is above the number printed on it; 0 if untold."""
    lines: dict[int, list[str]] = defaultdict(list)
    for passage in passages:
        if (page := page_of(passage)) is not None:
            lines[page] += passage.text.splitlines()
    shifts: Counter[int] = Counter()
    for page, found in lines.items():
        ends = {*found[:_ENDS], *found[-_ENDS:]}
        matches = (m for line in ends if (m := _PRINTED.search(line.strip())))
        shifts.update({page - int(m["number"] or m["zh"]) for m in matches})
    shift, often = next(iter(shifts.most_common(1)), (0, 0))
    return shift if shift > 0 and often >= max(_LEAST, _SHARE * len(lines)) else 0


def page_names(
    pages: Sequence[int], passages: Sequence[Passage], language: Language, cited: int
) -> list[str]:
    """Return pages as they are told: as counted, what is printed on them beside, the first with
    the marks of their citations.

    Args:
        passages: all text of the file.
        cited: so many have a citation, numbered from 1.
    """
    shift, names = printed_shift(passages), []
    for number, page in enumerate(pages, 1):
        beside = text("say_printed", language, page=page - shift) if 0 < shift < page else ""
        names.append(f"{page}{beside}" + (f" [{number}]" if number <= cited else ""))
    return names
