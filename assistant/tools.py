"""What the assistant can do: each tool with checked arguments, over one user's files only.

A tool returns passages (evidence) and, where it has one, a finished text. Files are named by
their names and looked up in the user's own library, so there is no way to name another's. No
tool writes, sends or reaches the network. Knows no graph and no prompts of the answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from pydantic import ValidationError

from assistant.arguments import (
    ARGUMENTS,
    Arguments,
    Calculate,
    Extract,
    FindFaces,
    FindMarks,
    FindPeople,
    ListAssets,
    LookAtImage,
    OnText,
    OutlineDocument,
    ReadChart,
    ReadDocument,
    SearchLibrary,
    SummariseAlbum,
    Transcribe,
    Translate,
)
from assistant.arithmetic import calculate, plain_number
from assistant.calls import ToolCall, ToolResult
from assistant.errors import AssetNotFound, ToolArgumentsInvalid, ToolFailed
from assistant.i18n import Language, text
from assistant.library import Attached, LibraryView
from assistant.look import Looker
from assistant.messages import AssetView
from assistant.page_numbers import page_of, pages_called
from assistant.text_work import TOOLS, TextWork
from assistant.tool_results import (
    extracted,
    filters_of,
    line_of,
    names_of,
    on_pages,
    read_result,
)
from retrieval.errors import SightlineError
from retrieval.outline import in_section, outline
from retrieval.values import Passage

log = logging.getLogger("sightline.tools")


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
        work: works on texts with the chat model; without it those tools fail.
    """

    def __init__(
        self,
        library: LibraryView,
        attached: Sequence[Attached],
        looker: Looker,
        language: Language,
        work: TextWork | None = None,
    ) -> None:
        self._library = library
        self._attached = attached
        self._looker = looker
        self._language = language
        self._tools: dict[str, Callable[[Any], dict[str, Any]]] = {
            "search_library": self._search,
            "read_document": self._read,
            "outline_document": self._outline,
            "look_at_image": self._look,
            "find_faces": self._faces,
            "find_people": self._people,
            "read_chart": self._chart,
            "find_marks": self._marks,
            "transcribe": self._transcribe,
            "calculate": self._calculate,
            "list_assets": self._list,
            "summarise_album": self._album,
            "extract": self._extract,
        }
        if work is not None:
            self._tools |= {name: partial(self._write, name, work) for name in TOOLS}

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
        if not found and "." in wanted:  # its ending is easily misremembered
            stem = wanted.rsplit(".", 1)[0]
            alike = self._library.assets(stem, limit=50) if stem else []
            alike = [a for a in alike if a.name.casefold().rsplit(".", 1)[0] == stem]
            found = alike if len(alike) == 1 else []
        for candidates in (exact, stems, found):
            if candidates:
                return candidates[0]
        raise AssetNotFound(asset=name)

    def _search(self, given: SearchLibrary) -> dict[str, Any]:
        inside = None
        if given.file:
            file = self.resolve(given.file)
            if isinstance(file, Attached):
                return read_result(file.name, file.passages)
            inside = [file.id]
        picture = self._picture(given.image) if given.image else None
        result = self._library.search(
            given.query, image=picture, k=given.k, asset_ids=inside, filters=filters_of(given)
        )
        return {
            "summary": names_of(p.asset for p in result.passages) or "–",
            "text": "\n".join(line_of(p) for p in result.passages),
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
        passages = self._passages(file)
        first, last = given.first_page or 1, given.last_page or given.first_page
        if given.first_page or given.last_page:
            passages = tuple(p for p in passages if on_pages(p, first, last or 10**6))
        if given.page:
            called = pages_called(given.page, passages, given.counted)
            passages = tuple(p for page in called for p in passages if page_of(p) == page)
        if given.section:
            passages = tuple(p for p in passages if in_section(p, given.section))
        return read_result(file.name, passages)

    def _outline(self, given: OutlineDocument) -> dict[str, Any]:
        file = self.resolve(given.file)
        sections = outline(self._passages(file))
        lines = [f"{s.title}" + (f" (p. {s.first_page})" if s.first_page else "") for s in sections]
        return {
            "summary": f"{file.name}: {names_of(s.title for s in sections) or '–'}",
            "text": "\n".join(lines),
            "data": {"sections": [asdict(section) for section in sections]},
        }

    def _look(self, given: LookAtImage) -> dict[str, Any]:
        file = self.resolve(given.file)
        if isinstance(file, Attached):
            sight = self._looker.look_at_attached(file, given.region, self._library, given.thing)
        else:
            sight = self._looker.look_at_asset(file, given.region, self._library, given.thing)
        notes = sight.notes(self._language)
        return {
            "summary": notes,
            "text": notes,
            "sights": (sight,),
            "passages": (sight.passage(self._language),),
        }

    def _faces(self, given: FindFaces) -> dict[str, Any]:
        from assistant.faces import faces_in

        return faces_in(self.resolve(given.file), self._library)

    def _people(self, given: FindPeople) -> dict[str, Any]:
        from assistant.people_told import photos_of

        return photos_of(given, self._library, filters_of(given))

    def _chart(self, given: ReadChart) -> dict[str, Any]:
        from assistant.charts import charts_in

        return charts_in(self.resolve(given.file), given.page, self._library, self._language)

    def _marks(self, given: FindMarks) -> dict[str, Any]:
        from assistant.marked import marks_in

        return marks_in(self.resolve(given.file), given, self._library, self._language)

    def _transcribe(self, given: Transcribe) -> dict[str, Any]:
        file = self.resolve(given.file)
        passages = self._passages(file)
        spoken = tuple(p for p in passages if p.kind == "transcript")
        if not spoken:
            silence = text("say_silence", self._language, asset=file.name)
            return {"summary": silence, "text": silence}
        return read_result(file.name, spoken)

    def _calculate(self, given: Calculate) -> dict[str, Any]:
        try:
            value = calculate(given.expression)
        except ToolFailed as error:
            detail = text("say_bad_sum", self._language, detail=error.params["detail"])
            return {"summary": detail, "text": "", "error": detail}
        written = f"{given.expression.strip()} = {plain_number(value)}"
        return {"summary": written, "text": written, "data": {"value": plain_number(value)}}

    def _list(self, given: ListAssets) -> dict[str, Any]:
        filters = filters_of(given)
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
            "summary": f"{len(files)}: {names_of(f.name for f in files)}",
            "text": "\n".join(f"{f.name} ({f.modality})" for f in files),
            "assets": tuple(files),
        }

    def _album(self, given: SummariseAlbum) -> dict[str, Any]:
        from assistant.album import album_of

        album = album_of(self._library, given.album)
        head = album.head(self._language)
        lines = [f"{line.asset.name}: {line.words}" for line in album.lines]
        return {
            "summary": head,
            "text": "\n".join([head, *lines]),
            "passages": tuple(line.passage for line in album.lines),
            "data": {"album": album},
        }

    def _extract(self, given: Extract) -> dict[str, Any]:
        return extracted(self._passages(self.resolve(given.file)))

    def _write(self, tool: str, work: TextWork, given: OnText) -> dict[str, Any]:
        target = given.to if isinstance(given, Translate) else None
        if not given.file.strip():
            return work.write(tool, (), given.text, target)
        file = self.resolve(given.file)
        return work.write(tool, self._passages(file), "", target)

    def _passages(self, file: AssetView | Attached) -> tuple[Passage, ...]:
        found = file.passages if isinstance(file, Attached) else self._library.passages(file.id)
        return tuple(found)


LIKELY = 0.5
"""Calibrated probability from which a file counts as showing what was asked for."""
