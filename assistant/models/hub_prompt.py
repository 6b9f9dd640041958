"""Writes a conversation as the inputs of a transformers model, through its own chat template.

The strings of control tokens inside quoted text are broken up first: a template mixes markup and
content before tokenizing, so this is the only place where they can be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage

from assistant.errors import ModelError, ModelUnavailable
from assistant.models.hub_loading import Loaded
from assistant.models.images import ImageBlock, blocks_of, images_of

_BREAK = "\u200b"  # a zero-width space


def hub_inputs(
    loaded: Loaded,
    messages: Sequence[BaseMessage],
    tools: Sequence[Mapping[str, Any]],
    *,
    name: str,
    longest_side: int,
    most_images: int,
) -> Any:
    """Return the model's inputs (a mapping of tensors, batch of one) on its device.

    Raises:
        ModelError: too many pictures, or pictures for a model that only reads.
        ModelUnavailable: the checkpoint has no chat template.
    """
    pictures = len(images_of(messages))
    if pictures and loaded.processor is None:
        raise ModelError(model=name, detail="it reads text only, not images")
    if pictures > most_images:
        raise ModelError(
            model=name, detail=f"{pictures} images were given, it takes {most_images} at once"
        )
    writer = loaded.processor or loaded.tokenizer
    if not getattr(writer, "chat_template", None):
        raise ModelUnavailable(model=name, detail="its checkpoint has no chat template")
    control = [str(token) for token in loaded.tokenizer.added_tokens_encoder if len(token) > 1]
    chat = [
        _turn(message, control, longest_side, loaded.processor is not None) for message in messages
    ]
    filled = _fill(writer, chat, tools)
    return filled.to(loaded.model.device)


def defuse(text: str, control: Sequence[str]) -> str:
    """Break up every control token of the model that stands in ``text``."""
    for token in control:
        if token in text:
            text = text.replace(token, token[0] + _BREAK + token[1:])
    return text


def _fill(writer: Any, chat: list[dict[str, Any]], tools: Sequence[Mapping[str, Any]]) -> Any:
    from jinja2 import TemplateError

    options: dict[str, Any] = {
        "add_generation_prompt": chat[-1]["role"] != "assistant",
        "continue_final_message": chat[-1]["role"] == "assistant",
        "tokenize": True,
        "return_dict": True,
        "return_tensors": "pt",
    }
    if tools:
        options["tools"] = [dict(tool) for tool in tools]
    try:
        return writer.apply_chat_template(chat, **options)
    except TemplateError:  # templates without a system role say so by raising
        if chat[0]["role"] != "system" or len(chat) < 2:
            raise
        return writer.apply_chat_template(_fold_system(chat), **options)


def _fold_system(chat: list[dict[str, Any]]) -> list[dict[str, Any]]:
    system, first, *rest = chat
    if isinstance(first["content"], str):
        return [{**first, "content": f"{system['content']}\n\n{first['content']}"}, *rest]
    return [{**first, "content": [*system["content"], *first["content"]]}, *rest]


def _turn(
    message: BaseMessage, control: Sequence[str], longest_side: int, blocks: bool
) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for part in blocks_of(message):
        if isinstance(part, ImageBlock):
            content.append({"type": "image", "image": part.open(longest_side)})
        else:
            content.append({"type": "text", "text": defuse(part, control)})
    turn: dict[str, Any] = {"role": _role(message)}
    turn["content"] = content if blocks else "\n".join(part["text"] for part in content)
    if isinstance(message, AIMessage) and message.tool_calls:
        turn["tool_calls"] = [
            {"type": "function", "function": {"name": call["name"], "arguments": call["args"]}}
            for call in message.tool_calls
        ]
    return turn


def _role(message: BaseMessage) -> str:
    if isinstance(message, SystemMessage):
        return "system"
    if isinstance(message, ToolMessage):
        return "tool"
    return "assistant" if isinstance(message, AIMessage) else "user"
