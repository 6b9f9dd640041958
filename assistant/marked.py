"""Answers on how the words of a document are marked: in a colour, under a marker, blacked out.

Passages hold no colours, so the pages are looked at anew. What is found is told as it stands there
and cited at its own place. Knows the library's pages and no model; see ``retrieval.marks``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.arguments import FindMarks
from assistant.calls import ToolResult
from assistant.citations import cite, content_words, find_span, fold
from assistant.drafts import Draft, bullets, join
from assistant.i18n import Language, text
from assistant.library import Attached, LibraryView
from assistant.marked_words import Stretch, stretches
from assistant.marks_asked import MarksAsked, marks_asked
from assistant.meant_file import MeantFile, pages_meant, spoken_file
from assistant.messages import AssetView, Citation
from assistant.page_numbers import page_names, page_of
from assistant.planner import Plan
from assistant.safety import find_orders, hide_secrets
from assistant.session import Session
from retrieval.colours import NEUTRAL
from retrieval.errors import FileRejected
from retrieval.marks import PageMarks
from retrieval.values import Box, PageLocator, Passage

_HEADINGS = re.compile(r"\b(?:headings?|headlines?|titles?)\b|标题|题目|抬头", re.IGNORECASE)
MOST_PAGES = 60
"""Pages of a document that are looked at for one question."""
_INKED = 2
"""Words from which a page has a neutral ink; of others one will do."""
_TOLD, _CITED = 30, 12
"""Stretches, or pages, that are told and that are cited."""


@dataclass(frozen=True)
class Seen:
    """A document, and what its pages look like.

    ``all``: these are all its pages; ``cut``: there were more than one question looks at.
    """

    file: MeantFile
    asked: MarksAsked
    pages: Sequence[PageMarks]
    all: bool
    cut: bool


def told_by_marks(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft | None:
    """Answer a question on marks by looking; None where it asks for none, or none were seen."""
    seen = look(session, plan, results)
    if seen is None:
        return None
    tellers = {"blackened": _blackened, "colours": _colours, "inks": _colours}
    told = tellers.get(seen.asked.mark, _stretches)(session, seen)
    if told is None or not told.found or not seen.cut:
        return told
    note = text("say_first_pages", session.language, count=len(seen.pages))
    return replace(told, text=f"{told.text}\n\n{note}")


def look(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Seen | None:
    """Look at the pages that a question on marks is about; None where it is not one."""
    asked = marks_asked(session.request.question)
    if asked is None or session.model.calls_tools:
        return None
    file = spoken_file(session.request, plan, results)
    if file is None or file.asset_id is None:
        return None
    named = sorted({n for p in pages_meant(session.request.question, plan, file)
                    if (n := page_of(p))})  # fmt: skip
    every = sorted({n for p in file.passages if (n := page_of(p))})
    session.status("status_looking", asset=file.name)
    wanted = named or every
    try:
        pages = session.request.library.marks(file.asset_id, wanted[:MOST_PAGES], session.stop)
    except FileRejected:  # it was taken in, so it is only this look that fails
        session.check()
        return None
    cut = len(wanted) > MOST_PAGES
    return Seen(file, asked, pages, not named and not cut, cut) if pages else None


def marks_in(
    file: AssetView | Attached, given: FindMarks, library: LibraryView, language: Language
) -> dict[str, Any]:
    """Return what the tool ``find_marks`` gives: marked words or pages, each with its passage.

    Raises:
        FileRejected: the pages cannot be drawn.
    """
    none = text("say_no_marks", language, asset=file.name)
    if isinstance(file, Attached):  # of those no pages are kept
        return {"summary": none, "text": none}
    held = MeantFile(file.name, file.id, tuple(library.passages(file.id)))
    every = sorted({n for p in held.passages if (n := page_of(p))})
    wanted = [given.page] if given.page else every[:MOST_PAGES]
    pages = library.marks(file.id, wanted, lambda: False)
    found = _told_of_pages(pages, MarksAsked(given.mark, given.colour or ""))
    passages = tuple(
        replace(passage, text=words or passage.text, locator=PageLocator(page, boxes))
        for page, words, boxes in found
        if (passage := _passage(held, page, words)) is not None
    )
    told = [f"p. {page}" + (f": {words}" if words else "") for page, words, _ in found]
    return {
        "summary": f"{file.name}: {len(found)}" if found else none,
        "text": "\n".join(told) or none,
        "passages": passages,
        "data": {"marks": [{"page": page, "words": words} for page, words, _ in found]},
    }


def _told_of_pages(
    pages: Sequence[PageMarks], asked: MarksAsked
) -> list[tuple[int, str, tuple[Box, ...]]]:
    """Return the page, the words and the boxes of each mark; names of colours stand for words."""
    if asked.mark == "blackened":
        return [(page.page, "", page.blackened) for page in pages if page.blackened]
    if asked.mark in ("colours", "inks"):
        return [(p.page, ", ".join(_colours_of(p, asked)), ()) for p in pages]
    return [(one.page, one.text, one.boxes) for one in stretches(pages, asked)]


def _stretches(session: Session, seen: Seen) -> Draft | None:
    """Tell the stretches of words that are marked, each cited at its place."""
    found = _no_headings(stretches(seen.pages, seen.asked), session, seen)
    told: list[tuple[Stretch, str, Passage]] = []
    for stretch in found:
        passage = _passage(seen.file, stretch.page, stretch.text)
        if passage is None:
            continue
        if find_orders(stretch.text, session.detect):
            session.screened(passage)  # reports them
            continue
        told.append((stretch, hide_secrets(stretch.text, session.request.question), passage))
    if not told:
        return None
    citations = tuple(
        _cite(session, n, passage, stretch.page, stretch.boxes, stretch.text)
        for n, (stretch, _, passage) in enumerate(told[:_CITED], 1)
    )
    if len(told) == 1:
        return Draft(f"{told[0][1]} [1]", citations=citations)
    said = bullets([words for _, words, _ in told], session.language, _TOLD, _CITED)
    return Draft(said, citations=citations)


def _no_headings(found: list[Stretch], session: Session, seen: Seen) -> list[Stretch]:
    """Leave out the headings of a document, unless they are asked for or nothing else is left.

    Headings are often all in one colour; whoever asks for words in it means other words.
    """
    if _HEADINGS.search(session.request.question):
        return found
    headings = {fold(passage.heading) for passage in seen.file.passages}
    titles = {fold(line) for p in seen.file.passages[:1] for line in p.text.splitlines()[:2]}
    return [one for one in found if fold(one.text) not in headings | titles] or found


def _blackened(session: Session, seen: Seen) -> Draft | None:
    """Tell the pages on which something is blacked out, the places cited."""
    pages = [page for page in seen.pages if page.blackened]
    if not pages:
        return _nothing(session, seen)
    citations = []
    for number, page in enumerate(pages[:_CITED], 1):
        passage = _passage(seen.file, page.page, "")
        if passage is not None:
            citations.append(_cite(session, number, passage, page.page, page.blackened, ""))
    numbers = [page.page for page in pages]
    names = page_names(numbers, seen.file.passages, session.language, len(citations))
    places = sum(len(page.blackened) for page in pages)
    said = text(
        "say_blackened", session.language, pages=join(names, session.language, _TOLD),
        count=len(pages), places=places,
    )  # fmt: skip
    if still := sum(page.covered for page in pages):
        said += text("say_still_there", session.language, count=still)
    return Draft(said, citations=tuple(citations))


def _nothing(session: Session, seen: Seen) -> Draft:
    """Say that nothing is blacked out, and where that was looked for."""
    first = [p for page in seen.pages if (p := _passage(seen.file, page.page, ""))][:3]
    where = seen.file.name
    if not seen.all:
        numbers = join((f"{page.page}" for page in seen.pages), session.language)
        where += text("say_on_page", session.language, page=numbers)
    said = text("say_not_blackened", session.language, place=where)
    return Draft(said, found=False, nearest=tuple(first))


def _colours(session: Session, seen: Seen) -> Draft | None:
    """Tell which colours the pages have, the commonest first."""
    first: dict[str, PageMarks] = {}
    often: dict[str, int] = {}
    for page in seen.pages:
        for colour in _colours_of(page, seen.asked):
            first.setdefault(colour, page)
            often[colour] = often.get(colour, 0) + 1
    if not first:
        return None
    names, citations = [], list[Citation]()
    for colour in sorted(first, key=lambda c: -often[c]):
        name, on = text(f"colour_{colour}", session.language), first[colour].page
        number = next((c.number for c in citations if _is_on(c, on)), len(citations) + 1)
        passage = _passage(seen.file, on, "")
        if passage is not None and number > len(citations):
            whole: tuple[Box, ...] = ((0.0, 0.0, 1.0, 1.0),)
            citations.append(_cite(session, number, passage, on, whole, ""))
        names.append(f"{name} [{number}]" if passage is not None else name)
    return Draft(join(names, session.language, len(names)), citations=tuple(citations))


def _colours_of(page: PageMarks, asked: MarksAsked) -> list[str]:
    """Return the colours of a page, or of its words, the commonest first."""
    inks = Counter(word.ink for word in page.words).most_common()
    inked = [ink for ink, count in inks if count >= _INKED or ink not in NEUTRAL]
    return [c for c in (inked if asked.mark == "inks" else page.colours) if c not in asked.besides]


def _is_on(citation: Citation, page: int) -> bool:
    return isinstance(citation.locator, PageLocator) and citation.locator.page == page


def _passage(file: MeantFile, page: int, words: str) -> Passage | None:
    """Return the passage of a page that has some words, or most of them; None of no passage."""
    own = [p for p in file.passages if page_of(p) == page]
    wanted = set(content_words(words))
    return max(
        own,
        key=lambda p: (find_span(words, p.text) is not None if words else False,
                       len(wanted & set(content_words(p.text)))),
        default=None,
    )  # fmt: skip


def _cite(
    session: Session, number: int, passage: Passage, page: int, boxes: Sequence[Box], words: str
) -> Citation:
    """Return a citation of places on a page."""
    cited = cite(number, passage, words, session.words(passage))
    shown = words if words not in cited.snippet else cited.snippet
    return replace(cited, locator=PageLocator(page, tuple(boxes)), snippet=shown)
