"""Follow-up questions: made to stand alone with what was said before.

First by rule: a question that leans on the last one is searched together with that one's words.
A model that can is asked to rewrite it too; its wording is taken only when it keeps the words of
the question and adds none from nowhere.
"""

from __future__ import annotations

from dataclasses import replace

from assistant import prompts
from assistant.citations import content_words
from assistant.planner import Plan
from assistant.session import Session


def standalone(session: Session, plan: Plan) -> Plan:
    """Return the plan with words to look for that do not need the conversation."""
    request = session.request
    if not request.history:
        return plan
    last_question, last_answer = request.history[-1]
    if session.model.calls_tools:
        written = session.write(
            prompts.rewrite(request.question, request.history, session.language), max_tokens=60
        )
        line = written.splitlines()[0].strip() if written else ""
        if faithful(line, request.question, f"{last_question} {last_answer}"):
            return replace(plan, query=line)
    return replace(plan, query=f"{last_question} {plan.query}"[:400])


def faithful(written: str, question: str, history: str) -> bool:
    """Whether a rewritten question keeps the question's words and adds only the history's."""
    new = set(content_words(written))
    asked, known = set(content_words(question)), set(content_words(history))
    if not new:
        return False
    return len(asked & new) >= 0.5 * len(asked) and len(new - asked - known) <= 1
