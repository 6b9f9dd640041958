"""Your own questions about your own library: complaints that became cases, or rows you wrote.

Asked of the library as it is, so nothing is kept between runs. Conversations made by asking are
removed.
"""

from __future__ import annotations

from pathlib import Path

from evals.answers import numbers, plain
from evals.context import Context, Reply
from evals.data import Kinds, Media, find_rows, read_rows, rows_digest, suite_folder
from evals.metrics import exact_match, token_f1
from evals.suite import Suite
from evals.values import Case, Dataset, Metric, Part, Score, Scored

_KINDS: Kinds = {"question": str}
_CLOSE = 0.6


class Own(Suite):
    """See the module."""

    name = "own"
    about = "your own questions about your own library"
    metrics = (Metric("correct"), Metric("cited"), Metric("refused"))
    roles = ("library", "chat")
    own_library = True

    def load(self, folder: Path, split: str | None) -> Dataset:
        inside = suite_folder(folder, self.name)
        path, chosen = find_rows(inside, self.name, _KINDS, split)
        rows, broken = read_rows(path, _KINDS)
        cases = tuple(Case(row.where, row.values) for row in rows)
        media, digest = Media(inside), rows_digest(rows)
        return Dataset(self.name, inside, chosen, cases, media, tuple(broken), digest)

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        def work() -> Scored:
            library = case.data.get("library") or context.settings.library
            reply = context.ask(dataset, case.data["question"], library)
            shown = {
                "question": case.data["question"],
                "expected": case.data.get("answers") or "no answer",
                "got": reply.text,
                "was": case.data.get("was", ""),
            }
            return Scored(judge(case, reply), shown)

        worst = dict.fromkeys(judge(case, Reply("", False, ())), Score(0.0))
        return [Part("answer", work, worst)]


def judge(case: Case, reply: Reply) -> dict[str, Score]:
    """Score what the case says something of: its answers, its file, whether it can be answered."""
    answers = [str(a) for a in case.data.get("answers") or ()]
    said = "did not answer" if reply.abstained else f"said {plain(reply.text)!r}"
    if not case.data.get("answerable", True):
        return {"refused": Score(float(reply.abstained), said)}
    scores = {}
    if answers:
        right = not reply.abstained and says(plain(reply.text), answers)
        scores["correct"] = Score(float(right), said)
    if wanted := case.data.get("asset"):
        cited = [citation.asset for citation in reply.citations]
        told = f"cited {', '.join(cited) or 'nothing'}"
        scores["cited"] = Score(float(wanted in cited), told)
    return scores


def says(text: str, answers: list[str]) -> bool:
    """Tell whether a text gives one of the answers: equal, mostly the same words, or a sentence
    that holds it; numbers of the answer must stand in the text."""
    for answer in answers:
        there = set(numbers(answer)) <= set(numbers(text))
        close = exact_match(text, [answer]) or token_f1(text, [answer]) >= _CLOSE
        if there and (close or answer.casefold() in text.casefold()):
            return True
    return False


SUITE = Own()
