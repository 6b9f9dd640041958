"""Answers about pictures: by a model that sees, by a small one that sees a little, or by notes.

What a picture says in letters is read, not seen; what only recognisers know is said to be theirs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant import prompts
from assistant.answers import stream
from assistant.calls import ToolResult
from assistant.charts import told_by_chart
from assistant.citations import cite, marked
from assistant.drafts import Draft, exact, marks, whole_files
from assistant.found import found_words
from assistant.gist import without_file
from assistant.i18n import text
from assistant.leader import PICKED
from assistant.look import Sight
from assistant.persons import asks_private, asks_who
from assistant.planner import Plan
from assistant.presence import told
from assistant.reader import read
from assistant.refusing import refuse
from assistant.session import Session
from retrieval.values import Passage

LIKELIER_THAN_NOT = 0.5
"""Chance below which the best picture is offered as the nearest one, not as the one asked for."""
MOSTLY_TEXT = 120
"""Characters read in a picture from which it is a page rather than a photo."""


def pick(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Name the one picture that shows what was asked for, or say that none does."""
    found = [p for r in results for p in r.passages]
    if not found or found[0].probability < PICKED:
        return refuse(session, plan, results)
    best = found[0]
    key = "say_pick" if best.probability >= LIKELIER_THAN_NOT else "say_pick_unsure"
    said = text(key, session.language, asset=best.asset, chance=f"{best.probability:.0%}")
    return Draft(said, citations=(cite(1, best, ""),), nearest=tuple(found[1:4]))


def look(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Answer a question about the pictures that the tools looked at."""
    sights = [s for r in results for s in r.sights]
    if not sights:
        if any(r.passages for r in results):
            return found_words(session, plan, results)
        if any(r.search is not None for r in results):
            return refuse(session, plan, results)
        return Draft(text("say_no_image", session.language), found=False)
    if len(sights) == 1 and (told := _charted(session, sights[0])):
        return told
    evidence = tuple(s.passage(session.language) for s in sights)
    if session.model.sees_images and session.model.calls_tools:
        return _seen(session, sights, evidence) or refuse(session, plan, results)
    if plan.field or plan.label or _asks_for_text(session.request.question):
        texts = [p for r in results for s in r.sights for p in _text_of(session, s.name)]
        asked = without_file(session.request.question, plan.names)
        reading = read(session, asked, texts, plan)
        if reading is not None:
            return exact(session, reading.text, reading.passage)
    if all(s.shown is not None for s in sights):
        return _shown(session, sights, evidence)
    if session.model.sees_images and all(len(s.words) < MOSTLY_TEXT for s in sights):
        return _small_eye(session, sights)
    return _by_notes(session, evidence)


def _seen(session: Session, sights: Sequence[Sight], evidence: Sequence[Passage]) -> Draft | None:
    """Let a model that sees well answer from the pixels; None when it finds no answer."""
    pictures = [(s.jpeg, s.sha256) for s in sights]
    noted = "\n".join(f"[{n}] {p.asset}" for n, p in enumerate(evidence, 1))
    question = session.request.question
    # A page may say who and what somebody is; a face does not.
    prefix = _prefix(session) if all(len(s.words) < MOSTLY_TEXT for s in sights) else ""
    asked = prompts.DESCRIBE if prefix else question
    turns = prompts.compose(asked, noted, session.language, pictures=True)
    written = stream(session, turns, pictures=pictures)
    if "NOT FOUND" in written.upper():
        return None
    citations = whole_files(evidence)
    bare = re.sub(r"\s*\[\d+\]", "", written)
    return Draft(prefix + bare + marks(citations), citations=citations)


def _charted(session: Session, sight: Sight) -> Draft | None:
    """Answer from the chart that a picture shows, if it is one and tells what is asked."""
    return told_by_chart(session, _text_of(session, sight.name), whole=True)


def _shown(session: Session, sights: Sequence[Sight], evidence: Sequence[Passage]) -> Draft:
    """Say of each picture whether it shows the thing asked for."""
    lines = [
        marked(told(s.thing, s.shown, session.language), n)
        for n, s in enumerate(sights, 1)
        if s.shown is not None
    ]
    return Draft("\n\n".join(lines), citations=whole_files(evidence))


def _small_eye(session: Session, sights: Sequence[Sight]) -> Draft:
    """Let a small model that sees tell of each picture, in English, its one language of sight."""
    language, question = session.language, session.request.question
    evidence = [s.passage(language) for s in sights]
    describe = bool(_WHAT.search(question) or _untold(question)) or len(sights) > 1
    if not describe and language != "en":
        question = session.write(prompts.task("translate", question, "en"), max_tokens=60)
    asked = prompts.small_eye(prompts.DESCRIBE if describe else question)
    told = []
    for number, sight in enumerate(sights, 1):
        seen = [(sight.jpeg, sight.sha256)]
        words = "".join(session.generate(asked, pictures=seen, max_tokens=60)).strip()
        if language != "en" and words:
            words = session.write(prompts.task("translate", words, language), max_tokens=80)
        if sight.words:
            short = " ".join(sight.words.split())
            words += f" ({text('say_picture_text', language, text=short)})"
        told.append(marked(words, number))
    citations = whole_files(evidence)
    whole = "\n".join(told) + text("say_small_eye", language)
    return Draft(_prefix(session) + whole, citations=citations)


def _untold(question: str) -> str:
    """Return the key of what is said instead of naming or judging a person; empty otherwise."""
    if asks_private(question):
        return "say_not_private"
    return "say_not_who" if asks_who(question) else ""


def _prefix(session: Session) -> str:
    """Return what is said before a picture is described to whoever asked of a person in it."""
    key = _untold(session.request.question)
    return f"{text(key, session.language)}\n" if key else ""


_WHAT = re.compile(
    r"^\W*(?:what(?:'s| is| do you see| can (?:you|i|we|one|be) (?:see|seen)| does)?\s*"
    r"(?:this|that|it|in|on|shown|seen|there|the (?:photo|picture|image))\b"
    r"|describe|caption|show me|tell me about)"
    r"|这是什么|有什么|看到|描述|拍的|画的",
    re.IGNORECASE,
)


def _by_notes(session: Session, evidence: Sequence[Passage]) -> Draft:
    """Answer by the recognisers' notes, and say that it is so."""
    language = session.language
    parts = [f"{' '.join(p.text.split())} [{n}]" for n, p in enumerate(evidence, 1)]
    told = ("。" if language == "zh" else ". ").join(parts)
    blind = not session.model.sees_images
    said = text("say_notes", language) + told if blind else told[:1].upper() + told[1:]
    citations = tuple(cite(n, p, "") for n, p in enumerate(evidence, 1))
    return Draft(said + ("。" if language == "zh" else "."), citations=citations)


def _asks_for_text(question: str) -> bool:
    return bool(
        re.search(
            r"\b(?:say|says|read|written|text|word|number|name|title|label|price|sign)s?\b"
            r"|写|文字|字|号|价|名|标题",
            question,
            re.IGNORECASE,
        )
    )


def _text_of(session: Session, name: str) -> list[Passage]:
    """Return the text read in a picture, attached or of the library."""
    request = session.request
    for attached in (*request.attached, *request.earlier):
        if attached.name == name:
            return list(attached.passages)
    files = [a for a in request.library.assets(name, limit=5) if a.name == name]
    return request.library.passages(files[0].id) if files else []
