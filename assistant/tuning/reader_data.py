"""What the reader's adapter learns from: questions put to texts that hold the answer or do not.

Folders are laid out like XQuAD (``LANG.SPLIT.paragraphs.jsonl`` and ``.questions.jsonl``, the
languages parallel). Of a question come the right paragraph in its own language and in the other,
and refusals: a paragraph of the same article, and the right one without the answer's sentence,
which look alike and say nothing. Whole articles are held out for measuring.

Knows no model.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.citations import split_sentences
from assistant.errors import DataInvalid
from assistant.i18n import Language

HELD_OUT = 3
"""Every third article only measures."""


@dataclass(frozen=True)
class Asked:
    """A question with its paragraph's id and its answers, by language."""

    paragraph: str
    question: dict[Language, str]
    answers: dict[Language, str]

    @property
    def article(self) -> str:
        """The article that the paragraph is from."""
        return self.paragraph.rsplit("_", 1)[0]


@dataclass(frozen=True)
class Example:
    """A question put to a text; ``answer`` is the span to copy, None where there is none."""

    language: Language
    question: str
    text: str
    answer: str | None


@dataclass(frozen=True)
class Questions:
    """One set: paragraphs by language and id, and its questions."""

    paragraphs: dict[Language, dict[str, str]]
    asked: tuple[Asked, ...]

    def split(self, every: int = HELD_OUT) -> tuple[tuple[Asked, ...], tuple[Asked, ...]]:
        """Return (questions that teach, questions that measure), whole articles apart."""
        held = set(sorted({a.article for a in self.asked})[every - 1 :: every])
        teach = tuple(a for a in self.asked if a.article not in held)
        return teach, tuple(a for a in self.asked if a.article in held)


def read_questions(folder: Path) -> Questions:
    """Read a folder of paragraphs and questions; rows of the languages belong together.

    Raises:
        DataInvalid: a file is missing or a row cannot be read.
    """
    paragraphs: dict[Language, dict[str, str]] = {}
    rows: dict[Language, list[dict[str, object]]] = {}
    languages: tuple[Language, ...] = ("en", "zh")
    for language in languages:
        texts = _rows(folder, f"{language}*paragraphs.jsonl")
        paragraphs[language] = {str(row["id"]): str(row["text"]) for row in texts}
        rows[language] = list(_rows(folder, f"{language}*questions.jsonl"))
    asked = []
    for en, zh in zip(rows["en"], rows["zh"], strict=True):
        answers = {"en": _first(en), "zh": _first(zh)}
        name = str(en["paragraph"])
        there = all(answers[lang] in paragraphs[lang].get(name, "") for lang in languages)
        if there and zh["paragraph"] == name:
            question = {"en": str(en["question"]), "zh": str(zh["question"])}
            asked.append(Asked(name, question, answers))  # type: ignore[arg-type]
    return Questions(paragraphs, tuple(asked))


def examples(
    data: Questions, asked: Sequence[Asked], seed: int, refusals: float = 0.33
) -> list[Example]:
    """Return the examples of one pass over the questions, shuffled.

    Args:
        refusals: examples without an answer for each one with.
    """
    draw = random.Random(seed)
    found: list[Example] = []
    for one in asked:
        pairs: list[tuple[Language, Language]] = [("en", "en"), ("zh", "zh")]
        pairs.append(("zh", "en") if draw.random() < 0.75 else ("en", "zh"))
        for question, text in pairs:
            whole = data.paragraphs[text][one.paragraph]
            asks = one.question[question]
            found.append(
                Example(question, asks, _cut(whole, one.answers[text], draw), one.answers[text])
            )
            if draw.random() < refusals:
                other = _without(data, one, text, draw)
                found.append(Example(question, asks, other, None))
    draw.shuffle(found)
    return found


def _cut(text: str, answer: str, draw: random.Random) -> str:
    """Return a text, half the time cut to some sentences around the answer's."""
    sentences = split_sentences(text)
    at = next((i for i, s in enumerate(sentences) if answer in s), None)
    if at is None or draw.random() < 0.5:
        return text
    first, last = draw.randint(max(0, at - 3), at), draw.randint(at, at + 3)
    return joined(sentences[first : last + 1])


def _without(data: Questions, one: Asked, language: Language, draw: random.Random) -> str:
    """Return a text that does not answer: a neighbour's, or the own without the answer."""
    texts = data.paragraphs[language]
    near = [k for k in texts if k.rsplit("_", 1)[0] == one.article and k != one.paragraph]
    own = [s for s in split_sentences(texts[one.paragraph]) if one.answers[language] not in s]
    if own and (not near or draw.random() < 0.5):
        return joined(own)
    usable = [k for k in near if one.answers[language] not in texts[k]]
    return texts[draw.choice(usable or list(texts))]


def joined(sentences: Sequence[str]) -> str:
    """Join sentences as their language does."""
    chinese = any("\u3400" <= c <= "\u9fff" for c in "".join(sentences)[:40])
    return ("" if chinese else " ").join(sentences)


def _first(row: dict[str, object]) -> str:
    answers = row["answers"]
    return str(answers[0]) if isinstance(answers, list) and answers else ""


def _rows(folder: Path, pattern: str) -> Iterator[dict[str, object]]:
    path = next(iter(sorted(folder.glob(pattern))), None)
    if path is None:
        raise DataInvalid(path=folder, line=0, detail=f"there is no {pattern}")
    lines: Iterable[str] = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        try:
            yield dict(json.loads(line))
        except (ValueError, TypeError) as error:
            raise DataInvalid(path=path, line=number, detail=str(error)) from error
