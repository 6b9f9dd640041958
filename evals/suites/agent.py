"""Tasks that need tools: whether they succeed, in how many steps, and with which errors."""

from __future__ import annotations

from evals.context import Context, Reply
from evals.suites.library import LibrarySuite, answers_of, named_right, told
from evals.values import Case, Dataset, Metric, Part, Score, Scored


class Agent(LibrarySuite):
    """See the module."""

    name = "agent"
    about = "tasks that need tools: success, steps, errors of tools"
    kinds = {"question": str, "tools": list}
    metrics = (
        Metric("success"), Metric("right_tools"),
        Metric("steps", lower_is_better=True, unit="steps"),
        Metric("tool_errors", lower_is_better=True),
    )  # fmt: skip

    def groups(self, case: Case) -> dict[str, str]:
        return {"tool": "+".join(case.data["tools"]) or "none"}

    def parts(self, case: Case, dataset: Dataset, context: Context) -> list[Part]:
        worst = {"success": Score(0.0), "right_tools": Score(0.0)}

        def work() -> Scored:
            reply = context.ask(dataset, case.data["question"], self._shelf.library)
            shown = {
                "question": case.data["question"],
                "expected": answers_of(case) or "no answer",
                "got": reply.text,
                "steps": [step.tool for step in reply.steps],
            }
            return Scored(judge(case, reply), shown)

        return [Part("task", work, worst)]


def judge(case: Case, reply: Reply) -> dict[str, Score]:
    """Score one task.

    A task without answers is one that must be refused. ``right_tools``: every tool the row names
    was used (``a|b``: one of them); ``tool_errors`` is a share of the steps.
    """
    answers = answers_of(case)
    good = named_right(reply, answers) if answers else reply.abstained
    used = [step.tool for step in reply.steps]
    wrong = sum(bool(step.error) for step in reply.steps)
    right = all(not set(tool.split("|")).isdisjoint(used) for tool in case.data["tools"])
    said = f"{told(reply)}, by {', '.join(used) or 'no tool'}"
    scores = {
        "success": Score(float(good), said),
        "right_tools": Score(float(right), said),
        "steps": Score(float(len(used)), said),
    }
    if used:
        scores["tool_errors"] = Score(wrong / len(used), said, float(len(used)))
    return scores


SUITE = Agent()
