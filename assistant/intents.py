"""What a question wants, told by its meaning: a second judge beside the rules of the planner.

A multinomial logistic rule over the text embedder's vector of the question (the same vector that
the search then asks for) and a few facts of the files it names. The names themselves are put aside:
every document is one word, every picture and every recording another. The rule belongs to one
embedder; with another one there are no chances, and the planner's rules stand alone. Fitted by
``scripts/fit_intents.py``. Knows no plan.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from assistant.details import file_names, kind_of
from retrieval.errors import SightlineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from retrieval.embed.protocol import TextEmbedder

log = logging.getLogger("sightline.agent")
WEIGHTS = Path(__file__).parent / "models" / "weights" / "intents.json"
LONGEST = 300
"""Characters of a question that are judged: half from its beginning, half from its end."""
STANDS_FOR = {"text": "report.pdf", "image": "photo.jpg", "audio": "recording.m4a"}
"""The word each kind of file is put as."""


class Rule(NamedTuple):
    """A fitted rule: its embedder, the intents, weights [intents, dim + facts] and biases."""

    embedder: str
    intents: tuple[str, ...]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]


class IntentJudge:
    """Gives the chances of what a question wants.

    Args:
        embedder: returns the text embedder; asked only when a question is judged.
    """

    def __init__(self, embedder: Callable[[], TextEmbedder]) -> None:
        self._embedder = embedder

    def __call__(self, question: str) -> Mapping[str, float]:
        """Return the chance of each intent, adding up to 1; none with another embedder or none."""
        import numpy as np

        try:
            embedder = self._embedder()
        except SightlineError as error:  # what needs it says so; the rules can go on
            log.warning("a question is taken by its words alone: %s", error)
            return {}
        if embedder.id != self._rule.embedder:
            return {}
        words, facts = seen(question)
        inputs = np.concatenate([embedder.embed_queries([words])[0], facts])
        scores = self._rule.weights @ inputs + self._rule.bias
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        return dict(zip(self._rule.intents, map(float, chances), strict=True))

    @cached_property
    def _rule(self) -> Rule:
        import numpy as np

        read = json.loads(WEIGHTS.read_text(encoding="utf-8"))
        packed = np.frombuffer(base64.b64decode(read["weights"]), "<f2").astype(np.float64)
        intents = tuple(read["intents"])
        weights = packed.reshape(len(intents), -1)
        return Rule(read["embedder"], intents, weights, np.array(read["bias"]))


def seen(question: str) -> tuple[str, list[float]]:
    """Return a question as it is judged, without names of files, and facts of those.

    The facts: whether documents, pictures and recordings are named, and whether several files are.
    """
    names = file_names(question)
    words = question
    for name in sorted(names, key=len, reverse=True):
        words = words.replace(name, f" {STANDS_FOR[kind_of(name)]} ")
    for mark in "“”《》「」":
        words = words.replace(mark, " ")
    words = " ".join(words.split())
    if len(words) > LONGEST:
        words = f"{words[: LONGEST // 2]} {words[-LONGEST // 2 :]}"
    kinds = [kind_of(name) for name in names]
    facts = [float(kind in kinds) for kind in STANDS_FOR]
    return words, [*facts, float(len(kinds) > 1)]
