"""What the reader's adapter learns from: questions put to texts that hold the answer or do not.

Folders are laid out like XQuAD (``LANG.SPLIT.paragraphs.jsonl`` and ``.questions.jsonl``, the
languages parallel). A lesson is a paragraph, in one language, with its own questions in both, and
with questions of its article's other paragraphs, which look alike and find nothing there. Whole
articles are held out for measuring.

Everyday papers teach too (``reader_papers``). Knows no model.
"""

from __future__ import annotations

import json
import math
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
class Put:
    """A question put to a text; ``answer`` is the span to copy, None where there is none."""

    language: Language
    question: str
    answer: str | None


@dataclass(frozen=True)
class Lesson:
    """A text with the questions put to it."""

    text: str
    puts: tuple[Put, ...]


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


def lessons(
    data: Questions, asked: Sequence[Asked], seed: int, refusals: float = 0.4
) -> list[Lesson]:
    """Return one pass over the questions, shuffled: each paragraph in both languages.

    Half of the texts are cut to neighbouring sentences, and a third lack a sentence, so that some
    of their own questions have no answer there.

    Args:
        refusals: questions of other paragraphs of the article for each of the own.
    """
    draw = random.Random(seed)
    own: dict[str, list[Asked]] = {}
    for one in asked:
        own.setdefault(one.paragraph, []).append(one)
    languages: tuple[Language, ...] = ("en", "zh")
    found: list[Lesson] = []
    for paragraph, mine in own.items():
        others = [a for a in asked if a.article == mine[0].article and a.paragraph != paragraph]
        for of in languages:
            text = _changed(data.paragraphs[of][paragraph], draw)
            strange = draw.sample(others, min(len(others), math.ceil(refusals * len(mine))))
            kept = [a for a in mine if a.answers[of] in text or draw.random() < 0.5]
            puts = [_put(one, of, text, draw) for one in kept]
            puts += [_put(one, of, text, draw) for one in strange if one.answers[of] not in text]
            draw.shuffle(puts)
            found.append(Lesson(text, tuple(puts)))
    draw.shuffle(found)
    return found


def _put(one: Asked, of: Language, text: str, draw: random.Random) -> Put:
    """Put a question to a text in language ``of``: a third of the time in the other language."""
    other: Language = "zh" if of == "en" else "en"
    language = other if draw.random() < 0.33 else of
    answer = one.answers[of]
    return Put(language, one.question[language], answer if answer in text else None)


def _changed(text: str, draw: random.Random) -> str:
    """Return a text, half the time cut to a run of sentences, a third without one of them."""
    return joined(thinned(split_sentences(text), draw))


def thinned(parts: Sequence[str], draw: random.Random, cut: float = 0.5) -> list[str]:
    """Return parts of a text, with chance ``cut`` a run of three to five, a third without one."""
    kept = list(parts)
    if len(kept) > 3 and draw.random() < cut:
        first = draw.randint(0, len(kept) - 3)
        kept = kept[first : first + draw.randint(3, 5)]
    if len(kept) > 1 and draw.random() < 0.33:
        kept.pop(draw.randrange(len(kept)))
    return kept


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
