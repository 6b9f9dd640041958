"""What is said when nothing was found: that it is not there, or that it cannot be told.

"I did not find this" is said of what words would have told. Where the question asks how something
looks, or for a number of things all over a document, it says so and names the places to look at.
A part that the document does not have, or a colour that the page has not, is named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.beyond import beyond, colours_in
from assistant.calls import ToolResult
from assistant.confidence import shared
from assistant.drafts import Draft, join
from assistant.i18n import Language, text
from assistant.meant_file import MeantFile, by_page, meant_file, of_one_document, pages_meant
from assistant.numbered import missing_part
from assistant.page_numbers import page_of
from assistant.planner import Plan
from assistant.session import Session
from assistant.windows import by_worth
from retrieval.colours import has_colour
from retrieval.values import CellLocator, Passage

_NEAREST = 3
_LOOKED_AT, _SHARED = 10, 0.34
"""Passages found, and the share of a question's words in them from which it is about their file."""
_PAGES = re.compile(
    r"\b(?:pages?|covers?|sections?|chapters?|appendix)\b|页|封面|扉页|第[一二三四五六七八九十]+[章节]|全文",
    re.IGNORECASE,
)
"""Speaks of a document's parts, so of the only one there is."""


def refuse(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Say that it was not found, what was searched, and the nearest misses; or why it cannot be."""
    file = meant_file(session.request, plan, results)
    if file is not None and (told := _unable(session, plan, results, file)):
        return told
    nearest = _nearest(session, plan, results, file)
    said = _not_found(session, results)
    if nearest:
        gap = "" if session.language == "zh" else " "
        said += gap + text(
            "say_nearest", session.language, names=_places(nearest, session.language)
        )
    return Draft(said, found=False, nearest=nearest)


def without_part(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft | None:
    """Say that a document has no such table, figure or section; None where it has.

    Asked before anything is read: a reader would answer from another part.
    """
    file = meant_file(session.request, plan, results)
    if file is None or not (part := missing_part(session.request.question, file.passages)):
        return None
    nearest = _nearest(session, plan, results, file)
    said = text("say_no_part", session.language, asset=file.name, part=part)
    return Draft(said, found=False, nearest=nearest)


def _not_found(session: Session, results: Sequence[ToolResult]) -> str:
    """Say that it was not found, and what was searched."""
    language, request = session.language, session.request
    missing = [r for r in results if r.error and r.call.arguments.get("file")]
    if missing and len(missing) == len(results):
        return text("say_no_file", language, name=missing[0].call.arguments["file"])
    if not request.use_library and not request.attached and not request.earlier:
        return text("say_no_library", language)
    read = any(p.text for r in results for p in r.passages)
    if not request.library.size() and request.use_library and not read:
        return text("say_empty", language)
    if results and not any(r.search is not None for r in results):
        names = dict.fromkeys(str(r.call.arguments.get("file", "")) for r in results)
        return text("say_not_found_in", language, asset=join(names, language))
    asked = " ".join(request.question.split())[:160]
    files = request.library.size()
    key = "say_not_found_in_one" if files == 1 else "say_not_found"
    return text(key, language, count=files, query=asked)


def _unable(
    session: Session, plan: Plan, results: Sequence[ToolResult], file: MeantFile
) -> Draft | None:
    """Say that a question is beyond what was read of a file; None where words would tell.

    Also None of a model that calls tools: it may look at pages itself.
    """
    if session.model.calls_tools:
        return None
    kind, language = beyond(session.request.question), session.language
    if kind is None or not _speaks_of(session.request.question, plan, results, file):
        return None
    named = pages_meant(session.request.question, plan, file)
    places = (named or by_page(_found_in(session, plan, results, file)))[:_NEAREST]
    if not places:
        return None
    if kind == "look" and (colour := _colour_missing(session, plan, file)):
        name = text(f"colour_{colour}", language)
        said = text("say_no_colour", language, colour=name, place=_places(places, language))
        return Draft(said, found=False, nearest=places)
    where = _places(places, language)
    said = text(f"say_unable_{kind}", language, places=where, asset=file.name)
    return Draft(said, found=False, nearest=places, unable=True)


def _speaks_of(question: str, plan: Plan, results: Sequence[ToolResult], file: MeantFile) -> bool:
    """Whether a question is about a file, which may be meant only because it is the only one."""
    if file.name in plan.names or of_one_document(question) or _PAGES.search(question):
        return True
    found = [p for r in results if r.search is not None for p in r.passages[:_LOOKED_AT]]
    return not found or shared(question, found) >= _SHARED


def _colour_missing(session: Session, plan: Plan, file: MeantFile) -> str | None:
    """Return the colour that a question names and the page it names has nowhere; None otherwise."""
    named = pages_meant(session.request.question, plan, file)
    pages = {page for p in named if (page := page_of(p))}
    colours = colours_in(session.request.question)
    if len(colours) != 1 or not pages or file.asset_id is None:
        return None
    pictures = [session.request.library.picture(file.asset_id, page) for page in sorted(pages)]
    if any(picture is None or has_colour(picture, colours[0]) for picture in pictures):
        return None
    return colours[0]


def _found_in(
    session: Session, plan: Plan, results: Sequence[ToolResult], file: MeantFile
) -> list[Passage]:
    """Return passages of a file, those nearest to the question first."""
    searched = [p for r in results if r.search is not None for p in r.passages]
    own = [p for p in searched if p.asset == file.name and p.kind != "pixels"]
    return own or by_worth(session.request.question, file.passages, plan)


def _nearest(
    session: Session, plan: Plan, results: Sequence[ToolResult], file: MeantFile | None
) -> tuple[Passage, ...]:
    """Return the nearest misses: of the file that is meant its pages, else one passage a file."""
    if file is not None and (named := pages_meant(session.request.question, plan, file)):
        return named[:_NEAREST]
    if file is not None and any(p.asset == file.name for r in results for p in r.passages):
        return by_page(_found_in(session, plan, results, file))[:_NEAREST]
    best: dict[int, Passage] = {}
    for result in results:
        for passage in result.passages if result.search is not None else ():
            best.setdefault(passage.asset_id, passage)
    return tuple(best.values())[:_NEAREST]


def _places(passages: Sequence[Passage], language: Language) -> str:
    """Return the names of the files, each with its pages in a file of pages."""
    pages: dict[str, list[str]] = {}
    for passage in passages:
        sheet = isinstance(passage.locator, CellLocator)
        page = None if sheet else page_of(passage)
        pages.setdefault(passage.asset, []).extend([] if page is None else [str(page)])
    return join((name + _on(found, language) for name, found in pages.items()), language)


def _on(pages: Sequence[str], language: Language) -> str:
    return text("say_on_page", language, page=join(pages, language)) if pages else ""
