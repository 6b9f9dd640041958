"""Work on one text as tools: sum up, translate, judge the mood, list names and their links.

Each does what the same wish in plain words does, and gives the finished text with what it rests
on, so a model that calls tools can pass it on. Knows no graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.calls import ToolCall, ToolResult
from assistant.i18n import Language
from assistant.library import Attached, LibraryView
from assistant.safety import Detect, by_pattern, clean_answer
from assistant.session import Limits, Request, Session
from retrieval.values import Passage

if TYPE_CHECKING:
    from assistant.models.protocol import SightlineChatModel
    from assistant.wants import Intent

TOOLS: dict[str, Intent] = {
    "summarise": "summary",
    "translate": "translate",
    "sentiment": "sentiment",
    "entities": "entities",
}
"""The tools that write, and what a question in plain words wants when it wants the same."""
_KINDS = ("person", "organisation", "place", "date")


@dataclass(frozen=True)
class TextWork:
    """Works on texts for one user's question.

    Args:
        model: returns the chat model.
        files: attached files, for where their words stand.
    """

    model: Callable[[], SightlineChatModel]
    limits: Limits
    library: LibraryView
    files: tuple[Attached, ...]
    language: Language
    cancelled: Callable[[], bool] = lambda: False
    detect: Detect = by_pattern

    def write(
        self,
        tool: str,
        passages: Sequence[Passage],
        words: str = "",
        target: Language | None = None,
    ) -> dict[str, Any]:
        """Do the work of a tool on passages of a file, or on words that were given.

        Returns the fields of a ``ToolResult``; ``data["draft"]`` is the answer as a question in
        plain words would get it.

        Raises:
            AnswerCancelled: the user stopped it.
            ModelError: the model failed.
        """
        from assistant.answers import compose_draft
        from assistant.citations import check
        from assistant.planner import Plan

        session = self._session()
        plan = Plan(TOOLS[tool], self.language, "", subject=words, target=target)
        read = ToolResult(ToolCall("read_document", {}), passages=tuple(passages))
        draft = compose_draft(session, plan, [read] if passages else [])
        said = clean_answer(draft.text)
        if draft.evidence:
            said = check(said, draft.evidence, session.words).text
        whole = (draft.prefix + said).strip()
        data: dict[str, Any] = {"draft": draft}
        if tool == "entities" and draft.found:
            data |= self._names(session, words or "\n".join(map(session.screened, passages)))
        summary = " ".join(whole.split())[:200]
        found = tuple(passages) if draft.found else ()
        return {"summary": summary, "text": whole, "passages": found, "data": data}

    def _session(self) -> Session:
        request = Request(
            conversation="",
            message="",
            question="",
            language=self.language,
            library=self.library,
            attached=self.files,
        )
        return Session(request, self.model(), self.limits, self.cancelled, self.detect)

    def _names(self, session: Session, subject: str) -> dict[str, Any]:
        from assistant.entities import links_in, names_in

        found = names_in(session, subject)
        links = links_in(subject, [name for name, kind in found if _KINDS[kind] != "date"])
        return {
            "names": [{"name": name, "kind": _KINDS[kind]} for name, kind in found],
            "links": [{"from": one, "words": words, "to": other} for one, words, other in links],
        }


def written(results: Sequence[ToolResult], intent: str) -> ToolResult | None:
    """Return the result of a tool that has done what a question wants already."""
    done = (r for r in results if TOOLS.get(r.call.tool) == intent and "draft" in r.data)
    return next(done, None)
