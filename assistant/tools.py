"""What the assistant can do: each tool with checked arguments, over one user's files only.

A tool returns passages (evidence) and, where it has one, a finished text. Files are named by
their names and looked up in the user's own library, so there is no way to name another's. No
tool writes, sends or reaches the network. Knows no graph and no prompts of the answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.arithmetic import calculate, plain_number
from assistant.errors import AssetNotFound, ToolArgumentsInvalid, ToolFailed
from assistant.i18n import Language, text
from assistant.library import Attached, LibraryView
from assistant.look import Looker, Sight
from assistant.messages import AssetView
from assistant.shelf import tag_name
from retrieval.errors import SightlineError
from retrieval.values import Box, Filters, Modality, Passage, SearchResult

log = logging.getLogger("sightline.tools")


class Arguments(BaseModel):
    """Base of all arguments: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SearchLibrary(Arguments):
    """Find passages, photos and recordings in the user's library by words or by a picture."""

    query: str = Field("", max_length=2000, description="Words to look for.")
    file: str = Field("", description="Search inside this file only.")
    image: str = Field("", description="Name of an attached picture to look for.")
    modality: Modality | None = Field(None, description="Only this kind of file.")
    taken_from: datetime | None = Field(None, description="Only photos taken at or after this.")
    taken_to: datetime | None = Field(None, description="Only photos taken at or before this.")
    tag: str = Field("", max_length=60, description="Only files under this tag.")
    k: int = Field(8, ge=1, le=50, description="How many passages.")


class ReadDocument(Arguments):
    """Read a file of the library, or an attached one, from page to page."""

    file: str = Field(description="Its name.")
    first_page: int | None = Field(None, ge=1)
    last_page: int | None = Field(None, ge=1)


class LookAtImage(Arguments):
    """Look at a photo, or at a region of it: what it shows, text in it, date and place."""

    file: str = Field(description="Its name.")
    region: Box | None = Field(None, description="(x0, y0, x1, y1) in 0..1, origin top-left.")


class Transcribe(Arguments):
    """Return what is said in a recording, with times."""

    file: str = Field(description="Its name.")


class Calculate(Arguments):
    """Work out an arithmetic expression exactly."""

    expression: str = Field(min_length=1, max_length=400)


class ListAssets(Arguments):
    """List or count files of the library by kind, by name, or by what they show."""

    query: str = Field("", max_length=400, description="What they show or say.")
    modality: Modality | None = None
    taken_from: datetime | None = Field(None, description="Only photos taken at or after this.")
    taken_to: datetime | None = Field(None, description="Only photos taken at or before this.")
    tag: str = Field("", max_length=60, description="Only files under this tag.")
    limit: int = Field(200, ge=1, le=5000)


class Extract(Arguments):
    """Read typed fields (total, date, company, address, phone, email, number, tax) of a file."""

    file: str = Field(description="Its name.")


ARGUMENTS: dict[str, type[Arguments]] = {
    "search_library": SearchLibrary,
    "read_document": ReadDocument,
    "look_at_image": LookAtImage,
    "transcribe": Transcribe,
    "calculate": Calculate,
    "list_assets": ListAssets,
    "extract": Extract,
}


@dataclass(frozen=True)
class ToolCall:
    """A wish to use a tool; arguments are unchecked JSON values."""

    tool: str
    arguments: Mapping[str, Any]
    id: str = ""


@dataclass(frozen=True)
class ToolResult:
    """What a tool found. ``text`` is for a model or a person, ``error`` says why it failed.

    ``broken`` is the failure of a tool that should have worked, as against one that was asked
    for what is not there.
    """

    call: ToolCall
    summary: str = ""
    text: str = ""
    passages: tuple[Passage, ...] = ()
    assets: tuple[AssetView, ...] = ()
    sights: tuple[Sight, ...] = ()
    search: SearchResult | None = None
    seconds: float = 0.0
    error: str = ""
    broken: SightlineError | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def schemas() -> list[dict[str, Any]]:
    """Return the tools as OpenAI function schemas, for models that call tools themselves."""
    return [
        {
            "type": "function",
            "function": {
                "name": name,
                "description": " ".join((kind.__doc__ or "").split()),
                "parameters": kind.model_json_schema(),
            },
        }
        for name, kind in ARGUMENTS.items()
    ]


class Toolbox:
    """The tools of one question.

    Args:
        library: what the user may see.
        attached: files of this question and of earlier ones, the latest first.
        looker: tells what a picture shows.
    """

    def __init__(
        self,
        library: LibraryView,
        attached: Sequence[Attached],
        looker: Looker,
        language: Language,
    ) -> None:
        self._library = library
        self._attached = attached
        self._looker = looker
        self._language = language
        self._tools: dict[str, Callable[[Any], dict[str, Any]]] = {
            "search_library": self._search,
            "read_document": self._read,
            "look_at_image": self._look,
            "transcribe": self._transcribe,
            "calculate": self._calculate,
            "list_assets": self._list,
            "extract": self._extract,
        }

    def run(self, call: ToolCall) -> ToolResult:
        """Check the arguments and use a tool; a failure is a result with ``error``, not raised."""
        started = time.perf_counter()
        try:
            given = self._checked(call)
            found = self._tools[call.tool](given)
        except (AssetNotFound, ToolFailed) as error:
            found = {"error": str(error), "summary": str(error)}
        except SightlineError as error:
            found = {"error": str(error), "summary": str(error), "broken": error}
        except Exception as error:
            log.exception("the tool %s failed", call.tool)
            failed = ToolFailed(tool=call.tool, detail=f"{type(error).__name__}: {error}")
            found = {"error": str(failed), "summary": str(failed), "broken": failed}
        return ToolResult(call, seconds=time.perf_counter() - started, **found)

    def _checked(self, call: ToolCall) -> Arguments:
        kind = ARGUMENTS.get(call.tool)
        if kind is None:
            raise ToolArgumentsInvalid(tool=call.tool, detail="there is no such tool")
        try:
            return kind.model_validate(dict(call.arguments))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(p) for p in first["loc"])
            raise ToolArgumentsInvalid(tool=call.tool, detail=f"{where}: {first['msg']}") from error

    def resolve(self, name: str) -> AssetView | Attached:
        """Return the attached file or the asset of that name (without regard to case or folder).

        Raises:
            AssetNotFound: neither.
        """
        wanted = name.strip().rsplit("/", 1)[-1].casefold()
        for attached in self._attached:
            if attached.name.casefold() == wanted:
                return attached
        found = self._library.assets(wanted, limit=50) if wanted else []
        stems = [a for a in found if a.name.casefold().rsplit(".", 1)[0] == wanted]
        exact = [a for a in found if a.name.casefold().rsplit("/", 1)[-1] == wanted]
        for candidates in (exact, stems, found):
            if candidates:
                return candidates[0]
        raise AssetNotFound(asset=name)

    def _search(self, given: SearchLibrary) -> dict[str, Any]:
        inside = None
        if given.file:
            file = self.resolve(given.file)
            if isinstance(file, Attached):
                return _read_result(file.name, file.passages)
            inside = [file.id]
        picture = self._picture(given.image) if given.image else None
        result = self._library.search(
            given.query, image=picture, k=given.k, asset_ids=inside, filters=_filters(given)
        )
        return {
            "summary": _names(p.asset for p in result.passages) or "–",
            "text": "\n".join(_line(p) for p in result.passages),
            "passages": result.passages,
            "search": result,
        }

    def _picture(self, name: str) -> Any:
        import io

        from PIL import Image

        file = self.resolve(name)
        jpeg = file.jpeg if isinstance(file, Attached) else self._library.picture(file.id)
        if jpeg is None:
            raise ToolArgumentsInvalid(tool="search_library", detail=f"{name} is no picture")
        return Image.open(io.BytesIO(jpeg))

    def _read(self, given: ReadDocument) -> dict[str, Any]:
        file = self.resolve(given.file)
        passages = (
            list(file.passages) if isinstance(file, Attached) else self._library.passages(file.id)
        )
        first, last = given.first_page or 1, given.last_page or given.first_page
        if given.first_page or given.last_page:
            passages = [p for p in passages if _on_pages(p, first, last or 10**6)]
        return _read_result(file.name, passages)

    def _look(self, given: LookAtImage) -> dict[str, Any]:
        file = self.resolve(given.file)
        if isinstance(file, Attached):
            sight = self._looker.look_at_attached(file, given.region, self._library)
        else:
            sight = self._looker.look_at_asset(file, given.region, self._library)
        notes = sight.notes(self._language)
        return {
            "summary": notes,
            "text": notes,
            "sights": (sight,),
            "passages": (sight.passage(self._language),),
        }

    def _transcribe(self, given: Transcribe) -> dict[str, Any]:
        file = self.resolve(given.file)
        passages = file.passages if isinstance(file, Attached) else self._library.passages(file.id)
        spoken = tuple(p for p in passages if p.kind == "transcript")
        if not spoken:
            silence = text("say_silence", self._language, asset=file.name)
            return {"summary": silence, "text": silence}
        return _read_result(file.name, spoken)

    def _calculate(self, given: Calculate) -> dict[str, Any]:
        try:
            value = calculate(given.expression)
        except ToolFailed as error:
            detail = text("say_bad_sum", self._language, detail=error.params["detail"])
            return {"summary": detail, "text": "", "error": detail}
        written = f"{given.expression.strip()} = {plain_number(value)}"
        return {"summary": written, "text": written, "data": {"value": plain_number(value)}}

    def _list(self, given: ListAssets) -> dict[str, Any]:
        filters = _filters(given)
        files = self._library.assets(limit=given.limit, filters=filters)
        found: dict[str, Any] = {"data": {"total": len(files)}}
        if given.query:
            k = min(given.limit, 200)
            result = self._library.search(given.query, k=k, filters=filters)
            held = {file.id: file for file in files}
            likely = dict.fromkeys(p.asset_id for p in result.passages if p.probability >= LIKELY)
            named = [f for f in files if given.query.casefold() in f.name.casefold()]
            chosen = [held[i] for i in likely if i in held]
            files = chosen + [f for f in named if f not in chosen]
            found["search"], found["passages"] = result, result.passages
        return {
            **found,
            "summary": f"{len(files)}: {_names(f.name for f in files)}",
            "text": "\n".join(f"{f.name} ({f.modality})" for f in files),
            "assets": tuple(files),
        }

    def _extract(self, given: Extract) -> dict[str, Any]:
        from assistant.fields import fields_of

        file = self.resolve(given.file)
        passages = (
            list(file.passages) if isinstance(file, Attached) else self._library.passages(file.id)
        )
        found = fields_of(passages)
        written = "\n".join(f"{name}: {hit.value}" for name, hit in found.items())
        return {
            "summary": "; ".join(written.splitlines()),
            "text": written,
            "passages": tuple(hit.passage for hit in found.values()),
            "data": {name: hit.value for name, hit in found.items()},
        }


LIKELY = 0.5
"""Calibrated probability from which a file counts as showing what was asked for."""


# --- small helpers ---------------------------------------------------------------------------


def _filters(given: SearchLibrary | ListAssets) -> Filters:
    """Return the restrictions among a tool's arguments; cameras' moments are kept as UTC."""
    first, last = (
        t if t is None or t.tzinfo else t.replace(tzinfo=UTC)
        for t in (given.taken_from, given.taken_to)
    )
    tags = frozenset({tag_name(given.tag)} - {""})
    return Filters(modality=given.modality, tags=tags, taken_from=first, taken_to=last)


def _read_result(name: str, passages: Sequence[Passage]) -> dict[str, Any]:
    whole = "\n".join(p.text for p in passages)
    return {
        "summary": f"{name}: {len(whole)} characters",
        "text": whole,
        "passages": tuple(passages),
    }


def _on_pages(passage: Passage, first: int, last: int) -> bool:
    page = getattr(passage.locator, "page", None)
    return page is not None and first <= page <= last


def _names(names: Any, most: int = 6) -> str:
    unique = list(dict.fromkeys(names))
    rest = len(unique) - most
    return ", ".join(unique[:most]) + (f" … (+{rest})" if rest > 0 else "")


def _line(passage: Passage) -> str:
    return f"{passage.asset}: {' '.join(passage.text.split())[:300]}"
