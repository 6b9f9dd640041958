"""The graph: plan → tools (in parallel) → answer → verify → close, as LangGraph nodes.

A model that calls tools plans for itself; any other is led by rules (``leader``). Both take the
same road: tool results are evidence, the answer is written from it, every sentence is checked
against it, and what nothing supports becomes "I did not find this". The graph keeps no state
between questions: history comes with the request. Knows no SQL and no screen.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from assistant.answers import compose_draft
from assistant.calls import ToolCall, ToolResult
from assistant.citations import Checked, check
from assistant.details import names_in, refers_to_picture
from assistant.drafts import Draft
from assistant.follow import standalone
from assistant.i18n import Language
from assistant.leader import is_free_chat, next_calls
from assistant.library import Attached, LibraryView
from assistant.look import Looker
from assistant.messages import (
    Abstained,
    Answered,
    Cited,
    Event,
    Revised,
    StatusKey,
    ToolFinished,
    ToolStarted,
    Understood,
)
from assistant.misses import discreet, miss
from assistant.patience import use
from assistant.people_asked import with_people
from assistant.planner import Judge, Plan, plan
from assistant.refusing import refuse
from assistant.remarks import remarks
from assistant.safety import Detect, by_pattern, clean_answer
from assistant.session import Limits, Request, Session
from assistant.text_work import TextWork
from assistant.tool_caller import own_calls
from assistant.tools import Toolbox

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

    from assistant.likeness import Likeness
    from assistant.models.protocol import SightlineChatModel

SHOWN_TOOLS = 12
"""Steps of one round that are shown one by one; a longer round is told as a whole."""
MOST_NAMES = 200
"""Files looked at for the one that a question names, among those whose names end alike."""


RULED = ("chat", "general", "people", "who")
"""What a model that calls tools is not asked about: there is nothing to choose."""


class State(TypedDict, total=False):
    """What flows along the graph; ``results`` of parallel tools are appended."""

    plan: Plan
    calls: list[ToolCall]
    call: ToolCall
    quiet: bool
    results: Annotated[list[ToolResult], operator.add]
    rounds: int
    draft: Draft
    checked: Checked
    repaired: bool


class Agent:
    """Answers questions.

    Args:
        model: returns the chat model (loading it is the model's own matter).
        looker: tells what pictures show.
        detect: tells which sentences of a file are orders to the assistant.
        judge: tells by meaning what a question wants where the planner's rules are unsure.
        likeness: tells how alike a question and short texts are by meaning.
    """

    def __init__(
        self,
        model: Callable[[], SightlineChatModel],
        looker: Looker,
        limits: Limits,
        detect: Detect = by_pattern,
        judge: Judge | None = None,
        likeness: Likeness | None = None,
    ) -> None:
        self._model = model
        self._judge = judge
        self._likeness = likeness
        self._looker = looker
        self._limits = limits
        self._detect = detect
        self._graph: Any = None

    def run(self, request: Request, cancelled: Callable[[], bool]) -> Iterator[Event]:
        """Yield the events of one answer; the last is Answered or Abstained.

        Raises:
            AnswerCancelled: the user stopped it; what was said so far stands.
            SightlineError: it could not go on.
        """
        model = self._model()
        session = Session(request, model, self._limits, cancelled, self._detect, self._likeness)
        files = (*request.attached, *request.earlier)
        toolbox = self.toolbox(request.library, files, request.language, cancelled)
        config = {
            "configurable": {"session": session, "toolbox": toolbox, "judge": self._judge},
            "recursion_limit": 8 + 4 * self._limits.rounds,
            "max_concurrency": 4,
        }
        start: State = {"results": [], "rounds": 0}
        yield from self._compiled().stream(start, config, stream_mode="custom")

    def toolbox(
        self,
        library: LibraryView,
        attached: Sequence[Attached],
        language: Language,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Toolbox:
        """Return the tools over what one user may see."""
        files = tuple(attached)
        work = TextWork(
            self._model, self._limits, library, files, language, cancelled, self._detect
        )
        return Toolbox(library, files, self._looker, language, work)

    def _compiled(self) -> Any:
        if self._graph is None:
            from langgraph.graph import END, START, StateGraph

            graph: Any = StateGraph(State)
            graph.add_node("plan", _plan)
            graph.add_node("tool", _use_tool)
            graph.add_node("answer", _answer)
            graph.add_node("verify", _verify)
            graph.add_node("close", _close)
            graph.add_edge(START, "plan")
            graph.add_conditional_edges("plan", _fan_out, ["tool", "answer"])
            graph.add_edge("tool", "plan")
            graph.add_edge("answer", "verify")
            graph.add_conditional_edges("verify", _after_check, ["answer", "close"])
            graph.add_edge("close", END)
            self._graph = graph.compile()
        return self._graph


# --- nodes -----------------------------------------------------------------------------------


def _session(config: RunnableConfig) -> Session:
    """Return the session of this run, speaking into this node's stream."""
    from langgraph.config import get_stream_writer

    session: Session = config["configurable"]["session"]
    session.emit = get_stream_writer()
    session.check()
    return session


def _plan(state: State, config: RunnableConfig) -> State:
    """Take the question apart at first; then choose the next round of tools."""
    session = _session(config)
    request, results = session.request, state["results"]
    made = state.get("plan")
    if made is None:
        session.status("status_planning")
        pictures = any(a.jpeg for a in request.attached) or (
            any(a.jpeg for a in request.earlier) and refers_to_picture(request.question)
        )
        made = plan(
            request.question,
            pictures=pictures,
            history=bool(request.history),
            given=[a.name for a in request.attached],
            before=[c.asset for c in request.cited] or [a.name for a in request.earlier[:1]],
            known=_known_names(request),
            judge=config["configurable"]["judge"],
        )
        if made.follow_up:
            made = standalone(session, made)
        meant = made.intent
        made = with_people(made, request, config["configurable"]["toolbox"].resolve)
        if is_free_chat(made, request):
            made = replace(made, intent="general")
        made = replace(made, judged=made.judged and made.intent == meant)
        session.notes["intent"], session.notes["query"] = made.intent, made.query
        session.emit(Understood(made.intent, made.judged))
    rounds = state["rounds"]
    calls: list[ToolCall] = []
    if rounds < session.limits.rounds:
        if session.model.calls_tools and made.intent not in RULED:
            calls = own_calls(session, results)
        if not calls and (rounds == 0 or not session.model.calls_tools):
            calls = next_calls(made, request, results)
    calls = calls[: session.limits.calls]
    if len(calls) > SHOWN_TOOLS:
        session.status("status_counting", count=len(calls))
    return {"plan": made, "calls": calls, "rounds": rounds + 1}


def _known_names(request: Request) -> tuple[str, ...]:
    """Return the names of the files at hand that stand in a question."""

    def find(part: str) -> list[str]:
        names = [a.name for a in (*request.attached, *request.earlier)]
        if request.use_library:
            names += [a.name for a in request.library.assets(part, limit=MOST_NAMES)]
        return [name.rsplit("/", 1)[-1] for name in names]

    return names_in(request.question, find)


def _fan_out(state: State) -> Any:
    from langgraph.types import Send

    calls = state["calls"]
    quiet = len(calls) > SHOWN_TOOLS
    return [Send("tool", {"call": call, "quiet": quiet}) for call in calls] or "answer"


def _use_tool(state: State, config: RunnableConfig) -> State:
    """Use one tool; rounds of many files run several of these at a time."""
    session = _session(config)
    toolbox: Toolbox = config["configurable"]["toolbox"]
    call = state["call"]
    if state["quiet"]:
        return {"results": [use(toolbox, call, session)]}
    session.emit(ToolStarted(call.tool, dict(call.arguments)))
    key, params = _doing(call)
    session.status(key, **params)
    result = use(toolbox, call, session)
    session.emit(
        ToolFinished(call.tool, result.summary, result.seconds, result.passages, result.error)
    )
    return {"results": [result]}


def _doing(call: ToolCall) -> tuple[StatusKey, dict[str, Any]]:
    name = str(call.arguments.get("file", ""))
    told: dict[str, tuple[StatusKey, dict[str, Any]]] = {
        "search_library": ("status_searching", {"query": str(call.arguments.get("query", ""))}),
        "look_at_image": ("status_looking", {"asset": name}),
        "find_faces": ("status_looking", {"asset": name}),
        "find_people": ("status_searching", {"query": ", ".join(call.arguments.get("names", ()))}),
        "summarise_album": ("status_reading", {"asset": str(call.arguments.get("album", ""))}),
        "transcribe": ("status_transcribing", {"asset": name}),
        "calculate": ("status_calculating", {}),
        "list_assets": ("status_searching", {"query": str(call.arguments.get("query", ""))}),
    }
    return told.get(call.tool, ("status_reading", {"asset": name}))


def _answer(state: State, config: RunnableConfig) -> State:
    """Write a draft from what the tools found."""
    session, results = _session(config), state["results"]
    broken = [r.broken for r in results if r.broken is not None]
    if broken and len(broken) == len(results):
        raise broken[0]
    if not session.model.loaded:
        session.status("status_loading")
    session.status("status_answering")
    draft = compose_draft(session, state["plan"], results, repair=state.get("repaired"))
    return {"draft": draft}


def _verify(state: State, config: RunnableConfig) -> State:
    """Align every sentence with the evidence; nothing left means nothing found."""
    session, draft = _session(config), state["draft"]
    if not draft.found:
        return {"checked": Checked(draft.text, ())}
    if not draft.evidence:
        return {"checked": Checked(clean_answer(draft.text), draft.citations)}
    session.status("status_checking")
    checked = check(clean_answer(draft.text), draft.evidence, session.words)
    if not checked.citations and not state.get("repaired") and draft.repairable:
        return {"checked": checked, "repaired": True}
    if not checked.citations:
        session.notes["unsupported"] = list(checked.dropped)
        refused = refuse(session, state["plan"], state["results"])
        return {"draft": refused, "checked": Checked(refused.text, ())}
    return {"checked": checked, "repaired": True}


def _after_check(state: State) -> str:
    if state["draft"].found and state["draft"].repairable and not state["checked"].citations:
        return "answer"
    return "close"


def _close(state: State, config: RunnableConfig) -> State:
    """Say what the check changed, give the citations, end the run with its outcome."""
    session, draft, checked = _session(config), state["draft"], state["checked"]
    request = session.request
    nearest = () if draft.found else tuple(miss(session, passage) for passage in draft.nearest)
    shown = (*checked.citations, *nearest)
    beside = remarks(session, shown, state["results"], draft.found)
    whole = draft.prefix + checked.text + beside
    if session.spoken != whole:
        session.emit(Revised(whole)) if session.spoken else session.say(whole)
    citations = tuple(discreet(session, citation) for citation in checked.citations)
    for citation in citations:
        session.emit(Cited(citation))
    session.notes["dropped"] = list(checked.dropped)
    ends = (request.conversation, request.message, whole)
    if draft.found:
        session.emit(Answered(*ends, citations, session.timings()))
    else:
        session.emit(Abstained(*ends, nearest, session.timings(), draft.unable))
    return {}
