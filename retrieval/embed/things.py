"""Plain names of what a photo shows, from the chances of the ImageNet classes.

People look for a dog, not for an Airedale: classes are joined to kinds of things under the words
that are used for them, in English and Chinese (``things.tsv``: words, Chinese words, numbers of
classes). Of photos that were named a dog so, 83 of 100 in Flickr8k have one in a caption, and of
those with a dog in a caption 92 are named. Knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SURE = 0.3
"""Chance from which a kind or class is named."""

_FILE = Path(__file__).with_name("things.tsv")


class Thing(NamedTuple):
    """A kind of things: its words and its classes."""

    words: tuple[str, ...]
    classes: NDArray[np.int64]


@cache
def things() -> tuple[Thing, ...]:
    """Return all kinds."""
    return tuple(_thing(line) for line in _FILE.read_text(encoding="utf-8").splitlines())


def tags_of(chances: NDArray[np.float32], names: Sequence[str]) -> tuple[str, ...]:
    """Return the words for what a photo shows, none twice.

    Args:
        chances: [classes], adding up to 1; names: one of each class, or several between commas.
    """
    found = [
        word for thing in things() if chances[thing.classes].sum() >= SURE for word in thing.words
    ]
    found += [names[int(n)].split(",")[0].strip() for n in np.flatnonzero(chances >= SURE)]
    return tuple(dict.fromkeys(found))


def _thing(line: str) -> Thing:
    english, chinese, numbers = line.split("|")
    words = [word.strip() for word in (*english.split(","), *chinese.split(","))]
    ranges = [tuple(map(int, some.split("-"))) for some in numbers.split()]
    classes = np.concatenate([np.arange(some[0], some[-1] + 1) for some in ranges])
    return Thing(tuple(words), classes)
