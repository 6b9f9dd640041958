"""An adapter for any vision-language model of the Hugging Face kind: LoRA, or QLoRA on a GPU.

The model stays as it is; beside every linear layer of its language model two thin matrices learn
(LoRA, Hu et al. 2021). On a GPU the model itself is held in NF4 while they do (QLoRA, Dettmers et
al. 2023). ``trl`` runs the loop: it puts photos and chats together for every family of models,
and takes up a stopped run with its optimizer and its place in the data. What is written is the
adapter alone; the app merges it at load, or lays it over 4-bit weights.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from assistant.errors import ModelUnavailable, TuningUsage
from assistant.models.hub_plan import decoder_of, make_plan
from assistant.models.registry import find_model
from assistant.tuning.card import write_card
from assistant.tuning.hub_data import hub_dataset
from assistant.tuning.registry import check_card, hub_name
from assistant.tuning.trainers import Bench

if TYPE_CHECKING:
    from assistant.models.hub_loading import Loaded

ADAPTER = ("adapter_model.safetensors", "adapter_config.json")
_LONGEST_SIDE = 1024


@dataclass(frozen=True)
class HubSettings:
    """Hyper-parameters. ``hours`` is the most that is spent; ``quantization`` auto is nf4 on a GPU
    and none on a CPU."""

    steps: int = 200
    rank: int = 16
    rate: float = 2e-4
    batch: int = 2
    hours: float = 12.0
    quantization: Literal["auto", "none", "nf4"] = "auto"


class HubTrainer:
    """See ``trainers.Trainer``."""

    Settings = HubSettings

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._name = bench.plan.model

    def version_name(self) -> str:
        """See ``trainers.Trainer``."""
        return hub_name(self._name)

    def prepare(self) -> None:
        """Check that the model is here and sees; nothing is computed beforehand.

        Raises:
            ModelUnavailable, TuningUsage: it is not here, or cannot be trained.
        """
        from assistant.models.hub_loading import describe

        if not describe(self._folder(), self._name).sees_images:
            raise TuningUsage(detail=f"{self._name} reads text only; photos teach it nothing")

    def train(self) -> bool:
        """See ``trainers.Trainer``."""
        bench, settings = self._bench, HubSettings(**self._bench.settings)
        began = time.monotonic()
        loaded = self._load(settings.quantization)
        model = with_lora(loaded, settings.rank)
        trainer = self._trainer(loaded, model, settings)
        trainer.train(resume_from_checkpoint=last_whole(bench.run / "adapter"))
        if bench.stop():
            return False
        self._write(model, settings, {"training": time.monotonic() - began})
        return True

    def evaluate(self, limit: int) -> Mapping[str, Any]:
        """Measure the model with the adapter and, to compare, without."""
        from assistant.models.transformers_vlm import TransformersChat
        from assistant.tuning.measure import measure_split

        bench = self._bench
        check_card(bench.out)
        figures: dict[str, Any] = {}
        for label, adapter in (("", bench.out), (", without the adapter", None)):
            model = TransformersChat(
                model_id=self._name, folder=self._folder(), adapter=adapter, threads=bench.threads
            )
            for part in bench.measuring:
                if part.kind != "regions" and not bench.stop():
                    bench.journal.report(f"measuring {part.split.name}{label}")
                    found = measure_split(model, part.split, limit)
                    figures |= {f"{name}{label}": figure for name, figure in found.items()}
            model.unload()
        return figures

    def _folder(self) -> Path:
        folder = find_model(self._name)
        if folder is None:
            detail = "it is neither a folder nor in the Hugging Face cache"
            raise ModelUnavailable(model=self._name or "hub", detail=detail)
        if folder.suffix == ".gguf":
            raise TuningUsage(detail=f"{folder} is a GGUF file; adapters need the checkpoint")
        return folder

    def _load(self, quantization: str) -> Loaded:
        import torch

        from assistant.models.hub_loading import load

        if quantization == "nf4" and not torch.cuda.is_available():
            raise TuningUsage(detail="--quantization nf4 needs a CUDA GPU; leave it out on a CPU")
        wanted: Any = "nf4" if quantization == "nf4" else "none"
        if quantization == "auto" and torch.cuda.is_available():
            wanted = "nf4"
        plan = make_plan(self._folder(), self._name, wanted)
        return load(self._folder(), self._name, plan, self._bench.threads, None)

    def _trainer(self, loaded: Loaded, model: Any, settings: HubSettings) -> Any:
        import datasets
        import torch
        import trl
        from transformers import PrinterCallback

        loop: Any = trl

        datasets.logging.set_verbosity_error()
        bench, on_gpu = self._bench, loaded.plan.device == "cuda"
        trainer = loop.SFTTrainer(
            model=model,
            args=loop.SFTConfig(
                output_dir=str(bench.run / "adapter"),
                max_steps=settings.steps,
                per_device_train_batch_size=settings.batch,
                learning_rate=settings.rate,
                lr_scheduler_type="cosine",
                warmup_steps=max(1, settings.steps // 20),
                logging_steps=max(1, settings.steps // 50),
                save_steps=max(1, min(25, settings.steps // 4)),
                save_total_limit=2,
                max_length=None,  # a cut photo would leave its tokens without pixels
                completion_only_loss=True,
                remove_unused_columns=False,
                gradient_checkpointing=on_gpu,
                bf16=on_gpu and torch.cuda.is_bf16_supported(),
                use_cpu=not on_gpu,
                report_to=[],
                disable_tqdm=True,
                seed=0,
            ),
            train_dataset=hub_dataset(bench.learning, _LONGEST_SIDE),
            processing_class=loaded.processor,
            callbacks=[_follower(bench, settings)],
        )
        trainer.remove_callback(PrinterCallback)  # stdout is for the command's answer
        return trainer

    def _write(self, model: Any, settings: HubSettings, seconds: Mapping[str, float]) -> None:
        """Write adapter and card beside ``out``, then put them in its place."""
        out = self._bench.out
        made = out.with_name(f".{out.name}.part")
        shutil.rmtree(made, ignore_errors=True)
        model.save_pretrained(str(made), safe_serialization=True)
        for path in made.iterdir():
            if path.name not in ADAPTER:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        card = self._bench.card(
            self.version_name(),
            f"Adapter for {Path(self._name).name}",
            self._name,
            seconds=seconds,
            notes=f"LoRA of rank {settings.rank} on the language model's linear layers. "
            "The licence of the model itself holds as well.",
        )
        write_card(made, card, ADAPTER, {"base_fingerprint": fingerprint(self._folder())})
        shutil.rmtree(out, ignore_errors=True)
        made.replace(out)


def with_lora(loaded: Loaded, rank: int) -> Any:
    """Put a LoRA that does nothing yet on the linear layers of a model's decoder."""
    import peft
    from torch import nn

    adapters: Any = peft

    model = loaded.model
    inside = {id(module) for module in decoder_of(model).modules()}
    targets = [
        path
        for path, module in model.named_modules()
        if isinstance(module, nn.Linear) and id(module) in inside
    ]
    if loaded.plan.quantization == "nf4":
        model = adapters.prepare_model_for_kbit_training(model)
    config = adapters.LoraConfig(
        r=rank, lora_alpha=2 * rank, lora_dropout=0.05, target_modules=targets
    )
    tuned = adapters.get_peft_model(model, config)
    tuned.config.use_cache = False
    return tuned


def last_whole(folder: Path) -> str | None:
    """Return the latest checkpoint that was written to its end; later ones are removed.

    The trainer's state is the last file of a checkpoint.
    """
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    for path in reversed(found):
        try:
            json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
            return str(path)
        except (OSError, ValueError):
            shutil.rmtree(path)
    return None


def fingerprint(folder: Path) -> str:
    """Return a digest by which an adapter knows the checkpoint it was made for.

    Of the configuration and of the sizes of the weights: quick, and different for another model.
    """
    digest = hashlib.sha256((folder / "config.json").read_bytes())
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(f"{path.name} {path.stat().st_size}".encode())
    return digest.hexdigest()


def _follower(bench: Bench, settings: HubSettings) -> Any:
    """Return the callback that tells the journal and ends the run when it is time."""
    from transformers import TrainerCallback

    class Follower(TrainerCallback):
        """Watches the loop; a run that is stopped saves first."""

        def __init__(self) -> None:
            self._start = time.monotonic()
            self._first = 0

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Remember where it began."""
            self._start, self._first = time.monotonic(), int(state.global_step)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            """Write down the loss."""
            if logs and "loss" in logs:
                spent, done = time.monotonic() - self._start, state.global_step - self._first
                left = (settings.steps - state.global_step) * spent / max(done, 1)
                told = {"loss": float(logs["loss"])}
                if "mean_token_accuracy" in logs:
                    told["token accuracy"] = float(logs["mean_token_accuracy"])
                bench.journal.record(
                    "adapter", state.global_step, told,
                    steps=settings.steps, seconds=spent, left=left,
                )  # fmt: skip

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Save and end where that was asked for, or the time is up."""
            late = time.monotonic() - self._start > settings.hours * 3600
            if bench.stop() or late:
                control.should_save = control.should_training_stop = True

    return Follower()
