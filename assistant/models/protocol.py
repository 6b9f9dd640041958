"""The one interface of every chat model: LangChain's, plus what an offline assistant needs.

``model.stream(messages, cancel=…, grammar=…, max_tokens=…, seed=…, temperature=…)`` yields message
chunks. The last chunk carries ``usage_metadata`` and, in ``response_metadata``, ``finish_reason``:
``stop``, ``length``, ``loop`` (the model repeated itself) or ``cancelled``. A cancelled stream ends
quietly with what was written so far. Knows no engine.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool

from assistant.models.spans import Span

Cancel = Callable[[], bool]
FinishReason = Literal["stop", "length", "loop", "cancelled"]


def never() -> bool:
    """Return False: the ``cancel`` of a caller that does not cancel."""
    return False


@dataclass(frozen=True)
class Options:
    """How one answer is generated.

    ``temperature`` 0 is greedy; ``grammar`` is GBNF with the rule ``root``; ``tools`` are schemas
    in OpenAI's form.
    """

    cancel: Cancel = never
    grammar: str | None = None
    max_tokens: int = 384
    seed: int | None = None
    temperature: float = 0.0
    stop: tuple[str, ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Copied:
    """The likeliest stretches of a text as the whole answer, the best first (natural logs).

    ``refused`` is the log-probability that the model refuses instead; ``tried`` are all stretches
    that were met on the way, the best as well as parts of them and what goes beyond them.
    """

    spans: tuple[Span, ...]
    refused: float
    tried: tuple[Span, ...] = ()


class SightlineChatModel(BaseChatModel):
    """A LangChain chat model that can be cancelled, constrained, scored, warmed and unloaded.

    ``reads``: it was trained to copy answers (``prompts.span``), and how sure its copies are is
    told by the file ``confidence``; ``constrains``: it can be held to any grammar.
    """

    model_id: str
    sees_images: bool = False
    calls_tools: bool = False
    reads: bool = False
    constrains: bool = False
    confidence: Path | None = None
    context_tokens: int = 4096
    max_tokens: int = 384
    temperature: float = 0.0

    @abstractmethod
    def answer(self, messages: Sequence[BaseMessage], options: Options) -> Iterator[AIMessageChunk]:
        """Yield the answer piece by piece; the last chunk is made by ``last_chunk``."""

    @abstractmethod
    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` takes in a prompt, without any markup."""

    def score(self, messages: Sequence[BaseMessage], candidates: Sequence[str]) -> list[float]:
        """Return for each candidate the log-probability (natural) of it being the whole answer.

        Raises:
            NotImplementedError: this engine gives no probabilities.
        """
        raise NotImplementedError(f"{self._llm_type} gives no probabilities")

    def copy_answer(
        self,
        messages: Sequence[BaseMessage],
        text: str,
        refusal: str,
        cancel: Cancel = never,
        starts: Collection[int] | None = None,
    ) -> Copied:
        """Return the likeliest stretches of ``text`` as the whole answer.

        Args:
            starts: the places (characters of ``text``) where they may begin; None: at any word.

        Raises:
            NotImplementedError: this engine gives no probabilities.
        """
        raise NotImplementedError(f"{self._llm_type} gives no probabilities")

    def warm(self) -> None:
        """Load the model now, so that the first question does not wait for it."""

    def unload(self) -> None:
        """Give the memory back; the next question loads the model again."""

    def idle_seconds(self) -> float | None:
        """Return how long the model was not used; None: it is in use, or has nothing to free."""
        return None

    @property
    def loaded(self) -> bool:
        """Whether the model is ready to answer without loading."""
        return True

    def get_num_tokens(self, text: str) -> int:
        """Count with the model's own tokenizer (LangChain's default would download GPT-2's)."""
        return self.count_tokens(text)

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools to the model; they reach the engine as OpenAI schemas."""
        schemas = [convert_to_openai_tool(tool) for tool in tools]
        return self.bind(tools=schemas, **kwargs)

    def _options(self, stop: list[str] | None, given: Mapping[str, Any]) -> Options:
        temperature = given.get("temperature")
        return Options(
            cancel=given.get("cancel") or never,
            grammar=given.get("grammar"),
            max_tokens=int(given.get("max_tokens") or self.max_tokens),
            seed=given.get("seed"),
            temperature=self.temperature if temperature is None else float(temperature),
            stop=tuple(stop or ()),
            tools=tuple(given.get("tools") or ()),
        )

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for message in self.answer(messages, self._options(stop, kwargs)):
            chunk = ChatGenerationChunk(message=message)
            if run_manager and message.content:
                run_manager.on_llm_new_token(str(message.content), chunk=chunk)
            yield chunk

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        whole = AIMessageChunk(content="")
        for message in self.answer(messages, self._options(stop, kwargs)):
            whole = whole + message
        answer = AIMessage(
            content=whole.content,
            tool_calls=whole.tool_calls,
            invalid_tool_calls=whole.invalid_tool_calls,
            usage_metadata=whole.usage_metadata,
            response_metadata=whole.response_metadata,
        )
        return ChatResult(generations=[ChatGeneration(message=answer)])


def last_chunk(
    model_id: str,
    finish: FinishReason,
    *,
    read: int = 0,
    reused: int = 0,
    written: int = 0,
    tool_calls: Sequence[Mapping[str, Any]] = (),
) -> AIMessageChunk:
    """Return the chunk that ends a stream.

    Args:
        read: tokens of the prompt, ``reused`` of which came from the cache of an earlier one.
        written: tokens generated.
        tool_calls: each with ``name`` and ``args`` (JSON text).
    """
    usage = UsageMetadata(
        input_tokens=read,
        output_tokens=written,
        total_tokens=read + written,
        input_token_details=InputTokenDetails(cache_read=reused),
    )
    return AIMessageChunk(
        content="",
        tool_call_chunks=[
            {
                "name": str(call["name"]),
                "args": str(call["args"]),
                "id": f"call_{index}",
                "index": index,
                "type": "tool_call_chunk",
            }
            for index, call in enumerate(tool_calls)
        ],
        usage_metadata=usage,
        response_metadata={"finish_reason": finish, "model_name": model_id},
        chunk_position="last",
    )
