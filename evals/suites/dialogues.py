"""Conversations: each turn is judged, and those that only make sense after the one before."""

from __future__ import annotations

from evals.context import Ask, Context, Reply
from evals.suites.library import LibrarySuite, answers_of, named_right, told
from evals.values import Case, Dataset, Metric, Part, Score, Scored


class Dialogues(LibrarySuite):
    """See the module."""

    name = "dialogues"
    about = "conversations of several turns: each turn, the follow-ups, the whole"
    kinds = {"turns": list}
    metrics = (Metric("turn_correct"), Metric("followup_correct"), Metric("all_correct"))

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        count = float(len(case.data["turns"]))
        worst = {
            "turn_correct": Score(0.0, weight=count),
            "followup_correct": Score(0.0, weight=count - 1),
            "all_correct": Score(0.0),
        }
        return [Part("talk", lambda: self._talk(case, dataset, context), worst)]

    def _talk(self, case: Case, dataset: Dataset, context: Context) -> Scored:
        turns = case.data["turns"]
        questions = [str(turn["question"]) for turn in turns]
        asked = Ask(questions[-1], self._shelf.library, turns=tuple(questions[:-1]))
        replies = context.converse(dataset, asked)
        rights = [right(turn, reply) for turn, reply in zip(turns, replies, strict=True)]
        said = "; ".join(told(reply) for reply in replies)
        later = rights[1:]
        scores = {
            "turn_correct": Score(sum(rights) / len(rights), said, float(len(rights))),
            "all_correct": Score(float(all(rights)), said),
        }
        if later:
            scores["followup_correct"] = Score(sum(later) / len(later), said, float(len(later)))
        shown = {
            "question": " / ".join(questions),
            "expected": [answers_of(Case("", turn)) or "no answer" for turn in turns],
            "got": [reply.text for reply in replies],
        }
        return Scored(scores, shown)


def right(turn: dict[str, object], reply: Reply) -> bool:
    """Tell whether a turn went well: answered, refused, and cited as its row says."""
    answers = answers_of(Case("", turn))
    if not answers and not turn.get("file"):
        return reply.abstained
    cited = not turn.get("file") or any(c.asset == turn["file"] for c in reply.citations)
    return cited and (not answers or named_right(reply, answers))


SUITE = Dialogues()
