"""The frozen language model during training: a 4-bit GGUF, dequantized once, run in bfloat16.

Only what training needs of a Qwen2 decoder is written out here: batches of fixed size under a
mask, the output head only at targets and only over tokens that training texts contain. Processors
with matrix units (AMX, AVX512-BF16) multiply bfloat16 several times as fast as float32; what
learns (``LoRA``) stays in float32 and is rounded on use. ``torch.compile`` fuses what lies between
the multiplications, where there is a C++ compiler.

Knows nothing of photos or losses.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from assistant.models.sight import LoraShape

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


def token_table(folder: Path, tokens: Sequence[int]) -> Tensor:
    """Return the embeddings, float32 [n, width], of token ids, of a dequantized model."""
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", "pt") as file:
        table: Tensor = file.get_tensor("model.embed_tokens.weight")[list(tokens)]
    return table


@dataclass(frozen=True)
class LmSizes:
    """Sizes of a Qwen2 decoder."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    theta: float
    epsilon: float

    @property
    def head(self) -> int:
        """Width of one attention head."""
        return self.width // self.heads

    @property
    def kv_width(self) -> int:
        """Width of all keys of a token."""
        return self.head * self.kv_heads


class LoRA(nn.Module):
    """Low-rank changes of a frozen decoder (Hu et al. 2021): W x + scale * B (A x).

    Three places a layer: the joint query, key and value; the attention's output; the last matrix
    of the MLP. B begins at zero, so that the model begins as it is.
    """

    def __init__(self, shape: LoraShape, layers: int) -> None:
        super().__init__()
        self.shape = shape
        for name, (wide_in, wide_out) in shape.places.items():
            down = torch.randn(layers, shape.rank, wide_in) / wide_in**0.5
            self.register_parameter(f"{name}_a", nn.Parameter(down))
            up = torch.zeros(layers, wide_out, shape.rank)
            self.register_parameter(f"{name}_b", nn.Parameter(up))

    def rounded(self, dtype: torch.dtype) -> list[tuple[Tensor, ...]]:
        """Return for each layer (A, scale * B) of every place, in the order of ``places``."""
        whole = []
        for name in self.shape.places:
            whole.append(self.get_parameter(f"{name}_a").to(dtype).unbind(0))
            up = self.get_parameter(f"{name}_b") * self.shape.scale
            whole.append(up.to(dtype).unbind(0))
        return list(zip(*whole, strict=True))


Layer = tuple[Tensor, ...]  # norm, qkv, qkv bias, out, norm, gate and up, down


def read_layers(folder: Path, dtype: torch.dtype) -> tuple[LmSizes, list[Layer], dict[str, Tensor]]:
    """Return sizes, layers and the rest (``embed``, ``norm``, ``head``) of a dequantized model."""
    from safetensors import safe_open

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    rope = config.get("rope_parameters") or {"rope_theta": config.get("rope_theta", 1e6)}
    sizes = LmSizes(
        config["num_hidden_layers"], config["hidden_size"], config["num_attention_heads"],
        config["num_key_value_heads"], float(rope["rope_theta"]), float(config["rms_norm_eps"]),
    )  # fmt: skip
    with safe_open(folder / "model.safetensors", "pt") as file:

        def get(*names: str) -> Tensor:
            return torch.cat([file.get_tensor(name).to(dtype) for name in names])

        def layer(i: int) -> Layer:
            at = f"model.layers.{i}."
            attention = [f"{at}self_attn.{part}_proj" for part in "qkv"]
            return (
                get(f"{at}input_layernorm.weight"),
                get(*(f"{name}.weight" for name in attention)),
                get(*(f"{name}.bias" for name in attention)),
                get(f"{at}self_attn.o_proj.weight"),
                get(f"{at}post_attention_layernorm.weight"),
                get(f"{at}mlp.gate_proj.weight", f"{at}mlp.up_proj.weight"),
                get(f"{at}mlp.down_proj.weight"),
            )

        rest = {
            "embed": get("model.embed_tokens.weight"),
            "norm": get("model.norm.weight"),
            "head": get("lm_head.weight"),
        }
        return sizes, [layer(i) for i in range(sizes.layers)], rest


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """Return x / rms(x) * weight (Zhang and Sennrich 2019), computed in float32."""
    wide = x.float()
    return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + epsilon)).to(x.dtype) * weight


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn x [n, heads, t, d] by its place (rotary embedding, Su et al. 2021)."""
    one, two = x.chunk(2, -1)
    return torch.cat((one * cos - two * sin, two * cos + one * sin), -1)


def low_rank(x: Tensor, down: Tensor, up: Tensor) -> Tensor:
    """Return B (A x)."""
    return functional.linear(functional.linear(x, down), up)


def decoder_layer(
    x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, sizes: LmSizes, layer: Layer, lora: Layer
) -> Tensor:
    """Return x [n, t, width] after one layer; ``mask`` is added to scores, [n, 1, t, t]."""
    norm_one, qkv_weight, qkv_bias, out, norm_two, gate_up, down = layer
    qkv_a, qkv_b, out_a, out_b, down_a, down_b = lora
    n, t, width = x.shape
    groups, each = sizes.kv_heads, sizes.heads // sizes.kv_heads
    y = rms_norm(x, norm_one, sizes.epsilon)
    qkv = functional.linear(y, qkv_weight, qkv_bias) + low_rank(y, qkv_a, qkv_b)
    q, k, v = (
        part.view(n, t, -1, sizes.head).transpose(1, 2)
        for part in torch.split(qkv, [width, sizes.kv_width, sizes.kv_width], -1)
    )
    q, k = rotate(q, cos, sin), rotate(k, cos, sin)
    grouped = q.reshape(n, groups, each * t, sizes.head)
    scores = (grouped @ k.transpose(2, 3)).view(n, sizes.heads, t, t) * sizes.head**-0.5
    shares = torch.softmax(scores + mask, -1)
    mixed = (shares.view(n, groups, each * t, t) @ v).view(n, sizes.heads, t, sizes.head)
    mixed = mixed.transpose(1, 2).reshape(n, t, width)
    x = x + functional.linear(mixed, out) + low_rank(mixed, out_a, out_b)
    y = rms_norm(x, norm_two, sizes.epsilon)
    gate, value = functional.linear(y, gate_up).chunk(2, -1)
    hidden = functional.silu(gate) * value
    return x + functional.linear(hidden, down) + low_rank(hidden, down_a, down_b)


class LanguageModel:
    """A frozen decoder with what is learned beside it.

    Args:
        folder: of ``dequantize``.
        lora: learned changes; they may still be zero.
        targets: token ids that may be predicted; the head is cut to them and to the most frequent.
        dtype: of the frozen weights and the computation.
        fuse: compile the layer (worth it for many steps of one shape).
    """

    def __init__(
        self,
        folder: Path,
        lora: LoRA,
        targets: Sequence[int],
        dtype: torch.dtype = torch.bfloat16,
        fuse: bool = False,
    ) -> None:
        self.dtype, self.lora = dtype, lora
        self.sizes, self._layers, rest = read_layers(folder, dtype)
        self.table, self._norm = rest["embed"], rest["norm"]
        kept = sorted({*targets, *range(min(FREQUENT, len(self.table)))})
        self._place = {token: i for i, token in enumerate(kept)}
        self.kept = torch.tensor(kept)
        self._head = rest["head"][self.kept].clone()
        fusing = fuse and shutil.which("c++") is not None
        self._layer = torch.compile(decoder_layer, dynamic=False) if fusing else decoder_layer

    def unfuse(self) -> None:
        """Compute as written from now on: compiling would cost more than it saves where the
        shapes vary."""
        self._layer = decoder_layer

    def embed(self, tokens: Tensor) -> Tensor:
        """Return embeddings [..., width] of token ids."""
        rows: Tensor = self.table[tokens]
        return rows

    def states(self, rows: Tensor, positions: Tensor, visible: Tensor) -> Tensor:
        """Return final states [n, t, width] of rows float [n, t, width].

        Args:
            positions: int64 [n, t].
            visible: bool [n, t, t], [b, i, j] whether place i sees place j.
        """
        half = self.sizes.head // 2
        speed = self.sizes.theta ** (-torch.arange(half) / half)
        angle = (positions[..., None] * speed)[:, None]
        cos, sin = angle.cos().to(self.dtype), angle.sin().to(self.dtype)
        mask = torch.zeros(visible.shape, dtype=self.dtype).masked_fill_(~visible, -1e9)[:, None]
        x = rows.to(self.dtype)
        changes = self.lora.rounded(self.dtype)
        for layer, change in zip(self._layers, changes, strict=True):
            x = self._layer(x, cos, sin, mask, self.sizes, layer, change)
        return rms_norm(x, self._norm, self.sizes.epsilon)

    def log_likelihood(self, states: Tensor, target: Tensor) -> Tensor:
        """Return log p [k] of target ids [k] after states [k, width], over the kept tokens."""
        places = torch.tensor([self._place[token] for token in target.tolist()])
        logits = self.logits(states)
        return -functional.cross_entropy(logits, places, reduction="none")

    def logits(self, states: Tensor) -> Tensor:
        """Return float32 logits [..., kept] of states; ``kept`` tells the token ids."""
        return functional.linear(states, self._head).float()
