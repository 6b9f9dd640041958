"""Text that is asked for: translations, summaries, the mood of a text, the names in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from evals.answers import letters, plain
from evals.context import Context, Reply
from evals.data import Kinds, Media, find_rows, read_rows, rows_digest, suite_folder
from evals.suite import Suite
from evals.suites.library import told
from evals.values import Broken, Case, Dataset, Metric, Part, Score, Scored

ORDERS = {
    "translate": {"en": "Translate into English: {text}", "zh": "把下面的话翻译成中文：{text}"},
    "summarise": {"en": "Summarise this text: {text}", "zh": "概括这段文字：{text}"},
    "sentiment": {
        "en": "What is the sentiment of this text: {text}",
        "zh": "这段文字的情感是什么：{text}",
    },
    "entities": {
        "en": "Extract the names of people, places and dates from this text: {text}",
        "zh": "提取这段文字中的人名、地名和日期：{text}",
    },
}
_MOODS = {
    "positive": ("positive", "积极", "正面"),
    "negative": ("negative", "消极", "负面"),
    "neutral": ("neutral", "中性"),
}
_NEEDS = {"translate": "target", "summarise": "facts", "sentiment": "label", "entities": "entities"}


class Writing(Suite):
    """See the module."""

    name = "writing"
    about = "translation, summary, sentiment and names, in English and Chinese"
    roles = ("library", "chat")
    metrics = (
        Metric("chrf", scale=100.0), Metric("facts"), Metric("brief"), Metric("sentiment"),
        Metric("entities_f1", combine="f1"),
    )  # fmt: skip

    def load(self, folder: Path, split: str | None) -> Dataset:
        inside = suite_folder(folder, self.name)
        kinds: Kinds = {"task": str, "text": str}
        path, chosen = find_rows(inside, self.name, kinds, split)
        rows, broken = read_rows(path, kinds)
        good = [row for row in rows if row.values.get(_NEEDS.get(row.values["task"], ""))]
        broken += [Broken(r.where, "its task or what is expected is missing") for r in rows
                   if r not in good]  # fmt: skip
        cases = tuple(Case(row.where, row.values) for row in good)
        return Dataset(
            self.name, inside, chosen, cases, Media(inside), tuple(broken), rows_digest(good)
        )

    def groups(self, case: Case) -> dict[str, str]:
        return {"task": case.data["task"], "language": language(case.data)}

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        task = case.data["task"]

        def work() -> Scored:
            order = ORDERS[task][language(case.data)].format(text=case.data["text"])
            reply = context.ask(dataset, order, "writing", use_library=False)
            shown = {
                "question": order, "expected": case.data[_NEEDS[task]], "got": plain(reply.text),
            }  # fmt: skip
            return Scored(judge(case.data, reply), shown)

        return [Part(task, work, judge(case.data, Reply("", True, ())))]


def language(values: Mapping[str, Any]) -> str:
    """Return the language an order is given in; of a translation, the one translated into."""
    return "zh" if values.get("language") == "zh" else "en"


def judge(values: Mapping[str, Any], reply: Reply) -> dict[str, Score]:
    """Score one piece of writing by the rule of its task.

    Translation: chrF against the target. Summary: the share of key facts that are named, and
    whether it is at most half as long as the text. Sentiment: the one mood named is the right
    one. Names: counted as found when their letters stand in the answer.
    """
    text = "" if reply.abstained else plain(reply.text)
    task, said = values["task"], told(reply)
    if task == "translate":
        return {"chrf": Score(chrf(text, values["target"]), said)}
    if task == "summarise":
        facts = [str(fact) for fact in values["facts"]]
        named = sum(letters(fact) in letters(text) for fact in facts)
        brief = bool(text) and len(text) <= len(values["text"]) / 2
        return {"facts": Score(named / len(facts), said), "brief": Score(float(brief), said)}
    if task == "sentiment":
        moods = [m for m, words in _MOODS.items() if any(w in text.lower() for w in words)]
        return {"sentiment": Score(float(moods == [values["label"]]), said)}
    return {"entities_f1": Score(0.0, said, parts=named_entities(text, values["entities"]))}


def named_entities(text: str, wanted: Sequence[str]) -> tuple[float, float, float]:
    """Return (right, extra, missed) names.

    The answer's own names are its parts between commas, lines and semicolons, labels removed.
    """
    import re

    pieces = [p.split(":")[-1].split("：")[-1] for p in re.split(r"[,;\n，；、]|\band\b", text)]
    given = [letters(piece) for piece in pieces if letters(piece)]
    right = sum(letters(str(name)) in letters(text) for name in wanted)
    extra = sum(
        not any(letters(str(n)) in g or g in letters(str(n)) for n in wanted) for g in given
    )
    return (float(right), float(extra), float(len(wanted) - right))


@cache
def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def chrf(text: str, target: str) -> float:
    """Return the chrF of one sentence, 0..1 (Popović, 2015; as sacrebleu counts)."""
    return float(_chrf().sentence_score(text, [target]).score) / 100


SUITE = Writing()
