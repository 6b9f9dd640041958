"""What a document is made of: how many pages, which of them speak of something, sections, tables.

No passage says these things, so they are counted over all of a file. A page speaks of something
when the words stand on it as asked, or, where they never do, when all of them stand in one passage.
Tables and figures are those with a numbered caption. Knows passages and their pages, no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.calls import ToolResult
from assistant.citations import cite, content_words, fold
from assistant.drafts import Draft, join, marks
from assistant.i18n import text
from assistant.library import NOT_IN_LIBRARY
from assistant.numbered import captions, highest, numbers_of, section_number
from assistant.page_numbers import page_names, page_of
from assistant.planner import Plan
from assistant.refusing import refuse
from assistant.session import Session
from assistant.structure_asked import Asked, structure_meant
from retrieval.outline import outline
from retrieval.values import Passage

CITED = 8
"""Pages, sections or captions that are cited one by one."""
_LEAST_NUMBERED = 3
"""Numbered sections from which those without a number are not counted."""
NAMED = 40
"""Pages, sections or captions that are named."""
_PAGED = ("application/pdf", "presentation", "powerpoint", "image/tiff")


def tell_structure(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Answer what is asked of a document's make-up, from the file that was opened."""
    opened = next((r for r in results if r.search is None and not r.error and r.passages), None)
    asked = structure_meant(session.request.question)
    if opened is None or asked is None:
        return refuse(session, plan, results)
    passages = [p for p in opened.passages if p.kind != "pixels"]
    told = _TELLERS[asked.what](session, asked, passages) if passages else None
    return told or refuse(session, plan, results)


def pages_with(words: str, passages: Sequence[Passage]) -> list[tuple[Passage, str]]:
    """Return the passages that speak of the words, each with the stretch that says so, in order.

    Args:
        words: as they were asked for; case and accents do not matter.
        passages: all text of one file.
    """
    rule = _rule_for(words)
    exact = [(p, m.group()) for p in passages if (m := rule.search(fold(p.text)))]
    if exact or not (wanted := set(content_words(words))):
        return exact
    return [(p, words) for p in passages if wanted <= set(content_words(f"{p.heading} {p.text}"))]


def _rule_for(words: str) -> re.Pattern[str]:
    """Return what finds words in a folded text."""
    sought = " ".join(fold(words).split())
    # Chinese has no word's edge; in English "cat" is no "category".
    before, after = (r"(?<!\w)", r"(?:e?s)?(?!\w)") if sought.isascii() else ("", "")
    return re.compile(before + r"\s+".join(map(re.escape, sought.split())) + after)


def _count_pages(session: Session, _asked: Asked, passages: Sequence[Passage]) -> Draft | None:
    first = passages[0]
    if not any(kind in first.media_type for kind in _PAGED):
        return None
    if first.asset_id == NOT_IN_LIBRARY:
        count = max(page_of(p) or 1 for p in passages)
    else:
        count = session.request.library.asset(first.asset_id).units
    said = text("say_pages", session.language, count=count)
    return Draft(f"{said} [1]", citations=(cite(1, first, ""),))


def _times(session: Session, asked: Asked, passages: Sequence[Passage]) -> Draft | None:
    """Count how often words stand in a file, as they were asked for; its first places are cited."""
    rule = _rule_for(asked.thing)
    found = [(p, m.group()) for p in passages for m in rule.finditer(fold(p.text))]
    if not found:
        return None
    shown = list({id(p): (p, quote) for p, quote in reversed(found)}.values())[::-1][:CITED]
    citations = tuple(cite(n, p, q, session.words(p)) for n, (p, q) in enumerate(shown, 1))
    said = text("say_times", session.language, thing=asked.thing, count=len(found))
    return Draft(said + marks(citations), citations=citations)


def _mentions(session: Session, asked: Asked, passages: Sequence[Passage]) -> Draft | None:
    found = pages_with(asked.thing, passages)
    if not found:
        return None
    firsts: dict[int | None, tuple[Passage, str]] = {}
    for passage, quote in found:
        firsts.setdefault(page_of(passage), (passage, quote))
    if None in firsts:  # a file without pages: each place by itself
        firsts = dict(enumerate(found))
    shown = list(firsts.values())[:CITED]
    citations = tuple(cite(n, p, q, session.words(p)) for n, (p, q) in enumerate(shown, 1))
    language = session.language
    if page_of(found[0][0]) is None:
        said = text("say_places", language, thing=asked.thing, count=len(found))
        return Draft(said + marks(citations), citations=citations)
    numbers = [page for page in list(firsts)[:NAMED] if page is not None]
    names = page_names(numbers, passages, language, len(shown))
    said = text("say_pages_with", language, thing=asked.thing, pages=join(names, language))
    return Draft(said, citations=citations)


def _sections(session: Session, asked: Asked, passages: Sequence[Passage]) -> Draft | None:
    """Name the sections with their pages, the first ones cited; of "how many" the numbered ones."""
    first: dict[str, Passage] = {}
    for passage in passages:
        first.setdefault(passage.heading, passage)
    language, lines = session.language, []
    sections = [s for s in outline(passages) if s.title in first]
    numbered = [s for s in sections if section_number(s.title)]
    count = highest({section_number(s.title) for s in numbered})
    if asked.what == "parts" and count >= _LEAST_NUMBERED:
        sections = numbered
    else:
        count = len(sections)
    if not sections:
        return None
    for number, section in enumerate(sections[:NAMED], 1):
        page = section.first_page
        where = text("say_on_page", language, page=page) if page else ""
        lines.append(f"- {section.title}{where}" + (f" [{number}]" if number <= CITED else ""))
    shown = [first[section.title] for section in sections[:CITED]]
    citations = tuple(cite(n, p, p.heading, session.words(p)) for n, p in enumerate(shown, 1))
    said = text("say_sections", language, count=count)
    return Draft("\n".join([said, *lines]), citations=citations)


def _captioned(session: Session, asked: Asked, passages: Sequence[Passage]) -> Draft | None:
    assert asked.what in ("tables", "figures")
    found = list(captions(asked.what, passages).items())
    if not found:
        return None
    shown = enumerate(found[:CITED], 1)
    citations = tuple(cite(n, p, label, session.words(p)) for n, (label, p) in shown)
    count = max(len(found), highest(numbers_of(asked.what, passages)))
    said = text(f"say_{asked.what}", session.language, count=count)
    return Draft(said + marks(citations), citations=citations)


_TELLERS = {
    "pages": _count_pages,
    "times": _times,
    "mentions": _mentions,
    "parts": _sections,
    "sections": _sections,
    "tables": _captioned,
    "figures": _captioned,
}
