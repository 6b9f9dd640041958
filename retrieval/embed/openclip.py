"""Any open_clip model from a local folder: the joint embedder of the hub tier.

The folder holds ``open_clip_config.json``, the weights as ``open_clip_model.safetensors`` and, when
the text tower is a transformers model, its tokenizer files too. Nothing is fetched. SigLIP 2 and
MobileCLIP 2 are the kinds to prefer; OpenAI's CLIP B/32 is 10 to 16 points behind them.

Knows nothing of which model is best for a machine, nor of the index.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from retrieval.errors import WeightsError, WeightsMissing

_CONFIG = "open_clip_config.json"


class OpenClipEmbedder:
    """A ``JointEmbedder``.

    Args:
        folder: the local folder of the model.
        device: where torch runs it, such as ``cpu`` or ``cuda``.
        batch: photos or texts a step.

    Raises:
        WeightsMissing: there is no such model in the folder.
        WeightsError: it cannot be loaded.
    """

    def __init__(self, folder: Path, device: str = "cpu", batch: int = 16) -> None:
        if not (folder / _CONFIG).is_file():
            raise WeightsMissing(model=folder.name, path=folder / _CONFIG)
        self.id = f"openclip-{folder.name.lower()}"
        self._device, self._batch = device, batch
        try:
            config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
            self.dim = int(config["model_cfg"]["embed_dim"])
            self._load(folder)
        except (OSError, ValueError, KeyError, RuntimeError, AssertionError) as error:
            raise WeightsError(model=self.id, detail=f"{folder}: {error}") from error

    def _load(self, folder: Path) -> None:
        import open_clip

        where = f"local-dir:{folder}"
        model, self._preprocess = open_clip.create_model_from_pretrained(where, device=self._device)
        self._model = model.eval()
        size = model.visual.image_size
        self.side = int(max(size)) if isinstance(size, (tuple, list)) else int(size)
        self._tokenizer = open_clip.get_tokenizer(where)

    def embed_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Return unit vectors float32 [n, dim] of photos, preprocessed as the model asks."""
        import torch

        out = np.empty((len(images), self.dim), np.float32)
        with torch.inference_mode():
            for start in range(0, len(images), self._batch):
                part = [self._preprocess(i.convert("RGB")) for i in images[start:][: self._batch]]
                vectors = self._model.encode_image(
                    torch.stack(part).to(self._device), normalize=True
                )
                out[start : start + len(part)] = vectors.float().cpu().numpy()
        return out

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors float32 [n, dim] of texts, cut at the model's context length."""
        import torch

        out = np.empty((len(texts), self.dim), np.float32)
        with torch.inference_mode():
            for start in range(0, len(texts), self._batch):
                part = list(texts[start : start + self._batch])
                vectors = self._model.encode_text(
                    self._tokenizer(part).to(self._device), normalize=True
                )
                out[start : start + len(part)] = vectors.float().cpu().numpy()
        return out
