"""The layers of a Qwen2 language model as an ONNX graph that reads prompts in int8.

llama.cpp's wheel is built for AVX2 and knows no int8 products of a newer processor; ONNX Runtime
does, and chooses its kernels when it runs. The graph gives what llama.cpp keeps of a prompt, the
keys and values of every layer, and nothing else: words are written by llama.cpp.

Weights are widened from the file's 4 to 8 bits. What a norm gives is quantized with one scale for
all tokens of a step, which is the fastest product there is. What comes out of attention and of the
gate has outliers, and is quantized by blocks of 128. The first token of a text is a step of its
own: it is a hundred times as large as others and would take the scale for itself. The values are
off from llama.cpp's (root mean square over a layer's values) by about .2 with one scale for
everything, .11 with the first token apart, .05 with the blocks too; two exact 8-bit schemes differ
by .023.

Adapters (Hu et al. 2021, LoRA) are inputs, so that one graph serves all of them. Word vectors are
looked up outside. Knows no llama.cpp.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assistant.models.model_file import Floats, ModelFile, ModelShape, WordTable

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto, ValueInfoProto

GROUPS: Mapping[str, tuple[str, ...]] = {
    "qkv": ("attn_q", "attn_k", "attn_v"),
    "out": ("attn_output",),
    "up": ("ffn_gate", "ffn_up"),
    "down": ("ffn_down",),
}
"""Matrices that share their input are one product."""
_FUSED = "com.microsoft"
_BLOCK = 128


def group_sizes(shape: ModelShape, group: str) -> tuple[int, tuple[int, ...]]:
    """Return the inputs, and the outputs of each matrix, of a group."""
    narrow = shape.kv_heads * shape.head
    return {
        "qkv": (shape.width, (shape.width, narrow, narrow)),
        "out": (shape.width, (shape.width,)),
        "up": (shape.width, (shape.hidden, shape.hidden)),
        "down": (shape.hidden, (shape.width,)),
    }[group]


def int8_model(path: Path) -> bytes:
    """Return the serialised graph of a GGUF file.

    Inputs: ``x`` float32 [1, n, width], vectors of the next tokens; ``last`` int32 [1], the place
    of the last of them in the text, and ``total`` int32, one more; ``past.L.k`` and ``past.L.v``
    float32 [1, kv_heads, p, head], what is known of the text before; ``L.GROUP.a`` [inputs, r]
    and ``L.GROUP.b`` [r, outputs], an adapter. Outputs: ``now.L.k`` and ``now.L.v``, the same of
    all p + n tokens, keys turned by their places (Su et al. 2021).
    """
    return _Graph(ModelFile(path)).serialised()


def told_by(session: Any) -> tuple[ModelShape, WordTable]:
    """Return what an opened graph keeps of its model's file."""
    about = session.get_modelmeta().custom_metadata_map
    return ModelShape(**json.loads(about["shape"])), WordTable(**json.loads(about["words"]))


class _Graph:
    """Collects nodes and constants; a method returns the name of its output."""

    def __init__(self, file: ModelFile) -> None:
        self._file, self._shape = file, file.shape
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []
        self._inputs: list[ValueInfoProto] = []
        self._outputs: list[ValueInfoProto] = []

    def serialised(self) -> bytes:
        """Build all layers."""
        from onnx import TensorProto, helper

        shape = self._shape
        self._input("x", [1, "n", shape.width])
        self._input("last", [1], TensorProto.INT32)
        self._input("total", [], TensorProto.INT32)
        places = np.arange(shape.context)[:, None]
        turns = places * shape.base ** (-np.arange(shape.head // 2) / (shape.head // 2))
        self._constant("cos", np.cos(turns).astype(np.float32))
        self._constant("sin", np.sin(turns).astype(np.float32))
        gain = self._constant("gain", self._file.weight("blk.0.attn_norm.weight"))
        x = self._node(
            "SimplifiedLayerNormalization", ["x", gain], ["x0"], epsilon=shape.epsilon, axis=-1
        )
        sums = "x"
        for layer in range(shape.layers):
            seen = self._attention(x, layer)
            if layer + 1 < shape.layers:  # of the last layer only keys and values are wanted
                x, sums = self._rest(seen, sums, layer)
        graph = helper.make_graph(
            self._nodes, "prefill", self._inputs, self._outputs, self._constants
        )
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(_FUSED, 1)]
        made = helper.make_model(graph, opset_imports=opsets, ir_version=9)
        about = {"shape": asdict(shape), "words": asdict(self._file.words())}
        helper.set_model_props(made, {key: json.dumps(value) for key, value in about.items()})
        return bytes(made.SerializeToString())

    def _attention(self, x: str, layer: int) -> str:
        shape = self._shape
        mixed = self._product(x, layer, "qkv")
        bias = [self._file.weight(f"blk.{layer}.{m}.bias") for m in GROUPS["qkv"]]
        moved = self._constant(f"{layer}.bias", np.concatenate(bias))
        mixed = self._node("Add", [mixed, moved], [f"{layer}.mixed"])
        sizes = self._constant(f"{layer}.sizes", np.array(group_sizes(shape, "qkv")[1], np.int64))
        three = [f"{layer}.q", f"{layer}.k", f"{layer}.v"]
        self._node("Split", [mixed, sizes], three, axis=2)
        past = [f"past.{layer}.k", f"past.{layer}.v"]
        now = [f"now.{layer}.k", f"now.{layer}.v"]
        for name in past:
            self._input(name, [1, shape.kv_heads, "p", shape.head])
        for name in now:
            self._output(name, [1, shape.kv_heads, "all", shape.head])
        return self._node(
            "GroupQueryAttention",
            [*three, *past, "last", "total", "cos", "sin"],
            [f"{layer}.seen", *now],
            domain=_FUSED,
            num_heads=shape.heads,
            kv_num_heads=shape.kv_heads,
            do_rotary=1,
            rotary_interleaved=0,
        )

    def _rest(self, seen: str, sums: str, layer: int) -> tuple[str, str]:
        """Return the input of the next layer, normalised, and as the sum of all before."""
        y = self._product(seen, layer, "out")
        x, sums = self._normalised_sum(y, sums, f"blk.{layer}.ffn_norm.weight")
        y = self._product(x, layer, "up")
        gate, up = f"{layer}.gate", f"{layer}.up"
        self._node("Split", [y], [gate, up], axis=2, num_outputs=2)
        open_ = self._node("QuickGelu", [gate], [f"{layer}.open"], domain=_FUSED, alpha=1.0)
        gated = self._node("Mul", [open_, up], [f"{layer}.gated"])
        y = self._product(gated, layer, "down")
        return self._normalised_sum(y, sums, f"blk.{layer + 1}.attn_norm.weight")

    def _normalised_sum(self, y: str, sums: str, weight: str) -> tuple[str, str]:
        gain = self._constant(weight, self._file.weight(weight))
        names = [f"{weight}.norm", "", "", f"{weight}.sum"]
        self._node(
            "SkipSimplifiedLayerNormalization",
            [y, sums, gain],
            names,
            domain=_FUSED,
            epsilon=self._shape.epsilon,
        )
        return names[0], names[3]

    def _product(self, x: str, layer: int, group: str) -> str:
        """Return x times a group's matrices, plus its adapter's share."""
        name = f"{layer}.{group}"
        parts = [self._file.weight(f"blk.{layer}.{matrix}.weight") for matrix in GROUPS[group]]
        weight = np.concatenate(parts)
        by_blocks = group in ("out", "down") and weight.shape[1] % _BLOCK == 0
        y = self._by_blocks(x, name, weight) if by_blocks else self._at_once(x, name, weight)
        outputs, inputs = weight.shape
        self._input(f"{name}.a", [inputs, f"{name}.r"])
        self._input(f"{name}.b", [f"{name}.r", outputs])
        low = self._node("MatMul", [x, f"{name}.a"], [f"{name}.low"])
        high = self._node("MatMul", [low, f"{name}.b"], [f"{name}.high"])
        return self._node("Add", [y, high], [f"{name}.y"])

    def _at_once(self, x: str, name: str, weight: Floats) -> str:
        """Return the product with one scale for all of x; ONNX Runtime fuses these nodes."""
        from onnx import TensorProto

        scale = np.maximum(np.abs(weight).max(axis=1), 1e-12) / 127
        rounded = _rounded(weight, scale[:, None]).astype(np.int8).T
        w = self._constant(f"{name}.w", rounded)
        fixed = self._constant(f"{name}.scale", scale.astype(np.float32))
        zeros = self._constant(f"{name}.zero", np.zeros(len(scale), np.int8))
        self._node("DynamicQuantizeLinear", [x], [f"{name}.xq", f"{name}.xs", f"{name}.xz"])
        self._node("MatMulInteger", [f"{name}.xq", w, f"{name}.xz", zeros], [f"{name}.int"])
        self._node("Cast", [f"{name}.int"], [f"{name}.float"], to=TensorProto.FLOAT)
        self._node("Mul", [f"{name}.xs", fixed], [f"{name}.scales"])
        return self._node("Mul", [f"{name}.float", f"{name}.scales"], [f"{name}.out"])

    def _by_blocks(self, x: str, name: str, weight: Floats) -> str:
        """Return the product with a scale for every block of inputs, of weights and of x."""
        outputs, inputs = weight.shape
        blocks = weight.reshape(outputs, inputs // _BLOCK, _BLOCK)
        scale = np.maximum(np.abs(blocks).max(axis=2), 1e-12) / 127
        rounded = (_rounded(blocks, scale[:, :, None]) + 128).astype(np.uint8)
        w = self._constant(f"{name}.w", rounded)
        fixed = self._constant(f"{name}.scale", scale.reshape(-1).astype(np.float32))
        return self._node(
            "MatMulNBits",
            [x, w, fixed],
            [f"{name}.out"],
            domain=_FUSED,
            K=inputs,
            N=outputs,
            bits=8,
            block_size=_BLOCK,
            accuracy_level=4,
        )

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _node(self, kind: str, inputs: Sequence[str], outputs: Sequence[str], **told: Any) -> str:
        from onnx import helper

        self._nodes.append(helper.make_node(kind, list(inputs), list(outputs), **told))
        return outputs[0]

    def _input(self, name: str, shape: Sequence[str | int], kind: int = 1) -> None:
        from onnx import helper

        self._inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))

    def _output(self, name: str, shape: Sequence[str | int]) -> None:
        from onnx import TensorProto, helper

        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))


def _rounded(weight: Floats, scale: Floats) -> Floats:
    """Return whole numbers, -127 to 127; ``weight`` is overwritten with them."""
    np.divide(weight, scale, out=weight)
    return np.rint(weight, out=weight)
