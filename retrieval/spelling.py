"""How much of a question's spelling a text holds, by runs of letters instead of whole words.

Recognised text has wrong letters and lost spaces, and a name is written in many ways
(MR.D.I.Y.(M) SDN BHD, MR DIY M SDNBHD): whole words miss it. So the question is cut into
overlapping runs of three to six letters or digits, spaces and marks left out (character n-grams,
after McNamee & Mayfield 2004). Runs reach across words, which makes a label beside its value
worth more than the two apart. A run weighs more the fewer of the candidates hold it: near-equal
forms are told apart by what differs, and what all of them hold weighs next to nothing.

Knows no database and no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import log

from retrieval.lexical import fold, is_stop

_RUNS = (3, 4, 5, 6)
_MAX_LETTERS = 240
"""Letters of a question that are looked for: the cost grows with them times the candidates."""
_NUMBER = 3.0
"""Runs with a digit weigh more: dates and numbers tell papers of one sender apart."""
_KNOWN = 0.25
"""Of a question's runs: when the candidates together hold fewer, they are not what it is about,
and the one receipt among photos does not hold "all" of it."""
_MARKS = re.compile(r"[\W_]+")
_IS_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def letters_of(text: str) -> str:
    """Return a text's letters and digits alone, folded: case, accents and widths unified."""
    return _MARKS.sub("", fold(text))


def shares(question: str, texts: Sequence[str]) -> list[float]:
    """Return for each text the weighed share 0..1 of the question's runs that it holds.

    Args:
        texts: the candidates, as ``letters_of`` returns them; weights are by these alone.
    """
    runs = _runs_of(question)
    total = len(texts)
    held = [0.0] * total
    whole = 0.0
    met = 0
    for run in runs:
        holders = [place for place, text in enumerate(texts) if run in text]
        weight = log((total + 1) / (len(holders) + 0.5))
        if not holders:
            continue  # a run that nobody holds tells nobody apart
        met += 1
        if any(letter.isdigit() for letter in run):
            weight *= _NUMBER
        whole += weight
        for place in holders:
            held[place] += weight
    known = min(1.0, met / max(_KNOWN * len(runs), 1.0))
    return [known * share / whole if whole > 0 else 0.0 for share in held]


def _runs_of(question: str) -> set[str]:
    """Return the runs to look for; words that only ask are left out."""
    spoken = [
        word for word in question.split() if _IS_WIDE.search(word) or not is_stop(letters_of(word))
    ]
    letters = letters_of("".join(spoken))[:_MAX_LETTERS]
    runs = {letters[i : i + n] for n in _RUNS for i in range(len(letters) - n + 1)}
    pairs = {letters[i : i + 2] for i in range(len(letters) - 1)}
    return runs | {pair for pair in pairs if len(_IS_WIDE.findall(pair)) == 2}
