"""The sentence that tells yes or no: the nearest by meaning, that also has the question's words.

"Are we allowed a cat?" is answered by "Consent is given for one indoor cat". Knows cosines of
sentences and words, no model.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.choices import share_of, telling_sentence
from assistant.citations import split_sentences
from assistant.session import Session
from assistant.windows import window
from retrieval.sentences import sentences_of
from retrieval.values import Passage

WORDS = 0.4
"""What all of a question's words in a sentence are worth beside its cosine to it: of the 70
questions of the suite ``choices`` 29 are told rightly and none wrongly; by words alone 30 and none,
but there questions have their text's words. With 0.2 it is 28 and 2."""


def telling(session: Session, question: str, passages: Sequence[Passage]) -> tuple[Passage, str]:
    """Return the sentence that tells, and its passage, of at least one passage.

    Where cosines are not known, as of a file that came with the question, the one of the first
    passage with most of the question's words.
    """
    near = [
        (worth, passage, quote)
        for passage in passages
        if passage.sentences
        for worth, quote in by_nearness(question, passage)
    ]
    if near:
        _, passage, quote = max(near, key=lambda one: one[0])
        return passage, quote
    first = passages[0]
    words = window(session, question, first)
    return first, " ".join(telling_sentence(question, words, first.asset).split())


def by_nearness(question: str, passage: Passage) -> list[tuple[float, str]]:
    """Return the sentences of a passage with what each is worth for a question, best first.

    A sentence is worth its cosine to the question, 0 where none is known, and its words.
    """
    told = [
        (cosine + WORDS * share_of(question, part, passage.asset), part)
        for cosine, said in _sentences(passage)
        for part in split_sentences(said) or [said]
    ]
    return sorted(told, key=lambda one: -one[0])


def _sentences(passage: Passage) -> list[tuple[float, str]]:
    """Return the sentences of a passage with their cosines; of a table not the names of columns."""
    cut = sentences_of(passage.text)
    known = len(cut) == len(passage.sentences)
    told = list(zip(passage.sentences if known else [0.0] * len(cut), cut, strict=True))
    return told[1:] if passage.kind == "table" and len(told) > 1 else told
