"""What is in an album (the files under one tag): how many, when, where, and a line for each file.

Nothing is made up: a document gives its title or its first words, a recording its first words, a
photo the sentence a model wrote of it before (``Line.seen``), or else its name. The same summary
serves the agent's tool, ``Assistant.album`` and the command line. Knows no model and no SQL.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import shorten
from typing import TYPE_CHECKING

from assistant.i18n import Language, text
from assistant.look import place_of
from assistant.messages import AssetView
from assistant.shelf import tag_name
from retrieval.values import Filters, Passage, RegionLocator, TextLocator

if TYPE_CHECKING:
    from assistant.calls import ToolResult
    from assistant.drafts import Draft
    from assistant.library import LibraryView
    from assistant.planner import Plan
    from assistant.session import Session

LINES = 12
"""Files that are told one by one; more are only counted."""
_MOST = 5000
_WORDS = 160
_PLACES = 3

_SUM_UP = (
    r"(?:(?:give me |write )?(?:an? |the )?(?:short |brief )?(?:summary|overview) of|summari[sz]e"
    r"|sum up|describe|tell me about|what(?:'s| is)(?: there)? in|what do (?:i|we) have in"
    r"|how many (?:photos|pictures|files|documents) are (?:there )?in|what (?:does|do))"
)
_ENDS = r"(?: (?:contain|show|hold|have in it)s?)?\W*$"
_ASKED = (
    re.compile(
        rf"^\W*(?:please |can you |could you )?{_SUM_UP} (?:the |my |our )?(?:photo )?album"
        rf"(?: called| named)?:? [\"“'‘]?(?P<name>[^?\"”]{{1,60}}?)[\"”'’]?{_ENDS}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^\W*(?:please |can you |could you )?{_SUM_UP} (?:the |my |our )[\"“'‘]?"
        rf"(?P<name>[^?\"”]{{1,60}}?)[\"”'’]? (?:photo )?album{_ENDS}",
        re.IGNORECASE,
    ),
    re.compile(
        r"^\W*请?(?:总结|概括|概述|介绍|描述)(?:一下|下)?(?:我的|我们的)?相册"
        r"[“\"「《]?(?P<name>[^”\"」》？?。]{1,40})[”\"」》]?\W*$"
    ),
    re.compile(
        r"^\W*请?(?:总结|概括|概述|介绍|描述)(?:一下|下)?(?:我的|我们的)?"
        r"[“\"「《]?(?P<name>[^”\"」》？?。]{1,40}?)[”\"」》]?(?:的|这个)?相册\W*$"
    ),
    re.compile(
        r"^\W*(?:我的)?相册[“\"「《]?(?P<name>[^”\"」》？?。]{1,40}?)[”\"」》]?(?:里|中)面?(?:都)?"
        r"有(?:什么|哪些|多少|几).{0,8}$"
    ),
    re.compile(
        r"^\W*(?:我的)?[“\"「《]?(?P<name>[^”\"」》？?。]{1,40}?)[”\"」》]?(?:的|这个)?相册(?:里|中)面?"
        r"(?:都)?有(?:什么|哪些|多少|几).{0,8}$"
    ),
)


def album_asked(question: str) -> str:
    """Return the name of the album whose contents a question asks for; empty when it does not."""
    found = next((m for rule in _ASKED if (m := rule.match(question.strip()))), None)
    return found["name"].strip() if found else ""


@dataclass(frozen=True)
class Line:
    """One file of an album: ``words`` for it; ``seen`` when a model said them of a photo."""

    asset: AssetView
    words: str
    seen: bool = False

    @property
    def passage(self) -> Passage:
        """The file as evidence that can be cited as a whole."""
        file = self.asset
        place = RegionLocator() if file.modality == "image" else TextLocator(0, 0)
        return Passage(
            asset_id=file.id,
            asset=file.name,
            sha256=file.sha256,
            modality=file.modality,
            media_type=file.media_type,
            kind="caption" if self.seen else "metadata",
            text=self.words,
            locator=place,
            score=1.0,
            probability=1.0,
        )


@dataclass(frozen=True)
class Album:
    """An album's summary; ``places`` as latitude and longitude, the commonest first.

    ``first`` and ``last`` are when its photos were taken, where they say so.
    """

    name: str
    kinds: dict[str, int]
    first: datetime | None
    last: datetime | None
    places: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def files(self) -> int:
        """How many files it holds."""
        return sum(self.kinds.values())

    def head(self, language: Language) -> str:
        """Say how many files of which kinds, when and where."""
        kinds = ("、" if language == "zh" else ", ").join(
            text(f"say_album_{kind}", language, count=count) for kind, count in self.kinds.items()
        )
        said = text("say_album", language, name=self.name, count=self.files, kinds=kinds)
        if self.first and self.last:
            first, last = self.first.date().isoformat(), self.last.date().isoformat()
            span = first if first == last else f"{first} – {last}"
            said += text("say_album_when", language, when=span)
        if self.places:
            said += text("say_album_where", language, where="; ".join(self.places))
        return said


def album_of(library: LibraryView, name: str) -> Album:
    """Return the summary of what is under a tag, in the order of time; empty when nothing is."""
    tag = tag_name(name)
    files = library.assets(filters=Filters(tags=frozenset({tag})), limit=_MOST) if tag else []
    files.sort(key=lambda f: (f.taken_at is None, f.taken_at or f.added_at, f.id))
    taken = sorted(f.taken_at for f in files if f.taken_at)
    places = Counter(_near(f) for f in files if place_of(dict(f.meta)))
    return Album(
        name=tag,
        kinds=dict(Counter(str(f.modality) for f in files).most_common()),
        first=taken[0] if taken else None,
        last=taken[-1] if taken else None,
        places=tuple(place for place, _ in places.most_common(_PLACES)),
        lines=tuple(_line(library, file) for file in files[:LINES]),
    )


def tell(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Tell an album: its head, then a cited line for each file; orders in files are left out."""
    from assistant.citations import cite, marked
    from assistant.drafts import Draft
    from assistant.refusing import refuse

    album = next((r.data.get("album") for r in results if r.data), None)
    language = session.language
    if album is None:
        return refuse(session, plan, results)
    if not album.files:
        return Draft(text("say_no_album", language, name=album.name), found=False)
    told, citations = [album.head(language)], []
    for number, line in enumerate(album.lines, 1):
        words = " ".join(session.screened(line.passage).split())
        name = session.name_of(line.asset.name)
        told.append("- " + marked(f"{name}: {words}" if words else name, number))
        citations.append(cite(number, line.passage, ""))
    if (rest := album.files - len(album.lines)) > 0:
        told.append(text("say_album_more", language, count=rest))
    if any(line.seen for line in album.lines):
        told.append(text("say_small_eye", language).strip())
    return Draft("\n".join(told), citations=tuple(citations))


def _near(file: AssetView) -> str:
    """Return the place of a photo to a tenth of a degree, so that one town is one place."""
    return f"{float(file.meta['latitude']):.1f}, {float(file.meta['longitude']):.1f}"


def _line(library: LibraryView, file: AssetView) -> Line:
    if file.modality == "image":
        seen = library.seen(file.id)
        return Line(file, _short(seen), bool(seen))
    if title := str(file.meta.get("title") or "").strip():
        return Line(file, _short(title))
    texts = (p.text for p in library.passages(file.id))
    return Line(file, _short(next((t for t in texts if t.strip()), "")))


def _short(words: str) -> str:
    """Return the first words of a text on one line."""
    flat = " ".join(words.split())
    return shorten(flat, _WORDS, placeholder=" …") if " " in flat[:_WORDS] else flat[:_WORDS]
