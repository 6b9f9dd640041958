"""Generation with a transformers model: streamed, cancelled, constrained to choices, scored."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

from assistant.errors import ModelError
from assistant.models.hub_loading import Loaded
from assistant.models.protocol import FinishReason, Options
from assistant.models.sampling import loops

_CHOICE = re.compile(r'\s*root\s*::=\s*("(?:[^"\\]|\\.)*"(?:\s*\|\s*"(?:[^"\\]|\\.)*")*)\s*')
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')


class Writing:
    """One answer being written by a thread of its own; ``pieces`` is read by the caller's.

    Args:
        inputs: the mapping that ``hub_inputs`` gives.
        room: tokens left in the context.
    """

    def __init__(self, loaded: Loaded, inputs: Any, options: Options, room: int) -> None:
        from transformers import TextIteratorStreamer

        self._loaded, self._inputs, self._options = loaded, inputs, options
        self._most = max(1, min(options.max_tokens, room))
        self._streamer = TextIteratorStreamer(
            loaded.tokenizer, skip_prompt=True, skip_special_tokens=True
        )
        self._prompt = int(inputs["input_ids"].shape[1])
        self._allowed = _allowed(loaded, options.grammar, self._prompt)
        self._failure: Exception | None = None
        self._finish: FinishReason = "length"
        self._over = False
        self.written = 0

    def pieces(self) -> Iterator[str]:
        """Yield text as it is written; leaving early stops the thread."""
        thread = threading.Thread(target=self._run, name="generate", daemon=True)
        thread.start()
        try:
            yield from self._streamer
        finally:
            self._over = True
            thread.join()

    def stop(self) -> None:
        """End after the token that is being written: a stop string was seen."""
        self._over = True

    def finish(self, name: str) -> FinishReason:
        """Return why it ended.

        Raises:
            ModelError: generation failed.
        """
        if self._failure is not None:
            raise ModelError(model=name, detail=str(self._failure)) from self._failure
        return self._finish

    def _run(self) -> None:
        import torch

        try:
            if self._options.seed is not None:
                torch.manual_seed(self._options.seed)
            with torch.inference_mode():
                self._loaded.model.generate(**self._inputs, **self._settings())
        except Exception as error:  # carried to the reader's thread by finish()
            self._failure = error
        finally:
            self._streamer.text_queue.put(self._streamer.stop_signal)

    def _settings(self) -> dict[str, Any]:
        from transformers import StoppingCriteriaList

        settings: dict[str, Any] = {
            "streamer": self._streamer,
            "max_new_tokens": self._most,
            "do_sample": self._options.temperature > 0,
            "stopping_criteria": StoppingCriteriaList([self._watch]),
            "pad_token_id": self._loaded.tokenizer.pad_token_id
            or self._loaded.tokenizer.eos_token_id,
        }
        if self._options.temperature > 0:
            settings |= {"temperature": self._options.temperature, "top_p": 0.95}
        if self._allowed is not None:
            settings["prefix_allowed_tokens_fn"] = self._allowed
        return settings

    def _watch(self, ids: Any, _scores: Any, **_more: Any) -> Any:
        """Look after every token whether to end; bool tensor, one value a row."""
        import torch

        tokens = ids[0, self._prompt :].tolist()
        self.written = len(tokens)
        if self._options.cancel():
            self._finish, self._over = "cancelled", True
        elif loops(tokens):
            self._finish, self._over = "loop", True
        elif self._over or tokens[-1] in _ends(self._loaded):
            self._finish = "stop"
        return torch.full((len(ids),), self._over, dtype=torch.bool, device=ids.device)


def log_probability(loaded: Loaded, inputs: Any, candidate: str) -> float:
    """Return the log-probability (natural) of ``candidate`` and its end as the answer."""
    import torch

    tokens = loaded.tokenizer(candidate, add_special_tokens=False)["input_ids"]
    answer = torch.tensor([[*tokens, loaded.tokenizer.eos_token_id]], device=loaded.model.device)
    whole = {key: _grown(key, value, answer, inputs) for key, value in inputs.items()}
    start = inputs["input_ids"].shape[1]
    with torch.inference_mode():
        logits = loaded.model(**whole).logits[0, start - 1 : -1].float()
    chosen = torch.log_softmax(logits, dim=-1).gather(1, answer[0][:, None])
    return float(chosen.sum())


def _grown(key: str, value: Any, answer: Any, inputs: Any) -> Any:
    """Lengthen the inputs that go along the tokens: ids, mask, and token types (0 is text)."""
    import torch

    if key == "input_ids":
        return torch.cat([value, answer], 1)
    if value.shape != inputs["input_ids"].shape:
        return value
    fill = torch.ones_like(answer) if key == "attention_mask" else torch.zeros_like(answer)
    return torch.cat([value, fill.to(value.dtype)], 1)


def choices(grammar: str) -> list[str] | None:
    """Return the literals of a grammar that is a plain choice of literals, else None."""
    found = _CHOICE.fullmatch(grammar)
    if found is None:
        return None
    return [re.sub(r"\\(.)", r"\1", text) for text in _LITERAL.findall(found[1])]


def _allowed(
    loaded: Loaded, grammar: str | None, prompt: int
) -> Callable[[int, Any], list[int]] | None:
    if grammar is None:
        return None
    texts = choices(grammar)
    if texts is None:
        raise ModelError(
            model="transformers", detail="it follows only grammars that are a choice of texts"
        )
    end = loaded.tokenizer.eos_token_id
    lines = [
        [*loaded.tokenizer(text, add_special_tokens=False)["input_ids"], end] for text in texts
    ]

    def allowed(_row: int, ids: Any) -> list[int]:
        written = ids[prompt:].tolist()
        following = {
            line[len(written)]
            for line in lines
            if len(line) > len(written) and line[: len(written)] == written
        }
        return sorted(following) or [end]

    return allowed


def _ends(loaded: Loaded) -> set[int]:
    found = loaded.model.generation_config.eos_token_id
    ends = set(found) if isinstance(found, list) else {found}
    return ends | {loaded.tokenizer.eos_token_id}
