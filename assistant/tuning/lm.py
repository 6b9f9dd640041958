"""The frozen language model during training: a 4-bit GGUF, dequantized once, run in torch.

``FrozenLM`` computes what training needs and nothing more: the keys and values of the prompt
before a photo are computed once for ever, those of a photo's words without gradients, the
output head only at targets and only over the tokens that training texts contain.

Knows nothing of photos or losses.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from assistant.tuning.packing import additive_mask

FREQUENT = 2000  # the first ids of a byte-pair vocabulary are its most frequent pieces


def dequantize(gguf: Path, folder: Path) -> Path:
    """Write the GGUF as float32 safetensors with config and tokenizer; skip when it is there.

    Takes about a minute and 2.5 GB of disk.
    """
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    marker = folder / "source.json"
    source = {"gguf": gguf.name, "bytes": gguf.stat().st_size}
    if marker.is_file() and json.loads(marker.read_text(encoding="utf-8")) == source:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    )
    del model.config.quantization_config
    model.config.save_pretrained(folder)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.part")
    (folder / "model.part").replace(folder / "model.safetensors")
    marker.write_text(json.dumps(source), encoding="utf-8")
    return folder


def load_lm(folder: Path) -> Any:
    """Return the causal language model, frozen; its weights stay mapped from the file.

    Two training processes therefore share one copy in memory.
    """
    from safetensors.torch import load_file
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(folder)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(  # type: ignore[no-untyped-call]
            config, dtype=torch.float32
        )
    model.load_state_dict(load_file(folder / "model.safetensors"), assign=True)
    rotary = type(model.model.rotary_emb)
    model.model.rotary_emb = rotary(config=config)
    return model.requires_grad_(False).eval()


class FrozenLM:
    """A causal language model that reads rows of embeddings after a fixed text.

    Args:
        model: a transformers causal LM (``.model``, ``.lm_head``), frozen.
        prefix: token ids of the text before every photo.
        targets: token ids that may be predicted; the head is cut to them.
    """

    def __init__(self, model: Any, prefix: Sequence[int], targets: Sequence[int]) -> None:
        self.model = model
        self.prefix = tuple(prefix)
        self.prefix_length = len(prefix)
        kept = sorted({*targets, *range(min(FREQUENT, model.lm_head.weight.shape[0]))})
        self._place = {token: i for i, token in enumerate(kept)}
        self._head = model.lm_head.weight[torch.tensor(kept)].clone()
        with torch.no_grad():
            out = model.model(input_ids=torch.tensor([list(prefix)]), use_cache=True)
        self._prefix = _layers(out.past_key_values)

    def embed(self, tokens: Tensor) -> Tensor:
        """Return embeddings [..., width] of token ids."""
        rows: Tensor = self.model.get_input_embeddings().weight[tokens]
        return rows

    def read_words(self, rows: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return keys and values [1, heads, prefix + n * t, d] a layer, without gradients.

        ``rows`` [n, t, width] are the words of n photos; a photo sees the prefix and itself.
        """
        n, t, width = rows.shape
        own = torch.kron(torch.eye(n), torch.ones(t, t).tril()).bool()
        visible = torch.cat((torch.ones(n * t, self.prefix_length, dtype=torch.bool), own), 1)
        positions = torch.arange(self.prefix_length, self.prefix_length + t).repeat(n)
        with torch.no_grad():
            _, cache = self._run(rows.reshape(1, n * t, width), visible, positions, self._prefix)
        return cache

    def states(
        self, rows: Tensor, visible: Tensor, positions: Tensor, past: list[tuple[Tensor, Tensor]]
    ) -> Tensor:
        """Return final states [t, width] of rows [t, width], gradients flowing to the rows.

        ``visible`` bool [t, past + t].
        """
        out, _ = self._run(rows[None], visible, positions, past)
        return out[0]

    def log_likelihood(self, states: Tensor, target: Tensor) -> Tensor:
        """Return log p [k] of target ids [k] after states [k, width], over the kept tokens."""
        places = torch.tensor([self._place[token] for token in target.tolist()])
        logits = states @ self._head.T
        return -torch.nn.functional.cross_entropy(logits, places, reduction="none")

    def _run(
        self, rows: Tensor, visible: Tensor, positions: Tensor, past: list[tuple[Tensor, Tensor]]
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        from transformers import DynamicCache

        cache = DynamicCache()
        for layer, (key, value) in enumerate(past):
            cache.update(key, value, layer)
        out = self.model.model(
            inputs_embeds=rows,
            attention_mask=additive_mask(visible),
            position_ids=positions[None],
            past_key_values=cache,
            use_cache=True,
        )
        return out.last_hidden_state, _layers(out.past_key_values)


def _layers(cache: Any) -> list[tuple[Tensor, Tensor]]:
    return [(layer.keys, layer.values) for layer in cache.layers]
