"""Leads a model that cannot choose tools itself: from a plan to the next round of tool calls.

Deterministic: the same plan and results always give the same calls. Rounds end when no call is
left to make. Knows no model and no graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from assistant import phrases
from assistant.calls import ToolCall, ToolResult
from assistant.confidence import promising
from assistant.details import is_picture, refers_to_picture
from assistant.planner import Plan
from assistant.presence import thing_asked
from assistant.session import Request
from assistant.statements import asks_ratio
from assistant.work_phrases import CONVERSATION

PAPERS = 4
"""Papers that a question about a field of one is looked for in."""
PICKED = 0.4
"""Calibrated chance from which the best picture is the one that was asked for."""
MOST_FILES = 200
"""Files that a question over many files goes through."""


def next_calls(plan: Plan, request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    """Return the tools to use now, independent of each other; none when all is there."""
    if plan.intent in ("chat", "general"):
        return []
    lead = {
        "calculate": _calculate,
        "look": _look,
        "list": _list,
        "faces": _faces,
        "people": _people,
        "who": _faces,
        "pick": _pick,
        "count": _list,
        "aggregate": _aggregate,
        "compare": _compare,
        "extract": _extract,
        "album": _album,
        "chart": _chart,
        "structure": _structure,
        "summary": _read,
        "translate": _read,
        "sentiment": _read,
        "entities": _read,
        "transcribe": _transcribe,
        "find": _find,
    }[plan.intent]
    return lead(plan, request, results)


def focus(plan: Plan, request: Request) -> tuple[str, ...]:
    """Return the files a question is about: those it names, attached ones, those of before."""
    if plan.names:
        return plan.names
    if request.attached:
        return tuple(a.name for a in request.attached)
    if plan.follow_up:
        cited = dict.fromkeys(c.asset for c in request.cited)
        return tuple(cited) or tuple(a.name for a in request.earlier[:1])
    return ()


def is_free_chat(plan: Plan, request: Request) -> bool:
    """Whether a question is for general knowledge: the library is off, and it means no file."""
    files = plan.names or request.attached or request.earlier
    return plan.intent == "find" and not (
        request.use_library or files or plan.personal or plan.document
    )


def _calculate(plan: Plan, _request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    return [] if results else [ToolCall("calculate", {"expression": plan.subject})]


def _find(plan: Plan, request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    if results:
        # A field of a paper may stand outside the passage that was found: open the whole paper.
        if _perhaps_picture(request, results):
            pictures = [a.name for a in request.earlier if a.jpeg is not None]
            return [ToolCall("look_at_image", {"file": name}) for name in pictures[:4]]
        if plan.modality and not results[-1].passages and len(results) == 1:
            return [ToolCall("search_library", {"query": plan.query, "k": 10})]
        asks_paper = plan.document and (plan.field or plan.label)
        if asks_ratio(request.question):
            return _follow_search(results, "read_document")
        if plan.page and not focus(plan, request):
            return _follow_search(results, "read_document", arguments=_page(plan))
        return _follow_search(results, "read_document", PAPERS) if asks_paper else []
    names = focus(plan, request)
    if names and (plan.field or plan.label or len(names) == 1):
        calls = [ToolCall("read_document", {"file": name, **_page(plan)}) for name in names[:8]]
        if plan.follow_up and request.use_library and not request.attached:
            calls.append(ToolCall("search_library", {"query": plan.query, "k": 8}))
        return calls
    if names:
        return [ToolCall("search_library", {"query": plan.query, "file": n}) for n in names[:8]]
    if not request.use_library:
        return [ToolCall("read_document", {"file": a.name}) for a in request.earlier[:2]]
    modality = plan.modality if plan.modality == "audio" else None
    return [ToolCall("search_library", {"query": plan.query, "k": 10, "modality": modality})]


def _perhaps_picture(request: Request, results: Sequence[ToolResult]) -> bool:
    """Whether a search came to nothing while a picture of the last question lies there."""
    first = results[0].search
    missed = first is not None and not promising(first, request.question)
    return missed and len(results) == 1 and any(a.jpeg is not None for a in request.earlier)


def _page(plan: Plan) -> dict[str, int]:
    if not plan.page:
        return {}
    return {"page": plan.page, "counted": True} if plan.page_counted else {"page": plan.page}


def _look(plan: Plan, request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    if results:
        # A picture that was spoken of is found first, then looked at; perhaps a text tells of it.
        if len(results) > 1 or results[0].search is None:
            return []
        likely = [p for p in results[0].passages if p.probability >= PICKED]
        if likely:
            return [ToolCall("look_at_image", {"file": likely[0].asset})]
        return [ToolCall("search_library", {"query": plan.query, "k": 10})]
    pictures = [a.name for a in (*request.attached, *request.earlier) if a.jpeg is not None]
    documents = [a.name for a in request.attached if a.jpeg is None]
    asked = thing_asked(request.question)
    thing = {"thing": asked[:100]} if asked else {}
    calls = [ToolCall("look_at_image", {"file": n, **thing}) for n in (plan.names or pictures)[:8]]
    if not calls and not documents and plan.topic and request.use_library:
        query = {"query": plan.topic[:400], "k": 5, "modality": "image"}
        return [ToolCall("search_library", query)]
    return calls + [ToolCall("read_document", {"file": name}) for name in documents[:8]]


def _list(plan: Plan, _request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    if results:
        none = len(results) == 1 and not results[0].assets and plan.topic and not plan.modality
        # No files of that: it may be rows of a table that are counted.
        return [ToolCall("search_library", {"query": plan.query, "k": 10})] if none else []
    return [
        ToolCall(
            "list_assets",
            {"query": plan.topic[:400], "modality": plan.modality, "limit": 5000, **_when(plan)},
        )
    ]


def _when(plan: Plan) -> dict[str, str]:
    """Return the arguments that keep to the photos of a time."""
    if plan.period is None:
        return {}
    bounds = {"taken_from": plan.period.first, "taken_to": plan.period.last}
    return {name: moment.isoformat() for name, moment in bounds.items()}


def _pick(plan: Plan, _request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    query = {"query": plan.topic[:400], "k": 5, "modality": "image", **_when(plan)}
    return [] if results else [ToolCall("search_library", query)]


def _faces(plan: Plan, request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    names = focus(plan, request)
    if not names and request.earlier and refers_to_picture(request.question):
        names = (request.earlier[0].name,)
    if names:
        return [] if results else [ToolCall("find_faces", {"file": n}) for n in names[:8]]
    if not results:
        query = plan.topic or plan.query
        return [ToolCall("search_library", {"query": query, "k": 5, "modality": "image"})]
    return _follow_search(results, "find_faces")


def _people(plan: Plan, _request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    query = {"names": list(plan.people), "query": plan.topic[:400], **_when(plan)}
    return [] if results else [ToolCall("find_people", query)]


def _aggregate(plan: Plan, request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    if request.attached or plan.names:
        names = plan.names or tuple(a.name for a in request.attached)
        return [] if results else [ToolCall("extract", {"file": n}) for n in names]
    if not results:  # all files: whose bills are meant is told by what stands in them
        topics = dict.fromkeys(("", plan.topic[:400]))
        return [ToolCall("list_assets", {"query": topic, "limit": 5000}) for topic in topics]
    if all(r.call.tool == "list_assets" for r in results):
        files = [f for f in results[0].assets if f.modality != "audio"]
        return [ToolCall("extract", {"file": f.name}) for f in files[:MOST_FILES]]
    return []


def _compare(plan: Plan, request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    """Read what is compared; a picture in which nothing is written is looked at."""
    names = focus(plan, request)
    if not results:
        if not names:
            return [ToolCall("search_library", {"query": plan.topic or plan.query, "k": 8})]
        pictures = {a.name for a in request.attached if a.jpeg is not None}
        return [
            ToolCall("look_at_image" if n in pictures else "read_document", {"file": n})
            for n in names[:4]
        ]
    if any(r.call.tool == "look_at_image" for r in results):
        return []
    if not names:  # the papers that a request speaks of without their names
        most = 2 if phrases.TWO.search(request.question) else 4
        return _follow_search(results, "read_document", most)
    files = (str(r.call.arguments.get("file", "")) for r in results if not r.passages)
    return [ToolCall("look_at_image", {"file": n}) for n in files if is_picture(n)]


def _extract(plan: Plan, request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    if plan.subject:
        return []
    names = focus(plan, request)
    if not results:
        if names:
            return [ToolCall("extract", {"file": name}) for name in names[:8]]
        return [ToolCall("search_library", {"query": plan.query, "k": 5})]
    return _follow_search(results, "extract")


def _read(plan: Plan, request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    talk = plan.intent == "summary" and CONVERSATION.search(request.question) and not plan.names
    if plan.subject or talk:
        return []
    names = focus(plan, request)
    if not results:
        if names:
            page = _page(plan)
            return [ToolCall("read_document", {"file": name, **page}) for name in names[:4]]
        if plan.follow_up or not request.use_library:
            return []
        return [ToolCall("search_library", {"query": plan.topic or plan.query, "k": 8})]
    return _follow_search(results, "read_document")


def _album(plan: Plan, _request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    return [] if results else [ToolCall("summarise_album", {"album": plan.topic[:60]})]


def _chart(plan: Plan, request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    """Read the charts of the files that are meant, and their words beside."""
    names = focus(plan, request)
    if not names and request.earlier and not request.use_library:
        names = (request.earlier[0].name,)
    if not results and names:
        drawn = [ToolCall("read_chart", {"file": n, "page": plan.page}) for n in names[:4]]
        texts = [ToolCall("read_document", {"file": n, **_page(plan)}) for n in names[:4]]
        return [*drawn, *texts]
    if not results:
        return [ToolCall("search_library", {"query": plan.query, "k": 10})]
    if len(results) > 1 or results[0].search is None:
        return []
    charts = dict.fromkeys(p.asset for p in results[0].passages if p.kind == "chart")
    likely = [*charts, *(p.asset for p in results[0].passages if p.modality != "audio")]
    return [ToolCall("read_chart", {"file": name}) for name in list(dict.fromkeys(likely))[:3]]


def _structure(plan: Plan, request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    if results:
        return _follow_search(results, "read_document")
    names = focus(plan, request) or tuple(a.name for a in request.earlier[:1])
    if not names and request.use_library and request.library.size() == 1:
        names = tuple(file.name for file in request.library.assets(limit=1))
    if names:
        return [ToolCall("read_document", {"file": name}) for name in names[:1]]
    return (
        [ToolCall("search_library", {"query": plan.query, "k": 5})] if request.use_library else []
    )


def _transcribe(plan: Plan, request: Request, results: Sequence[ToolResult]) -> list[ToolCall]:
    names = focus(plan, request)
    if not results:
        if names:
            return [ToolCall("transcribe", {"file": name}) for name in names[:4]]
        return [ToolCall("search_library", {"query": plan.query, "k": 5, "modality": "audio"})]
    return _follow_search(results, "transcribe")


def _follow_search(
    results: Sequence[ToolResult],
    tool: str,
    most: int = 1,
    arguments: Mapping[str, int] = MappingProxyType({}),
) -> list[ToolCall]:
    """After a search, take up the files that came first."""
    last = results[-1]
    if len(results) > 1 or last.call.tool != "search_library":
        return []
    names = dict.fromkeys(p.asset for p in last.passages)
    return [ToolCall(tool, {"file": name, **arguments}) for name in list(names)[:most]]
