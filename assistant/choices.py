"""Questions that bring their answers along: yes or no, or one of several things.

Told by rule in English and Chinese. The model weighs the given answers before the evidence against
the same answers without it, because a small model prefers some words whatever the evidence says.
What speaks for the answer is quoted beside a bare yes or no. Knows no search and no graph.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant import prompts
from assistant.citations import content_words, fold, split_sentences
from assistant.i18n import Language
from assistant.session import Session

_Prompt = Callable[[str, str, Language], list[prompts.Turn]]
_LONGEST = 12
"""Words that one of several things may have."""
_NAME = 3
"""Words that the name of a thing may have."""
_PREFACE = re.compile(
    r"^\W*(?:(?:according to|in|from|based on|if|when|in case|so|and)\b[^,?]{0,80},\s*"
    r"|(?:根据|按照|如果|要是)[^，？]{1,20}[，,]\s*)",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"^\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|must)\b"
    r"(?! you\b)(?!.*\bor\b(?!\s*[\"'“‘]?no\b))",
    re.IGNORECASE,
)
_YES_NO_ZH = re.compile(
    r"^(?!.*(?:什么|哪|谁|多少|几|如何|怎|为何))"
    r".*(?:是否|是不是|有没有|能不能|会不会|可不可以|吗\W*(?:[（(][^（）()]*[)）])?\W*$"
    r"|了没有?\W*$|[能可要会].*不\W*$)"
)
_AMONG = re.compile(
    r"\b(?:among|between)\b(?: the| these)?(?: (?:following|two|three|four|five))?"
    r"(?:[^:,]{0,40}:)?\s*(?P<list>[^:]+?,?\s(?:and|or)\s[^,:]+),\s*(?:which|who|whose|what)\b",
    re.IGNORECASE,
)
_EITHER = re.compile(
    r"^\W*(?:which|who|what|whose|where|when)\b[^,?:]*[,?:]\s*(?P<list>[^?]+?\bor\b[^?]+?)\W*$",
    re.IGNORECASE,
)
_EITHER_ZH = re.compile(
    r"(?:是|[，,：:])(?P<one>[^，。？,?：:是]{1,12})，?还是(?P<two>[^，。？,?]{1,15}?)(?:呢)?\W*$"
)


def asks_yes_no(question: str) -> bool:
    """Whether a question wants to hear yes or no."""
    first = re.split(r"(?<=[?？])", _PREFACE.sub("", question), maxsplit=1)[0]
    return bool(_YES_NO.search(first) or _YES_NO_ZH.search(first))


def options_of(question: str) -> tuple[str, ...]:
    """Return the things a question lets choose among; empty when it names none."""
    text = _PREFACE.sub("", question) if not _AMONG.search(question) else question
    if found := _EITHER_ZH.search(text):
        return (found["one"].strip(), found["two"].strip())
    match = _AMONG.search(text) or _EITHER.search(text)
    if match is None:
        return ()
    parts = re.split(r"\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+", match["list"])
    things = [part.strip(" .?\"'“”") for part in parts if part.strip(" .?\"'“”")]
    short = all(len(thing.split()) <= _LONGEST for thing in things)
    return tuple(dict.fromkeys(things)) if len(things) > 1 and short else ()


def any_named(question: str, texts: Sequence[str]) -> bool:
    """Whether texts name any of the things a question lets choose among, if they are names.

    Things described in more than a few words need not stand in a text as they are put.
    """
    options = options_of(question)
    if not options or any(len(option.split()) > _NAME for option in options):
        return True
    flat = fold(" ".join(" ".join(texts).split()))
    return any(fold(re.sub(r"^(?:the|an?) ", "", option)) in flat for option in options)


def choose(
    session: Session, question: str, text: str, options: Sequence[str], known: str = ""
) -> str | None:
    """Return the option that a text speaks for; None when the model gives no odds.

    What speaks of the rest of the question and names one option only decides, of two options
    against it when it denies; else the model does.
    """
    rest = question
    for option in options:
        rest = rest.replace(option, " ")
    clause = telling_clause(rest, telling_sentence(rest, text, known), known)
    there = set(content_words(clause))
    named = [option for option in options if set(content_words(option)) <= there]
    if len(named) == 1 and not denied(clause, question):
        return named[0]
    if len(named) == 1 and len(options) == 2:
        return next(option for option in options if option != named[0])
    gains = _gains(session, prompts.reader, question, text, options)
    return None if gains is None else options[gains.index(max(gains))]


def yes_or_no(session: Session, question: str, sentence: str, known: str = "") -> str | None:
    """Return yes or no, in the language of the question, or "" where it is too close to say.

    None when the model gives no odds. No is said where the part of the sentence that speaks of
    what is asked denies it, yes where it does not and the model holds yes likelier by much. A
    small model alone is right in 51 of the 70 questions of the suite ``choices`` and says either
    of them always; so it is silent in half of them, and was wrong in none.

    Args:
        sentence: the one that tells (``telling_sentence``).
        known: the name of its file, whose words tell nothing.
    """
    language: Language = session.language
    yes, no = prompts.YES_NO[language]
    gains = _gains(session, prompts.yes_no, question, sentence, (yes, no))
    if gains is None:
        return None
    asked = set(content_words(question))
    shared = asked & set(content_words(sentence))
    clause = telling_clause(question, sentence, known)
    if _DENIES.search(_EITHER_WAY.sub("", question)):
        return ""  # "did they not take it?": what a denial answers is in doubt
    if denied(clause, question):
        before = sentence[: sentence.find(clause)]
        left_out = _LEFT_OUT.search(clause) and not asked & set(content_words(before))
        return no if shared and not left_out else ""
    if len(shared) < _SPOKEN_OF:
        return ""
    all_there = shared <= set(content_words(clause))
    open_to_doubt = denied(sentence, question) and not all_there  # "Heat is included, gas is not"
    return yes if gains[0] - gains[1] >= _SURELY and not open_to_doubt else ""


_SPOKEN_OF = 2
"""Words of a question that a sentence must have to affirm it."""
_LEFT_OUT = re.compile(r"(?:\bnot|n't)\W*$", re.IGNORECASE)
"""Denies what stands before: "aprons are provided, towels are not" does not speak of bringing."""
_SURELY = 0.25
"""Log-odds of yes against no that a sentence must add."""
_DENIES = re.compile(
    r"\b(?:not|no|never|neither|nor|without|cannot|prohibited|forbidden|banned|refused|declined"
    r"|rejected|(?:turned|voted) down|fell through|excluded|closed|absent|optional|unfurnished"
    r"|unavailable)\b|n't\b"
    r"|不(?![足仅同少错断管论久良])|未(?!来)|无(?![线论])|[没勿]|禁止|谢绝|拒绝|否决|驳回|除外|自付|自理",
    re.IGNORECASE,
)
"""Denies what is said beside it."""
_IF = re.compile(r"\b(?:if|unless|whether|in case)\b[^,.;]*", re.IGNORECASE)
_EITHER_WAY = re.compile(r"(.)[不没]\1|有没有|是否|能否|可否|没有?[\s?？]*$|不[\s?？]*$")
"""Asks in Chinese, and denies nothing."""
_PARTS = re.compile(r"[,;:，；、：]|\b(?:but|and|while|except)\b|但|而", re.IGNORECASE)


def denied(text: str, question: str) -> bool:
    """Whether a text denies, by other words than the question has: of what is asked to be closed,
    "closed" is no denial."""
    asked = set(_DENIES.findall(_EITHER_WAY.sub("", question).casefold()))
    return bool(set(_DENIES.findall(_IF.sub(" ", text).casefold())) - asked)


def _gains(
    session: Session, prompt: _Prompt, question: str, text: str, options: Sequence[str]
) -> list[float] | None:
    """Return by how much a text makes each option likelier than it is without."""
    with_text = session.score(prompt(question, text, session.language), options)
    without = session.score(prompt(question, "…", session.language), options)
    if with_text is None or without is None:
        return None
    return [one - other for one, other in zip(with_text, without, strict=True)]


def telling_sentence(question: str, text: str, known: str = "") -> str:
    """Return the sentence of a text that shares most words with a question.

    Words of ``known``, the file's name, count a quarter; of several sentences with as much, the
    one with the later words is taken, since a question begins with what is known.
    """
    return _telling(question, split_sentences(text) or [text], known)


def telling_clause(question: str, sentence: str, known: str = "") -> str:
    """Return the part of a sentence, between its commas, that shares most words with a question."""
    parts = [part for part in _PARTS.split(sentence) if part.strip()]
    return _telling(question, parts or [sentence], known)


def _telling(question: str, texts: Sequence[str], known: str) -> str:
    return max(texts, key=lambda text: share_of(question, text, known))


def share_of(question: str, text: str, known: str = "") -> float:
    """Return the share (0..1) of a question's words that a text has, its later words before its
    first ones; words of ``known``, the file's name, count a quarter."""
    file = set(content_words(re.sub(r"\.\w+$", "", known).replace("_", " ")))
    worth = {
        word: (0.25 if word in file else 1.0) + 0.01 * place
        for place, word in enumerate(content_words(question))
    }
    there = set(content_words(text))
    return sum(value for word, value in worth.items() if word in there) / (sum(worth.values()) or 1)
