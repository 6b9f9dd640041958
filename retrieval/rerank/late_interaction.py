"""Late interaction over page images: ColQwen2 or ColPali from a local folder.

A page becomes a vector for each patch, a question one for each word piece; the score is the sum
over the question's vectors of the nearest patch (MaxSim; Khattab & Zaharia 2020, Faysse et al.
2024). So charts and layouts are found that no text layer tells of. Pages are embedded when they
are first judged and kept in memory only, so that nothing of a deleted page is left behind. Nothing
is fetched.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from retrieval.errors import WeightsError, WeightsMissing
from retrieval.rerank.protocol import Candidate

Vectors = NDArray[np.float32]
_KEPT = 256
"""Pages remembered: some 0.5 MB each."""
_KINDS = {
    "colqwen2": ("ColQwen2ForRetrieval", "ColQwen2Processor"),
    "colpali": ("ColPaliForRetrieval", "ColPaliProcessor"),
}


class LateInteraction:
    """A ``Reranker`` over page images.

    Args:
        folder: the local folder of model and processor.
        read: returns a picture's JPEG by its blob name.
        device: where torch runs it, such as ``cpu`` or ``cuda``.

    Raises:
        WeightsMissing: there is no model in the folder.
        WeightsError: it cannot be loaded, or is of another kind.
    """

    def __init__(self, folder: Path, read: Callable[[str], bytes], device: str = "cpu") -> None:
        if not (folder / "config.json").is_file():
            raise WeightsMissing(model=folder.name, path=folder / "config.json")
        self.id = f"late-{folder.name.lower()}"
        self._read, self._device = read, device
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()
        try:
            self._model, self._processor = _load(folder)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise WeightsError(model=self.id, detail=f"{folder}: {error}") from error
        self._model = self._model.to(device).eval()

    def scores(self, question: str, candidates: Sequence[Candidate]) -> list[float | None]:
        """Return the mean over the question's vectors of the nearest patch, for each page image."""
        asked = self._embed(self._processor.process_queries(text=[question]))
        found: list[float | None] = []
        for candidate in candidates:
            if not candidate.picture:
                found.append(None)
                continue
            similar = asked @ self._page(candidate.picture).T
            found.append(float(similar.max(axis=1).mean()))
        return found

    def _page(self, picture: str) -> Vectors:
        """Return a page's vectors [patches, dim]; those judged lately are remembered."""
        with self._lock:
            vectors = self._kept.get(picture)
            if vectors is None:
                with Image.open(io.BytesIO(self._read(picture)), formats=("JPEG",)) as page:
                    inputs = self._processor.process_images(images=[page.convert("RGB")])
                vectors = self._kept[picture] = self._embed(inputs)
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(picture)
            return vectors

    def _embed(self, inputs: Any) -> Vectors:
        """Return the unit vectors [n, dim] of one question or page, padding left out."""
        import torch

        inputs = inputs.to(self._device)
        with torch.inference_mode():
            embedded = self._model(**inputs).embeddings[0]
        seen = inputs["attention_mask"][0].bool()
        vectors: Vectors = embedded[seen].float().cpu().numpy()
        return vectors


def _load(folder: Path) -> tuple[Any, Any]:
    import json

    import transformers

    kind = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    if kind not in _KINDS:
        raise ValueError(f"model type {kind} is none of {', '.join(_KINDS)}")
    model, processor = (getattr(transformers, name) for name in _KINDS[kind])
    return (
        model.from_pretrained(folder, local_files_only=True, use_safetensors=True),
        processor.from_pretrained(folder, local_files_only=True),
    )
