"""How often a question finds the paper that answers it, by the vectors of its sentences alone.

Knows nothing of words, of the index or of how questions are taught.
"""

from __future__ import annotations

import numpy as np

from assistant.tuning.text_fit import Told
from retrieval.embed.protocol import TextEmbedder, embed_asked
from retrieval.embed.sentences import Sentences
from retrieval.sentences import sentences_of

DEPTHS = (1, 3, 10)


def found_by_sentences(text: TextEmbedder, told: Told) -> dict[str, list[float]]:
    """Return by languages ("en > zh": asked in English, the paper Chinese) the shares of questions
    whose paper is among the first 1, 3 and 10 of those in its language."""
    counts = [len(sentences_of(passage)) for passage in told.passages]
    owner = np.repeat(np.arange(len(counts)), counts)
    passages = text.embed_passages(told.passages)
    vectors = np.concatenate(Sentences(text).embed(told.passages, passages))
    scores = embed_asked(text, told.questions) @ vectors.T
    best = np.full((len(scores), len(counts)), -np.inf, np.float32)
    for paper in range(len(counts)):
        best[:, paper] = scores[:, owner == paper].max(axis=1)
    wanted, written = np.array(told.wanted), np.array(told.languages)
    best[written[None] != written[wanted][:, None]] = -np.inf
    ranks = (best > best[np.arange(len(best)), wanted][:, None]).sum(axis=1)
    asked = np.array(told.asked_in)
    return {
        f"{one} > {other}": [round(float((ranks[of] < depth).mean()), 3) for depth in DEPTHS]
        for one in ("en", "zh")
        for other in ("en", "zh")
        if (of := (asked == one) & (written[wanted] == other)).any()
    }
