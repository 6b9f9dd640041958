"""Fit what the text embedder ships with: its languages' directions, and chances of its scores.

Two sorts of questions: those of XQuAD, which repeat the words of their paragraph, and those on
everyday papers, which as a rule do not. Libraries hold both languages, never the same paragraph
in both, and every question is put to them in both. Knows vectors, not models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.i18n import Language
from assistant.tuning.calibrate import Asked as Scored
from assistant.tuning.calibrate import Flags, fit_map
from assistant.tuning.reader_data import Asked
from assistant.tuning.reader_papers import Paper
from retrieval.calibration import Calibration
from retrieval.embed.protocol import TextEmbedder
from retrieval.languages import Languages

_LANGUAGES: tuple[Language, ...] = ("en", "zh")
_PART = 256


@dataclass(frozen=True)
class Told:
    """Passages with their languages, and questions with the passage that answers each."""

    passages: list[str]
    languages: list[Language]
    questions: list[str]
    wanted: list[int]


def told_by_papers(papers: Sequence[Paper]) -> Told:
    """Return each paper with its answerable questions, in both languages."""
    told = Told([], [], [], [])
    for place, paper in enumerate(papers):
        told.passages.append(paper.text)
        told.languages.append(paper.language)
        for ask in paper.asks:
            if ask.answer is not None:
                told.questions.extend(ask.question[language] for language in _LANGUAGES)
                told.wanted.extend([place] * len(_LANGUAGES))
    return told


def told_by_paragraphs(
    paragraphs: Mapping[Language, Mapping[str, str]], asked: Sequence[Asked]
) -> Told:
    """Return every paragraph in one language by turns, with its questions in both."""
    told = Told([], [], [], [])
    places: dict[str, int] = {}
    for ask in asked:
        if ask.paragraph not in places:
            language = _LANGUAGES[len(places) % len(_LANGUAGES)]
            places[ask.paragraph] = len(told.passages)
            told.passages.append(paragraphs[language][ask.paragraph])
            told.languages.append(language)
        told.questions.extend(ask.question[language] for language in _LANGUAGES)
        told.wanted.extend([places[ask.paragraph]] * len(_LANGUAGES))
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
    scored = {}
    for name, told in sorts.items():
        questions = languages.neutral(_vectors(text.embed_queries, told.questions))
        wanted = np.array(told.wanted)
        relevant: Flags = wanted[:, None] == np.arange(len(told.passages))
        scored[name] = Scored(questions @ passages[name].T, relevant, group=wanted)
    fitted, measured = fit_map(scored)
    return Calibration(text.id, {"text": fitted}, languages=languages), measured


def _in(languages: Sequence[Language], language: Language) -> NDArray[np.bool_]:
    return np.array([one == language for one in languages])


def _vectors(embed: object, texts: Sequence[str]) -> NDArray[np.float32]:
    assert callable(embed)
    parts = (texts[at : at + _PART] for at in range(0, len(texts), _PART))
    return np.concatenate([embed(part) for part in parts])
