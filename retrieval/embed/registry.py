"""Which embedders serve a set of settings, with the calibrations that belong to them.

A new backend is one file and one row here. Building loads weights, so build once and keep what
comes back. Knows nothing of the environment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retrieval.calibration import Calibration
from retrieval.embed.efficientnet import EfficientNetLite2
from retrieval.embed.protocol import ImageClassifier, JointEmbedder, TextEmbedder
from retrieval.weights import ModelStore

CALIBRATION = "calibration.json"
_WEIGHTS = Path(__file__).parent / "weights"
_E5_FOLDER = _WEIGHTS / "e5-small"
ASKING = _WEIGHTS / "e5-small-asking"
"""By which questions look for texts with the text embedder that ships."""
TEXT_CALIBRATION = _E5_FOLDER / CALIBRATION
"""That of the text embedder that ships."""
TextFactory = Callable[[ModelStore, int], TextEmbedder]


@dataclass(frozen=True)
class Embedders:
    """The embedders in use. ``encoder`` is the same object as ``classifier``: one eye."""

    text: TextEmbedder
    joint: JointEmbedder
    classifier: ImageClassifier
    encoder: EfficientNetLite2
    calibrations: tuple[Calibration, ...]


def e5_small(store: ModelStore, threads: int) -> TextEmbedder:
    """Return multilingual-e5-small, with the tower by which questions look for texts."""
    from retrieval.embed.e5 import E5Small

    return E5Small(store.path("e5-small"), threads, ASKING)


def sightline_clip(
    store: ModelStore,
    threads: int,
    encoder: EfficientNetLite2,
    text: TextEmbedder,
    folder: Path,
) -> JointEmbedder:
    """Return Sightline-CLIP over towers that are loaded already, where they are its own."""
    from retrieval.embed.clip import SightlineClip
    from retrieval.embed.e5 import E5Small

    tower = text if isinstance(text, E5Small) else E5Small(store.path("e5-small"), threads)
    return SightlineClip(encoder, tower, folder)


def open_clip(folder: Path, device: str = "cpu") -> JointEmbedder:
    """Return the open_clip model in a local folder (hub tier)."""
    from retrieval.embed.openclip import OpenClipEmbedder

    return OpenClipEmbedder(folder, device)


TEXT_EMBEDDERS: dict[str, TextFactory] = {"e5-small": e5_small}


def build_embedders(
    store: ModelStore,
    threads: int = 1,
    text_model: str = "e5-small",
    joint_model: str = "",
    joint_weights: Path | None = None,
    device: str = "cpu",
) -> Embedders:
    """Load the embedders of the settings given.

    Args:
        joint_model: the folder of an open_clip model; empty for Sightline-CLIP.
        joint_weights: the folder of Sightline-CLIP's weights; None for those that ship.

    Raises:
        WeightsError: weights are missing, damaged or not of this kind.
    """
    from retrieval.embed.clip import WEIGHTS

    text = TEXT_EMBEDDERS[text_model](store, threads)
    encoder = EfficientNetLite2(store.path("efficientnet-lite2"), threads)
    if joint_model:
        joint, folder = open_clip(Path(joint_model), device), Path(joint_model)
    else:
        folder = joint_weights or WEIGHTS
        joint = sightline_clip(store, threads, encoder, text, folder)
    files = [TEXT_CALIBRATION, folder / CALIBRATION]
    calibrations = tuple(Calibration.from_file(file) for file in files if file.is_file())
    return Embedders(text, joint, encoder, encoder, calibrations)
