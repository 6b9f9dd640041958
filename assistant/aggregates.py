"""Answers over many files: lists, counts, fields. Exact, by rule.

Every file of a list is cited, as many as fit a reader's patience. Sums are in ``sums``.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.calls import ToolResult
from assistant.citations import cite
from assistant.drafts import Draft, join, whole_files
from assistant.i18n import text
from assistant.messages import AssetView, Citation
from assistant.planner import Plan
from assistant.refusing import refuse
from assistant.rows.queried import NO_QUERY
from assistant.rows.told import told_by_rows
from assistant.session import Session
from retrieval.values import Passage, RegionLocator, TextLocator

CITED = 12
"""Files of a sum or list that are cited one by one."""


def listing(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """List or count files; by what they show, by kind, or all."""
    language = session.language
    found = results[0] if results else None
    if found is None or found.error:
        return refuse(session, plan, results)
    total = int(found.data.get("total", len(found.assets)))
    if not session.request.library.size():
        return refuse(session, plan, results)
    counted = plan.intent == "count" and plan.judged and not plan.modality
    rows = (counted and plan.topic) or not found.assets  # of a table, not files
    if rows and (told := told_by_rows(session, plan, results)):
        return told
    if not found.assets and NO_QUERY in session.notes:
        return refuse(session, plan, results)
    if not found.assets:
        said = text("say_count_none", language, total=total)
        return Draft(said, found=False, nearest=found.passages[:3])
    files = found.assets
    citations = tuple(_file(n, f, found.passages) for n, f in enumerate(files[:CITED], 1))
    named = [f"{c.asset} [{c.number}]" for c in citations] + [f.name for f in files[CITED:]]
    names = join(named, language, CITED)
    if plan.topic and plan.intent == "count":
        key = "say_count_photos" if plan.modality == "image" else "say_count"
    else:
        key = "say_count" if plan.intent == "count" else "say_list"
    return Draft(
        text(key, language, count=len(files), total=total, names=names), citations=citations
    )


def _file(number: int, file: AssetView, passages: Sequence[Passage]) -> Citation:
    """Cite a file as a whole, or at the passage that was found in it."""
    for passage in passages:
        if passage.asset_id == file.id:
            return cite(number, passage, "")
    place = RegionLocator() if file.modality == "image" else TextLocator(0, 0)
    return Citation(number, file.name, file.sha256, file.modality, place, file.name, file.id)


def extract(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Give the fields of files as JSON, one object a file."""
    import json

    taken = [r for r in results if r.call.tool == "extract" and r.data]
    if not taken:
        return refuse(session, plan, results)
    documents = [{"file": r.call.arguments["file"], **r.data} for r in taken]
    written = json.dumps(
        documents[0] if len(documents) == 1 else documents, ensure_ascii=False, indent=2
    )
    passages = [p for r in taken for p in r.passages]
    citations = whole_files(passages)
    cited = "".join(f" [{c.number}]" for c in citations)
    return Draft(f"```json\n{written}\n```\n{cited.strip()}", citations=citations)
