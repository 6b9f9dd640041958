"""Text cut into words for lexical search: the same cut for what is stored and what is asked.

Latin words and numbers are kept whole (15.90, 2024-05-01, a part number) and also in their
parts; plurals lose their s (Harman's S-stemmer); Chinese, Japanese and Thai runs, which have no
spaces, become single characters and overlapping pairs. The database's own tokenizer only splits
at the spaces written here. Knows no database.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MAX_QUERY_WORDS = 64
"""Distinct words of a question that are looked for; a 100 KB question is still one search."""

_MAX_WORD = 64
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f\U00020000-\U0003134f"
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+(?:[.,:/@'&+_-][^\W_{_UNSPACED}]+)*")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_PART = re.compile(r"[^.,:/@'&+_-]+")
_NUMBERED = re.compile(
    r"\b(table|figure|fig|chart|section|chapter|appendix|exhibit|slide|note|item|annex)s?\.? ?"
    r"(\d+(?:[.-]\d+)*)\b"
)
_LETTERS_DIGITS = re.compile(r"[a-z]+|\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")

_QUESTION_WORDS_EN = (
    "a an and are as at be been but by can could did do does find for from give had has have he "
    "her his how i if in into is it its me my of on or our please she show so tell than that the "
    "their them then there these they this those to up was we were what when where which who whom "
    "whose why will with would you your photo picture image"
)
_QUESTION_PAIRS_ZH = (
    "什么 多少 哪个 哪些 哪里 哪儿 怎么 怎样 如何 为何 几个 是否 请问 可以 一个 这个 那个 "
    "我们 你们 他们 因为 所以 以及 有没 没有 告诉 照片 图片"
)
_FUNCTION_ZH = frozenset(
    "的了是在吗呢吧啊和与及或也都就还有个这那哪谁么之于为被把从到请问我你他她它们"
)
_GLUE_ZH = frozenset("的了吗呢吧么什")
"""A pair that holds one of these spans two words."""


def segment(text: str) -> list[str]:
    """Return the words of ``text`` in order, repeats kept.

    A word holds no space and no quotation mark, and at most 64 characters.
    """
    return [word for run in _RUN.findall(fold(text)) for word in _words(run)]


def lexemes(text: str) -> str:
    """Return ``text`` as stored for lexical search: its words, separated by spaces."""
    return " ".join(segment(text))


def query_words(text: str) -> list[str]:
    """Return the distinct words to look for, question words left out.

    When nothing else is left, the question words themselves are looked for. What a document
    numbers (Table 2) is looked for as a phrase too: with a space in it, as no word has.
    """
    found = list(dict.fromkeys(segment(text)))
    kept = [word for word in found if not is_stop(word)]
    numbered = [f"{_stem(kind)} {number}" for kind, number in _NUMBERED.findall(fold(text))]
    return (list(dict.fromkeys(numbered)) + (kept or found))[:MAX_QUERY_WORDS]


def parts_of(word: str) -> list[str]:
    """Return the parts of a compound word (15.90, ta-k); none when it is not compound."""
    parts = _PART.findall(word)
    return parts if len(parts) > 1 and " " not in word else []


def fts5_match(words: list[str]) -> str:
    """Return an SQLite FTS5 MATCH expression for any of ``words``; no word can be an operator."""
    return " OR ".join('"' + word.replace('"', '""') + '"' for word in words)


def tsquery(words: list[str]) -> str:
    """Return a PostgreSQL ``tsquery`` literal for any of ``words``; each is quoted.

    The words of a phrase must follow each other.
    """

    def quoted(word: str) -> str:
        return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"

    return " | ".join(" <-> ".join(map(quoted, word.split(" "))) for word in words)


def _words(run: str) -> Iterator[str]:
    if _IS_UNSPACED.match(run):
        yield from run
        yield from (run[i : i + 2] for i in range(len(run) - 1))
        return
    whole = _stem(run)[:_MAX_WORD]
    yield whole
    if _THOUSANDS.fullmatch(run):
        yield run.replace(",", "")
        return
    parts = _PART.findall(run)
    for part in parts:
        if len(parts) > 1 and (word := _stem(part)[:_MAX_WORD]) != whole:
            yield word
    pieces = _LETTERS_DIGITS.findall(run)  # rm15.90 is also rm and 15.90
    if len(parts) <= 2 and len(pieces) == 2 and pieces != parts and "".join(pieces) == run:
        yield from pieces


def _stem(word: str) -> str:
    """Cut an English plural (Harman 1991, "How effective is suffixing?")."""
    word = word.removesuffix("'s")
    if len(word) < 4 or not word.endswith("s") or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-1]
    return word if word.endswith(("us", "ss")) else word[:-1]


def fold(text: str) -> str:
    """Lower-case, compatibility forms unified, zero-width characters and Latin accents gone."""
    text = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    if text.isascii():
        return text
    return "".join(_fold_character(c) for c in text)


def _fold_character(character: str) -> str:
    if character < "\x80":
        return character
    if unicodedata.category(character) == "Cf":
        return ""
    if character > "\u1fff":
        return character
    base = unicodedata.normalize("NFD", character)[0]
    return base if base < "\u0530" else character


def is_stop(word: str) -> bool:
    """Whether a folded word only asks, and is not looked for."""
    if word in _STOP_WORDS or not _GLUE_ZH.isdisjoint(word):
        return True
    return all(character in _FUNCTION_ZH for character in word)


_STOP_WORDS = frozenset(
    form for word in _QUESTION_WORDS_EN.split() for form in (word, _stem(word), f"{word}s")
) | frozenset(_QUESTION_PAIRS_ZH.split())
