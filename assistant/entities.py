"""The people, organisations, places and dates that a text names, and how they are linked.

What may be a name is proposed by two sides: the model lists names, and in English runs of several
capital words count too. Only what stands in the text stays; dates are found by rule. What a name
names is then the likeliest kind by the model's odds in its own sentence. A link is two names and
the words between them, as they stand there (open relations as in ReVerb, Fader et al. 2011, without
its grammar). Knows no graph and no tools.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from assistant import prompts
from assistant.answers import nothing_to_do, subject_of
from assistant.calls import ToolResult
from assistant.citations import cite, content_words, split_sentences
from assistant.drafts import Draft
from assistant.fields import find_field
from assistant.i18n import Language, text
from assistant.messages import Citation
from assistant.planner import Plan
from assistant.session import Session
from assistant.work_phrases import LINKS
from retrieval.languages import is_chinese
from retrieval.values import Passage

LISTED = 160
"""Tokens of the model's list."""
MOST = 24
"""Names of one text that are sorted into kinds."""
BETWEEN = {"en": 6, "zh": 5}
"""Content words that may stand between two linked names."""
_DATE = 3
_KEYS = ("names_people", "names_organisations", "names_places", "names_dates")
_WORD = r"(?:[A-Z][\w'’&-]*\.?)"
_RUN = re.compile(rf"{_WORD}(?: (?:(?:of|de|van|von|del|la|the|for|and) )?{_WORD})*")
_YEAR = re.compile(
    r"(?:\d{1,2} )?(?:January|February|March|April|May|June|July|August|September|October|November"
    r"|December)(?: \d{1,2})?(?:,? \d{4})?|\b(?:1[5-9]|20)\d\d\b"
    r"|(?:\d{4}年)?(?:\d{1,2}月)?\d{1,2}日|\d{4}年(?:\d{1,2}月)?"
)
_NO_NAME = re.compile(
    r"[\d\W]+|Q[1-4]|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|None|(?:星期|周)[一二三四五六日天]"
    r"|(?:January|February|March|April|May|June|July|August|September|October|November|December)",
    re.IGNORECASE,
)


def entities(session: Session, plan: Plan, results: Sequence[ToolResult]) -> Draft:
    """List the names in a text by kind, or the links between them."""
    subject, passages = subject_of(session, plan, results, LISTED, most=700)
    if not subject.strip():
        return nothing_to_do(session, plan, results)
    found = names_in(session, subject)
    pointers = _Pointers(session, passages)
    if LINKS.search(session.request.question):
        links = links_in(subject, [name for name, kind in found if kind != _DATE])
        lines = [f"{' – '.join(link)}{pointers.mark(link[0], link[1], link[2])}" for link in links]
    else:
        lines = _by_kind(found, pointers, session.language)
    if not lines:
        return Draft(text("say_no_names", session.language), found=False)
    return Draft("\n\n".join(lines), citations=tuple(pointers.made))


def _by_kind(
    found: Sequence[tuple[str, int]], pointers: _Pointers, language: Language
) -> list[str]:
    comma = "、" if language == "zh" else ", "
    lines = []
    for kind, key in enumerate(_KEYS):
        marked = [f"{name}{pointers.mark(name)}" for name, k in found if k == kind]
        if marked:
            lines.append(text(key, language, names=comma.join(marked)))
    return lines


class _Pointers:
    """Citations of names, each at its own place in the passage that holds it."""

    def __init__(self, session: Session, passages: Sequence[Passage]) -> None:
        self._session, self._passages = session, passages
        self.made: list[Citation] = []

    def mark(self, *words: str) -> str:
        """Cite the first passage that holds all the words, at the first of them."""
        for passage in self._passages:
            if all(word in passage.text for word in words):
                number = len(self.made) + 1
                places = self._session.words(passage)
                self.made.append(cite(number, passage, " ".join(words), places))
                return f" [{number}]"
        return ""


def names_in(session: Session, subject: str) -> list[tuple[str, int]]:
    """Return (name as it stands in the text, kind), in the order of the text.

    Kinds: 0 person, 1 organisation, 2 place, 3 date.
    """
    # A text is read in its own language, whatever the question's is.
    language: Language = "zh" if is_chinese(subject) else "en"
    dates = _dates(subject)
    listed = list(_listed(session.write(prompts.names(subject, language), max_tokens=LISTED)))
    chosen: list[str] = []
    for name in sorted({*(n for n, _ in listed), *_capitals(subject)}, key=lambda n: (-len(n), n)):
        whole = re.search(rf"(?<!\w){re.escape(name)}(?!\w)" if name.isascii() else re.escape(name),
                          subject)  # fmt: skip
        inside = any(name in other for other in (*chosen, *dates))
        if whole and not inside and not _NO_NAME.fullmatch(name):
            chosen.append(name)
    by_list = dict(listed)
    found = [(name, _DATE) for name in dates]
    for name in sorted(chosen, key=subject.index)[:MOST]:
        kind = _kind(session, name, subject, language, by_list.get(name))
        if kind is not None:
            found.append((name, kind))
    return sorted(found, key=lambda f: subject.index(f[0]))


def links_in(subject: str, names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return (name, words between, name) for neighbouring names of a sentence."""
    found = []
    for sentence in split_sentences(subject):
        at = sorted((sentence.index(n), n) for n in names if n in sentence)
        for (start, one), (end, other) in zip(at, at[1:], strict=False):
            between = sentence[start + len(one) : end].strip()
            words = content_words(between)
            most = BETWEEN["zh" if re.search("[\u3400-\u9fff]", between) else "en"]
            if words and len(words) <= most and not re.search("[|;:。；：]", between):
                found.append((one, between.strip(" ,，、"), other))
    return found


def _listed(written: str) -> Iterator[tuple[str, int]]:
    """Yield (name, kind) of the model's lines, which come in the order of the kinds."""
    for kind, line in enumerate(written.splitlines()[: len(_KEYS)]):
        for name in re.split("[;；、,，]", re.split("[:：]", line, maxsplit=1)[-1]):
            if name.strip() and kind != _DATE:
                yield name.strip(" .。"), kind


def _capitals(subject: str) -> Iterator[str]:
    """Yield runs of several capital words; a lone one may be any word."""
    for sentence in split_sentences(subject):
        for run in _RUN.finditer(sentence):
            words = run.group().rstrip(".").split()
            if words[0] in ("The", "A", "An", "In", "On", "At", "By", "From", "Last"):
                words = words[1:]
            if len(words) > 1:
                yield " ".join(words)


def _dates(subject: str) -> list[str]:
    """Return the dates of a text as they stand there, none inside another."""
    by_rule = [hit.value for hit in find_field("date", subject.splitlines())]
    found = {d.strip() for d in (*by_rule, *_YEAR.findall(subject)) if d.strip() in subject}
    found = {d for d in found if re.search(r"\d", d)}
    return sorted(_outermost(found), key=subject.index)


def _outermost(names: Iterable[str]) -> list[str]:
    every = set(names)
    return [n for n in every if not any(n != other and n in other for other in every)]


def _kind(
    session: Session, name: str, subject: str, language: Language, listed: int | None
) -> int | None:
    """Return what a name names; None for a thing. Without odds the model's list decides."""
    near = next((s for s in split_sentences(subject) if name in s), subject)
    scores = session.score(prompts.kind_of_name(name, near, language), prompts.KINDS[language])
    if scores is None:
        return listed
    best = max(range(len(scores)), key=scores.__getitem__)
    return best if best < _DATE else None
