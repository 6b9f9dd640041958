"""Files put side by side: what stands in one text and not in the other, or a line for each file.

Exact, by rule: two texts are compared sentence by sentence, apart from spaces, marks and case.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.calls import ToolResult
from assistant.citations import cite, marked, split_sentences
from assistant.drafts import Draft
from assistant.fields import fields_of, find_in
from assistant.i18n import Language, text
from assistant.messages import Citation
from assistant.planner import Plan
from assistant.refusing import refuse
from assistant.session import Session
from retrieval.values import Passage

LINES = 8
_SENTENCES = 6
"""Sentences of one file that are told; the rest is only marked as more."""

Sentences = list[tuple[str, Passage]]


def compare(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Put files side by side, each cited; a file that is not there, or named twice, is told."""
    read = [r for r in results if r.search is None] or results
    good = [r for r in read if not r.error and r.passages]
    if not good:
        return refuse(session, plan, results)
    language = session.language
    head = ""
    for name in dict.fromkeys(str(r.call.arguments.get("file", "")) for r in results if r.error):
        head += text("say_no_file", language, name=name) + "\n" if name else ""
    if len(plan.names) == 1 and session.request.question.count(plan.names[0]) > 1:
        head += text("say_compare_one", language, name=plan.names[0]) + "\n"
    if len(good) == len(read) == 2 and not plan.field:
        one, other = (_sentences(session, r) for r in good)
        if one and other and not _bills(good):
            return _two_texts(one, other, language)
    told = _side_by_side(session, plan, good)
    return Draft(head + told.text, citations=told.citations, prefix=told.prefix)


def _sentences(session: Session, result: ToolResult) -> Sentences:
    """Return the sentences of a text that was read; none of what is seen in pixels."""
    passages = [p for p in result.passages if p.kind not in ("metadata", "pixels", "caption")]
    return [(s, p) for p in passages for s in split_sentences(session.screened(p))]


def _bills(results: Sequence[ToolResult]) -> bool:
    return all("total" in fields_of(r.passages) for r in results)


def _letters(sentence: str) -> str:
    return "".join(c for c in sentence.casefold() if c.isalnum())


def _two_texts(one: Sentences, other: Sentences, language: Language) -> Draft:
    """Tell what stands in one text only, then in the other only, each line cited."""
    lines: list[str] = []
    citations: list[Citation] = []
    for mine, theirs in ((one, other), (other, one)):
        known = {_letters(sentence) for sentence, _ in theirs}
        own = [(s, p) for s, p in mine if _letters(s) and _letters(s) not in known]
        told, passage = own[:_SENTENCES], (own or mine)[0][1]
        citations.append(cite(len(citations) + 1, passage, told[0][0] if told else ""))
        if own:
            space = "" if language == "zh" else " "
            words = space.join(s for s, _ in told) + (" …" if len(own) > len(told) else "")
            lines.append("- " + marked(f"{passage.asset}: {words}", len(citations)))
    names = {"one": one[0][1].asset, "other": other[0][1].asset}
    if not lines:
        said = text("say_compare_same", language, **names)
        return Draft(marked(marked(said, 1), 2), citations=tuple(citations))
    head = text("say_compare_differ", language)
    cited = [c for c in citations if any(f"[{c.number}]" in line for line in lines)]
    return Draft("\n".join([head, *lines]), citations=tuple(cited))


def _side_by_side(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Tell what each file shows or says, one line a file."""
    language = session.language
    lines: list[str] = []
    citations: list[Citation] = []
    for result in results:
        for passage in _first_of_each(result.passages):
            words = " ".join(session.screened(passage).split())
            answer = (
                words
                if passage.kind == "pixels"
                else _field_or_start(plan, result, words, language)
            )
            citations.append(cite(len(citations) + 1, passage, answer))
            lines.append(f"- {passage.asset}: {answer} [{len(citations)}]")
    prefix = ""
    if any(r.sights for r in results) and not session.model.sees_images:
        prefix = text("say_notes", language) + "\n"
    return Draft("\n".join(lines[:LINES]), citations=tuple(citations[:LINES]), prefix=prefix)


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
