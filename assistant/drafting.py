"""Drafts questions about a library, each with its answer and the place that proves it.

Written lines (``Total: 41.20``) give questions by rule, prose and transcripts are put to the
language model. A draft whose answer does not stand in its passage is dropped, so that what is
left to a person is to confirm, not to search. Knows nothing of how cases are stored or judged.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from assistant import prompts
from assistant.details import language_of
from assistant.i18n import Language, text
from assistant.library import LibraryView
from assistant.messages import AssetView
from assistant.own_case import OwnCaseView

if TYPE_CHECKING:
    from assistant.models.protocol import SightlineChatModel
    from retrieval.values import Passage

_FIELD = re.compile(
    r"^\s*([A-Za-z][\w /'.-]{2,30}|[\u3400-\u9fff]{2,12})\s*[:：]\s*(\S.{0,60}?)\s*$"
)
_TURN = re.compile(
    r"(?:Question|问题)[:：]\s*(?P<q>.+?)\s*\n+\s*(?:Answer|答案)[:：]\s*(?P<a>[^\n]+)"
)
_LEAST = 120
_READ = 1200
_A_FILE = 3
_SAME = 0.75


def draft(
    library: LibraryView,
    name: str,
    model: Callable[[], SightlineChatModel],
    count: int,
    seed: int = 7,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[OwnCaseView]:
    """Yield at most ``count`` drafts over different files, as they are written.

    Args:
        library: what may be asked about; ``name`` is the library's id.
        model: returns the model that writes questions about prose; called when first needed.
        cancelled: asked before each file.
    """
    rng = random.Random(seed)
    assets = list(library.assets())
    rng.shuffle(assets)
    asked: list[str] = []
    for turn in range(_A_FILE):
        for asset in assets:
            if len(asked) >= count or cancelled():
                return
            found = _about(library, name, asset, model, rng, turn)
            if found is not None and not _asked_before(found.question, asked):
                asked.append(found.question)
                yield found


def _about(
    library: LibraryView,
    name: str,
    asset: AssetView,
    model: Callable[[], SightlineChatModel],
    rng: random.Random,
    turn: int,
) -> OwnCaseView | None:
    """Return one draft about a file, or None when it offers nothing to ask."""
    passages = [p for p in library.passages(asset.id) if p.kind != "metadata" and p.text.strip()]
    fields = [(p, f) for p in passages for f in _fields(p.text)]
    prose = [p for p in passages if len(p.text) >= _LEAST]
    if turn < len(fields) and (turn % 2 == 0 or not prose):
        passage, (label, value) = fields[rng.randrange(len(fields))]
        language = language_of(label)
        question = text("draft_field", language, field=label.strip(), file=asset.name)
        return _case(name, asset, passage, question, value)
    if not prose:
        return None
    passage = rng.choice(prose)
    written = _write(model(), passage.text[:_READ])
    return None if written is None else _case(name, asset, passage, *written)


def _case(
    library: str, asset: AssetView, passage: Passage, question: str, answer: str
) -> OwnCaseView:
    return OwnCaseView(
        library=library,
        origin="drafted",
        question=question,
        answers=(answer,),
        asset=asset.name,
        locator=passage.locator.to_json(),
        snippet=passage.text[:300],
    )


def _fields(body: str) -> list[tuple[str, str]]:
    """Return the (label, value) lines of a text."""
    return [(m[1], m[2]) for line in body.splitlines() if (m := _FIELD.match(line))]


def _write(model: SightlineChatModel, body: str) -> tuple[str, str] | None:
    """Let the model write a question and its answer; None when the passage does not hold it."""
    from assistant.session import as_messages

    language: Language = language_of(body)
    messages = as_messages(prompts.drafter(body, language))
    said = str(model.invoke(messages, max_tokens=96, temperature=0.0).content)
    return checked(said, body)


def checked(said: str, body: str) -> tuple[str, str] | None:
    """Return (question, answer) of what a model wrote, if the answer stands in the text.

    Refused: no question mark, an answer that the question gives away, an answer of more than
    twelve words or one that is not in the text letter by letter.
    """
    match = _TURN.search(said if re.match(r"\s*(Question|问题)", said) else f"Question: {said}")
    if match is None:
        return None
    question, answer = match["q"].strip(), match["a"].strip().strip('"“”').rstrip(".。")
    there = " ".join(answer.split()).casefold() in " ".join(body.split()).casefold()
    short = 0 < len(answer.split()) <= 12 and len(answer) <= 90
    told = answer.casefold() in question.casefold()
    if not (question.endswith(("?", "？")) and there and short) or told:
        return None
    return question, answer


def _asked_before(question: str, asked: Sequence[str]) -> bool:
    words = set(question.casefold().split())
    for other in asked:
        theirs = set(other.casefold().split())
        if len(words & theirs) >= _SAME * len(words | theirs):
            return True
    return False
