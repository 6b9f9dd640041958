"""Charts: the tool that gives what was read of them, and answers from their tables.

A chart is read when its file is; here its passages are put together again. Knows no graph, no
prompts and no pixels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant import phrases
from assistant.calls import ToolResult
from assistant.chart_asked import asked_for, asked_of, asks_values
from assistant.chart_names import bare_name, meant_names
from assistant.chart_table import Told, tell, told_difference, told_value
from assistant.citations import cite, content_words, fold
from assistant.drafts import Draft, join
from assistant.i18n import Language, text
from assistant.library import Attached, LibraryView
from assistant.messages import AssetView, Citation
from assistant.planner import Plan
from assistant.session import Session
from retrieval.charts.values import Chart, Value, from_lines
from retrieval.values import (
    Box,
    Locator,
    PageLocator,
    Passage,
    RegionLocator,
    TextLocator,
    Word,
)

_LEADING, _CHARTS = 5, 12
"""Passages whose files' charts are compared with a question that names none, and such charts."""
CITED = 8
"""Values that are cited one by one."""
_FIRST = 4
"""Passages of a search among which a chart must be for an answer that was not asked of one."""
_TOLD = 0.5
"""Share of the question's other words that such a chart's title, series or file must have."""

_OF_CHARTS = phrases.any_of(
    r"\b(?:titles?|captions?|names|how many|number of|which|list|all)\b(?: \w+){0,4} "
    r"(?:charts|graphs|figures|diagrams)\b",
    "(?:几|多少)[个张幅](?:图表|统计图|图)|图表?的(?:标题|名称|数量|个数)|哪[些几][个张幅]?图",
)
"""Asks of charts themselves: how many, which ones, what they are called."""
_NAME = re.compile(r"(?<![.!?:]\s)(?<!^)\b[A-Z][a-z][\w-]+")
"""A name of something, by its capital letter within a sentence."""
_ASKING = phrases.any_of(
    r"\b(?:per ?cent(?:age)?s?|shares?|proportions?|values?|respondents?|adults?|people|persons?"
    r"|those|who|says?|said|think|thinks|view(?:s|ed)?|name[sd]?|according|reports?|surve(?:y|yed|ys)"
    r"|polls?|asked|giv(?:e|es|en))\b",
    "百分比|百分之|比例|占比|受访者|的人|人数|认为|表示|根据|报告|调查",
)
"""Words of asking for a share that no chart needs to have."""


@dataclass(frozen=True)
class Held:
    """A chart of a file, and its first passage."""

    chart: Chart
    passage: Passage


def charts_of(
    passages: Sequence[Passage], words_of: Callable[[Passage], Sequence[Word]]
) -> list[Held]:
    """Return the charts among passages, the parts of each put together again."""
    parts: dict[tuple[str, str, int | None], list[Held]] = {}
    for passage in passages:
        if passage.kind != "chart":
            continue
        lines = passage.text.split("\n")
        places = {word.text: word.box for word in words_of(passage)}
        chart = from_lines([Word(line, places.get(line)) for line in lines])
        if chart is not None:
            page = getattr(passage.locator, "page", None)
            parts.setdefault((passage.sha256, lines[0], page), []).append(Held(chart, passage))
    return [
        Held(
            replace(held[0].chart, values=tuple(v for one in held for v in one.chart.values)),
            held[0].passage,
        )
        for held in parts.values()
    ]


def charts_in(
    file: AssetView | Attached, page: int | None, library: LibraryView, language: Language
) -> dict[str, Any]:
    """Return what the tool ``read_chart`` gives: tables in ``data``, the passages they are from."""
    if isinstance(file, Attached):
        held = charts_of(file.passages, lambda p: file.words.get(p.text, ()))
    else:
        held = charts_of(library.passages(file.id), library.words)
    if page is not None:
        held = [h for h in held if getattr(h.passage.locator, "page", None) == page]
    said = "\n\n".join(h.chart.text() for h in held)
    none = text("say_no_chart", language, asset=file.name)
    return {
        "summary": "; ".join(h.chart.title or h.chart.kind for h in held) or none,
        "text": said or none,
        "passages": tuple(replace(h.passage, text=h.chart.text()) for h in held),
        "data": {"charts": [_row(h) for h in held], "held": held},
    }


def _row(held: Held) -> dict[str, Any]:
    page = getattr(held.passage.locator, "page", None)
    return {**held.chart.to_json(), **({"page": page} if page is not None else {})}


def tell_chart(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """Answer a question that speaks of a chart; from the words found where no chart tells it."""
    from assistant.found import found_words
    from assistant.refusing import refuse

    read = [r for r in results if r.call.tool == "read_chart" and not r.error]
    held = [h for r in read for h in r.data["held"]]
    if _OF_CHARTS.search(session.request.question):
        refused = refuse(session, plan, results)
        if refused.unable:
            return refused
    elif answered := _best(session, held):
        return answered
    rest = [r for r in results if r.call.tool != "read_chart"]
    if asks_values(session.request.question):  # words of a picture of a chart are its ticks
        rest = [replace(r, passages=tuple(p for p in r.passages if not _drawn(p))) for r in rest]
    if read and not any(p.text.strip() for r in rest for p in r.passages):
        return _unread(session, str(read[0].call.arguments["file"]), held)
    return found_words(session, plan, rest)


def _drawn(passage: Passage) -> bool:
    return passage.modality == "image" or passage.kind == "chart"


def _unread(session: Session, name: str, held: Sequence[Held]) -> Draft:
    """Say that no chart could be read, or what the one that was read shows."""
    if not held:
        return Draft(text("say_no_chart", session.language, asset=name), found=False)
    shown = [n for n in (*held[0].chart.labels, *held[0].chart.series) if n]
    labels = join(shown, session.language)
    said = text("say_chart_lacks", session.language, asset=held[0].passage.asset, labels=labels)
    return Draft(said, found=False)


def _best(session: Session, held: Sequence[Held]) -> Draft | None:
    """Answer from the chart whose words fit the question most, of those that can tell."""
    question = session.request.question
    ranked = sorted(held, key=lambda h: (-_named(question, h), -_shared(question, h)))
    for one in ranked:
        if told := tell(question, one.chart, session.language):
            return _draft(told, one, session.language)
    return None


def told_by_chart(
    session: Session, passages: Sequence[Passage], *, whole: bool = False
) -> Draft | None:
    """Answer a question that does not speak of a chart from one that was found.

    Args:
        passages: those found, the best first.
        whole: they are of a file that was named or given; of a picture, the chart is meant.
    """
    held = charts_of(passages if whole else passages[:_FIRST], session.words)
    question = session.request.question
    if not whole:
        held = [h for h in _completed(session, held) if _is_meant(question, h)]
    else:  # a report says much beside its charts
        held = [h for h in held if h.passage.modality == "image" or _is_meant(question, h)]
        if asked_of(question) == "value":
            held = [h for h in held if meant_names(question, h.chart)[0]]
    return _best(session, held) or _by_meaning(session, passages)


def _by_meaning(session: Session, passages: Sequence[Passage]) -> Draft | None:
    """Answer with the value of a chart that the question means without naming it, and its names."""
    from assistant.chart_meaning import asks_amount, value_meant
    from assistant.chart_scope import pair_meant

    question = session.request.question
    apart = asked_of(question) == "difference"
    if session.likeness is None or not (apart or asks_amount(question)):
        return None
    held = _of_files(session, passages[:_LEADING])[:_CHARTS]
    abouts = [f"{h.passage.heading} {h.passage.asset}" for h in held]
    charts = [h.chart for h in held]
    if apart:
        pair = pair_meant(question, charts, abouts, passages, session.likeness)
        told = pair and told_difference(pair.values, charts[pair.chart], session.language)
        return _draft(told, held[pair.chart], session.language) if pair and told else None
    meant = value_meant(question, charts, abouts, passages, session.likeness)
    if meant is None:
        return None
    told = told_value(meant.value, charts[meant.chart], session.language)
    return _draft(told, held[meant.chart], session.language)


def told_by_named(session: Session, plan: Plan) -> Draft | None:
    """Answer from a chart in the files that a question names or brings along."""
    request = session.request
    given = [p for file in request.attached for p in file.passages]
    for name in plan.names:
        files = [a for a in request.library.assets(name, limit=5) if a.name == name]
        given += [p for file in files[:1] for p in request.library.passages(file.id)]
    return told_by_chart(session, given, whole=True)


def _of_files(session: Session, passages: Sequence[Passage]) -> list[Held]:
    """Return the charts of the files of passages, of the best first; of those that have the names
    that the question has."""
    library, held = session.request.library, list[Held]()
    names = [fold(name) for name in _NAME.findall(phrases.NAME.sub(" ", session.request.question))]
    for asset in dict.fromkeys(p.asset_id for p in passages):
        mine = [p for p in passages if p.asset_id == asset]
        mine = list(library.passages(asset)) if asset else mine
        found = charts_of(mine, session.words)
        if found and names:
            whole = fold(" ".join([mine[0].asset, *(f"{p.heading} {p.text}" for p in mine)]))
            found = found if all(name in whole for name in names) else []
        held += found
    return held


def _completed(session: Session, held: Sequence[Held]) -> list[Held]:
    """Return charts with the parts that were not among the passages found."""
    full = []
    for one in held:
        if one.passage.asset_id == 0:
            full.append(one)
            continue
        library = session.request.library
        every = charts_of(library.passages(one.passage.asset_id), library.words)
        head = one.passage.text.split("\n", 1)[0]
        full += [h for h in every if h.passage.text.startswith(head)][:1]
    return full


def _is_meant(question: str, held: Held) -> bool:
    """Whether a question asks for a label that a chart has, in the words of its title."""
    labels, series = meant_names(question, held.chart)
    asks = asked_for(question, labels or series)
    return bool(labels or asks in ("max", "min", "trend")) and _shared(question, held) >= _TOLD


def _named(question: str, held: Held) -> int:
    """Return how much of a cell a question names: its label, its series, or both."""
    return sum(bool(names) for names in meant_names(question, held.chart))


def _shared(question: str, held: Held) -> float:
    """Return the share of a question's words, names and the operation left out, that a chart's
    title, series, heading and file have."""
    chart = held.chart
    labels, series = meant_names(question, chart)
    named = [*labels, *(bare_name(one) for one in series)]
    bare = phrases.NAME.sub(" ", question)
    for name in named:
        bare = re.sub(re.escape(name), " ", bare, flags=re.IGNORECASE)
    for _, rule in phrases.OPERATIONS:
        bare = rule.sub(" ", bare)
    bare = _ASKING.sub(" ", phrases.CHART.sub(" ", phrases.NO_TOPIC.sub(" ", bare)))
    wanted = set(content_words(bare)) - set(content_words(" ".join(named)))
    about = f"{chart.title} {' '.join(chart.series)} {held.passage.heading} {held.passage.asset}"
    return len(wanted & set(content_words(about))) / len(wanted) if wanted else 0.0


def _draft(told: Told, held: Held, language: Language) -> Draft:
    values = told.values[:CITED] if not told.block else told.values[:1]
    citations = tuple(
        _cited(n, value, held, whole=bool(told.block)) for n, value in enumerate(values, 1)
    )
    marks = "".join(f" [{c.number}]" for c in citations)
    if told.block:
        return Draft(f"{told.block}\n{marks.strip()}", citations=citations)
    end = "。" if language == "zh" else "."
    return Draft(told.text + marks + end, citations=citations)


def _cited(number: int, value: Value, held: Held, *, whole: bool) -> Citation:
    """Return a citation of the bar, point or slice; of the whole chart for its data."""
    line = held.chart.title or held.passage.asset if whole else value.line
    locator = _place(held, held.chart.box if whole else value.box, "" if whole else line)
    return cite(number, replace(held.passage, text=line, locator=locator), "")


def _place(held: Held, box: Box, line: str) -> Locator:
    """Return where a box of a chart is, or, where files have no pages, a line of its text form."""
    place = held.passage.locator
    if isinstance(place, TextLocator):
        said = held.chart.text()
        start = place.start + max(0, said.find(f"\n{line}") + 1 if line else 0)
        return TextLocator(start, start + len(line or said))
    page = getattr(place, "page", None)
    return RegionLocator(box) if page is None else PageLocator(page, (box,))
