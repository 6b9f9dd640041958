"""Values of labelled fields in forms and tables, found in the text by where they stand.

The text keeps the layout of the page: columns of a table are set apart by `` | ``, wide gaps by
several spaces, lines by line ends. The value of a label stands after it, below it, or in the same
column of the next row. Labels are matched by letters and digits, with room for misread ones.
Knows no boxes and no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from retrieval.values import Passage

ALIKE = 0.8
"""Likeness (0..1) from which read letters count as those of the label."""
LONG_LINE = 42
"""Characters from which a line of a value may go on in the next line."""
MOST_LINES = 8

_GAP = re.compile(r"\s*\|\s*|\s{3,}")
_NEXT_LABEL = re.compile(r"(?<=\s)(?:[A-Z(#][\w/.&'()#-]*\s?){1,5}:|\s\S{1,12}[:：]$")
_UNIT = re.compile(
    r"(?<=\d)(?:\s*\|\s*|\s+)(?:mm|cm|m|km|mg|g|kg|gm?/m[2²]|mg/cc|%|°?C|ml|l|s|min|h|hrs?)(?=\s|$)"
)
_EDGE = " \t:：.-–_*|)(,;"


@dataclass(frozen=True)
class Value:
    """What stands beside a label, in which passage, and how well the label fits (0..1)."""

    text: str
    passage: Passage
    likeness: float


def find_values(label: str, passages: Sequence[Passage]) -> list[Value]:
    """Return what stands beside a label in a document, the best fit first, non-empty only."""
    wanted = letters(label)
    if not wanted:
        return []
    found: list[Value] = []
    for passage in passages:
        for start, end, likeness in _places(wanted, passage.text):
            if value := _beside(passage.text, start, end, label):
                fit = likeness + _closeness(label, passage.text, start, end)
                found.append(Value(value, passage, fit))
    return sorted(found, key=lambda v: -v.likeness)


def _closeness(label: str, text: str, start: int, end: int) -> float:
    """Weigh between places with the same letters: by the colon, then by capitals."""
    colon = label.rstrip().endswith((":", "：")) and text[end:].lstrip()[:1] in (":", "：")
    return 0.1 * colon + 0.02 * (text[start:end] in label)


def letters(text: str) -> str:
    """Return only letters and digits, in lower case."""
    return "".join(c for c in text.casefold() if c.isalnum())


def _places(wanted: str, text: str) -> Iterator[tuple[int, int, float]]:
    """Yield where a label stands in a text: exactly, or else where letters are most alike."""
    at = [i for i, c in enumerate(text) if c.isalnum()]
    flat = "".join(text[i] for i in at).casefold()
    if len(flat) != len(at):  # a letter that folds into two: positions would shift
        flat = "".join(text[i].lower()[:1] for i in at)
    found = False
    for match in re.finditer(re.escape(wanted), flat):
        start, end = at[match.start()], at[match.end() - 1] + 1
        if _whole(text, start, end):
            found = True
            yield start, end, 1.0 - 0.05 * (not _at_edge(text, start))
    if not found and len(wanted) >= 4:
        yield from _alike(wanted, text)


def _alike(wanted: str, text: str) -> Iterator[tuple[int, int, float]]:
    words = [m.span() for m in re.finditer(r"\S+", text)]
    best: tuple[float, int, int] = (ALIKE, 0, 0)
    for i, (start, _) in enumerate(words):
        length = 0
        for j in range(i, min(len(words), i + 12)):
            end = words[j][1]
            length += len(letters(text[words[j][0] : end]))
            if length > 1.3 * len(wanted) + 2:
                break
            if length >= 0.7 * len(wanted):
                matcher = SequenceMatcher(None, wanted, letters(text[start:end]), autojunk=False)
                if matcher.quick_ratio() > best[0] and (likeness := matcher.ratio()) > best[0]:
                    best = (likeness, start, end)
    if best[2]:
        yield best[1], best[2], best[0]


def _whole(text: str, start: int, end: int) -> bool:
    """Whether a place begins and ends at words."""
    before = text[start - 1 : start]
    after = text[end : end + 1]
    return not before.isalnum() and not (after.isalnum() and text[end - 1].isalnum())


def _at_edge(text: str, start: int) -> bool:
    """Whether a place begins a line or a cell."""
    return bool(re.search(r"(?:^|\n|\||\s{3})\s*\W*$", text[:start]))


def _beside(text: str, start: int, end: int, label: str) -> str:
    """Return the value of the label that stands at [start, end)."""
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    rest = text[end:line_end]
    colon = label.rstrip().endswith((":", "：")) or rest.lstrip()[:1] in (":", "：")
    below = _below(text, start, line_end)
    if below and not colon and _is_header(text, start, line_end):
        return below
    same = _cut(rest.lstrip("# ") if label.rstrip(" :").endswith("#") else rest)
    if same:
        reaches_end = same == rest.strip(_EDGE)
        return _going_on(text, line_end, same) if reaches_end else same
    following = text[line_end + 1 :].split("\n", 1)[0]
    if below:
        return below
    if "|" in following:  # another row with labels of its own
        return ""
    return _going_on(text, line_end + 1 + len(following), _cut(following))


def _cut(rest: str) -> str:
    """Return the first piece of a line's rest, up to a gap or the next label."""
    rest = rest.lstrip(_EDGE)
    stop = len(rest)
    if gap := _GAP.search(rest):
        stop = gap.start()
    if label := _NEXT_LABEL.search(rest):
        stop = min(stop, label.start())
    if unit := _UNIT.match(rest, stop):
        stop = unit.end()
    piece = _GAP.sub(" ", rest[:stop]).strip()
    return "" if piece.endswith((":", "：")) else piece.rstrip(" |")


def _going_on(text: str, line_end: int, value: str) -> str:
    """Return a value with the lines it goes on over."""
    last = value
    for line in text[line_end + 1 :].split("\n")[:MOST_LINES]:
        starts_small = line[:1].islower()
        if not line.strip() or "|" in line or _NEXT_LABEL.search(f" {line}"):
            break
        if not (starts_small or (len(last) >= LONG_LINE and not last.endswith((".", "。")))):
            break
        value, last = f"{value} {line.strip()}", line
    return value


def _is_header(text: str, start: int, line_end: int) -> bool:
    """Whether the line is the head of a table: cells without colons or figures."""
    line = text[text.rfind("\n", 0, start) + 1 : line_end]
    return "|" in line and not re.search(r"[:：]|\d", line)


def _below(text: str, start: int, line_end: int) -> str:
    """Return the cell under a label, when both rows have the same number of cells."""
    line_start = text.rfind("\n", 0, start) + 1
    row = _GAP.split(text[line_start:line_end])
    following = _GAP.split(text[line_end + 1 :].split("\n", 1)[0])
    if len(row) < 2 or len(row) != len(following):
        return ""
    column = len(_GAP.findall(text[line_start:start]))
    cell = following[column].strip(" |") if column < len(following) else ""
    return "" if cell.endswith((":", "：")) else cell
