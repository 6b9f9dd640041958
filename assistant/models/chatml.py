"""Writes a conversation as Qwen's ChatML, and reads its tool calls back.

The prompt is a list of parts that keeps markup, quoted content and images apart: only markup is
tokenized with control tokens, so a document that contains ``<|im_start|>system`` stays text.
Knows nothing of tokens.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    SystemMessage,
    ToolMessage,
)

from assistant.models.images import ImageBlock, blocks_of

CALL_START, CALL_END = "<tool_call>", "</tool_call>"
_TOOLS_HEAD = (
    "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>"
)
_TOOLS_TAIL = (
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments "
    'within <tool_call></tool_call> XML tags:\n<tool_call>\n{"name": <function-name>, '
    '"arguments": <args-json-object>}\n</tool_call>'
)


@dataclass(frozen=True)
class Markup:
    """Structure of the prompt, in which control tokens are meant."""

    text: str


@dataclass(frozen=True)
class Quoted:
    """What a person, a document or a tool said; control tokens in it are mere characters."""

    text: str


Part = Markup | Quoted | ImageBlock


def render(messages: Sequence[BaseMessage], tools: Sequence[Mapping[str, Any]] = ()) -> list[Part]:
    """Return the prompt up to the place where the answer begins.

    A trailing assistant message is left open: the model goes on writing it.
    """
    parts: list[Part] = []
    if tools and not (messages and isinstance(messages[0], SystemMessage)):
        parts += [Markup("<|im_start|>system\n"), Quoted(_tools(tools).lstrip())]
        parts.append(Markup("<|im_end|>\n"))
    open_ended = bool(messages) and isinstance(messages[-1], AIMessage)
    for index, message in enumerate(messages):
        parts.append(Markup(f"<|im_start|>{_role(message)}\n"))
        parts += _content(message)
        if index == 0 and tools and isinstance(message, SystemMessage):
            parts.append(Quoted(_tools(tools)))
        if not (open_ended and index == len(messages) - 1):
            parts.append(Markup("<|im_end|>\n"))
    if not open_ended:
        parts.append(Markup("<|im_start|>assistant\n"))
    return parts


def read_tool_calls(text: str) -> tuple[str, list[dict[str, str]]]:
    """Split an answer into its words and its tool calls.

    Returns:
        The text without the calls, and for each call ``name`` and ``args`` (JSON text). A call
        that is not JSON keeps its raw text as ``args``, so that LangChain reports it as invalid.
    """
    words, *calls = text.split(CALL_START)
    found: list[dict[str, str]] = []
    for call in calls:
        body, _, after = call.partition(CALL_END)
        try:
            read = json.loads(body)
            arguments = json.dumps(read.get("arguments", {}), ensure_ascii=False)
            found.append({"name": str(read["name"]), "args": arguments})
        except (ValueError, KeyError, AttributeError):
            found.append({"name": "", "args": body.strip()})
        words += after.strip()
    return words.rstrip() if found else words, found


def _role(message: BaseMessage) -> str:
    if isinstance(message, SystemMessage):
        return "system"
    return "assistant" if isinstance(message, AIMessage) else "user"


def _content(message: BaseMessage) -> list[Part]:
    if isinstance(message, ToolMessage):
        said: list[Part] = [Markup("<tool_response>\n")]
        said += [Quoted(b) if isinstance(b, str) else b for b in blocks_of(message)]
        return [*said, Markup("\n</tool_response>")]
    parts: list[Part] = []
    for block in blocks_of(message):
        if isinstance(block, ImageBlock):
            parts.append(block)
        else:
            after_image = bool(parts) and isinstance(parts[-1], ImageBlock)
            parts.append(Quoted(f"\n{block}" if after_image else block))
    if isinstance(message, AIMessage):
        for call in message.tool_calls:
            body = {"name": call["name"], "arguments": call["args"]}
            text = json.dumps(body, ensure_ascii=False)
            parts.append(Markup(f"\n{CALL_START}\n{text}\n{CALL_END}"))
    return parts


def _tools(tools: Sequence[Mapping[str, Any]]) -> str:
    lines = "".join("\n" + json.dumps(tool, ensure_ascii=False) for tool in tools)
    return f"{_TOOLS_HEAD}{lines}{_TOOLS_TAIL}"
