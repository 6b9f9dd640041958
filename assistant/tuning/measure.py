"""Measures a projector on held-out splits through the engine the app answers with."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.models.sight import CAPTION_QUESTION
from assistant.tuning.data import CaptionRow, QuestionRow, Row, Split
from assistant.tuning.evaluate import bootstrap, same_answer
from assistant.tuning.metrics import bleu4, cider_d
from assistant.tuning.pipeline import open_run
from assistant.tuning.tasks import question_text
from retrieval.weights import ModelStore

if TYPE_CHECKING:
    from assistant.models.llama_cpp import LlamaChat
    from assistant.models.protocol import SightlineChatModel

SLICE = 200  # questions of the first split with wrong answers, which a test asks again
Report = Callable[[str], None]


def measure_run(
    run: Path, store: ModelStore, limit: int, threads: int, report: Report
) -> dict[str, Any]:
    """Return figures of ``run/out`` on every measuring split."""
    weights = run / "out" / "model.safetensors"
    model = open_model(weights, store, threads)
    figures: dict[str, Any] = {}
    for part in open_run(run):
        if not part.learns and part.kind != "regions":
            report(f"measuring {part.split.name}")
            figures |= measure_split(model, part.split, limit)
            if part.kind == "choices" and len(part.split.rows) >= SLICE:
                figures[f"first_{SLICE}"] = choose(model, part.split, part.split.rows[:SLICE])
    return figures


def open_model(weights: Path, store: ModelStore, threads: int) -> LlamaChat:
    """Return the embedded chat model with the eyes of these weights."""
    from assistant.models.eyes import SightEyes
    from assistant.models.llama_cpp import LlamaChat

    return LlamaChat(
        model_id="tuned",
        locate=lambda: store.path("qwen2.5-coder-0.5b"),
        threads=threads,
        eyes=SightEyes(store, weights, threads),
        context_tokens=1024,
        int8=True,
    )


def measure_split(model: SightlineChatModel, split: Split, limit: int) -> dict[str, Any]:
    """Return the figures of one split: captions, choices or short answers."""
    rows = split.rows[:: max(1, len(split.rows) // limit)][:limit]
    captions = [row for row in rows if isinstance(row, CaptionRow)]
    if captions:
        return _captions(model, split, captions)
    asked = [row for row in rows if isinstance(row, QuestionRow)]
    if all(row.distractors for row in asked):
        return _choices(model, split, asked)
    return _answers(model, split, asked)


def choose(model: SightlineChatModel, split: Split, rows: Sequence[Row]) -> float:
    """Return the share of questions whose right answer the model holds for the likeliest."""
    right = 0
    for row in rows:
        if isinstance(row, QuestionRow):
            right += _chosen(model, row, split.images.read(row.image)) == 0
    return right / len(rows)


def _captions(
    model: SightlineChatModel, split: Split, rows: Sequence[CaptionRow]
) -> dict[str, Any]:
    written = [_write(model, CAPTION_QUESTION, split.images.read(row.image), 48) for row in rows]
    references = [row.captions for row in rows]
    return {
        f"{split.name} BLEU-4": round(bleu4(written, references), 2),
        f"{split.name} CIDEr-D": round(cider_d(written, references), 1),
        f"{split.name} photos": len(rows),
    }


def _choices(
    model: SightlineChatModel, split: Split, rows: Sequence[QuestionRow]
) -> dict[str, Any]:
    seeing: list[float] = []
    blind: list[float] = []
    for row in rows:
        photo = split.images.read(row.image)
        for found, data in ((seeing, photo), (blind, None)):
            found.append(float(_chosen(model, row, data) == 0))
    return {
        f"{split.name} accuracy": _with_interval(seeing),
        f"{split.name} accuracy, question only": _with_interval(blind),
        f"{split.name} questions": len(rows),
    }


def _chosen(model: SightlineChatModel, row: QuestionRow, photo: bytes | None) -> int:
    """Return which answer the model holds for the likeliest; 0 is the right one."""
    texts = [text.rstrip(" .") for text in (row.answer, *row.distractors)]
    scores = model.score(_message(question_text(row.question), photo), texts)
    return max(range(len(scores)), key=scores.__getitem__)


def _answers(
    model: SightlineChatModel, split: Split, rows: Sequence[QuestionRow]
) -> dict[str, Any]:
    right = [
        float(
            same_answer(
                _write(model, question_text(row.question), split.images.read(row.image), 16),
                row.answer,
            )
        )
        for row in rows
    ]
    return {f"{split.name} exact": _with_interval(right), f"{split.name} answers": len(rows)}


def _with_interval(values: Sequence[float]) -> str:
    low, high = bootstrap(values)
    return f"{sum(values) / len(values):.3f} [{low:.3f}, {high:.3f}]"


def _message(question: str, photo: bytes | None) -> list[Any]:
    from langchain_core.messages import HumanMessage

    content: list[str | dict[Any, Any]] = [{"type": "text", "text": question}]
    if photo is not None:
        data = base64.b64encode(photo).decode()
        content.insert(0, {"type": "image", "base64": data, "mime_type": "image/jpeg"})
    return [HumanMessage(content=content)]


def _write(model: SightlineChatModel, question: str, photo: bytes, longest: int) -> str:
    chunks = model.stream(_message(question, photo), max_tokens=longest, temperature=0.0)
    return "".join(str(chunk.content) for chunk in chunks).strip().split("\n")[0]
