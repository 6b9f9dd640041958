"""Other ways to say a caption: in Chinese words, and as a transcriber might have heard it.

People ask in Chinese and by voice, but the captions are typed English. Two changes teach the text
side more than that, without any data but a word list of our own:

- *Words switched* (CoSDA-ML, Qin et al. 2020): some or all words of a caption are replaced by their
  Chinese, so that 狗 meets the photos of dogs. A caption switched whole loses its small words
  and spaces and reads like clumsy Chinese.
- *Words misheard*: upper or lower case, a full stop or none, a word left out or replaced by one of
  the captions' own words with the same consonants ("whale" for "wheel").

Knows nothing of models.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_LEXICON = Path(__file__).with_name("visual_words.txt")
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*|\S", re.IGNORECASE)
_ALIKE = str.maketrans("bdgvzjq", "ptkfsck")


def read_lexicon(path: Path = _LEXICON) -> dict[str, list[str]]:
    """Return Chinese words by English word; an empty word means "say nothing"."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            english, _, chinese = line.partition("=")
            found[english.strip()] = [word.strip() for word in chinese.split("/")]
    return found


class Wording:
    """Draws other wordings of captions.

    Args:
        captions: all captions, for the words that can be misheard as one another.
    """

    def __init__(self, captions: Sequence[str]) -> None:
        self._lexicon = read_lexicon()
        counts = Counter(word for text in captions for word in re.findall("[a-z]+", text.lower()))
        self._alike: dict[str, list[str]] = defaultdict(list)
        for word, count in counts.items():
            if count >= 3 and len(word) > 2:
                self._alike[_sound(word)].append(word)

    def switched(self, text: str, rng: np.random.Generator) -> str:
        """Return a caption whole or partly in Chinese words."""
        whole = rng.random() < 0.6
        share = 1.0 if whole else rng.uniform(0.3, 0.7)
        words, said, at = _WORD.findall(text.lower().rstrip(" .")), [], 0
        while at < len(words):
            size, chinese = self._translated(words, at)
            if chinese is not None and rng.random() < share:
                said.append(str(rng.choice(chinese)))
            elif not whole or rng.random() < 0.7:
                said.append(" ".join(words[at : at + size]))
            at += size
        return ("" if whole else " ").join(word for word in said if word)

    def misheard(self, text: str, rng: np.random.Generator) -> str:
        """Return a caption as a transcriber might write it."""
        words = text.rstrip(" .").split()
        said = []
        for word in words:
            chance = rng.random()
            alike = self._alike.get(_sound(word.lower()), ())
            if chance < 0.06 and len(words) > 4:
                continue
            said.append(str(rng.choice(alike)) if chance < 0.15 and len(alike) > 1 else word)
        line = " ".join(said)
        line = line.lower() if rng.random() < 0.5 else line[:1].upper() + line[1:]
        return line + ("." if rng.random() < 0.5 else "")

    def _translated(self, words: Sequence[str], at: int) -> tuple[int, list[str] | None]:
        for size in (3, 2, 1):
            phrase = " ".join(words[at : at + size])
            for form in [phrase] if size > 1 else _forms(phrase):
                if form in self._lexicon:
                    return size, self._lexicon[form]
        return 1, None


def _forms(word: str) -> list[str]:
    """Return a word and what it may be an inflection of."""
    found = [word]
    for ending, others in (
        ("ies", ("y",)), ("es", ("", "e")), ("s", ("",)), ("ing", ("", "e")), ("ed", ("", "e")),
    ):  # fmt: skip
        if word.endswith(ending) and len(word) > len(ending) + 1:
            stem = word.removesuffix(ending)
            found += [stem + other for other in others]
            if len(stem) > 2 and stem[-1] == stem[-2]:
                found.append(stem[:-1])
    return found


def _sound(word: str) -> str:
    """Return the consonants of a word, voiced as unvoiced, doubles once."""
    body = word[:1] + re.sub("[aeiouyhw]", "", word[1:])
    return re.sub(r"(.)\1+", r"\1", body.translate(_ALIKE))
