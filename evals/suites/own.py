"""Your own questions about your own library: complaints that became cases, drafts you confirmed,
or rows you wrote.

Asked of the library as it is, so nothing is kept between runs. Conversations made by asking are
removed.
"""

from __future__ import annotations

from pathlib import Path

from evals.answers import plain
from evals.context import Context, Reply
from evals.data import Kinds, Media, find_rows, read_rows, rows_digest, suite_folder
from evals.errors import EvalDataInvalid
from evals.judges import model_says
from evals.places import overlaps
from evals.suite import Suite
from evals.suites.library import says
from evals.values import Case, Dataset, Metric, Part, Score, Scored
from retrieval.values import locator_from_json

_KINDS: Kinds = {"question": str}


class Own(Suite):
    """See the module."""

    name = "own"
    about = "your own questions about your own library"
    metrics = (
        Metric("correct"), Metric("cited"), Metric("placed"), Metric("refused"), Metric("judged"),
    )  # fmt: skip
    roles = ("library", "chat")
    own_library = True

    def load(self, folder: Path, split: str | None) -> Dataset:
        inside = suite_folder(folder, self.name)
        try:
            path, chosen = find_rows(inside, self.name, _KINDS, split)
        except EvalDataInvalid as error:
            detail = "there is no case yet; `sightline eval add` and `eval make` give some"
            raise EvalDataInvalid(folder=str(inside), suite=self.name, detail=detail) from error
        rows, broken = read_rows(path, _KINDS)
        cases = tuple(Case(_id(row.values, row.where), row.values) for row in rows)
        media, digest = Media(inside), rows_digest(rows)
        return Dataset(self.name, inside, chosen, cases, media, tuple(broken), digest)

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        def work() -> Scored:
            library = case.data.get("library") or context.settings.library
            images = tuple(
                dataset.media.file(file["file"], context.scratch(dataset))
                for file in case.data.get("files") or ()
            )
            reply = context.ask(dataset, case.data["question"], library, images=images)
            shown = {
                "question": case.data["question"],
                "expected": case.data.get("answers") or "no answer",
                "got": reply.text,
                "was": case.data.get("was", ""),
            }
            scores = judge(case, reply)
            if context.options.judge and "correct" in scores:
                scores["judged"] = model_says(
                    context.chat_model, case.data["question"], case.data["answers"], reply
                )
            return Scored(scores, shown)

        worst = dict.fromkeys(judge(case, Reply("", False, ())), Score(0.0))
        return [Part("answer", work, worst)]


def _id(values: object, where: str) -> str:
    """Return the case's own id, so that two exports can be compared; else its line."""
    return str(values.get("case") or where) if isinstance(values, dict) else where


def judge(case: Case, reply: Reply) -> dict[str, Score]:
    """Score what the case says something of: its answers, its file, the place in it, whether it
    can be answered."""
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
        if where := case.data.get("locator"):
            place = locator_from_json(where)
            found = any(c.asset == wanted and overlaps(place, c.locator) for c in reply.citations)
            scores["placed"] = Score(float(found), told)
    return scores


SUITE = Own()
