"""Figures worked out from the rows of tables: sums, averages, extremes, counts, single cells.

Rows are questions that the rows of a file answer (``answers``) and questions that they do not
(``answerable`` false).
"""

from __future__ import annotations

import re

from evals.answers import dates, letters, numbers, plain
from evals.context import Context, Reply
from evals.suites.library import LibrarySuite, answers_of, told
from evals.values import Case, Dataset, Metric, Part, Score, Scored

_GROUPS = ("kind", "language", "asks", "named")
_FILE = re.compile(r"[\w-]+\.(?:csv|tsv|xlsx|pdf|docx|md|html|txt)\b", re.IGNORECASE)
_DAY = re.compile(r"\b\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\b\d{1,2}[-/.]\d{1,2}[-/.]\d{4}\b")
_COMMA = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})*|\d+),(\d{1,2})(?![\d,])")


class Tables(LibrarySuite):
    """See the module."""

    name = "tables"
    about = "figures worked out from the rows of tables in seven kinds of file"
    kinds = {"question": str, "file": str}
    metrics = (
        Metric("right"), Metric("wrong", lower_is_better=True), Metric("cited"),
        Metric("refused"),
    )  # fmt: skip

    def groups(self, case: Case) -> dict[str, str]:
        return {key: str(case.data[key]) for key in _GROUPS if case.data.get(key)}

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        answers = answers_of(case)

        def work() -> Scored:
            reply = context.ask(dataset, case.data["question"], self._shelf.library)
            shown = {
                "question": case.data["question"],
                "expected": answers or "no answer",
                "got": reply.text,
            }
            return Scored(judge(answers, case.data["file"], reply), shown)

        failed = {"right": Score(0.0), "wrong": Score(0.0)} if answers else {"refused": Score(0.0)}
        return [Part("answer", work, failed)]


def judge(answers: list[str], file: str, reply: Reply) -> dict[str, Score]:
    """Score a reply by the right answers; no answers means that it must be a refusal.

    ``wrong`` counts what was answered and is not right; ``cited`` only what is right.
    """
    said = told(reply)
    if not answers:
        return {"refused": Score(float(reply.abstained), said)}
    right = not reply.abstained and any(given(reply.text, answer) for answer in answers)
    scores = {
        "right": Score(float(right), said),
        "wrong": Score(float(not right and not reply.abstained), said),
    }
    if right:
        cited = [c.asset for c in reply.citations]
        scores["cited"] = Score(float(file in cited), f"cites {', '.join(cited) or 'nothing'}")
    return scores


def given(text: str, answer: str) -> bool:
    """Tell whether a text gives an answer: the same day, the same figure, or the name's letters.

    Figures are compared as numbers to the cent, without their sign (a payment of -40 is one of 40)
    and with a decimal point or comma; days and names of files are no figures.
    """
    said = _FILE.sub(" ", plain(text))
    if dates(answer):
        return dates(answer) <= dates(said)
    if any(c.isalpha() for c in answer) or not numbers(answer):
        # A month as 2024-03 is compared by its figures in order, as a name is by its letters.
        return letters(answer) in letters(said)
    if "-" in answer:
        return answer in said
    wanted = abs(numbers(answer)[0])
    figures = _DAY.sub(" ", said)
    english = numbers(figures)
    german = numbers(_COMMA.sub(lambda m: f"{m[1].replace('.', '')}.{m[2]}", figures))
    return any(abs(abs(figure) - wanted) < 0.006 for figure in (*english, *german))


SUITE = Tables()
