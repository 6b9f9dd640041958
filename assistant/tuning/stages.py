"""The stages of Sightline-VLM over a prepared run, each resumable, and what they publish."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from assistant.models.eyes import SIGHT_WEIGHTS
from assistant.models.second_opinion import AnswerShape
from assistant.models.sight import LoraShape, Shape, read_weights
from assistant.tuning import pipeline
from assistant.tuning.answer_train import (
    AnswerSettings,
    answer_tokens,
    make_answer_set,
    train_answerer,
)
from assistant.tuning.answerer import Answerer
from assistant.tuning.export import Parts, export_weights
from assistant.tuning.lm import LanguageModel, LoRA, dequantize, token_table
from assistant.tuning.name_train import NameSettings, make_named_set, train_namer, word_shares
from assistant.tuning.projector import Namer, Projector
from assistant.tuning.speak_train import Progress, Run, Speaker, SpeakSettings, train_speaker
from assistant.tuning.tasks import PromptCoder, Sampler, make_asks, make_task
from assistant.tuning.validate import validate
from assistant.tuning.vocabulary import build_concepts
from retrieval.weights import ModelStore

if TYPE_CHECKING:
    from assistant.tuning.pipeline import Budget, Part

State = dict[str, Tensor]
_DROPOUT = 0.1
_VALIDATION = "validation.json"
_VALIDATED = 200  # rows of each measuring split


@dataclass(frozen=True)
class Stages:
    """A run's data and the means to train on it."""

    run: Path
    parts: Sequence[Part]
    store: ModelStore
    budget: Budget
    start: pipeline.Start
    report: Callable[[str], None]
    stop: Callable[[], bool]

    def name(self) -> State:
        """Train the projector to name; returns its averaged weights, or those it begins with."""
        if self.start == "shipped":
            return _under("projector.", self._shipped)
        concepts = build_concepts(
            (row for p in self._learning for row in p.split.rows), self.tokenizer
        )
        made = [
            make_named_set(p.split, self._features(p), concepts, self.tokenizer)
            for p in self._learning
        ]
        kinds = [p.kind for p in self._learning]
        described = next(s for s, k in zip(made, kinds, strict=True) if k == "captions")
        others = [s for s in made if s is not described]
        torch.manual_seed(1)
        projector = Projector(Shape(), dropout=_DROPOUT)
        table = self._table(concepts)
        projector.begin_as_words(table)
        model = Namer(projector, table, word_shares([described], len(concepts)))
        settings = self._naming
        state = train_namer(
            model, described, others, settings, self.run / "name",
            lambda step, m: self._told("name", step, settings.steps, m["seconds"], m),
            stop=self.stop,
        )  # fmt: skip
        return _under("projector.", state)

    def answers(self) -> State:
        """Train the small decoder of captions and answers; returns its averaged weights."""
        torch.manual_seed(2)
        model = Answerer(self.words.answer_shape, dropout=0.3)
        model.borrow_words(self._table(self.words.answer_tokens))
        length = self.words.answer_shape.length
        sets = [
            make_answer_set(
                p.split, self._features(p), self.words.answer_tokens, self.tokenizer, length,
                pipeline.share_of(p),
            )
            for p in self._learning
            if p.kind != "regions"
        ]  # fmt: skip
        settings = self._answering
        return train_answerer(
            model, sets, settings, self.run / "answers",
            lambda step, loss, s: self._told("answers", step, settings.steps, s, {"loss": loss}),
            stop=self.stop,
        )  # fmt: skip

    def speak(self, named: State) -> State:
        """Train projector and LoRA through the language model; returns their averaged weights.

        No steps keep the weights that ship as they are.
        """
        if self.start == "shipped" and not self.budget.speak_steps:
            return dict(self._shipped)
        tasks = [
            make_task(p.split, self._coder, self._features(p), pipeline.share_of(p))
            for p in self._learning
            if p.kind != "regions"
        ]
        targets = {
            token
            for part in self.parts
            for own in make_asks(part.split, self._coder).values()
            for ask in own
            for text in ask.answers
            for token in text
        }
        torch.manual_seed(3)
        projector = Projector(self.words.shape, dropout=_DROPOUT)
        projector.load_state_dict(named)
        lora = LoRA(self.words.lora_shape, self._layers)
        if self.start == "shipped":
            lora.load_state_dict(_under("lora.", self._shipped))
        model = Speaker(projector, lora)
        settings = self._speaking
        lm = LanguageModel(self._lm_folder, lora, sorted(targets), fuse=settings.steps > 50)
        room = settings.length - len(self._coder.prefix) - self.words.shape.rows
        sampler = Sampler(tasks, self._coder.prefix, room, seed=11)
        run = Run(model, settings, sampler, self.run / "speak")
        train_speaker(run, lm, self._told_speak, stop=self.stop)
        spoken = run.learner.averaged_state()
        if not self.stop():
            self._validate(model, spoken, lm)
        return spoken

    def _validate(self, model: Speaker, spoken: State, lm: LanguageModel) -> None:
        """Measure what was trained and write the figures into ``validation.json``."""
        model.load_state_dict(spoken)
        lm.unfuse()
        figures: dict[str, Any] = {}
        for part in self.parts:
            if not part.learns and part.kind != "regions":
                held = self._features(part)
                figures |= validate(model, lm, self._coder, part.split, held, _VALIDATED)
                self.report(f"validation: {figures}")
        text = json.dumps(figures, indent=2)
        (self.run / _VALIDATION).write_text(text, encoding="utf-8")

    def export(self, spoken: State, answers: State) -> None:
        """Write ``out/model.safetensors``."""
        whole = {**spoken, **{f"answer.{name}": value for name, value in answers.items()}}
        export_weights(self.run / "out" / "model.safetensors", whole, self.words)

    def settings(self) -> dict[str, Any]:
        """Return every hyper-parameter, for the card."""
        return {
            "name": dataclasses.asdict(self._naming),
            "speak": {
                **dataclasses.asdict(self._speaking),
                "lora": dataclasses.asdict(self.words.lora_shape),
                "shares": {p.split.name: pipeline.share_of(p) for p in self._learning},
            },
            "answers": dataclasses.asdict(self._answering),
        }

    def validation(self) -> dict[str, Any]:
        """Return the figures measured at the end of the last stage, if it got there."""
        path = self.run / _VALIDATION
        if not path.is_file():
            return {}
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    @cached_property
    def _shipped(self) -> State:
        """Projector and LoRA of the weights that ship, float32."""
        found: State = {}
        for part in ("projector.", "lora."):
            tensors = read_weights(SIGHT_WEIGHTS, part)[1]
            found |= {name: torch.from_numpy(value) for name, value in tensors.items()}
        return found

    @property
    def _naming(self) -> NameSettings:
        return NameSettings(steps=self.budget.name_steps)

    @property
    def _speaking(self) -> SpeakSettings:
        return SpeakSettings(steps=self.budget.speak_steps, max_hours=self.budget.hours)

    @property
    def _answering(self) -> AnswerSettings:
        return AnswerSettings(steps=self.budget.answer_steps)

    @cached_property
    def tokenizer(self) -> Any:
        """The language model's tokenizer."""
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self._lm_folder / "tokenizer.json"))

    @cached_property
    def words(self) -> Parts:
        """Sizes of all that learns, and the answer decoder's words."""
        tokens = answer_tokens((p.split for p in self._learning), self.tokenizer)
        return Parts(Shape(), LoraShape(), AnswerShape(len(tokens)), tokens)

    @cached_property
    def _coder(self) -> PromptCoder:
        return PromptCoder(self.tokenizer)

    @cached_property
    def _lm_folder(self) -> Path:
        return dequantize(self.store.path("qwen2.5-coder-0.5b"), self.store.folder / "dequantized")

    @property
    def _layers(self) -> int:
        config = json.loads((self._lm_folder / "config.json").read_text(encoding="utf-8"))
        return int(config["num_hidden_layers"])

    @property
    def _learning(self) -> list[Part]:
        return [part for part in self.parts if part.learns]

    def _features(self, part: Part) -> Any:
        return pipeline.features_of(self.run, part)

    def _table(self, tokens: Sequence[int]) -> Tensor:
        return token_table(self._lm_folder, tokens)

    def _told(
        self, stage: str, step: int, steps: int, seconds: float, measures: Mapping[str, float]
    ) -> None:
        self._note({"stage": stage, "step": step, **measures, "seconds": seconds})
        shown = ", ".join(f"{name} {value:.3f}" for name, value in measures.items())
        left = (steps - step) * seconds / max(step, 1) / 60
        self.report(f"{stage} {step}/{steps}: {shown}; {left:.0f} min left")

    def _told_speak(self, progress: Progress) -> None:
        row = dataclasses.asdict(progress)
        self._note({"stage": "speak", "steps": self.budget.speak_steps, **row.pop("losses"), **row})
        shown = ", ".join(f"{name} {value:.3f}" for name, value in progress.losses.items())
        left = progress.left / 60
        self.report(f"speak {progress.step}: {shown}; {left:.0f} min left")

    def _note(self, row: Mapping[str, Any]) -> None:
        with (self.run / "metrics.jsonl").open("a", encoding="utf-8") as out:
            out.write(json.dumps({"at": time.time(), **row}) + "\n")


def _under(prefix: str, state: Mapping[str, Tensor]) -> State:
    """Return the weights below a module's name, by their names in that module."""
    return {name.removeprefix(prefix): v for name, v in state.items() if name.startswith(prefix)}
