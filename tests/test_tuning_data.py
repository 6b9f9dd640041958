"""Training data is refused with the file, the line and the reason, before anything is trained."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assistant.errors import DataImageBad, DataInvalid, DataLeaks
from assistant.tuning.data import (
    CaptionRow,
    QuestionRow,
    RegionRow,
    check_leakage,
    find_splits,
    hold_out,
    read_split,
)
from assistant.tuning.features import cache_features


def jpeg(color: tuple[int, int, int] = (200, 30, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 24), color).save(out, "JPEG")
    return out.getvalue()


def write_set(folder: Path, split: str, rows: list[Any], images: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{split}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with tarfile.open(folder / f"{split}.tar", "w") as tar:
        for name, data in images.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_three_shapes_of_rows_are_read(tmp_path: Path) -> None:
    rows = [
        {"image": "a.jpg", "captions": ["A dog ."]},
        {"image": "a.jpg", "question": "what?", "answer": "dog", "distractors": ["cat"]},
        {"image": "a.jpg", "question": "what?", "answer": "dog"},
        {"image": "b.jpg", "box": [1, 2, 3, 4], "text": "EXIT"},
    ]
    path = write_set(tmp_path / "set", "train", rows, {"a.jpg": jpeg(), "b.jpg": jpeg()})
    split = read_split(path, open_images=True)
    assert split.name == "set/train"
    assert split.rows[0] == CaptionRow("a.jpg", ("A dog .",))
    assert split.rows[1] == QuestionRow("a.jpg", "what?", "dog", ("cat",))
    assert split.rows[3] == RegionRow("b.jpg", (1.0, 2.0, 3.0, 4.0), "EXIT")
    assert split.image_names() == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"image": "a.jpg", "captions": []}, "at least one text"),
        ({"image": "a.jpg", "captions": ["fine", "  "]}, "not empty"),
        ({"image": "a.jpg", "question": "what?"}, "`answer`"),
        ({"image": "", "captions": ["x"]}, "`image`"),
        ({"image": "a.jpg"}, "needs `captions`"),
        ({"image": "a.jpg", "box": [3, 0, 1, 1], "text": "x"}, "x0 <= x1"),
        ({"image": "a.jpg", "box": [True, 0, 1, 1], "text": "x"}, "four numbers"),
        ({"image": "a.jpg", "captions": ["x" * 3000]}, "limit"),
        (["a.jpg"], "JSON object"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, row: Any, reason: str) -> None:
    good = {"image": "a.jpg", "captions": ["A dog ."]}
    path = write_set(tmp_path, "train", [good, row], {"a.jpg": jpeg()})
    with pytest.raises(DataInvalid, match="line 2") as error:
        read_split(path)
    assert reason in str(error.value)


def test_broken_json_and_empty_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text('{"image": "a.jpg", "captions": ["x"]}\n{"image": \n')
    with pytest.raises(DataInvalid, match="line 2: not JSON"):
        read_split(path)
    path.write_bytes(b'{"image": "\xff\xfe"}\n')
    with pytest.raises(DataInvalid, match="line 1"):
        read_split(path)
    path.write_text("\n\n")
    with pytest.raises(DataInvalid, match="no rows"):
        read_split(path)
    with pytest.raises(DataInvalid, match=r"no \.jsonl"):
        find_splits(tmp_path / "nowhere")


def test_missing_and_corrupt_photos_are_named(tmp_path: Path) -> None:
    rows = [{"image": "a.jpg", "captions": ["x"]}, {"image": "b.jpg", "captions": ["y"]}]
    path = write_set(tmp_path, "train", rows, {"a.jpg": jpeg()})
    with pytest.raises(DataImageBad, match=r"b\.jpg"):
        read_split(path)
    path = write_set(tmp_path, "train", rows, {"a.jpg": jpeg(), "b.jpg": jpeg()[:200]})
    read_split(path)
    with pytest.raises(DataImageBad, match=r"b\.jpg"):
        read_split(path, open_images=True)


def test_a_damaged_archive_is_one_clear_error(tmp_path: Path) -> None:
    path = write_set(tmp_path, "train", [{"image": "a.jpg", "captions": ["x"]}], {})
    (tmp_path / "train.tar").write_bytes(b"not a tar at all")
    with pytest.raises(DataInvalid, match="archive"):
        read_split(path)


def test_photos_in_a_folder_stay_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(jpeg())
    folder = tmp_path / "set"
    (folder / "dev").mkdir(parents=True)
    (folder / "dev" / "a.jpg").write_bytes(jpeg())
    path = folder / "dev.jsonl"
    path.write_text('{"image": "a.jpg", "captions": ["x"]}\n')
    assert read_split(path, open_images=True).images.open("a.jpg").size == (32, 24)
    path.write_text('{"image": "../../secret.jpg", "captions": ["x"]}\n')
    with pytest.raises(DataImageBad):
        read_split(path)


def test_a_photo_in_two_splits_of_a_set_is_refused(tmp_path: Path) -> None:
    rows = [{"image": "a.jpg", "captions": ["x"]}]
    train = read_split(write_set(tmp_path / "one", "train", rows, {"a.jpg": jpeg()}))
    val = read_split(write_set(tmp_path / "one", "val", rows, {"a.jpg": jpeg()}))
    other = read_split(write_set(tmp_path / "two", "train", rows, {"a.jpg": jpeg()}))
    check_leakage([train, other])
    with pytest.raises(DataLeaks, match=r"a\.jpg"):
        check_leakage([train, val])


def test_held_out_photos_are_disjoint_and_always_the_same(tmp_path: Path) -> None:
    names = [f"{i}.jpg" for i in range(40)]
    rows = [{"image": n, "question": "q", "answer": "a"} for n in names for _ in range(2)]
    split = read_split(write_set(tmp_path, "train", rows, dict.fromkeys(names, jpeg())))
    kept, held = hold_out(split)
    assert len(held.image_names()) == 4
    assert not set(kept.image_names()) & set(held.image_names())
    assert hold_out(split)[1].rows == held.rows


class Eye:
    """Counts what it sees; its features are the photo's mean colour."""

    id = "test-eye"

    def __init__(self, fail_after: int = 10**9) -> None:
        self.seen, self._fail_after = 0, fail_after

    def feature_map(self, images: Any) -> Any:
        if self.seen >= self._fail_after:
            raise KeyboardInterrupt
        self.seen += len(images)
        means = np.array([np.asarray(i).mean() for i in images], np.float32)
        return np.broadcast_to(means[:, None, None, None], (len(images), 1280, 9, 9)).copy()


def test_features_go_on_where_a_killed_run_stopped(tmp_path: Path) -> None:
    names = [f"{i}.jpg" for i in range(300)]
    rows = [{"image": n, "captions": ["x"]} for n in names]
    images = {n: jpeg((i % 255, 0, 0)) for i, n in enumerate(names)}
    split = read_split(write_set(tmp_path / "set", "train", rows, images))
    with pytest.raises(KeyboardInterrupt):
        cache_features(split, tmp_path / "cache", Eye(fail_after=160))
    second = Eye()
    features = cache_features(split, tmp_path / "cache", second)
    assert second.seen == 300 - 128
    whole = cache_features(split, tmp_path / "fresh", Eye())
    assert np.array_equal(features.maps, whole.maps)
    third = Eye()
    cache_features(split, tmp_path / "cache", third)
    assert third.seen == 0
