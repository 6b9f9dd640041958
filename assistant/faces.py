"""Faces in photos: the tool that finds them, and the answer that counts and points at them.

Nobody is identified, but by names that the owner gave stored faces; nothing is stored here. Knows
no graph and no prompts.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PIL import Image, ImageOps

from assistant.calls import ToolResult
from assistant.citations import cite
from assistant.drafts import Draft
from assistant.errors import AssetNotFound
from assistant.i18n import text
from assistant.library import NOT_IN_LIBRARY, Attached, LibraryView
from assistant.messages import AssetView, Citation
from assistant.people_told import called
from assistant.planner import Plan
from assistant.refusing import refuse
from assistant.session import Session
from retrieval.faces import find_faces
from retrieval.values import Passage, RegionLocator

SHOWN = 12
"""Faces that are cited one by one."""


def faces_in(file: AssetView | Attached, library: LibraryView) -> dict[str, Any]:
    """Return what the tool ``find_faces`` found: boxes in ``data``, a passage for each face.

    Raises:
        AssetNotFound: it is no picture.
        FacesUnavailable: there is no detector for this machine.
    """
    attached = isinstance(file, Attached)
    jpeg = file.jpeg if isinstance(file, Attached) else library.picture(file.id)
    if jpeg is None:
        raise AssetNotFound(asset=file.name)
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(jpeg)))
    found = find_faces(picture)
    known = library.faces(file)
    whole = Passage(
        asset_id=NOT_IN_LIBRARY if attached else getattr(file, "id", NOT_IN_LIBRARY),
        asset=file.name,
        sha256=file.sha256,
        modality="image",
        media_type="image/jpeg",
        kind="pixels",
        text=file.name,
        locator=RegionLocator(),
        score=1.0,
        probability=1.0,
    )
    places = tuple(replace(whole, locator=RegionLocator(face.box)) for face in found)
    summary = f"{file.name}: {len(found)}"
    return {
        "summary": summary,
        "text": summary,
        "passages": places or (whole,),
        "data": {
            "count": len(found),
            "faces": [
                {
                    "box": [round(side, 4) for side in face.box],
                    "confidence": face.confidence,
                    **({"name": name} if (name := called(face.box, known)) else {}),
                }
                for face in found
            ],
        },
    }


def count_faces(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Say how many faces each picture shows, every face cited by its region."""
    language, end = session.language, "。" if session.language == "zh" else "."
    looked = [r for r in results if r.call.tool == "find_faces" and not r.error]
    if not looked:
        return refuse(session, plan, results)
    citations: list[Citation] = []
    lines = []
    for result in looked:
        count = int(result.data["count"])
        shown = result.passages[: max(1, SHOWN - len(citations))]
        numbers = range(len(citations) + 1, len(citations) + 1 + len(shown))
        citations += [cite(n, p, "") for n, p in zip(numbers, shown, strict=True)]
        marks = "".join(f" [{n}]" for n in numbers)
        key = "say_faces" if count else "say_no_faces"
        name = result.passages[0].asset
        lines.append(text(key, language, asset=name, count=count, marks=marks) + end)
    note = text("say_faces_note", language) if any(r.data["count"] for r in looked) else ""
    return Draft("\n".join(lines) + note, citations=tuple(citations))
