"""Fit what the text embedder ships with: its languages' directions, and chances of its scores.

Two sorts of questions: those of XQuAD, which repeat the words of their paragraph, and those on
everyday papers, which as a rule do not. Libraries hold both languages, never the same paragraph
in both, and every question is put to them in both. Knows vectors, not models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from assistant.citations import level
from assistant.i18n import Language
from assistant.tuning.calibrate import Asked as Scored
from assistant.tuning.calibrate import Flags, Floats, fit_map
from assistant.tuning.reader_data import Asked
from assistant.tuning.reader_papers import Paper
from retrieval.calibration import Calibration
from retrieval.embed.protocol import TextEmbedder, embed_asked
from retrieval.embed.sentences import Sentences
from retrieval.languages import Languages
from retrieval.sentences import sentences_of

_LANGUAGES: tuple[Language, ...] = ("en", "zh")
_PART = 256


@dataclass(frozen=True)
class Told:
    """Passages with their languages; questions with their language, the passage that answers each
    and the words of it that do."""

    passages: list[str]
    languages: list[Language]
    questions: list[str]
    asked_in: list[Language]
    wanted: list[int]
    answers: list[str]

    def ask(self, language: Language, question: str, wanted: int, answer: str) -> None:
        """Add a question."""
        self.questions.append(question)
        self.asked_in.append(language)
        self.wanted.append(wanted)
        self.answers.append(answer)


def told_by_papers(papers: Sequence[Paper]) -> Told:
    """Return each paper with its answerable questions, in both languages."""
    told = Told([], [], [], [], [], [])
    for place, paper in enumerate(papers):
        told.passages.append(paper.text)
        told.languages.append(paper.language)
        for ask in paper.asks:
            if ask.answer is not None:
                for language in _LANGUAGES:
                    told.ask(language, ask.question[language], place, ask.answer)
    return told


def told_by_paragraphs(
    paragraphs: Mapping[Language, Mapping[str, str]], asked: Sequence[Asked]
) -> Told:
    """Return every paragraph in one language by turns, with its questions in both."""
    told = Told([], [], [], [], [], [])
    places: dict[str, int] = {}
    for ask in asked:
        if ask.paragraph not in places:
            language = _LANGUAGES[len(places) % len(_LANGUAGES)]
            places[ask.paragraph] = len(told.passages)
            told.passages.append(paragraphs[language][ask.paragraph])
            told.languages.append(language)
        place = places[ask.paragraph]
        for language in _LANGUAGES:
            told.ask(language, ask.question[language], place, ask.answers[told.languages[place]])
    return told


def fit_texts(text: TextEmbedder, sorts: dict[str, Told]) -> tuple[Calibration, dict[str, float]]:
    """Fit the calibration of a text embedder; also returns AUROC and error of each sort, of the
    half of the passages whose questions did not fit it."""
    passages = {name: _vectors(text.embed_passages, told.passages) for name, told in sorts.items()}
    english, chinese = (
        np.concatenate(
            [passages[name][_in(told.languages, language)] for name, told in sorts.items()]
        )
        for language in _LANGUAGES
    )
    languages = Languages.of(english, chinese)
    asked = {
        name: _vectors(partial(embed_asked, text), told.questions) for name, told in sorts.items()
    }
    scored = {}
    for name, told in sorts.items():
        wanted = np.array(told.wanted)
        relevant: Flags = wanted[:, None] == np.arange(len(told.passages))
        scores = languages.neutral(asked[name]) @ passages[name].T
        scored[name] = Scored(scores, relevant, group=wanted)
    whole, measured = fit_map(scored)
    maps = {"text": whole}
    for kind in ("sentence", "crossed"):
        rows = {}
        for name, told in sorts.items():
            questions = asked[name]
            if kind == "crossed":
                questions = languages.neutral(questions, share=1.0)
            rows[name] = _sentences(text, told, passages[name], questions, own=kind == "sentence")
        maps[kind], of_kind = fit_map(rows)
        measured |= {f"{kind}_{name}": value for name, value in of_kind.items()}
    return Calibration(text.id, maps, languages=languages), measured


def _sentences(
    text: TextEmbedder, told: Told, passages: Floats, questions: Floats, own: bool
) -> Scored:
    """Return questions scored against all sentences, of which that of the answer is wanted.

    Questions whose answer stands in no single one are left out.

    Args:
        own: questions in the language of their passage, or those in the other one.
    """
    cut = [sentences_of(passage) for passage in told.passages]
    said = np.array([level(sentence) for some in cut for sentence in some])
    owner = np.repeat(np.arange(len(cut)), [len(some) for some in cut])
    vectors = np.concatenate(Sentences(text).embed(told.passages, passages))
    rows: list[NDArray[np.bool_]] = []
    kept: list[int] = []
    for n, (place, answer) in enumerate(zip(told.wanted, told.answers, strict=True)):
        wanted = owner == place
        wanted[wanted] = [level(answer) in sentence for sentence in said[wanted]]
        if wanted.any() and (told.asked_in[n] == told.languages[place]) == own:
            rows.append(wanted)
            kept.append(n)
    scores = questions[kept] @ vectors.T
    return Scored(scores, np.stack(rows), group=np.array(told.wanted)[kept])


def _in(languages: Sequence[Language], language: Language) -> NDArray[np.bool_]:
    return np.array([one == language for one in languages])


def _vectors(embed: object, texts: Sequence[str]) -> NDArray[np.float32]:
    assert callable(embed)
    parts = (texts[at : at + _PART] for at in range(0, len(texts), _PART))
    return np.concatenate([embed(part) for part in parts])
