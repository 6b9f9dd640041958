"""A model that calls tools is asked which ones it wants now. Knows no graph."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assistant import prompts
from assistant.calls import ToolCall, ToolResult
from assistant.safety import screen
from assistant.session import Session, as_messages
from assistant.tools import schemas

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


def own_calls(session: Session, results: Sequence[ToolResult]) -> list[ToolCall]:
    """Ask a model that calls tools which ones it wants now; bad JSON means none."""
    from langchain_core.messages import AIMessage, ToolMessage

    request = session.request
    names = ", ".join(a.name for a in (*request.attached, *request.earlier))
    turns = [prompts.tool_caller(session.language)]
    for asked, answered in request.history[-3:]:
        turns += [prompts.Turn("user", asked), prompts.Turn("assistant", answered)]
    attached = f"\n(attached: {names})" if names else ""
    turns.append(prompts.Turn("user", request.question + attached))
    messages: list[BaseMessage] = as_messages(turns)
    if results:
        calls = [
            {"name": r.call.tool, "args": dict(r.call.arguments), "id": r.call.id or str(i)}
            for i, r in enumerate(results)
        ]
        messages.append(AIMessage(content="", tool_calls=calls))
        messages += [
            ToolMessage(
                content=prompts.tool_result(_quoted(session, r)), tool_call_id=calls[i]["id"]
            )
            for i, r in enumerate(results)
        ]
    reply: Any = session.model.bind_tools(schemas()).invoke(
        messages, cancel=session.stop, max_tokens=256, seed=0
    )
    session.check()
    done = {json.dumps([r.call.tool, dict(r.call.arguments)], sort_keys=True) for r in results}
    wanted = [ToolCall(c["name"], c["args"], c.get("id") or "") for c in reply.tool_calls]
    return [
        w for w in wanted if json.dumps([w.tool, dict(w.arguments)], sort_keys=True) not in done
    ][:8]


def _quoted(session: Session, result: ToolResult) -> str:
    """Return a tool's finding for the model, orders in it neutralised."""
    if result.passages and "draft" not in result.data:
        shown = result.passages[:8]
        return "\n".join(f"{session.name_of(p.asset)}: {session.screened(p)[:600]}" for p in shown)
    return screen(result.text or result.summary, session.language, session.detect).text
