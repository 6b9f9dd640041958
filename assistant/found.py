"""Drafts from the passages that were found: exact words, worked-out ratios, or whole sentences.

Knows what was found, not how it was searched; see ``answers`` for what a draft is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant import prompts
from assistant.another import is_of_another
from assistant.answers import stream
from assistant.attendance import told_by_attendance
from assistant.beyond import beyond
from assistant.calls import ToolResult
from assistant.chart_meaning import asks_amount
from assistant.charts import told_by_chart
from assistant.choices import (
    any_named,
    asks_yes_no,
    choose,
    options_of,
    share_of,
    yes_or_no,
)
from assistant.citations import cite
from assistant.clarify import other_value
from assistant.confidence import promising, shared, told_of
from assistant.drafts import Draft, exact, join, passages_of
from assistant.enumerations import (
    asks_several,
    asks_steps,
    beside,
    counted_list,
    whole_list,
    whole_sentence,
)
from assistant.gist import bare_question, halves, without_file, without_page
from assistant.i18n import text
from assistant.library import NOT_IN_LIBRARY
from assistant.moments import moment
from assistant.planner import Plan
from assistant.reader import (
    LIKELY_RIGHT,
    PASSAGES,
    SURE,
    Reading,
    read,
    read_one,
    worth_reading,
)
from assistant.refusing import refuse, without_part
from assistant.rows.queried import of_a_row
from assistant.rows.told import one_row_for_all, told_by_rows
from assistant.session import Session
from assistant.shaping import shaped
from assistant.statements import asks_ratio
from assistant.tabled import told_by_cell, told_by_line, told_by_ratio
from assistant.telling import telling
from assistant.tools import LIKELY
from assistant.windows import by_worth, fit, paper_fit, window
from assistant.worked import worked
from retrieval.languages import is_chinese
from retrieval.values import Passage


def found_words(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Answer from passages: the exact words for a small model, sentences for a large one."""
    question = session.request.question
    opened = [r for r in results if r.search is None]
    opened.sort(key=lambda r: -paper_fit(question, r.passages))
    searched = [r for r in results if r.search is not None]
    if any(r.sights for r in results):
        from assistant.pictures import look

        return look(session, plan, results)
    if lacking := without_part(session, plan, results):
        return lacking
    if told := told_by_cell(session, plan, results):
        return told
    # Rows are those of a whole file: a page of a document is read.
    if plan.page is None and (told := told_by_rows(session, plan, results)):
        return told
    if (plan.modality == "audio" or plan.names) and (said := moment(session, passages_of(results))):
        return said
    if asks_ratio(question) and (worked := told_by_ratio(session, passages_of(opened))):
        return worked
    whole = by_worth(question, passages_of(opened), plan)
    passages = [p for p in _once(whole, passages_of(searched)) if p.kind != "pixels"]
    if not passages:
        return _pictures_found(session, plan, results)
    if told := told_by_line(session, plan, passages):
        return told
    if told := _by_chart(session, plan, passages):
        return told
    likely = bool(whole) or _likely(session, searched)
    if not likely and not session.model.reads:
        return refuse(session, plan, results)
    if session.model.calls_tools:
        return _sentences(session, passages)
    return _words(session, plan, passages, likely) or refuse(session, plan, results)


def _once(opened: Sequence[Passage], searched: Sequence[Passage]) -> list[Passage]:
    """Return the passages of files that were opened, then what was found beside them, each once.

    What was opened and found keeps what the search knows of it.
    """
    found: dict[int | None, Passage] = {p.chunk_id: p for p in searched if p.chunk_id is not None}
    given = [(p, found.pop(p.chunk_id, None)) for p in opened]
    known = [
        replace(p, signals=other.signals, sentences=other.sentences) if other else p
        for p, other in given
    ]
    return [*known, *(p for p in searched if p.chunk_id is None or p.chunk_id in found)]


def _words(session: Session, plan: Plan, passages: Sequence[Passage], likely: bool) -> Draft | None:
    """Answer with the exact words of a passage, or of some; None where none answer.

    Args:
        likely: whether the search thinks that one of them may; if not, only a copy counts.
    """
    question = session.request.question
    asked = without_file(bare_question(question), plan.names)
    asked = without_page(asked) if plan.page else asked
    if given := _given(session, asked, passages, plan):
        return given
    if both := _both(session, asked, passages) or told_by_attendance(session, asked, passages):
        return both
    reading = read(session, asked, passages, plan)
    if reading and session.model.reads and reading.passage.kind == "chart" and asks_amount(asked):
        # Names and meaning have told which value is meant, or nobody can: of five that a small
        # model copied one was right.
        return None
    if reading and reading.confidence < SURE and beyond(asked) == "look":
        reading = None  # words on colours are near to every question about a colour
    near = reading.passage if reading else passages[0]
    if not (likely or reading) or not _told_of(session, asked, near, passages):
        return None
    if asks_several(asked) and (listed := whole_list(session, asked, reading, passages)):
        return listed
    if count := counted_list(session, asked, reading, passages):
        return count
    reading = reading and worked(asked, reading)
    if reading and _is_of_another(session, question, reading.passage):
        return None
    if reading is None or of_a_row(session, reading.text, reading.passage):
        return None
    if other := one_row_for_all(session, asked, reading.passage, reading.line):
        # A row that has no word of the question is of another table than the one meant.
        return other if shared(question, [reading.passage]) else None
    reading = _in_full(session, asked, reading)
    if found := other_value(reading.text, reading.passage, passages):
        return _disagreeing(session, (reading.text, reading.passage), found)
    return exact(session, shaped(reading.text, question), reading.passage)


def _both(session: Session, question: str, passages: Sequence[Passage]) -> Draft | None:
    """Answer two questions in one, "how much is it and when must it be paid?", from one file."""
    one, two = halves(question)
    if not two or not session.model.reads:
        return None
    # What the search knows is of the whole question.
    passages = [replace(p, signals={}, sentences=()) for p in passages]
    first = read(session, one, passages)
    if first is None or not _told_of(session, one, first.passage, passages):
        return None
    near = [p for p in passages if p.asset_id == first.passage.asset_id and p != first.passage]
    read_too = (read_one(session, two, p, 0.5) for p in (first.passage, *near[: PASSAGES - 1]))
    other = next((r for r in read_too if r and r.confidence >= LIKELY_RIGHT), None)
    if other is None:
        return None
    if first.text in other.text or other.text in first.text:  # one answer to both
        longer = max(first, other, key=lambda one: len(one.text))
        return exact(session, longer.text, longer.passage)
    said = [(first.text, first.passage), (other.text, other.passage)]
    citations = tuple(cite(n, p, value, session.words(p)) for n, (value, p) in enumerate(said, 1))
    mark = "；" if session.language == "zh" else "; "
    return Draft(mark.join(f"{v} [{n}]" for n, (v, _) in enumerate(said, 1)), citations=citations)


def _in_full(session: Session, question: str, reading: Reading) -> Reading:
    """Return a reading with the things beside it, or as its sentence, where that is asked for."""
    if asks_steps(question):
        return replace(reading, text=whole_sentence(session, reading))
    if asks_several(question):
        return replace(reading, text=beside(question, reading))
    return reading


def _by_chart(session: Session, plan: Plan, passages: Sequence[Passage]) -> Draft | None:
    """Answer from a chart that was found, unless a chart was asked for or a field of a paper is."""
    if plan.intent == "chart" or (plan.document and (plan.field or plan.label)):
        return None
    meant = bool(plan.names or session.request.attached)
    return told_by_chart(session, passages, whole=meant)


def _given(
    session: Session, question: str, passages: Sequence[Passage], plan: Plan
) -> Draft | None:
    """Answer with yes or no and what speaks for it, or with one of the things named to choose."""
    options, yes_no = options_of(question), asks_yes_no(question)
    worth = worth_reading(question, passages)
    # What is weighed is never unsure of itself: a text in the other language only when alone.
    own = [p for p in worth if is_chinese(p.text) == is_chinese(question)]
    first = next(iter(own or worth), None)
    fielded = plan.field or plan.label
    if not (options or yes_no) or (fielded and not yes_no) or first is None:
        return None
    if not _told_of(session, question, first, passages):
        return None
    if options:
        words = window(session, question, first)
        chosen = choose(session, question, words, options, first.asset)
        return exact(session, chosen, first) if chosen else None
    first, quote = telling(session, question, own or worth)
    said = yes_or_no(session, question, quote, first.asset)
    if said is None or not (said or share_of(question, quote)):
        return None  # a quote alone must speak of what is asked
    because = {"answer": said.capitalize(), "quote": quote, "mark": "[1]"}
    answer = text("say_because", session.language, **because) if said else f"“{quote}” [1]"
    return Draft(answer, citations=(cite(1, first, quote, session.words(first)),))


def _told_of(
    session: Session, question: str, passage: Passage, passages: Sequence[Passage]
) -> bool:
    """Whether the answer's file, or what was found beside it, speaks of what is asked about."""

    def told(found: Sequence[Passage]) -> bool:
        return told_of(question, found) and any_named(question, [p.text for p in found])

    if told((*passages, passage)):
        return True
    number = passage.asset_id
    return number != NOT_IN_LIBRARY and told(session.request.library.passages(number))


def _is_of_another(session: Session, question: str, passage: Passage) -> bool:
    """Whether an answer's file is of another person or thing than the question asks about."""

    def said() -> str:
        number = passage.asset_id
        own = [passage] if number == NOT_IN_LIBRARY else session.request.library.passages(number)
        return " ".join(f"{p.heading} {p.text}" for p in own)

    return is_of_another(question, passage.asset, said)


def _disagreeing(session: Session, *said: tuple[str, Passage]) -> Draft:
    """Say that two files give different answers, and cite both."""
    (first, _), (second, _) = said
    citations = tuple(cite(n, passage, value) for n, (value, passage) in enumerate(said, 1))
    marked = {"first": first, "first_mark": "[1]", "second": second, "second_mark": "[2]"}
    return Draft(text("say_contradict", session.language, **marked), citations=citations)


def _likely(session: Session, searched: Sequence[ToolResult]) -> bool:
    """Whether a search may hold the answer."""
    asked = session.notes.get("query", session.request.question)
    return any(promising(r.search, asked) for r in searched if r.search is not None)


def _sentences(session: Session, passages: Sequence[Passage]) -> Draft:
    """Let a capable model write sentences with evidence numbers."""
    from assistant.safety import quote

    chosen = fit(session, passages)
    evidence = "\n\n".join(
        quote(n, session.name_of(p.asset), w) for n, (p, w) in enumerate(chosen, 1)
    )
    turns = prompts.compose(session.request.question, evidence, session.language)
    written = stream(session, turns)
    if "NOT FOUND" in written.upper():
        return Draft("", found=True, evidence=tuple(p for p, _ in chosen))
    return Draft(written, evidence=tuple(p for p, _ in chosen), repairable=True)


def _pictures_found(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Offer photos when only photos were found."""
    likely = [p for p in passages_of(results) if p.probability >= LIKELY][:4]
    if not likely:
        return refuse(session, plan, results)
    citations = tuple(cite(n, p, "") for n, p in enumerate(likely, 1))
    names = join((f"{c.asset} [{c.number}]" for c in citations), session.language)
    said = text("say_list", session.language, count=len(citations), names=names)
    return Draft(said, citations=citations)
