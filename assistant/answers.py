"""What is said to each intent, from what the tools found.

A draft (``drafts``) is text with evidence numbers, the passages those numbers mean, and whether
anything was found. Counting and adding up is done here, exactly, never by a language model. Texts
are in the language of the question. Knows no graph and checks nothing: that is the next step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant import prompts
from assistant.calls import ToolResult
from assistant.clarify import several
from assistant.drafts import Draft, join, marks, passages_of, whole_files
from assistant.i18n import text
from assistant.planner import Plan
from assistant.refusing import refuse
from assistant.session import Session
from assistant.text_work import written
from retrieval.values import Passage

_OF_DOCUMENTS = ("find", "structure", "list", "count", "extract", "entities", "look", "chart")
"""What a question on a document's marks, values of a kind or rows may be taken for."""

Composer = Callable[[Session, Plan, Sequence[ToolResult]], Draft]


def compose_draft(
    session: Session, plan: Plan, results: Sequence[ToolResult], *, repair: bool | None = False
) -> Draft:
    """Write the draft that a plan's intent asks for."""
    from assistant.aggregates import extract, listing
    from assistant.album import tell
    from assistant.charts import tell_chart
    from assistant.comparison import compare
    from assistant.entities import entities
    from assistant.faces import count_faces
    from assistant.found import found_words
    from assistant.kinds import told_by_kind
    from assistant.marked import told_by_marks
    from assistant.people_told import tell_photos, tell_who
    from assistant.pictures import look, pick
    from assistant.row_counts import told_by_count
    from assistant.rows.queried import NO_QUERY
    from assistant.rows.told import told_by_rows
    from assistant.structure import tell_structure
    from assistant.summaries import summary
    from assistant.sums import add_up

    composers: dict[str, Composer] = {
        "chat": _chat,
        "general": _general,
        "calculate": _calculation,
        "look": look,
        "summary": summary,
        "translate": _translation,
        "sentiment": _sentiment,
        "entities": entities,
        "transcribe": _transcript,
        "list": listing,
        "faces": count_faces,
        "people": tell_photos,
        "who": tell_who,
        "pick": pick,
        "count": listing,
        "aggregate": add_up,
        "compare": compare,
        "extract": extract,
        "album": tell,
        "chart": tell_chart,
        "structure": tell_structure,
        "find": found_words,
    }
    if fitting := several(plan, session.request, results):
        return _ask_which(session, fitting)
    if plan.intent in _OF_DOCUMENTS:
        for tell_by_rule in (told_by_marks, told_by_kind, told_by_count):
            if looked_for := tell_by_rule(session, plan, results):
                return looked_for
    if done := written(results, plan.intent):
        draft: Draft = done.data["draft"]
        return draft
    composed = composers[plan.intent](session, plan, results)
    if composed.found or not plan.judged or NO_QUERY in session.notes:
        return composed
    # What is wanted was guessed by the question's meaning: it may be rows of a table.
    return told_by_rows(session, plan, results) or composed


def _ask_which(session: Session, fitting: Sequence[Passage]) -> Draft:
    """Ask back when a request fits several files equally."""
    names = join((p.asset for p in fitting), session.language)
    said = text("say_which", session.language, names=names)
    return Draft(said, found=False, nearest=tuple(fitting[:3]))


# --- without the library ---------------------------------------------------------------------


def _chat(session: Session, plan: Plan, _results: Sequence[ToolResult]) -> Draft:
    turns = prompts.general(session.request.question, session.request.history, session.language)
    return Draft(stream(session, turns))


def _general(session: Session, plan: Plan, _results: Sequence[ToolResult]) -> Draft:
    prefix = text("say_general", session.language)
    session.say(prefix)
    turns = prompts.general(session.request.question, session.request.history, session.language)
    return Draft(stream(session, turns), prefix=prefix)


def _calculation(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    result = results[0]
    return Draft(result.text or result.summary, found=not result.error)


def stream(
    session: Session,
    turns: Sequence[prompts.Turn],
    max_tokens: int | None = None,
    pictures: Sequence[tuple[bytes, str]] = (),
) -> str:
    """Let the model write, showing it as it comes."""
    said = ""
    for words in session.generate(turns, max_tokens=max_tokens, pictures=pictures):
        said += words
        session.say(words)
    return said.strip()


# --- one text --------------------------------------------------------------------------------


def subject_of(
    session: Session,
    plan: Plan,
    results: Sequence[ToolResult],
    answer: int = 160,
    *,
    most: int = 1800,
) -> tuple[str, tuple[Passage, ...]]:
    """Return the text to work on and the passages it is from (none when the user gave it).

    It is cut to ``most`` tokens, and to what the model's context holds beside the answer.
    """
    if plan.subject:
        return plan.subject, ()
    read_results = [r for r in results if r.call.tool in ("read_document", "transcribe")]
    passages = [p for p in passages_of(read_results) if p.kind != "metadata"]
    chosen: list[Passage] = []
    words: list[str] = []
    used, room = 0, max(256, min(most, session.model.context_tokens - answer - 400))
    for passage in passages:
        clean = session.screened(passage)
        size = session.model.count_tokens(clean)
        if chosen and used + size > room:
            break
        chosen.append(passage)
        words.append(clean)
        used += size
    return "\n".join(words), tuple(chosen)


def _translation(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    target = plan.target or session.language
    subject, passages = subject_of(session, plan, results, most=500)
    if not subject.strip():
        return nothing_to_do(session, plan, results)
    written = stream(session, prompts.task("translate", subject, target))
    return Draft(written, citations=whole_files(passages))


def _sentiment(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    subject, passages = subject_of(session, plan, results, most=700)
    if not subject.strip():
        return nothing_to_do(session, plan, results)
    language = session.language
    turns = prompts.task("sentiment", subject, language)
    names = prompts.SENTIMENTS[language]
    scores = session.score(turns, names)
    if scores is None:
        written = session.write(turns, max_tokens=6).casefold()
        best = next((i for i, n in enumerate(names) if n in written), 2)
    else:
        best = max(range(3), key=lambda i: scores[i])
    mood = text(("mood_positive", "mood_negative", "mood_neutral")[best], language)
    said = text("say_sentiment", language, mood=mood)
    citations = whole_files(passages)
    return Draft(said + marks(citations), citations=citations)


def _transcript(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    heard = [r for r in results if r.call.tool == "transcribe"]
    spoken = passages_of(heard)
    if not spoken:
        if heard and not heard[0].error:
            return Draft(heard[0].text, found=False)
        return refuse(session, plan, results)
    citations = whole_files(spoken)
    for passage in spoken:
        session.screened(passage)  # what is said is given word for word, orders in it reported
    lines = " ".join(" ".join(p.text.split()) for p in spoken)
    return Draft(f"“{lines}”{marks(citations)}", citations=citations)


def nothing_to_do(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Say that there is no text to work on."""
    if results:
        return refuse(session, plan, results)
    return Draft(text("say_no_text", session.language), found=False)
