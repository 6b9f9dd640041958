"""What is read off a chart: a table whose every value knows where it stands, and its text form.

The text form is what is kept, searched and quoted: a head line, then one line a value. It is
read back by ``from_lines``. Knows no pixels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from retrieval.values import Box, Word

Kind = Literal["bar", "line", "scatter", "pie"]
ABOUT = "about "
"""Stands before a value that was measured; one that is printed stands alone."""
_HEAD = re.compile(
    r"Chart \((?P<kind>\w+)\): (?P<title>.*?) \| unit: (?P<unit>.*?)"
    r" \| within: (?P<error>[\d.e+-]+) \| confidence: (?P<sure>[\d.]+)$"
)


@dataclass(frozen=True)
class Value:
    """One value: its label on the category axis, its series, and the box of its bar or point.

    ``printed`` values were read as text and are exact; of others ``Chart.error`` is expected.
    """

    x: str
    series: str
    value: float
    box: Box
    printed: bool = False

    @property
    def line(self) -> str:
        """The value as a line of the text form."""
        said = number(self.value) if self.printed else ABOUT + number(self.value)
        return " | ".join(part for part in (self.x, self.series, said) if part)


@dataclass(frozen=True)
class Chart:
    """A chart as a table.

    ``error`` is the expected error of a measured value, in units of the value axis: that of the
    axis's fit and one pixel. ``confidence`` (0..1) is the share of the signs of a chart that was
    found as expected. ``box`` is the chart's place on the picture or page; ``told`` the places of
    words that its values tell, numbers and names of rows.
    """

    kind: Kind
    title: str
    unit: str
    values: tuple[Value, ...]
    error: float
    confidence: float
    box: Box
    told: tuple[Box, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the category axis, in order."""
        return tuple(dict.fromkeys(value.x for value in self.values))

    @property
    def series(self) -> tuple[str, ...]:
        """The names of the series; one empty name when the chart does not name its only one."""
        return tuple(dict.fromkeys(value.series for value in self.values))

    def within(self, region: Box) -> Chart:
        """Return the chart with its places in the picture that its own picture is a region of."""
        values = tuple(replace(value, box=inside(value.box, region)) for value in self.values)
        told = tuple(inside(box, region) for box in self.told)
        return replace(self, values=values, box=inside(self.box, region), told=told)

    def words(self) -> tuple[Word, ...]:
        """Return the lines of the text form, each with the place of what it tells of."""
        head = (
            f"Chart ({self.kind}): {self.title} | unit: {self.unit}"
            f" | within: {self.error:.3g} | confidence: {self.confidence:.2f}"
        )
        return (Word(head, self.box), *(Word(value.line, value.box) for value in self.values))

    def text(self) -> str:
        """Return the text form."""
        return "\n".join(word.text for word in self.words())

    def to_json(self) -> dict[str, Any]:
        """Return the table as plain values: one row a value."""
        return {
            "title": self.title,
            "kind": self.kind,
            "unit": self.unit,
            "labels": list(self.labels),
            "series": list(self.series),
            "error": float(f"{self.error:.3g}"),
            "confidence": self.confidence,
            "region": [round(side, 4) for side in self.box],
            "values": [
                {
                    "x": value.x,
                    "series": value.series,
                    "value": value.value,
                    "printed": value.printed,
                    "region": [round(side, 4) for side in value.box],
                }
                for value in self.values
            ],
        }


def from_lines(words: Sequence[Word]) -> Chart | None:
    """Return the chart whose text form, or a part of it with its head, is given; None if it
    is none."""
    if not words or (head := _HEAD.match(words[0].text)) is None:
        return None
    kind = next((name for name in get_args(Kind) if name == head["kind"]), None)
    values = [value for word in words[1:] if (value := _value(word)) is not None]
    if kind is None or not values:
        return None
    return Chart(
        kind,
        head["title"],
        head["unit"],
        tuple(values),
        float(head["error"]),
        float(head["sure"]),
        words[0].box or (0.0, 0.0, 1.0, 1.0),
    )


def inside(box: Box, region: Box) -> Box:
    """Return the place on a page of a box in a region of it."""
    left, top, wide, high = region[0], region[1], region[2] - region[0], region[3] - region[1]
    placed = (left + box[0] * wide, top + box[1] * high, left + box[2] * wide, top + box[3] * high)
    return (round(placed[0], 5), round(placed[1], 5), round(placed[2], 5), round(placed[3], 5))


def _value(word: Word) -> Value | None:
    *names, said = word.text.split(" | ")
    bare = said.removeprefix(ABOUT)
    if not 1 <= len(names) <= 2 or not re.fullmatch(r"-?[\d.]+(?:e[+-]?\d+)?", bare):
        return None
    series = names[1] if len(names) == 2 else ""
    box = word.box or (0.0, 0.0, 1.0, 1.0)
    return Value(names[0], series, float(bare), box, printed=bare == said)


def number(value: float) -> str:
    """Return a value without needless digits."""
    return f"{value:.10g}"
