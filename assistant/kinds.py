"""Web addresses, e-mail addresses, telephone numbers, dates: asked for by their kind alone.

"Which pages have a web address?", "List all e-mail addresses", "What date is on page 2?" name no
words that stand in the text, so the kind is looked for by its form, over a page or a whole
document. Only where a question names nothing else. Knows passages and rules, no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.calls import ToolResult
from assistant.citations import cite, content_words
from assistant.drafts import Draft, bullets, exact, join
from assistant.fields import find_field, parse_date
from assistant.gist import bare_question, without_page
from assistant.i18n import Language, text
from assistant.meant_file import MeantFile, left_over, pages_meant, spoken_file
from assistant.page_numbers import page_names, page_of
from assistant.phrases import any_of
from assistant.planner import Plan
from assistant.session import Session
from assistant.shaping import shaped
from retrieval.values import Passage

Kind = Literal["website", "email", "phone", "date"]
How = Literal["values", "pages"]

_KINDS: dict[Kind, re.Pattern[str]] = {
    "email": any_of(
        r"\be-?mail(?:s| address(?:es)?)?\b", r"(?:电子)?邮箱(?:地址)?|电子邮件(?:地址)?"
    ),
    "website": any_of(
        r"\bweb ?(?:site|page)s?(?:['’]s?)?(?: address(?:es)?| links?)?\b"
        r"|\b(?:web|internet) address(?:es)?\b|\burls?\b|\b(?:web |hyper-?)links?\b",
        "网址|网站(?:地址|链接)?|网页(?:地址|链接)?|链接",
    ),
    "phone": any_of(
        r"\b(?:tele)?phone(?: and fax)?(?: numbers?| nos?\.?)?\b|\bcontact numbers?\b",
        "(?:联系)?电话(?:号码)?|手机号码?|联系方式",
    ),
    "date": any_of(r"\bdates?\b", "日期"),
}
_WEBSITE = re.compile(
    r"(?:https?://|www\.)[\w\-]+(?:\.[\w\-]+)+(?::\d+)?(?:/[\w\-./?%&=#~+:@]*)?"
    r"|(?<![@\w.\-])(?:[a-z0-9][a-z0-9\-]*\.)+"
    r"(?:com|org|net|edu|gov|info|io|eu|uk|de|fr|cn|hk|tw|sg|au|ca|ch)"
    r"(?![\w\-]|\.\w)(?:/[\w\-./?%&=#~+:@]*)?",
    re.IGNORECASE | re.ASCII,
)
_DIALLED = re.compile(
    r"\+\d|\(0?\d{2,4}\)|0\d{2,4}[\s\-–)]|1[3-9]\d[\s\-]?\d{4}[\s\-]?\d{4}$"
    r"|\d{3}[\s.\-–]\d{3}[\s.\-–]\d{4}$|[48]00[\s\-–]?\d"
)
"""A telephone number by its look; others need to be called one in their line."""
_SAID_TO_BE = 2.0
"""Score of a number in a line that speaks of telephones."""
_BY_PAGES = any_of(
    r"\b(?:which|what) pages?\b|\bhow many pages\b|\b(?:list|name|give) all (?:the )?pages\b"
    r"|\bpage numbers?\b|\bthe pages\b",
    r"哪[些几一]?个?页|第几页|[几多少]+页|列出.*(?:页码|页数|的页)",
)
_ALL = any_of(
    r"\b(?:all|every|each|list|enumerate|addresses|urls|links|websites|dates|e-?mails)\b"
    r"|\b(?:tele)?phone numbers\b|\b(?:which|what) (?:\w+ )?(?:\w+ )?(?:are|were)\b",
    r"所有|全部|列出|列举|哪[些几]|都有",
)
_NOISE = any_of(
    r"['’]s\b|\b(?:what|which|how many|where|is|are|was|were|do|does|did|can|could|you|me|i|there"
    r"|a|an|the|this|that|these|any|all|every|each|it|its|them|my|our|one|some|as|in|on|of|at|with"
    r"|by|for|to"
    r"|list|name|give|show|find|tell|enumerate|please|write|answer|say|says|see|seen|put|mean"
    r"|numbers?|pages?|appear(?:s|ed)?|stands?|mention(?:s|ed)?|given|written|printed|shown|listed"
    r"|found|contain(?:s|ing|ed)?|have|has|having|include[sd]?|example|order|whole|entire|document"
    r"|file|report|paper|pdf|text|somewhere|anywhere|different|actual|exact|full|complete|out|up"
    r"|need|want|get|got|used"
    r"|kind|form(?:at)?|occurs?|scan(?:ned)?|last|final|first|cover)\b",
    r"请|有没有|出现|提到|写[着有了]?|印[着有]?|给出|包含|列[出举]|哪[些几一]?|什么|多少|几|是|有|在|上面?"
    r"|里面?|中|的|了|都|所有|全部|这[份个篇]?|那[份个篇]?|该|文件|文档|报告|合同|页|第|个|吗|呢"
    r"|最后|一|末|给|把|看到|能|找|告诉|我|一共|总共|共|分别|为|和",
)
"""Says no more than that something is there."""
_FORM = re.compile(r"\b(?:YYYY|MM|DD)\b[-/. YMD]*|\[[^\]]*\]|\"[^\"]*\"")
_LONGEST = 300
"""Characters of a question."""
_CITED, _TOLD = 12, 40
"""Values, or pages, that are cited and that are told."""


@dataclass(frozen=True)
class KindAsked:
    """The kind that is asked for, how, and the other words of the question, which name a file."""

    kind: Kind
    how: How
    words: frozenset[str]
    several: bool


@dataclass(frozen=True)
class Value:
    """A value of a kind as it stands in a passage."""

    text: str
    passage: Passage


def kind_asked(question: str, names: Sequence[str] = ()) -> KindAsked | None:
    """Return the kind of value that a question asks for; None where it asks for none, or several.

    Args:
        names: of files that stand in the question.
    """
    asked = bare_question(_FORM.sub(" ", question))
    for name in names:
        asked = asked.replace(name, " ")
    kinds = [kind for kind, rule in _KINDS.items() if rule.search(asked)]
    if len(kinds) != 1 or len(asked) > _LONGEST:
        return None
    left = _NOISE.sub(" ", _KINDS[kinds[0]].sub(" ", without_page(asked)))
    pages = bool(_BY_PAGES.search(question))
    return KindAsked(
        kinds[0], "pages" if pages else "values", frozenset(content_words(left)),
        bool(_ALL.search(asked)),
    )  # fmt: skip


def told_by_kind(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft | None:
    """Answer with the values of a kind, or the pages that have one; None where it is not asked.

    Several are told where several are asked for; one by itself is told, wherever it stands.
    """
    question = session.request.question
    asked = kind_asked(question, plan.names)
    if asked is None:
        return None
    file = spoken_file(session.request, plan, results)
    if file is None or left_over(asked.words, file):
        return None
    if asked.how == "pages":
        return _pages(session, file, asked)
    places = [p for p in pages_meant(question, plan, file) if page_of(p)]
    named = [[p for p in file.passages if page_of(p) == page_of(first)] for first in places]
    # A page is meant as it is printed, or else as it is counted.
    of_pages = (values_of(asked.kind, page) for page in (named or [list(file.passages)]))
    found = next((values for values in of_pages if values), [])
    if not found:
        return _none(session, file, asked) if asked.kind != "date" and not named else None
    if asked.several and len(found) > 1:
        return _listed(session, found)
    # Of a whole document the only date is hardly the one that is meant.
    alone = len(found) == 1 and (named or asked.several or asked.kind != "date")
    return exact(session, shaped(found[0].text, question), found[0].passage) if alone else None


def values_of(kind: Kind, passages: Sequence[Passage]) -> list[Value]:
    """Return the values of a kind in passages, in order, each once."""
    found: dict[object, Value] = {}
    for passage in passages:
        for line in passage.text.splitlines():
            for value in _in_line(kind, line):
                same = (parse_date(value) if kind == "date" else None) or value.casefold()
                found.setdefault(same, Value(value, passage))
    return list(found.values())


def _in_line(kind: Kind, line: str) -> list[str]:
    if kind == "website":
        return [m.group().rstrip(".,;:/)") for m in _WEBSITE.finditer(line)]
    candidates = sorted(find_field(kind, [line]), key=lambda c: line.find(c.value))
    if kind == "phone":
        candidates = [
            c for c in candidates if c.score >= _SAID_TO_BE or _DIALLED.match(c.value.strip())
        ]
    return [c.value for c in candidates]


def _pages(session: Session, file: MeantFile, asked: KindAsked) -> Draft | None:
    first: dict[int, Value] = {}
    for passage in file.passages:
        page = page_of(passage)
        if page is not None and page not in first and (own := values_of(asked.kind, [passage])):
            first[page] = own[0]
    if not first:
        paged = any(page_of(p) for p in file.passages)
        return _none(session, file, asked) if paged else None
    shown = list(first.items())
    citations = tuple(
        cite(n, v.passage, v.text, session.words(v.passage))
        for n, (_, v) in enumerate(shown[:_CITED], 1)
    )
    names = page_names(list(first), file.passages, session.language, _CITED)
    said = text(
        "say_kind_pages", session.language, thing=_name(asked.kind, session.language),
        count=len(shown), pages=join(names, session.language, _TOLD),
    )  # fmt: skip
    return Draft(said, citations=citations)


def _listed(session: Session, found: Sequence[Value]) -> Draft:
    citations = tuple(
        cite(n, v.passage, v.text, session.words(v.passage))
        for n, v in enumerate(found[:_CITED], 1)
    )
    said = bullets([v.text for v in found], session.language, _TOLD, _CITED)
    return Draft(said, citations=citations)


def _none(session: Session, file: MeantFile, asked: KindAsked) -> Draft:
    """Say that a document has nothing of a kind."""
    name = _name(asked.kind, session.language)
    said = text("say_no_kind", session.language, thing=name, asset=file.name)
    return Draft(said, found=False, nearest=file.passages[:1])


def _name(kind: Kind, language: Language) -> str:
    return text(f"kind_{kind}", language)
