"""Using a tool without being at its mercy: it gets a time, and the user may stop it.

A thread cannot be killed, so a tool that hangs is left behind; the answer goes on without it.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

from assistant.calls import ToolCall, ToolResult
from assistant.errors import ToolFailed
from assistant.session import Session
from assistant.tools import Toolbox

_LOOK = 0.1
"""Seconds between two looks at whether the user stopped the answer."""


def use(toolbox: Toolbox, call: ToolCall, session: Session) -> ToolResult:
    """Return a tool's result; one with ``broken`` when it takes too long.

    Raises:
        AnswerCancelled: the user stopped the answer meanwhile.
    """
    done: Future[ToolResult] = Future()

    def work() -> None:
        try:
            done.set_result(toolbox.run(call))
        except BaseException as error:
            done.set_exception(error)

    started = time.monotonic()
    threading.Thread(target=work, name=f"tool-{call.tool}", daemon=True).start()
    while (waited := time.monotonic() - started) < session.limits.tool_seconds:
        try:
            return done.result(timeout=_LOOK)
        except TimeoutError:
            session.check()
    late = ToolFailed(tool=call.tool, detail=f"no result after {waited:.0f} seconds")
    return ToolResult(call, summary=str(late), error=str(late), broken=late, seconds=waited)
