"""Which rows of a table a question speaks of: its words that are values of the columns of words.

A whole cell that stands in the question is taken first ("La Luna"), then words that are a part of
cells ("Lidl" of "LIDL SAGT DANKE 0432"). Values of one column are alternatives, those of several
must all hold. Words left over are handed back as missing. Knows no figures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant import phrases
from assistant.citations import fold
from assistant.rows import vocabulary
from assistant.rows.asking import REMARKS
from assistant.rows.when import spelled
from retrieval.table_values import Row, Table

_LETTER = r"[^\W_\u3400-\u9fff]"
_TOKEN = re.compile(rf"[\u3400-\u9fff]+|{_LETTER}+(?:['&.]{_LETTER}+)*")
_LINK_BEFORE = re.compile(
    r"(?:\b(?:and|or|plus)|[和或与及、,，&])(?:\s+(?:at|on|for|in|from))?\W*$"
)
_LINK_BEHIND = re.compile(r"^\W*(?:\b(?:and|or|plus)\b|[和或与及、,，&])")
_BRACKETS = re.compile(r"[（(）)]")
"""Around the unit in a column's name."""
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_KINDS_OF_FILE = r"(?:sheet|file|workbook|spreadsheet|list|log|book|table|pdf|csv|document)"
_NO_TITLE = {"the", "and", "for", "how", "much", "many", "total", "table", "sheet", "list", "file"}
"""Words of a file's name that a question has without meaning the file."""


@dataclass(frozen=True)
class Filters:
    """Alternatives by column, what to call them, and the words that no row has."""

    chosen: dict[int, tuple[tuple[str, ...], ...]]
    labels: tuple[str, ...]
    missing: tuple[str, ...]

    def hold(self, row: Row) -> bool:
        """Whether a row is among those meant."""
        return all(
            any(_has(row.cells[column], words) for words in alternatives)
            for column, alternatives in self.chosen.items()
        )


@lru_cache(maxsize=1 << 16)
def plain(word: str) -> str:
    """Return a word folded, without the ending of a plural, a month by its first letters."""
    word = fold(word).strip("'.")
    word = re.sub(r"'s$", "", word)
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def filters_of(question: str, table: Table, columns: Sequence[int], rows: Sequence[int]) -> Filters:
    """Return the rows' filters that a question names, of the columns of words."""
    held = {c: list(dict.fromkeys(table.rows[i].cells[c] for i in rows)) for c in columns}
    chosen: dict[int, list[tuple[str, ...]]] = {}
    labels: dict[int, list[str]] = {}
    rest = fold(question)
    said = {plain(word) for word in _TOKEN.findall(rest)}
    for cell, column in _by_length(held):
        if not (_CHINESE.search(cell) or {plain(w) for w in _TOKEN.findall(fold(cell))} <= said):
            continue  # most cells of a long table
        at = _found(cell, rest)
        if at is None or _generic(cell, table):
            continue
        rest = f"{rest[: at[0]]} | {rest[at[1] :]}"
        same = (v for v in held[column] if fold(v).strip() == fold(cell).strip())
        chosen.setdefault(column, []).extend(("=", v) for v in same)  # in whatever capitals
        labels.setdefault(column, []).append(cell)
    missing: list[str] = []
    for run, linked in _runs(rest, table):
        # One word of what is noted beside a row says little of which rows are meant.
        asked = [c for c in columns if len(run) > 1 or not REMARKS.search(table.columns[c])]
        fitting = [c for c in asked if any(_has(v, run) for v in held[c])]
        if not fitting:
            missing.append(" ".join(run))
            continue
        column, words = fitting[0], run
        if chosen.get(column) and not linked:  # "coffee at Lidl": both in one cell
            words = (*_words(chosen[column].pop()), *run)
            labels[column].pop()
        if not any(_has(v, words) for v in held[column]):
            missing.append(" ".join(run))
            continue
        chosen.setdefault(column, []).append(words)
        cells = [v for v in held[column] if _has(v, words)]
        labels.setdefault(column, []).append(cells[0] if len(cells) == 1 else " ".join(words))
    for column, alternatives in chosen.items():
        whole = [a for a in alternatives if a[0] == "="]
        if whole and any(len(a) == 1 and len(a[0]) == 1 for a in alternatives):
            chosen[column] = whole  # a single character says less than a whole cell
            labels[column] = [cell for _, cell in whole]
    named = tuple(f"{table.columns[c]}: {', '.join(said)}" for c, said in labels.items())
    return Filters({c: tuple(a) for c, a in chosen.items()}, named, tuple(missing))


def _by_length(held: dict[int, list[str]]) -> list[tuple[str, int]]:
    cells = [(cell, column) for column, values in held.items() for cell in values if cell]
    return sorted(cells, key=lambda pair: -len(pair[0]))


def _found(cell: str, question: str) -> tuple[int, int] | None:
    """Return where a cell stands in a folded question as whole words, plural or not."""
    bare = fold(cell).strip()
    if _CHINESE.search(bare):
        at = question.find(bare)
        return (at, at + len(bare)) if at >= 0 and len(bare) > 1 else None
    stem = re.escape(plain(bare)) if " " not in bare else re.escape(bare)
    ending = r"(?:y|ies)" if stem.endswith("y") else r"(?:e?s)?"
    stem = stem[:-1] if stem.endswith("y") else stem
    found = re.search(rf"(?<!{_LETTER}){stem}{ending}(?:'s)?(?!{_LETTER})", question)
    return found.span() if found and re.search(r"[^\W\d_]", bare) and len(bare) > 1 else None


def _generic(cell: str, table: Table) -> bool:
    """Whether a cell is only a word of asking or the name of a column."""
    names = {plain(word) for name in table.columns for word in _TOKEN.findall(name)}
    bare = fold(cell)
    return bare in vocabulary.STOP - {"work", "shop", "bill"} or plain(cell) in names


def _words(alternative: tuple[str, ...]) -> tuple[str, ...]:
    """Return an alternative as words that a cell must have."""
    return tuple(_TOKEN.findall(fold(alternative[1]))) if alternative[0] == "=" else alternative


def _runs(question: str, table: Table) -> list[tuple[tuple[str, ...], bool]]:
    """Return the words not understood, those that stand side by side together, and whether "and"
    or "or" joins them to others."""
    own = _own_words(table)
    runs: list[tuple[list[str], bool]] = []
    end = -1
    for match in _TOKEN.finditer(question):
        chinese = bool(_CHINESE.match(match.group()))
        linked = bool(
            _LINK_BEFORE.search(question[: match.start()])
            or _LINK_BEHIND.match(question[match.end() :])
        )
        for word in _chinese(match.group(), table) if chinese else [match.group()]:
            if word in own or plain(word) in own or (not chinese and _synonym(word, table)):
                continue
            if runs and not chinese and end >= 0 and not question[end : match.start()].strip():
                runs[-1][0].append(word)
            else:
                runs.append(([word], linked or chinese))
            end = match.end()
    return [(tuple(run), linked) for run, linked in runs]


def bare_of(question: str, asset: str) -> str:
    """Return a question without the name of a table's file, however loosely it is written, parts
    of a year as months."""
    bare = phrases.NAME_QUOTED.sub(" ", spelled(question.replace(asset, " ")))
    words = re.findall(r"\w+", re.sub(r"\.\w+$", "", asset).replace("_", " "))
    if len(words) > 1:
        title = r"\W+(?:and\W+|the\W+)?".join(map(re.escape, words))
        bare = re.sub(rf"\b{title}\b", " ", bare, flags=re.IGNORECASE)
        # Each word once and few of them: no question may make this take long.
        each = "|".join(map(re.escape, dict.fromkeys(word.casefold() for word in words)))
        some = rf"(?:(?:{each})\W{{1,3}}){{2,8}}"
        bare = re.sub(rf"\b{some}(?={_KINDS_OF_FILE}\b)", " ", bare, flags=re.IGNORECASE)
    return phrases.NAME.sub(" ", bare)


def is_titled(question: str, table: Table) -> bool:
    """Whether a question has a word of the name of a table's file, or of what it stands under."""
    title = {plain(w) for w in _title_words(table) if len(w) > 2 or _CHINESE.match(w)}
    asked = {plain(w) for w in _TOKEN.findall(fold(question))}
    chinese = any(w in fold(question) for w in title if _CHINESE.match(w))
    return chinese or bool(asked & (title - {plain(w) for w in _NO_TITLE}))


def _title_words(table: Table) -> list[str]:
    names = [re.sub(r"\.\w+$", "", table.asset), table.sheet]
    return [w for name in names for w in _TOKEN.findall(fold(name).replace("_", " "))]


def _own_words(table: Table) -> set[str]:
    """Return the words that choose no rows: those of asking, of the columns and of the file."""
    names = [w for name in table.columns for w in _TOKEN.findall(fold(name).replace("_", " "))]
    own = {*names, *_title_words(table)}
    return {plain(w) for w in own | vocabulary.STOP} | vocabulary.STOP


def _synonym(word: str, table: Table) -> bool:
    """Whether a word is another name for a column."""
    names = [w for name in table.columns for w in _TOKEN.findall(fold(name).replace("_", " "))]
    rules = (*vocabulary.ALIKE, *vocabulary.FIGURES_ALIKE)
    return any(rule.search(word) and any(rule.search(name) for name in names) for rule in rules)


def _chinese(run: str, table: Table) -> list[str]:
    """Return what a run of Chinese says beside words of asking and the columns' names."""
    parts = {part for name in table.columns for part in (name, *_BRACKETS.split(name))}
    for name in sorted(parts, key=len, reverse=True):
        run = run.replace(name, " ") if len(name) > 1 and _CHINESE.search(name) else run
    return vocabulary.STOP_ZH.sub(" ", run).split()


def _has(cell: str, words: tuple[str, ...]) -> bool:
    """Whether a cell is a value (after ``=``) or has all of some words."""
    if words[0] == "=":
        return cell == words[1]
    bare = fold(cell)
    tokens = {plain(w) for w in _TOKEN.findall(bare)}
    return all((w in bare) if _CHINESE.match(w) else plain(w) in tokens for w in words)
