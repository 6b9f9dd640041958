"""Questions answered with yes or no, or with one of two things that the question names."""

from __future__ import annotations

import re
from typing import Any

from evals.answers import letters, plain
from evals.context import Context, Reply
from evals.suites.library import LibrarySuite, told
from evals.values import Case, Dataset, Metric, Part, Score, Scored

_YES = re.compile(r"[\s*]*(?:yes\b|是的?(?!\w)|对|可以|能|有|会|需要|要)", re.IGNORECASE)
_NO = re.compile(r"[\s*]*(?:no\b(?! one)|否|不|没|无|禁止)", re.IGNORECASE)


class Choices(LibrarySuite):
    """See the module."""

    name = "choices"
    about = "questions answered with yes, no, or one of two things named"
    kinds = {"question": str, "kind": str, "answers": list}
    metrics = (
        Metric("yes_no"), Metric("yes_no_wrong", lower_is_better=True), Metric("either"),
        Metric("cited"),
    )  # fmt: skip

    def groups(self, case: Case) -> dict[str, str]:
        row = case.data
        found = {
            "language": str(row.get("language", "en")),
            "fresh": f"{row['kind']}, {'fresh' if row.get('fresh') else 'chosen on'}",
        }
        if row["kind"] == "yes_no":
            found["answer"] = str(row["answers"][0])
        return found

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        row = case.data

        def work() -> Scored:
            reply = context.ask(dataset, row["question"], self._shelf.library)
            shown = {
                "question": row["question"],
                "expected": row["answers"],
                "got": reply.text,
            }
            return Scored(judge(row, reply), shown)

        worst = {row["kind"]: Score(0.0), "cited": Score(0.0)}
        if row["kind"] == "yes_no":
            worst["yes_no_wrong"] = Score(1.0)
        return [Part("answer", work, worst)]


def judge(row: Any, reply: Reply) -> dict[str, Score]:
    """Score a reply: whether it is the right choice, and whether it cites the right file."""
    said = told(reply)
    cited = any(citation.asset == row.get("file") for citation in reply.citations)
    scores = {"cited": Score(float(cited), said)}
    if row["kind"] == "yes_no":
        told_so = "" if reply.abstained else yes_or_no(plain(reply.text))
        right = row["answers"][0] == told_so
        scores["yes_no_wrong"] = Score(float(bool(told_so) and not right), said)
    else:
        right = chosen(plain(reply.text), row["answers"], row.get("others") or [])
        right = right and not reply.abstained
    return {row["kind"]: Score(float(right), said), **scores}


def yes_or_no(text: str) -> str:
    """Return ``yes`` or ``no`` as a reply begins, else nothing: a sentence that is only quoted is
    no answer, whatever it begins with."""
    if _NO.match(text):
        return "no"
    return "yes" if _YES.match(text) else ""


def chosen(text: str, answers: list[str], others: list[str]) -> bool:
    """Tell whether a text names the right thing and not the other one."""
    return any(_names(text, answer) for answer in answers) and not any(
        _names(text, other) for other in others
    )


def _names(text: str, thing: str) -> bool:
    return letters(thing) in letters(text)


SUITE = Choices()
