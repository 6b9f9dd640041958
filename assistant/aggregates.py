"""Answers over many files: lists, counts, sums, comparisons, fields. Exact, by rule.

Every file that goes into a figure is cited (as many as fit a reader's patience), files that could
not be read are named, and arithmetic is done with decimals.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from assistant.amounts import parse_amount
from assistant.answers import Draft, join, refuse, whole_files
from assistant.arithmetic import plain_number
from assistant.citations import cite
from assistant.fields import fields_of, find_in, parse_date
from assistant.i18n import Language, text
from assistant.messages import AssetView, Citation
from assistant.planner import Plan
from assistant.session import Session
from assistant.tools import ToolResult
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


@dataclass(frozen=True)
class Amount:
    """A figure read from a file, with its group (a month, a company) and where it stands."""

    value: Decimal
    written: str
    group: str
    passage: Passage


def add_up(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Add up, average or compare an amount over files, by group where one is asked for."""
    taken = [r for r in results if r.call.tool == "extract"]
    if not taken:
        return refuse(session, plan, results)
    amounts, skipped = _amounts(taken, plan.group)
    if not amounts:
        return refuse(session, plan, results)
    if plan.operation in ("max", "min") and not plan.group:
        pick = max if plan.operation == "max" else min
        amounts = [pick(amounts, key=lambda a: a.value)]
    citations = tuple(cite(n, a.passage, a.written) for n, a in enumerate(amounts[:CITED], 1))
    said = _figure(session, plan, amounts, citations)
    if skipped:
        names = join(skipped, session.language)
        said += " " + text("say_skipped", session.language, count=len(skipped), names=names)
    return Draft(said, citations=citations)


def _amounts(results: Sequence[ToolResult], group: str) -> tuple[list[Amount], list[str]]:
    amounts: list[Amount] = []
    skipped: list[str] = []
    for result in results:
        written = str(result.data.get("total", ""))
        value = parse_amount(written) if written else None
        if value is None:
            if _looks_like_a_bill(result):
                skipped.append(str(result.call.arguments.get("file", "")))
            continue
        passage = next((p for p in result.passages if written in p.text), result.passages[0])
        amounts.append(Amount(value, written, _group_of(result, group), passage))
    return amounts, skipped


def _looks_like_a_bill(result: ToolResult) -> bool:
    """Whether a file without a readable total should have had one."""
    words = f"{result.call.arguments.get('file', '')} {' '.join(p.text for p in result.passages)}"
    return bool(re.search(r"receipt|invoice|\bbill\b|收据|发票|小票|账单", words, re.IGNORECASE))


def _group_of(result: ToolResult, group: str) -> str:
    if group == "company":
        return str(result.data.get("company", ""))
    day = parse_date(str(result.data.get("date", "")))
    if group and day:
        return f"{day:%Y-%m}" if group == "month" else f"{day:%Y}"
    return ""


def _figure(
    session: Session, plan: Plan, amounts: Sequence[Amount], citations: Sequence[Citation]
) -> str:
    language, end = session.language, "。" if session.language == "zh" else "."
    cited = "".join(f" [{c.number}]" for c in citations)
    if plan.group and plan.operation in ("max", "min"):
        sums: dict[str, list[Decimal]] = defaultdict(list)
        for amount in amounts:
            if amount.group:
                sums[amount.group].append(amount.value)
        if sums:
            pick = max if plan.operation == "max" else min
            name = pick(sums, key=lambda g: sum(sums[g]))
            value = plain_number(sum(sums[name], Decimal()))
            said = text("say_group_max", language, group=name, value=value, count=len(sums[name]))
            return said + cited + end
    if plan.operation in ("max", "min"):
        one = amounts[0]
        key = "say_max" if plan.operation == "max" else "say_min"
        return text(key, language, value=one.written, name=one.passage.asset + cited) + end
    total = sum((a.value for a in amounts), Decimal())
    if plan.operation == "average":
        value = plain_number(round(total / len(amounts), 2))
        return text("say_average", language, value=value, count=len(amounts)) + cited + end
    if len(amounts) == 1:
        return amounts[0].written + cited + end
    said = text("say_sum", language, value=plain_number(total), count=len(amounts))
    return said + cited + end


def compare(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Put files side by side: what each shows or says, one line a file, each cited."""
    language = session.language
    lines: list[str] = []
    citations: list[Citation] = []
    for result in results:
        if result.error or not result.passages:
            continue
        for passage in _first_of_each(result.passages):
            words = " ".join(session.screened(passage).split())
            answer = (
                words
                if passage.kind == "pixels"
                else _field_or_start(plan, result, words, language)
            )
            citations.append(cite(len(citations) + 1, passage, answer))
            lines.append(f"- {passage.asset}: {answer} [{len(citations)}]")
    if not lines:
        return refuse(session, plan, results)
    prefix = ""
    if any(r.sights for r in results) and not session.model.sees_images:
        prefix = text("say_notes", language) + "\n"
    return Draft("\n".join(lines[:8]), citations=tuple(citations[:8]), prefix=prefix)


def _first_of_each(passages: Sequence[Passage]) -> list[Passage]:
    first: dict[str, Passage] = {}
    for passage in passages:
        first.setdefault(passage.sha256, passage)
    return list(first.values())[:4]


def _field_or_start(plan: Plan, result: ToolResult, words: str, language: Language) -> str:
    """Return the field that is compared, all fields of a bill, or the beginning of the text."""
    if plan.field:
        hits = find_in(plan.field, result.passages)
        if hits:
            return hits[0].value
    found = fields_of(result.passages)
    if "total" in found:
        named = [f"{text(f'field_{name}', language)} {hit.value}" for name, hit in found.items()]
        return ("；" if language == "zh" else "; ").join(named)
    return words[:160] + ("…" if len(words) > 160 else "")


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
    citations = whole_files(passages, session)
    cited = "".join(f" [{c.number}]" for c in citations)
    return Draft(f"```json\n{written}\n```\n{cited.strip()}", citations=citations)
