"""Words of a chart gathered by where they stand: lines, runs of a line, names of several lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from retrieval.charts.labels import Label

WORDS = 0.55
"""Letter heights between two words of one name."""


def lines_of(words: Iterable[Label]) -> list[list[Label]]:
    """Return words by line, each from left to right."""
    lines: list[list[Label]] = []
    for word in sorted(words, key=lambda o: (o.cy, o.x0)):
        if lines and abs(word.cy - lines[-1][-1].cy) < 0.45 * word.size:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda o: o.x0) for line in lines]


def runs_of(line: Sequence[Label], gap: float) -> list[list[Label]]:
    """Return the words of a line in parts, where gaps are wider than so many letter heights."""
    runs: list[list[Label]] = []
    for word in line:
        if runs and word.x0 - runs[-1][-1].x1 < gap * word.size:
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def blocks_of(words: Sequence[Label], base: float | None) -> list[list[Label]]:
    """Return the names that words make up: by line, then one under the other."""
    runs: list[list[Label]] = []
    for line in lines_of(words):
        for word in line:
            last = runs[-1][-1] if runs else None
            apart = base is not None and last is not None and last.cx < base < word.cx
            if last in line and not apart and word.x0 - last.x1 < WORDS * word.size:
                runs[-1].append(word)
            else:
                runs.append([word])
    blocks: list[list[Label]] = []
    for run in runs:
        over = next((b for b in blocks if _shares(b, run) and _one_side(b, run, base)), None)
        if over is None:
            blocks.append(run)
        else:
            over += run
    return sorted(blocks, key=middle_of)


def _shares(one: Sequence[Label], other: Sequence[Label]) -> bool:
    return min(max(o.x1 for o in one), max(o.x1 for o in other)) > max(
        min(o.x0 for o in one), min(o.x0 for o in other)
    )


def _one_side(one: Sequence[Label], other: Sequence[Label], base: float | None) -> bool:
    return base is None or (middle_of(one) < base) == (middle_of(other) < base)


def middle_of(words: Sequence[Label]) -> float:
    return (min(o.x0 for o in words) + max(o.x1 for o in words)) / 2


def text_of(words: Sequence[Label]) -> str:
    """Return words as they are read: by line, from left to right."""
    said = ""
    for line in lines_of(words):
        for word in line:
            close = bool(said) and ord(said[-1]) > 0x2E80 and ord(word.text[0]) > 0x2E80
            said += ("" if close or not said else " ") + word.text
    return said.replace("|", "/")
