"""What is said beside an answer: orders in files that are shown, photos left out, failed steps.

Knows no graph.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.calls import ToolResult
from assistant.i18n import text
from assistant.messages import Citation
from assistant.safety import clean_answer
from assistant.session import Session


def remarks(
    session: Session, shown: Sequence[Citation], results: Sequence[ToolResult], found: bool
) -> str:
    """Return what must be said beside an answer, each in a paragraph of its own.

    Args:
        shown: what is cited, or the nearest misses.
        found: whether anything was found to answer with.
    """
    cited = {citation.asset for citation in shown}
    cited |= {str(r.call.arguments.get("file")) for r in results}
    said = []
    for asset, order in session.orders:
        if asset in cited:
            short = " ".join(clean_answer(order).split())[:120]
            said.append(text("say_order_seen", session.language, asset=asset, order=short))
            break
    seen = sum(bool(r.sights) for r in results)
    given = sum(a.jpeg is not None for a in session.request.attached)
    if 0 < seen < given:
        said.append(text("say_only_first", session.language, count=seen, total=given))
    for result in results:
        if result.broken is not None and found:
            tool, detail = result.call.tool, result.error
            said.append(text("say_tool_failed", session.language, tool=tool, detail=detail))
            break
    return "".join(f"\n\n{remark}" for remark in said)
