"""Any cross-encoder of transformers from a local folder: a question and a passage, one score.

The kind is ``AutoModelForSequenceClassification`` with one label (bge-reranker, MS MARCO MiniLM and
the like; Nogueira & Cho 2019). Nothing is fetched. Knows no search.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retrieval.errors import WeightsError, WeightsMissing
from retrieval.rerank.protocol import Candidate

_BATCH = 8
_LONGEST = 512


class CrossEncoder:
    """A ``Reranker`` over passages.

    Args:
        folder: the local folder of model and tokenizer.
        device: where torch runs it, such as ``cpu`` or ``cuda``.

    Raises:
        WeightsMissing: there is no model in the folder.
        WeightsError: it cannot be loaded, or is no model of one score.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        if not (folder / "config.json").is_file():
            raise WeightsMissing(model=folder.name, path=folder / "config.json")
        self.id = f"cross-{folder.name.lower()}"
        self._device = device
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model = AutoModelForSequenceClassification.from_pretrained(
                folder, local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise WeightsError(model=self.id, detail=f"{folder}: {error}") from error
        if model.config.num_labels != 1:
            detail = f"{folder}: it gives {model.config.num_labels} scores, a reranker gives one"
            raise WeightsError(model=self.id, detail=detail)
        self._model = model.to(device).eval()

    def scores(self, question: str, candidates: Sequence[Candidate]) -> list[float | None]:
        """Return the model's score of every candidate that has a text."""
        import torch

        found: list[float | None] = [None] * len(candidates)
        places = [place for place, candidate in enumerate(candidates) if candidate.text.strip()]
        for start in range(0, len(places), _BATCH):
            batch = places[start : start + _BATCH]
            read = self._tokenizer(
                [question] * len(batch),
                [candidates[place].text for place in batch],
                truncation=True,
                max_length=min(_LONGEST, self._tokenizer.model_max_length),
                padding=True,
                return_tensors="pt",
            ).to(self._device)
            with torch.inference_mode():
                logits = self._model(**read).logits[:, 0]
            for place, score in zip(batch, logits.float().tolist(), strict=True):
                found[place] = score
        return found
