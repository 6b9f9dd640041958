"""Reading in English and Chinese: find the paragraph, answer from it, cite it.

One library holds the English paragraphs, another the Chinese ones, each paragraph a file. A case
is one row of the question files, which are parallel: asked in English of the English library, in
Chinese of the Chinese one, and in Chinese of the English one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.answers import plain
from evals.context import Context, Query
from evals.data import ALL, Media, choose_split, read_rows, rows_digest, suite_folder
from evals.errors import EvalDataInvalid
from evals.metrics import exact_match, hit_at, token_f1
from evals.suite import Suite
from evals.suites.library import Shelf
from evals.values import Broken, Case, Dataset, Metric, Part, Row, Score, Scored

DIRECTIONS = (("en", "en", "en"), ("zh", "zh", "zh"), ("zh_en", "zh", "en"))
"""Name, language of the question, language of the library."""

FOUND = ("hit1", "hit5")
ANSWERED = ("em", "f1", "cited")
_PARAGRAPH = {"id": str, "text": str}
_QUESTION = {"paragraph": str, "question": str, "answers": list}
_LANGUAGES = ("en", "zh")


class Xquad(Suite):
    """See the module."""

    name = "xquad"
    about = "English and Chinese reading: find the paragraph, answer, cite"
    roles = ("library", "chat")
    metrics = tuple(
        Metric(f"{direction}{name}")
        for direction in ("en_", "zh_", "zh_en_", "")
        for name in FOUND + ANSWERED
    )
    generations = 100

    def load(self, folder: Path, split: str | None) -> Dataset:
        inside = suite_folder(folder, self.name)
        files, chosen = _files(inside, self.name, split)
        rows: list[Row] = []
        broken: list[Broken] = []
        paragraphs: dict[str, dict[str, str]] = {}
        questions: dict[str, dict[str, Mapping[str, Any]]] = {}
        for language, (texts, asked) in files.items():
            good, bad = read_rows(texts, _PARAGRAPH)
            paragraphs[language] = {row.values["id"]: row.values["text"] for row in good}
            found, worse = read_rows(asked, _QUESTION)
            known, lost = _with_paragraph(found, paragraphs[language])
            questions[language] = {row.where.rsplit(":", 1)[1]: row.values for row in known}
            rows += good + known
            broken += bad + worse + lost
        numbers = sorted({n for asked in questions.values() for n in asked}, key=int)
        cases = tuple(
            Case(f"row {n}", {lang: asked[n] for lang, asked in questions.items() if n in asked})
            for n in numbers
        )
        return Dataset(
            self.name, inside, chosen, cases, Media(inside), tuple(broken), rows_digest(rows),
            tables=paragraphs,
        )  # fmt: skip

    def prepare(self, dataset: Dataset, cases: Sequence[Case], context: Context) -> None:
        self._shelves: dict[str, Shelf] = {}
        for language, texts in dataset.tables.items():
            folder = context.scratch(dataset) / language
            folder.mkdir(parents=True, exist_ok=True)
            paths = []
            for name, text in texts.items():
                path = folder / _file_name(name)
                path.write_text(text, encoding="utf-8")
                paths.append(path)
            shelf = self._shelves[language] = Shelf(language)
            shelf.take(context.ingest(dataset, paths, language))

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        found = []
        for name, asked, library in DIRECTIONS:
            if asked not in case.data or library not in dataset.tables:
                continue
            if case.data[asked]["paragraph"] not in dataset.tables[library]:
                continue
            found.append(self._find(name, case.data[asked], dataset, library, context))
            if case.generate:
                golds = _golds(case, asked, library)
                found.append(self._read(name, case.data[asked], golds, dataset, library, context))
        return found

    def _find(
        self, name: str, row: Mapping[str, Any], dataset: Dataset, library: str, context: Context
    ) -> Part:
        def work() -> Scored:
            shelf = self._shelves[library]
            wanted = shelf.id(_file_name(row["paragraph"]))
            passages = context.search(dataset, Query(library, row["question"], k=20))
            ranked = list(dict.fromkeys(p.asset_id for p in passages))
            place = ranked.index(wanted) + 1 if wanted in ranked else None
            said = f"paragraph at rank {place}" if place else "paragraph not found"
            values = {"hit1": hit_at(ranked, [wanted], 1), "hit5": hit_at(ranked, [wanted], 5)}
            first = passages[0].asset if passages else "nothing"
            shown = {"question": row["question"], "expected": row["paragraph"], "got": first}
            return Scored(_both(name, {k: Score(v, said) for k, v in values.items()}), shown)

        return Part(f"{name} search", work, _both(name, {k: Score(0.0) for k in FOUND}))

    def _read(
        self, name: str, row: Mapping[str, Any], golds: list[str], dataset: Dataset,
        library: str, context: Context,
    ) -> Part:  # fmt: skip
        def work() -> Scored:
            wanted = self._shelves[library].id(_file_name(row["paragraph"]))
            reply = context.ask(dataset, row["question"], library)
            found = "" if reply.abstained else plain(reply.text)
            cited = [citation.asset for citation in reply.citations]
            good = any(citation.asset_id == wanted for citation in reply.citations)
            said = "did not answer" if reply.abstained else f"said {found!r}"
            scores = {
                "em": Score(exact_match(found, golds), said),
                "f1": Score(token_f1(found, golds), said),
                "cited": Score(float(good), f"cited {', '.join(cited) or 'nothing'}"),
            }
            shown = {"question": row["question"], "expected": golds, "got": reply.text}
            return Scored(_both(name, scores), shown)

        return Part(f"{name} answer", work, _both(name, {k: Score(0.0) for k in ANSWERED}))


def _golds(case: Case, asked: str, library: str) -> list[str]:
    """Return the right answers in the language of the library, and in that of the question."""
    languages = dict.fromkeys((library, asked))
    return [str(a) for lang in languages if lang in case.data for a in case.data[lang]["answers"]]


def _both(direction: str, scores: dict[str, Score]) -> dict[str, Score]:
    """Give scores under the direction's name and under the name over all directions."""
    return {f"{direction}_{name}": score for name, score in scores.items()} | scores


def _file_name(paragraph: str) -> str:
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in paragraph)
    return f"{safe}.txt"


def _files(folder: Path, suite: str, split: str | None) -> tuple[dict[str, tuple[Path, Path]], str]:
    """Return by language the files of paragraphs and questions, and the split chosen."""
    found: dict[str, dict[str, dict[str, Path]]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        language, *middle, kind = path.stem.split(".")
        if language in _LANGUAGES and kind in ("paragraphs", "questions"):
            place = found.setdefault(".".join(middle) or ALL, {}).setdefault(language, {})
            place[kind] = path
    whole = {
        name: {lang: (k["paragraphs"], k["questions"]) for lang, k in langs.items() if len(k) == 2}
        for name, langs in found.items()
    }
    usable = {name: langs for name, langs in whole.items() if langs}
    if not usable:
        raise EvalDataInvalid(
            folder=str(folder),
            suite=suite,
            detail="no pair LANG.SPLIT.paragraphs.jsonl and LANG.SPLIT.questions.jsonl",
        )
    chosen = choose_split(usable, split)
    return usable[chosen], chosen


def _with_paragraph(
    rows: Sequence[Row], known: Mapping[str, str]
) -> tuple[list[Row], list[Broken]]:
    good = [row for row in rows if row.values["paragraph"] in known]
    bad = [
        Broken(row.where, f"there is no paragraph {row.values['paragraph']}")
        for row in rows
        if row.values["paragraph"] not in known
    ]
    return good, bad


SUITE = Xquad()
