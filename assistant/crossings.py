"""The cell of a document's table where a row and a column that a question names cross.

"How many Route 2 sailings were cancelled for want of crew?" names the column *Route 2* and the row
*Crew shortage*. The column must be named with all of its words, the row with half of them and no
other row as well; no figure, name or other time of the question may be left over, and most of its
words must be the table's or its caption's. Exact, so no model is asked. Of table files (CSV,
sheets) ``rows`` tells more. Knows no search and no model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.candidates import can_be
from assistant.citations import content_words, fold
from assistant.gist import bare_question, without_page
from assistant.numbered import without_numbered
from assistant.phrases import any_of
from assistant.table_words import in_nouns, opposed
from retrieval.table_values import BETWEEN
from retrieval.tables import grid_of
from retrieval.values import Passage

_COVERED = 0.6
"""Share of the question's words that the table, its heading or the text beside it must have."""
_STEM = 5
"""First letters by which two words count as one, whatever their endings."""
_LONGEST = 300
"""Characters of a question."""
_ASKS = any_of(
    r"\b(?:what|which|when|who|give|tell|how \w+)\b",
    r"谁|多少|几|什么|哪|何时|多[高长大远深重快久]",
)
_WORKED_OUT = any_of(
    r"\b(?:most|least|fewest|highest|lowest|largest|smallest|biggest|longest|shortest|cheapest"
    r"|best|worst|difference|more|less|fewer|higher|lower|compared?|combined|altogether|together|sum|ratio"
    r"|change[ds]?|increased?|decreased?|grow|grew|growth|each|every|both)\b",
    r"最|相差|之差|一共|总共|合计|比.{1,12}[多少高低贵便宜]|增[加长]|减少|各",
)
"""Asks for more than one cell; said in a label, it is no more than that."""
_OTHERWISE = any_of(
    r"\b(?:why|how come|last|previous|next|former|before|after|since|until|actual(?:ly)?"
    r"|planned)\b",
    "为什么|为何|怎么会|[上下](?:个|一)?(?:学期|月|年|季|次|周|期)|[去前明后]年|期[中末]"
    "|实际|计划|之前|之后|以前|以后",
)
"""Asks for a reason, or for another time or state than a cell without these words has."""
_UNIT = re.compile(
    r"[（(](?:[^)）\u3400-\u9fff]*"
    r"|[千万亿]?(?:元|人|户|个|只|米|公里|平方米|公顷|吨|次|天|小时|分钟?|岁))[)）]"
)
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'’-]+")
"""A name within an English sentence."""
_FILLERS = frozenset(
    content_words("should would could must need give given get take tell much many")
)
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_SAYING = re.compile(r"(?![的了吗呢是有几多少什么哪在中里每和与个为])[\u3400-\u9fff]")
"""Chinese signs that say something."""


@dataclass(frozen=True)
class Crossing:
    """A cell, the line of its row and the column's name, and the passage it stands in."""

    value: str
    line: str
    column: str
    passage: Passage


@dataclass(frozen=True)
class _Fit:
    """How well a label is named: whether by all of its words, and by which of the question's."""

    whole: bool
    words: frozenset[str]


def crossing(question: str, passages: Sequence[Passage]) -> Crossing | None:
    """Return the cell that a question asks for; None when none, or more than one, fits.

    Args:
        passages: text of a file in its order; what stands beside a table may be its caption.
    """
    if len(question) > _LONGEST:
        return None
    asked = in_nouns(without_numbered(without_page(bare_question(question))))
    if not _ASKS.search(asked):
        return None
    found: list[tuple[float, Crossing]] = []
    for at, passage in enumerate(passages):
        if BETWEEN in passage.text:
            beside = [p for p in passages[max(0, at - 1) : at + 2] if p.kind != "table"]
            if told := _Grid(passage, beside).cell(asked):
                found.append(told)
    best = max((share for share, _ in found), default=0.0)
    first = [cell for share, cell in found if share == best]
    alike = {cell.value for cell in first}
    return first[0] if len(alike) == 1 else None


class _Grid:
    """One passage of a table: names of columns, rows, and the words around it."""

    def __init__(self, passage: Passage, beside: Sequence[Passage]) -> None:
        self._passage = passage
        lines = grid_of(passage.text)
        widths = Counter(len(cells) for _, cells in lines if len(cells) > 1)
        width = widths.most_common(1)[0][0] if widths else 0
        full = [(line, cells) for line, cells in lines if len(cells) == width > 1]
        self._names = full[0][1] if full else ()
        self._lines = [line for line, _ in full[1:]]
        self._rows = [cells for _, cells in full[1:]]
        title = str(passage.metadata.get("title", ""))
        said = [passage.asset, title, passage.heading, passage.text, *(p.text for p in beside)]
        self._text = " ".join(said)
        self._around = frozenset(content_words(self._text))

    def cell(self, asked: str) -> tuple[float, Crossing] | None:
        """Return the cell asked for and the share of the question's words that are told."""
        words = frozenset(content_words(asked))
        column = _only(self._named(asked, words)) or _only(self._named(asked, words, values=False))
        if column is None or not self._rows:
            return None
        at, named = column
        row = self._row(asked, words, at)
        if row is None:
            return None
        place, labelled = row
        value, label = self._rows[place][at], self._rows[place][0]
        told = f"{label} {self._names[at]} {self._names[0]}"
        rest = _without(asked, told)
        if not re.search(r"\w", value) or _WORKED_OUT.search(rest) or _OTHERWISE.search(rest):
            return None
        known = named.words | labelled.words
        names = {w for name in _NAME.findall(asked) for w in content_words(name)}
        sayings = {w for w in words if w[0].isdigit()} | names
        if any(not _among(w, known | _figures(told) | self._around_of(w)) for w in sayings):
            return None
        share = self._share(asked, words, known)
        if share < _COVERED or not can_be(value, asked):
            return None
        return share, Crossing(value, self._lines[place], self._names[at], self._passage)

    def _named(self, asked: str, words: frozenset[str], values: bool = True) -> dict[int, _Fit]:
        """Return the columns that a question names, the labels' own left out.

        Args:
            values: also those of which a value stands in the question, as "built in 2011" has it.
        """
        names = {c: name for c, name in enumerate(self._names) if c and name}
        figures = frozenset(w for w in words if w[:1].isdigit())
        for column in list(names) if not values else ():
            if any(figures & _figures(row[column]) for row in self._rows):
                del names[column]
        return {c: fit for c, fit in _fits(names, asked, words).items() if fit.whole}

    def _row(self, asked: str, words: frozenset[str], column: int) -> tuple[int, _Fit] | None:
        """Return the row a question names: by its label, a cell of another column, a figure."""
        if row := _only(self._labelled(asked, words, column, 0)):
            return row
        for beside in range(1, len(self._names)):
            named = self._labelled(asked, words, column, beside) if beside != column else {}
            if row := _only({i: fit for i, fit in named.items() if fit.whole}):
                return row
        return self._by_value(words, column)

    def _labelled(
        self, asked: str, words: frozenset[str], column: int, labels: int
    ) -> dict[int, _Fit]:
        """Return the rows whose label a question names, by words that do not name the column.

        Args:
            labels: the column whose cells are the labels; figures are none beside the first.
        """
        cells = {i: row[labels] for i, row in enumerate(self._rows) if row[labels]}
        if labels:
            cells = {i: cell for i, cell in cells.items() if not re.search(r"\d", cell)}
        own = frozenset(content_words(_UNIT.sub("", self._names[column])))
        rest = frozenset(w for w in words if not _among(w, own))
        found = _fits(cells, asked, rest)
        return {i: fit for i, fit in found.items() if not opposed(asked, cells[i])}

    def _share(self, asked: str, words: frozenset[str], known: frozenset[str]) -> float:
        """Return the share of a question that the table or its caption has; in Chinese of signs."""
        if signs := _SAYING.findall(asked):
            return sum(sign in self._text for sign in signs) / len(signs)
        saying = words - _FILLERS
        told = sum(word in known or _among(word, self._around) for word in saying)
        return told / max(1, len(saying))

    def _around_of(self, word: str) -> frozenset[str]:
        """Return the words around the table that a name may be of; a figure must be the cell's."""
        return frozenset() if word[0].isdigit() else self._around

    def _by_value(self, words: frozenset[str], column: int) -> tuple[int, _Fit] | None:
        """Return the only row with a figure of the question under a name that it has too."""
        hits = []
        for c, name in enumerate(self._names):
            by = frozenset(w for w in words if _among(w, content_words(name)))
            for i, row in enumerate(self._rows) if by and c != column else ():
                figures = frozenset(w for w in content_words(row[c]) if w[0].isdigit()) & words
                if figures and len(content_words(row[c])) == len(figures):
                    hits.append((i, _Fit(True, by | figures)))
        return hits[0] if len(hits) == 1 else None


def _fits(labels: dict[int, str], asked: str, words: frozenset[str]) -> dict[int, _Fit]:
    """Return the labels that a question names: wholly, or by a word that no other label has."""
    every = {i: frozenset(content_words(_UNIT.sub("", label))) for i, label in labels.items()}
    found: dict[int, _Fit] = {}
    for i, own in every.items():
        if short := _initials(labels[i], asked):
            found[i] = _Fit(True, short)
        elif _CHINESE.search(labels[i]):
            bare = "".join(_UNIT.sub("", labels[i]).split())
            if len(bare) > 1 and (bare in asked or _counts(bare, asked)):
                found[i] = _Fit(True, own)
        elif shared := frozenset(w for w in words if _among(w, own)):
            others = frozenset(w for j, other in every.items() if j != i for w in other)
            alone = any(not _among(w, others) for w in shared)
            whole = all(_among(w, words) for w in own)
            figures = all(_among(w, words) for w in own if w[0].isdigit())
            half = sum(_among(w, shared) for w in own) * 2 >= len(own)
            if figures and (whole or (alone and half)):
                found[i] = _Fit(whole, shared)
    return found


def _counts(label: str, asked: str) -> bool:
    """Whether a question counts what a label is the number of: 户数 is 多少户."""
    return label.endswith("数") and bool(re.search(rf"(?:多少|几)[个名位]?{label[:-1]}", asked))


def _only(found: dict[int, _Fit]) -> tuple[int, _Fit] | None:
    """Return the label that is meant: of those named wholly the longest, else the only one."""
    whole = {i: fit for i, fit in found.items() if fit.whole}
    some = whole or found
    most = max((len(fit.words) for fit in some.values()), default=0)
    best = [(i, fit) for i, fit in some.items() if len(fit.words) == most]
    return best[0] if len(best) == 1 else None


def _initials(label: str, asked: str) -> frozenset[str]:
    """Return the question's words that a label is short for: ``SE``, standard error."""
    bare = _UNIT.sub("", label).strip()
    if not re.fullmatch(r"[A-Z]{2,5}", bare):
        return frozenset()
    said = re.findall(r"[a-z]+", fold(asked))
    for start in range(len(said) - len(bare) + 1):
        run = said[start : start + len(bare)]
        if "".join(word[0] for word in run) == bare.casefold():
            return frozenset(content_words(" ".join(run)))
    return frozenset({bare.casefold()}) if bare.casefold() in said else frozenset()


def _among(word: str, words: Iterable[str]) -> bool:
    """Whether a word is one of some, whatever its ending; figures must be the same."""
    if word[:1].isdigit() or _CHINESE.match(word):
        return word in words
    return any(
        word == w or (len(word) >= _STEM <= len(w) and word[:_STEM] == w[:_STEM]) for w in words
    )


def _figures(text: str) -> frozenset[str]:
    return frozenset(w for w in content_words(text) if w[:1].isdigit())


def _without(asked: str, told: str) -> str:
    """Return a question without the words, or the Chinese signs, of a text."""
    told, asked = fold(told), fold(asked)
    said = set(re.findall(r"[a-z]+|[\u3400-\u9fff]", told))
    words = (w for w in re.findall(r"[a-z]+|[\u3400-\u9fff]", asked) if w not in said)
    return ("" if _CHINESE.search(asked) else " ").join(words)
