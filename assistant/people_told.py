"""Answers about people whom the owner named: who is in a picture, which photos show somebody.

Every face is cited by its place. A face is called by a name only if it was stored in that
person's group; all others are told as faces that nobody named. Knows no SQL and no prompts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.arguments import FindPeople
from assistant.calls import ToolResult
from assistant.citations import cite
from assistant.drafts import Draft, join
from assistant.i18n import Language, text
from assistant.library import LibraryView
from assistant.messages import AssetView, Citation
from assistant.planner import Plan
from assistant.refusing import refuse
from assistant.session import Session
from assistant.views import FaceView
from retrieval.values import Box, Filters, Passage, RegionLocator

CITED = 12
"""Photos that are cited one by one."""
LIKELY = 0.5
"""Calibrated probability from which a photo counts as showing what else was asked for."""
_SAME_PLACE = 0.5


def called(box: Box, known: Sequence[FaceView]) -> str:
    """Return the name of the stored face that lies where this one does; empty for nobody named."""
    best = max(known, key=lambda face: _overlap(face.box, box), default=None)
    return best.name if best is not None and _overlap(best.box, box) > _SAME_PLACE else ""


def _overlap(a: Box, b: Box) -> float:
    """Return the shared area of two boxes over that of both together."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return width * height / (areas - width * height)


# --- the tool --------------------------------------------------------------------------------


def photos_of(given: FindPeople, library: LibraryView, filters: Filters) -> dict[str, Any]:
    """Return what the tool ``find_people`` found: photos that show all of these people."""
    known = {name.casefold(): name for name in library.people()}
    wanted = [known.get(" ".join(name.split()).casefold(), "") for name in given.names]
    places: dict[int, list[FaceView]] = {}
    shown: set[int] | None = None
    for name in wanted:
        found = library.faces_of(name) if name else []
        for face in found:
            places.setdefault(face.asset_id, []).append(face)
        here = {face.asset_id for face in found}
        shown = here if shown is None else shown & here
    files = [f for f in library.assets(limit=5000, filters=filters) if f.id in (shown or set())]
    total, nearest = len(files), files[:3]
    if given.query and files:
        ids = {f.id: f for f in files}
        result = library.search(given.query, k=200, asset_ids=ids, filters=filters)
        likely = dict.fromkeys(p.asset_id for p in result.passages if p.probability >= LIKELY)
        files = [ids[i] for i in likely if i in ids]
    summary = f"{', '.join(given.names)}: {len(files)}"
    return {
        "summary": summary,
        "text": "\n".join([summary, *(f.name for f in files)]),
        "assets": tuple(files),
        "passages": tuple(_passage(f, face) for f in files for face in places[f.id]),
        "data": {"total": total, "nearest": [_passage(f, places[f.id][0]) for f in nearest]},
    }


def _passage(file: AssetView, face: FaceView) -> Passage:
    return Passage(
        asset_id=file.id,
        asset=file.name,
        sha256=file.sha256,
        modality="image",
        media_type=file.media_type,
        kind="pixels",
        text=face.name,
        locator=RegionLocator(face.box),
        score=1.0,
        probability=1.0,
    )


# --- what is said ----------------------------------------------------------------------------


def tell_photos(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """List the photos of somebody, each cited at the face."""
    language = session.language
    found = next((r for r in results if r.call.tool == "find_people" and not r.error), None)
    if found is None:
        return refuse(session, plan, results)
    names = join(plan.people, language)
    if not found.assets:
        total = found.data["total"]
        key = "say_photos_of_rest" if total else "say_photos_of_none"
        said = text(key, language, names=names, total=total, query=plan.topic)
        return Draft(said, found=False, nearest=tuple(found.data["nearest"]))
    citations: list[Citation] = []
    listed = []
    for file in found.assets[:CITED]:
        marks = ""
        for place in (p for p in found.passages if p.asset_id == file.id):
            citations.append(cite(len(citations) + 1, place, place.text))
            marks += f" [{len(citations)}]"
        listed.append(file.name + marks)
    listed += [file.name for file in found.assets[CITED:]]
    photos = join(listed, language, CITED)
    key = "say_photos_of_likely" if plan.topic else "say_photos_of"
    said = text(
        key, language, names=names, count=len(found.assets), photos=photos, query=plan.topic
    )
    return Draft(said + text("say_people_note", language), citations=tuple(citations))


def tell_who(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Say who is in each picture, by the owner's names, every face cited by its region."""
    language = session.language
    looked = [r for r in results if r.call.tool == "find_faces" and not r.error]
    if not looked:
        return refuse(session, plan, results)
    end = "。" if language == "zh" else "."
    citations: list[Citation] = []
    lines, seen = [], set()
    for result in looked:
        told, strangers = [], ""
        faces = result.data["faces"]
        for face, place in zip(faces, result.passages, strict=False):
            name = face.get("name", "")
            citations.append(cite(len(citations) + 1, place, name))
            mark = f" [{len(citations)}]"
            if name:
                told.append(name + mark)
                seen.add(name)
            else:
                strangers += mark
        if more := sum(not face.get("name") for face in faces):
            told.append(_more(more, language) + strangers)
        asset = result.passages[0].asset
        names = join(told, language, len(told)) or text("say_nobody", language)
        lines.append(text("say_who", language, asset=asset, names=names) + end)
    missing = [name for name in plan.people if name not in seen]
    if missing:
        lines.append(text("say_who_not", language, names=join(missing, language)) + end)
    note = text("say_people_note", language)
    return Draft("\n".join(lines) + note, citations=tuple(citations))


def _more(count: int, language: Language) -> str:
    key = "say_who_one_more" if count == 1 else "say_who_more"
    return text(key, language, count=count)
