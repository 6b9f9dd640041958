"""Fit what the similarities of a hub encoder mean, on photos with captions of the user's own.

Without it a search by that encoder has no chances, and cannot say that nothing matches.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assistant.errors import DataInvalid, DataTooSmall
from assistant.tuning.clip_measure import calibrate, embed_split
from assistant.tuning.clip_metrics import retrieval_metrics
from assistant.tuning.clip_pipeline import LEAST_TO_CALIBRATE, QUERIES
from assistant.tuning.clip_run import source_of
from assistant.tuning.data import CaptionRow, find_splits, read_split
from assistant.tuning.pipeline import MEASURE, Part
from retrieval.embed.e5 import E5Small
from retrieval.embed.protocol import JointEmbedder


def calibrate_encoder(
    joint: JointEmbedder, text: E5Small, data: Path, folder: Path, limit: int,
    show: Callable[[str], None],
) -> dict[str, dict[str, float]]:  # fmt: skip
    """Fit the maps of an encoder and write ``calibration.json`` into its folder.

    Args:
        text: judges which captions say the same.
        data: a folder of photos with captions; its validation split is used, if it has one.
        limit: most photos.

    Returns:
        Recall, and AUROC and calibration error of each kind of search, on queries that did
        not fit.

    Raises:
        DataInvalid: no split has captions.
        DataTooSmall: fewer photos than a fit needs.
    """
    splits = [read_split(path) for path in find_splits(data)]
    told = [split for split in splits if isinstance(split.rows[0], CaptionRow)]
    if not told:
        raise DataInvalid(path=data, line=0, detail="no split has captions")
    told.sort(key=lambda split: split.path.stem not in MEASURE)
    _, captions, photos = source_of(Part(told[0], told[0].name, learns=False))
    few = dict(list(captions.items())[:limit])
    if len(few) < LEAST_TO_CALIBRATE:
        raise DataTooSmall(count=len(few), least=LEAST_TO_CALIBRATE)
    show(f"{told[0].name}: {len(few)} photos and their captions are embedded")
    split = embed_split(joint, few, photos)
    recall = retrieval_metrics(split.photos, split.texts, split.owner)
    return {"recall": recall, **calibrate(joint, text, split, QUERIES, folder)}
