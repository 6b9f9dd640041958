"""The three stages of Sightline-VLM over a prepared run, each resumable, and what they publish."""

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

from assistant.models.sight import AnswerShape, Shape, SightProjector
from assistant.tuning import pipeline
from assistant.tuning.answerer import (
    Answerer,
    AnswerSettings,
    answer_tokens,
    make_answer_set,
    train_answerer,
)
from assistant.tuning.card import Card, DataUsed, write_card
from assistant.tuning.export import Parts, export_projector
from assistant.tuning.lm import FrozenLM, dequantize, load_lm
from assistant.tuning.projector import Projector
from assistant.tuning.see_train import SeeSettings, make_see_set, train_see
from assistant.tuning.tasks import PromptCoder, Sampler, SightReader, make_asks, make_task
from assistant.tuning.vlm_train import Progress, Run, VlmSettings, train_vlm
from assistant.tuning.vocabulary import Vocabulary, build_vocabulary
from retrieval.weights import ModelStore

if TYPE_CHECKING:
    from assistant.tuning.pipeline import Budget, Part

State = dict[str, Tensor]
_ASKS = {"captions": 3, "choices": 2, "questions": 4}
_SOFT_TEXT = " Here is what the photo shows :"
RESEARCH = "research use only (the weights were trained on data for research)"


@dataclass(frozen=True)
class Stages:
    """A run's data and the means to train on it."""

    run: Path
    parts: Sequence[Part]
    store: ModelStore
    budget: Budget
    report: Callable[[str], None]
    stop: Callable[[], bool]

    def see(self) -> State:
        """Train naming and drafting; returns the projector's averaged weights."""
        made = [
            make_see_set(p.split, [self._features(p)], self.vocabulary, self.tokenizer)
            for p in self._learning
        ]
        kinds = [p.kind for p in self._learning]
        described = next(s for s, k in zip(made, kinds, strict=True) if k == "captions")
        others = [s for s in made if s is not described]
        model = Projector(self.words.shape, dropout=0.2)
        model.borrow_words(self._table(self.vocabulary.tokens))
        return train_see(
            model, described, others, SeeSettings(steps=self.budget.see_steps), self.run / "see",
            lambda step, m: self._told("see", step, self.budget.see_steps, m["seconds"], m),
            stop=self.stop,
        )  # fmt: skip

    def answers(self) -> State:
        """Train the answer drafter; returns its averaged weights."""
        model = Answerer(self.words.answer_shape, dropout=0.3)
        Projector.borrow_words(model, self._table(self.words.answer_tokens))  # type: ignore[arg-type]
        length = self.words.answer_shape.length
        sets = [
            make_answer_set(
                p.split, [self._features(p)], self.words.answer_tokens, self.tokenizer, length
            )
            for p in self._learning
            if p.kind in ("choices", "questions")
        ]
        if not sets:
            return model.state_dict()
        steps = self.budget.answer_steps
        return train_answerer(
            model, sets, AnswerSettings(steps=steps), self.run / "answers",
            lambda step, loss, s: self._told("answers", step, steps, s, {"loss": loss}),
            stop=self.stop,
        )  # fmt: skip

    def sight(self, see: State, answers: State) -> None:
        """Train the soft rows through the language model, and write ``out/model.safetensors``."""
        model = Projector(self.words.shape)
        model.load_state_dict(see)
        self._start_soft(model)
        out = self.run / "out" / "model.safetensors"
        self._export(out, model.state_dict(), answers)
        coder = PromptCoder(self.tokenizer)
        asks = [make_asks(p.split, coder) for p in self._learning if p.kind != "regions"]
        targets = {
            token
            for own in asks
            for mine in own.values()
            for ask in mine
            for text in ask.answers
            for token in text
        }
        lm = FrozenLM(load_lm(self._lm_folder), coder.prefix, sorted(targets))
        tasks = [
            make_task(p.split, coder, self._features(p), pipeline.share_of(p), _ASKS[p.kind])
            for p in self._learning
            if p.kind != "regions"
        ]
        reader = SightReader(SightProjector.load(out), self.tokenizer)
        settings = VlmSettings(steps=10**9, max_hours=self.budget.hours)
        run = Run(model, settings, Sampler(tasks, reader, coder, seed=11), self.run / "sight")
        train_vlm(run, lm, self._told_sight, stop=self.stop)
        self._export(out, run.learner.averaged_state(), answers)

    def publish(self, settings: Mapping[str, Any]) -> Path:
        """Write the card beside the weights; returns their folder."""
        used = [
            DataUsed(
                p.split.name, len(p.split.image_names()), len(p.split.rows),
                "training" if p.learns else "measuring",
            )
            for p in self.parts
        ]  # fmt: skip
        card = Card(
            name="sightline-vlm",
            title="Sightline-VLM",
            base="EfficientNet-Lite2 and Qwen2.5-Coder-0.5B-Instruct (both frozen)",
            licence=RESEARCH,
            data=used,
            settings=dict(settings),
            metrics={},
            seconds={"this command": float(settings["seconds"])},
            commands=("sightline tune prepare DATA…", "sightline tune train"),
            notes="Run `sightline tune evaluate` for its figures.",
        )
        folder = self.run / "out"
        write_card(folder, card)
        return folder

    @cached_property
    def tokenizer(self) -> Any:
        """The language model's tokenizer."""
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self._lm_folder / "tokenizer.json"))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of drafts and concepts, from the training splits."""
        return build_vocabulary(
            (row for part in self._learning for row in part.split.rows), self.tokenizer
        )

    @cached_property
    def words(self) -> Parts:
        """Sizes and words of both decoders; kept in the run, because checkpoints depend on it."""
        tokens = answer_tokens((p.split for p in self._learning), self.tokenizer)
        shape = Shape(len(self.vocabulary.tokens), len(self.vocabulary.concepts))
        return Parts(shape, self.vocabulary, AnswerShape(len(tokens)), tokens)

    @cached_property
    def _lm_folder(self) -> Path:
        return dequantize(self.store.path("qwen2.5-coder-0.5b"), self.store.folder / "dequantized")

    @property
    def _learning(self) -> list[Part]:
        return [part for part in self.parts if part.learns]

    def _features(self, part: Part) -> Any:
        return pipeline.features_of(self.run, part)

    def _table(self, tokens: Sequence[int]) -> Tensor:
        from safetensors import safe_open

        with safe_open(self._lm_folder / "model.safetensors", "pt") as file:
            table: Tensor = file.get_tensor("model.embed_tokens.weight")[list(tokens)]
        return table

    @torch.no_grad()
    def _start_soft(self, model: Projector) -> None:
        """Let the soft rows begin as a phrase (Lester et al. 2021) that looks where stage 1 did."""
        model.view.load_state_dict(model.reduce.state_dict())
        model.norm_view.load_state_dict(model.norm_in.state_dict())
        ids = self.tokenizer.encode(_SOFT_TEXT).ids
        filled = (ids * model.shape.soft_rows)[: model.shape.soft_rows]
        model.soft_bias.copy_(self._table(filled))

    def _export(self, path: Path, state: State, answers: State) -> None:
        whole = {**state, **{f"answer.{name}": value for name, value in answers.items()}}
        export_projector(path, whole, self.words, self._table(self.vocabulary.tokens))

    def _told(
        self, stage: str, step: int, steps: int, seconds: float, measures: Mapping[str, float]
    ) -> None:
        row = {"stage": stage, "step": step, "at": time.time(), **measures, "seconds": seconds}
        with (self.run / "metrics.jsonl").open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")
        shown = ", ".join(f"{name} {value:.3f}" for name, value in measures.items())
        left = (steps - step) * seconds / max(step, 1) / 60
        self.report(f"{stage} {step}/{steps}: {shown}; {left:.0f} min left")

    def _told_sight(self, progress: Progress) -> None:
        row = {"stage": "sight", "at": time.time(), **dataclasses.asdict(progress)}
        with (self.run / "metrics.jsonl").open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")
        self.report(
            f"sight {progress.step}: loss {progress.loss:.3f}; {progress.left / 60:.0f} min left"
        )
