"""E-mail addresses and telephone numbers: the one that stands beside whom a question names.

Knows rules and passages, no model and no search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.citations import content_words
from assistant.fields import find_field
from assistant.phrases import Field
from retrieval.values import PageLocator, Passage

ABOVE = 8
"""Lines above an address or number in which it is told whose it is, as in a letterhead."""
NAMED = 0.6
"""Share of the names in a question that must stand beside it."""
_KINDS = set(content_words("Email E-mail Telephone Phone Fax Address"))


@dataclass(frozen=True)
class Contact:
    """An address or number, its passage, and which share (0..1) of the names stands beside it."""

    value: str
    passage: Passage
    named: float


def find_contact(
    field: Field, question: str, passages: Sequence[Passage], *, nameless: bool = True
) -> Contact | None:
    """Return the address or number that stands nearest to what the question names.

    A question that names nobody has an answer where there is only one to be had, if ``nameless``.

    Args:
        field: ``email`` or ``phone``.
        passages: in reading order, or the best first.
    """
    names = {w for word in question.split()[1:] if word[:1].isupper() for w in content_words(word)}
    names -= _KINDS
    found: list[tuple[float, float, Contact]] = []
    for number, passage in enumerate(passages):
        above = _above(passages[number - 1], passage) if number else []
        lines = [line for line in passage.text.splitlines() if line.strip()]
        for hit in find_field(field, lines):
            at = len(above) + hit.line
            beside = [passage.heading, *[*above, *lines][max(0, at - ABOVE) : at + 2]]
            named = len(names & set(content_words(" ".join(beside)))) / len(names) if names else 1.0
            found.append((named, hit.score, Contact(hit.value, passage, named)))
    best = max(found, key=lambda one: one[:2], default=None)
    alone = nameless and len({one[2].value for one in found}) == 1
    return best[2] if best and (best[0] >= NAMED if names else alone) else None


def _above(other: Passage, passage: Passage) -> list[str]:
    """Return the lines of a passage that stands above another on one page; else none."""
    one, two = other.locator, passage.locator
    same = isinstance(one, PageLocator) and isinstance(two, PageLocator) and one.page == two.page
    return other.text.splitlines() if same and other.sha256 == passage.sha256 else []
