"""What suites over photos with questions share: loading rows with media, asking the chat model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.data import Kinds, Media, find_rows, read_rows, rows_digest, suite_folder, with_media
from evals.errors import CaseTimeout
from evals.photos import image_content
from evals.values import Case, Dataset

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from evals.context import Context

SYSTEM = "You are a helpful assistant."


def load_with_media(
    suite: str,
    folder: Path,
    split: str | None,
    kinds: Kinds,
    media_key: str,
    needed: Kinds | None = None,
) -> Dataset:
    """Read the rows of a split whose media file is there; one case a row.

    In the cases the file is named by its base name.

    Args:
        kinds: the keys by which the rows of this suite are known.
        needed: the keys a row cannot do without; default all of ``kinds``.

    Raises:
        EvalDataInvalid: the folder holds no such rows.
    """
    inside = suite_folder(folder, suite)
    path, chosen = find_rows(inside, suite, kinds, split)
    rows, broken = read_rows(path, kinds if needed is None else needed)
    media = Media(inside, path.stem)
    there, gone = with_media(rows, media_key, media)
    digest = rows_digest(there, media.digest(row.values[media_key] for row in there))
    cases = tuple(
        Case(row.where, {**row.values, media_key: Path(row.values[media_key]).name})
        for row in there
    )
    return Dataset(suite, inside, chosen, cases, media, (*broken, *gone), digest)


def blind_reason(context: Context, metrics: Sequence[str]) -> dict[str, str]:
    """Return why metrics that need a model with eyes cannot be measured; empty if they can."""
    model = context.chat_model
    if model.sees_images:
        return {}
    return dict.fromkeys(metrics, f"the chat model {model.model_id} does not see images")


def message(question: str, photo: bytes | None, rule: str = "") -> list[BaseMessage]:
    """Return a question to the chat model, with a photo or without.

    Args:
        rule: how to answer, added to the system message.
    """
    from langchain_core.messages import HumanMessage, SystemMessage

    content: list[str | dict[Any, Any]] = [{"type": "text", "text": question}]
    if photo is not None:
        content.insert(0, image_content(photo))
    return [SystemMessage(f"{SYSTEM} {rule}".strip()), HumanMessage(content=content)]


def generate(context: Context, messages: Sequence[BaseMessage], max_tokens: int) -> str:
    """Return what the chat model writes, greedily.

    Raises:
        CaseTimeout: it did not end in time.
    """
    deadline = time.monotonic() + context.options.timeout
    chunks = context.chat_model.stream(
        list(messages),
        cancel=lambda: time.monotonic() > deadline,
        max_tokens=max_tokens,
        temperature=0.0,
        seed=context.options.seed,
    )
    text = "".join(str(chunk.content) for chunk in chunks)
    if time.monotonic() > deadline:
        raise CaseTimeout(seconds=context.options.timeout)
    return text.strip()
