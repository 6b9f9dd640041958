"""EfficientNet-Lite2 as an ONNX graph, built from the tensors of its weight file.

Batch normalisations are folded into the convolutions before them, so the graph is only
convolutions, clips and sums. The tensors come in the order of the network; the few facts that
the tensors do not tell (strides, repeats) are the table below (Tan & Le 2019 scaled by 1.1 in
width and 1.2 in depth; "Lite": no squeeze-and-excite, ReLU6).

Knows nothing of photos, files or sessions.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

# (repeats, stride of the first block) of the seven stages
STAGES = ((1, 1), (3, 2), (3, 2), (4, 2), (4, 1), (5, 2), (1, 1))
_EPSILON = 1e-3
_MEAN, _STD = 127.0, 128.0
Array = NDArray[np.float32]


class _Graph:
    """Collects nodes and constants; every method returns the name of its output."""

    def __init__(self, tensors: Iterator[Array]) -> None:
        self.tensors = tensors
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def convolution(self, x: str, name: str, stride: int = 1, clip: bool = True) -> str:
        """Take the next convolution and its normalisation (5 tensors) and fold them into one."""
        kernel, gain, shift, mean, variance, _ = (next(self.tensors) for _ in range(6))
        scale = gain / np.sqrt(variance + _EPSILON)
        weight = kernel * scale[:, None, None, None]
        weight_name = self.constant(f"{name}.w", weight.astype(np.float32))
        bias_name = self.constant(f"{name}.b", (shift - mean * scale).astype(np.float32))
        # depthwise kernels have one input channel; the network has no other grouping
        groups = len(kernel) if kernel.shape[1] == 1 else 1
        x = self.node(
            "Conv",
            [x, weight_name, bias_name],
            f"{name}.conv",
            auto_pad="SAME_UPPER",
            strides=[stride, stride],
            group=groups,
        )
        return self.node("Clip", [x, "zero", "six"], f"{name}.out") if clip else x

    def block(self, x: str, name: str, stride: int, first: bool) -> str:
        """Depthwise-separable (very first) or inverted-residual block."""
        inside = x if first else self.convolution(x, f"{name}.expand")
        inside = self.convolution(inside, f"{name}.depthwise", stride)
        return self.convolution(inside, f"{name}.project", clip=False)


def lite2_model(tensors: Sequence[Array], also: Sequence[str] = ()) -> bytes:
    """Return the serialised graph from uint8 ``pixels`` [n, 260, 260, 3].

    Its outputs are ``map`` [n, 1280, 9, 9], ``pooled`` [n, 1280] and ``logits`` [n, 1000].

    Args:
        tensors: the 386 tensors of the weight file, in its order.
        also: names of further outputs, such as ``stage4`` (after the fifth stage).

    Raises:
        StopIteration, ValueError: the tensors are not those of this network.
    """
    from onnx import TensorProto, helper

    graph = _Graph(iter(tensors))
    graph.constant("zero", np.array(0, np.float32))
    graph.constant("six", np.array(6, np.float32))
    x = graph.node("Cast", ["pixels"], "floats", to=TensorProto.FLOAT)
    x = graph.node("Transpose", [x], "planes", perm=[0, 3, 1, 2])
    x = graph.node("Sub", [x, graph.constant("mean", np.array(_MEAN, np.float32))], "centred")
    x = graph.node("Div", [x, graph.constant("deviation", np.array(_STD, np.float32))], "scaled")
    x = graph.convolution(x, "stem", stride=2)
    for stage, (repeats, stride) in enumerate(STAGES):
        for repeat in range(repeats):
            name = f"s{stage}.{repeat}"
            y = graph.block(x, name, stride if repeat == 0 else 1, first=stage == 0)
            x = y if repeat == 0 else graph.node("Add", [x, y], f"{name}.sum")
        x = graph.node("Identity", [x], f"stage{stage}")
    x = graph.convolution(x, "head")
    graph.node("Identity", [x], "map")
    x = graph.node(
        "ReduceMean", [x, graph.constant("axes", np.array([2, 3]))], "pooled", keepdims=0
    )
    weight, bias = (graph.constant(n, next(graph.tensors)) for n in ("class.w", "class.b"))
    graph.node("Gemm", [x, weight, bias], "logits", transB=1)
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in ("map", "pooled", "logits", *also)
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", 260, 260, 3])
    made = helper.make_graph(graph.nodes, "efficientnet-lite2", [pixels], outputs, graph.constants)
    opsets = [helper.make_opsetid("", 20)]
    return bytes(helper.make_model(made, opset_imports=opsets, ir_version=9).SerializeToString())


def main(weights: str) -> None:
    """Write the graph of a ``.pth`` file to standard output."""
    import torch

    tensors = torch.load(weights, map_location="cpu", weights_only=True)
    sys.stdout.buffer.write(lite2_model([tensor.numpy() for tensor in tensors.values()]))


if __name__ == "__main__":
    main(sys.argv[1])
