"""Who says whether an answer is right: rules first, a local model if asked, people as the measure.

``data/judged.jsonl`` holds answers that a person of this project judged. A judge is worth its
agreement with them, which ``sightline eval judge`` measures and shows; Cohen's kappa takes off
what agreement chance would give.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.answers import plain
from evals.data import read_rows
from evals.suites.library import says
from evals.values import Score

if TYPE_CHECKING:
    from assistant.models.protocol import SightlineChatModel
    from evals.systems.base import Reply

LABELS = Path(__file__).with_name("data") / "judged.jsonl"
_ORDER = (
    "You grade answers. Compare the given answer with the right answer to the question. "
    "Say yes when it means the same, else no."
)
_ASKED = "Question: {question}\nRight answer: {gold}\nGiven answer: {answer}\nSame meaning?"


def model_says(
    model: SightlineChatModel, question: str, golds: Sequence[str], reply: Reply
) -> Score:
    """Let a model judge a reply against the right answers; 1.0 when any of them is given."""
    if reply.abstained:
        return Score(0.0, "did not answer")
    text = plain(reply.text)
    right = any(judged(model, question, str(gold), text) for gold in golds)
    return Score(float(right), f"the model judges {text!r} as {'right' if right else 'wrong'}")


def judged(model: SightlineChatModel, question: str, gold: str, answer: str) -> bool:
    """Tell whether the model finds yes likelier than no."""
    from langchain_core.messages import HumanMessage, SystemMessage

    asked = _ASKED.format(question=question, gold=gold, answer=answer)
    yes, no = model.score([SystemMessage(_ORDER), HumanMessage(asked)], ["yes", "no"])
    return yes > no


def agreement(model: SightlineChatModel | None, note: Callable[[str], None]) -> dict[str, Any]:
    """Return how far the rules, and the model if one is given, agree with people.

    ``agreement`` is the share of equal verdicts, ``kappa`` Cohen's kappa.
    """
    rows, _ = read_rows(LABELS, {"question": str, "gold": str, "answer": str})
    people = [bool(row.values["right"]) for row in rows]
    verdicts = {"rules": [says(r.values["answer"], [r.values["gold"]]) for r in rows]}
    if model is not None:
        name, found = model.model_id, []
        for place, row in enumerate(rows, start=1):
            v = row.values
            found.append(judged(model, v["question"], v["gold"], v["answer"]))
            if place % 10 == 0:
                note(f"{place}/{len(rows)} judged by {name}")
        verdicts[name] = found
    return {
        "n": len(rows),
        "right": sum(people),
        "judges": {name: _figures(people, given) for name, given in verdicts.items()},
    }


def _figures(people: list[bool], given: list[bool]) -> dict[str, float]:
    from sklearn.metrics import cohen_kappa_score

    same = sum(a == b for a, b in zip(people, given, strict=True)) / len(people)
    return {
        "agreement": round(same, 4),
        "kappa": round(float(cohen_kappa_score(people, given)), 4),
        "too_kind": sum(b and not a for a, b in zip(people, given, strict=True)),
        "too_strict": sum(a and not b for a, b in zip(people, given, strict=True)),
    }
