"""Reading: the exact words of the evidence that answer a question, or that nothing does.

Fields of receipts and forms are found by rule first (``fields``, ``forms``). Otherwise sentences
near the question (``stretches``) are read of the passages that may hold the answer
(``confidence``): the model copies the likeliest words of each, and the surest copy is taken. A
model that gives no odds writes, and what it writes must stand in the passage. Knows no prompts'
wording, no graph.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant import prompts
from assistant.candidates import (
    can_be,
    can_hold,
    lacks_number,
    places_for,
    trimmed,
    whole_range,
    with_unit,
)
from assistant.citations import content_words, find_span, level, support
from assistant.confidence import LEAST, chances, holds, sureness
from assistant.contacts import find_contact
from assistant.fields import find_in
from assistant.forms import find_values
from assistant.models.spans import Span, agreed
from assistant.nearness import Best, nearest, nearness
from assistant.phrases import DOCUMENT, Field
from assistant.planner import Plan
from assistant.session import Session
from assistant.stretches import Stretch, stretches
from assistant.which_figure import end_asked, figure_asked, is_measure
from assistant.windows import window
from retrieval.values import Passage

PASSAGES = 3
"""Passages read for one question, the best first.

A trained reader reads them however unlikely: people ask in other words than their papers have, and
it refuses better than the search. Of 88 questions on everyday papers in their owner's words .50 are
answered rightly with two read so, .52 with three and with six; wrongly .22 in each case."""
STRETCHES = 3
"""Stretches of these passages that are read."""
LIKELY_RIGHT = 0.3
"""Chance below which a trained reader's copy is no answer.

Of 272 held-out questions on everyday papers, 71 without an answer, .79 of those are refused; of the
others .55 are answered rightly and .19 wrongly (at .25: .63, .57 and .22; at .35: .82, .53 and
.17). Of 161 of XQuAD .71 rightly and .20 wrongly, at .25 as well. Cross-validated."""
_GIVEN = 1.0
"""Chance of what was not searched for; no search is as sure."""
SURE = 0.6
"""Chance from which no further passage is read."""
ANSWER_TOKENS = 40
CONTACTS = 6
"""Passages in which an e-mail address or a telephone number is looked for."""


@dataclass(frozen=True)
class Reading:
    """Words found in a passage, the chance (0..1) that they answer, and the line they stand in."""

    text: str
    passage: Passage
    confidence: float
    line: str = ""


def read(
    session: Session, question: str, passages: Sequence[Passage], plan: Plan | None = None
) -> Reading | None:
    """Return the words of the passages that answer a question; None when none do.

    Args:
        passages: the best first.
        plan: the question taken apart; its field or label is looked for by rule first.
    """
    if plan is not None and (found := by_rule(plan, passages)) is not None:
        return found
    best: Reading | None = None
    near = nearest(question, passages)
    worth = _worth(question, passages, unlikely=session.model.reads)
    for one in stretches(session, question, worth, STRETCHES):
        reading = read_stretch(session, question, one, near)
        if reading and (best is None or reading.confidence > best.confidence):
            best = reading
        fits = best is not None and not session.model.reads and can_be(best.text, question)
        if best and (best.confidence >= SURE or fits):
            break
    if best is not None and session.model.reads and best.confidence < LIKELY_RIGHT:
        return None
    return best


def worth_reading(question: str, passages: Sequence[Passage]) -> list[Passage]:
    """Return the few passages that are read for a question, the likeliest first.

    Those that have nothing of the kind asked for are left out where others have.
    """
    return [passage for passage, _ in _worth(question, passages)]


def _worth(
    question: str, passages: Sequence[Passage], unlikely: bool = False
) -> list[tuple[Passage, float]]:
    """Return the passages worth reading with the chance that each holds the answer.

    What was not searched for, as a file or a page that the question names, is worth it in any case:
    one of its passages is as likely as another, or that none answers.

    Args:
        unlikely: take the best however unlikely they are.
    """
    told = list(zip(passages, chances(question, passages), strict=True))
    given = sum(passage.probability >= _GIVEN for passage in passages)
    told = [(p, max(c, 1 / (1 + given)) if p.probability >= _GIVEN else c) for p, c in told]
    if not unlikely:
        told = [one for one in told if one[1] >= LEAST or one[0].probability >= _GIVEN]
    able = [one for one in told if can_hold(one[0].text, question)] or told
    return sorted(able, key=lambda one: -one[1])[:PASSAGES]


def read_one(
    session: Session, question: str, passage: Passage, chance: float | None = None
) -> Reading | None:
    """Return the likeliest answer in one passage, however unlikely; None when there is no text.

    Args:
        chance: that the passage holds the answer; None: what it is for this passage alone.
    """
    alone = holds(question, passage) if chance is None else chance
    text = window(session, question, passage)
    stretch = Stretch(passage, text, alone)
    return read_stretch(session, question, stretch, nearest(question, [passage]))


def read_stretch(session: Session, question: str, stretch: Stretch, best: Best) -> Reading | None:
    """Return the likeliest answer in what is read of a passage, however unlikely.

    Args:
        best: how near the nearest sentence of all passages is.
    """
    passage, text = stretch.passage, stretch.text
    if not text.strip():
        return None
    copied = session.copy(question, text)
    if copied is None:
        return _by_writing(session, question, replace(passage, text=text))
    if not copied.spans:
        return None
    span = _fitting(session, question, text, copied.spans)
    said = _agreed(question, text, span, copied.tried) if session.model.reads else span
    place = figure_asked(text, (said.start, said.end), question)
    place = with_unit(text, *whole_range(text, *place), question)
    place = end_asked(text, place, question)
    if not is_measure(text, place, question):
        return None
    answer = neat(text[slice(*place)])
    answer = answer if session.model.reads else trimmed(answer, question)
    if lacks_number(answer, question):
        return None
    near = nearness(question, passage, text, span, best)
    rule = session.model.confidence
    sure = sureness(question, answer, span, copied.refused, stretch.chance, near, rule)
    line = text[text.rfind("\n", 0, span.start) + 1 :].split("\n", 1)[0]
    if passage.kind == "chart" and line.startswith("Chart ("):  # its title, and notes of ours
        return None
    return Reading(answer, passage, sure, line)


def _agreed(question: str, text: str, best: Span, tried: Sequence[Span]) -> Span:
    """Return the part or the surroundings of the best stretch that most of all tried agree with.

    Only what overlaps the best: across languages, others that agree with each other mislead.
    """
    near = [s for s in tried if s.start < best.end and best.start < s.end]
    fits = [s for s in near if can_be(neat(text[s.start : s.end]), question)]
    there = any((s.start, s.end) == (best.start, best.end) for s in fits)  # not of a second copying
    return agreed(fits, tried) if there else best


def _fitting(session: Session, question: str, text: str, spans: Sequence[Span]) -> Span:
    """Return the likeliest stretch of the kind asked for; the likeliest of all where none is."""

    def first(found: Sequence[Span]) -> Span | None:
        fits = (s for s in found if can_be(neat(text[s.start : s.end]), question))
        return next(fits, None)

    if (span := first(spans)) is not None:
        return span
    starts = places_for(question, text)
    again = session.copy(question, text, starts) if starts else None
    return (first(again.spans) if again else None) or spans[0]


def _by_writing(session: Session, question: str, passage: Passage) -> Reading | None:
    """Let a model that gives no odds write the answer; what does not stand there is none."""
    turns = prompts.reader(question, passage.text, session.language)
    answer = trimmed(tidy(session.write(turns, max_tokens=ANSWER_TOKENS)), question)
    return locate(answer, passage) if can_be(answer, question) else None


def by_rule(plan: Plan, passages: Sequence[Passage]) -> Reading | None:
    """Return the value of the field or label asked for, in the first file, where a rule finds it.

    Fields and labels are for receipts, forms and the like: in prose the first date is seldom the
    answer, and what is quoted is a title.
    """
    first = [p for p in passages if p.sha256 == passages[0].sha256] if passages else []
    paper = plan.document or any(p.modality == "image" for p in first) or _asked_on(plan, first)
    if plan.field in _SUMS and (summed := _sheet_total(plan, first)):
        return summed
    if plan.label and paper and (values := find_values(plan.label, first)):
        return Reading(values[0].text, values[0].passage, min(1.0, values[0].likeness))
    if plan.field and paper and (hits := find_in(plan.field, first)) and hits[0].score > 0:
        return Reading(hits[0].value, hits[0].passage, 1.0)
    if plan.field in ("email", "phone"):
        found = find_contact(plan.field, plan.query, passages[:CONTACTS])
        return Reading(found.value, found.passage, max(LEAST, found.named)) if found else None
    return None


def _asked_on(plan: Plan, first: Sequence[Passage]) -> bool:
    """Whether ``And its date?`` asks on about a file that is an invoice or the like by its name."""
    names = (p.asset.replace("_", " ") for p in first)
    return plan.follow_up and any(DOCUMENT.search(name) for name in names)


_SUMS: tuple[Field, ...] = ("total", "tax")
_SHEETS = ("csv", "spreadsheet", "excel", "tab-separated")
_SUMMED = 4.0
"""Score from which a line is labelled as the total."""


def _sheet_total(plan: Plan, passages: Sequence[Passage]) -> Reading | None:
    """Return the total that a spreadsheet's own line of totals gives.

    Not when the question speaks of a part of the sheet: of something another line says.
    """
    assert plan.field is not None
    if not any(kind in p.media_type for p in passages[:1] for kind in _SHEETS):
        return None
    hits = find_in(plan.field, passages)
    if not hits or hits[0].score < _SUMMED:
        return None
    lines = {line for p in passages for line in p.text.splitlines()} - {hits[0].line}
    others = set(content_words(" ".join(lines))) - set(content_words(hits[0].line))
    if others & set(content_words(plan.query)):
        return None
    return Reading(hits[0].value, hits[0].passage, 1.0)


# --- what was written ------------------------------------------------------------------------


def locate(answer: str, passage: Passage) -> Reading | None:
    """Return an answer as it stands in a passage; None when it does not stand there."""
    if not content_words(answer) and not re.search(r"\w", answer):
        return None
    span = find_span(answer, passage.text)
    if span is not None:
        found = " ".join(passage.text[slice(*span)].split())
        if _same(answer, found):
            return Reading(found, passage, 1.0)
    likeness = support(answer, passage.text)
    return Reading(answer, passage, 0.6 * likeness) if likeness >= 0.6 else None


def _same(one: str, other: str) -> bool:
    return "".join(level(one).split()).casefold() == "".join(level(other).split()).casefold()


_LEAD = re.compile(r"^(?:answer|答案|回答)\s*[:：]\s*", re.IGNORECASE)
_QUOTES = "\"“”「」'` "


def tidy(answer: str) -> str:
    """Return an answer without the wrapping that small models put around it."""
    line = next((row for row in answer.splitlines() if row.strip()), "").strip()
    return neat(_LEAD.sub("", line).strip(_QUOTES))


def neat(span: str) -> str:
    """Return a copied stretch on one line, without marks that belong to the sentence around it."""
    line = " ".join(span.split())
    return re.sub(r"[.,;:。，；：、]+$", "", line).strip()
