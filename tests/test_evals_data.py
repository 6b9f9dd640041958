"""Data folders: splits, broken rows, media in folders and tars."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from evals.data import Media, choose_split, find_rows, read_rows
from evals.errors import EvalDataInvalid, SuiteUnknown
from evals.smoke import make_smoke
from evals.suite import NAMES, load_suite
from evals.suites import forms

KINDS: dict[str, type | tuple[type, ...]] = {"image": str, "captions": list}


def write(path: Path, *rows: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def row(image: str) -> dict[str, Any]:
    return {"image": image, "captions": ["a dog"]}


@pytest.mark.parametrize(
    ("found", "wanted", "chosen"),
    [
        (["train", "val"], None, "val"),
        (["train", "dev", "val", "test"], None, "test"),
        (["train"], None, "train"),
        (["train", "holdout"], None, "holdout"),
        (["train", "val"], "train", "train"),
        (["dev"], "test", "dev"),
    ],
)
def test_the_split_is_chosen_for_measuring(
    found: list[str], wanted: str | None, chosen: str
) -> None:
    assert choose_split(found, wanted) == chosen


def test_rows_are_found_by_what_they_hold(tmp_path: Path) -> None:
    write(tmp_path / "notes.jsonl", {"other": 1})
    write(tmp_path / "train.jsonl", row("a.jpg"))
    wanted = write(tmp_path / "val.jsonl", row("b.jpg"))
    assert find_rows(tmp_path, "flickr8k", KINDS, None) == (wanted, "val")
    clips = write(tmp_path / "x" / "clips.jsonl", row("c.jpg"))
    assert find_rows(tmp_path / "x", "flickr8k", KINDS, "test") == (clips, "all")


def test_broken_rows_are_named_and_passed_over(tmp_path: Path) -> None:
    path = write(
        tmp_path / "val.jsonl",
        row("a.jpg"), "{no json", {"image": "b.jpg"}, {"image": 3, "captions": []},
        {"image": "c.jpg", "captions": []}, "[1]", "", row("d.jpg"),
    )  # fmt: skip
    rows, broken = read_rows(path, KINDS)
    assert [r.where for r in rows] == ["val.jsonl:1", "val.jsonl:8"]
    assert [b.where.split(":")[1] for b in broken] == ["2", "3", "4", "5", "6"]
    assert broken[1].reason == "captions is missing"
    assert broken[3].reason == "captions is empty"


def test_media_are_found_beside_in_folders_and_in_tars(tmp_path: Path) -> None:
    (tmp_path / "beside.jpg").write_bytes(b"beside")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "beside.jpg").write_bytes(b"wrong")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "inside.jpg").write_bytes(b"inside")
    with tarfile.open(tmp_path / "val.tar", "w") as tar:
        tar.add(tmp_path / "pack" / "inside.jpg", "val/inside.jpg")
    shutil.rmtree(tmp_path / "pack")
    media = Media(tmp_path, "val")
    assert media.read("beside.jpg") == b"beside"
    assert media.read("inside.jpg") == b"inside"
    out = media.file("inside.jpg", tmp_path / "scratch")
    assert out.read_bytes() == b"inside"
    assert "none.jpg" not in media
    assert "../beside.jpg" in media  # only base names count, so nothing outside is reached


def test_a_damaged_tar_is_named(tmp_path: Path) -> None:
    (tmp_path / "val.tar").write_bytes(b"not a tar at all" * 100)
    with pytest.raises(EvalDataInvalid, match="val.tar"):
        Media(tmp_path, "val")


def test_missing_media_are_named(tmp_path: Path) -> None:
    make_smoke("flickr8k", tmp_path, 3)
    (tmp_path / "test" / "camera.jpg").unlink()
    data = load_suite("flickr8k").load(tmp_path, None)
    assert len(data.cases) == 2
    assert data.broken[0].where == "test.jsonl:2"
    assert "camera.jpg is missing" in data.broken[0].reason


def test_folders_without_rows_are_refused(tmp_path: Path) -> None:
    for name in NAMES:
        with pytest.raises(EvalDataInvalid):
            load_suite(name).load(tmp_path, None)
    with pytest.raises(EvalDataInvalid, match="no such folder"):
        load_suite("speech").load(tmp_path / "none", None)
    with pytest.raises(SuiteUnknown, match="flickr8k, visual7w"):
        load_suite("flickr30k")


@pytest.mark.parametrize("name", NAMES)
def test_every_small_set_loads_whole_and_the_same(name: str, tmp_path: Path) -> None:
    first = load_suite(name).load(make_smoke(name, tmp_path / "a"), "kept-back")
    assert len(first.cases) >= {"attacks": 120, "work": 40}.get(name, 20)
    assert not first.broken
    again = load_suite(name).load(make_smoke(name, tmp_path / "b"), None)
    assert again.digest == first.digest
    (tmp_path / "root").mkdir()
    shutil.copytree(tmp_path / "a", tmp_path / "root" / name)
    assert load_suite(name).load(tmp_path / "root", None).digest == first.digest


def test_the_digest_follows_media_and_rows(tmp_path: Path) -> None:
    suite = load_suite("speech")
    before = suite.load(make_smoke("speech", tmp_path, 3), None).digest
    (tmp_path / "camera.m4a").write_bytes(b"other")
    assert suite.load(tmp_path, None).digest != before


def test_a_question_without_its_paragraph_is_named(tmp_path: Path) -> None:
    make_smoke("xquad", tmp_path, 4)
    path = tmp_path / "en.test.paragraphs.jsonl"
    path.write_text("\n".join(path.read_text().splitlines()[1:]) + "\n")
    data = load_suite("xquad").load(tmp_path, None)
    assert data.broken[0].where == "en.test.questions.jsonl:1"
    assert "no paragraph Harbour_Bridge" in data.broken[0].reason
    assert set(data.cases[0].data) == {"zh"}  # still asked in Chinese


def test_spoken_photos_may_lie_in_a_set_beside(tmp_path: Path) -> None:
    make_smoke("voice_captions", tmp_path / "voice", 3)
    make_smoke("flickr8k", tmp_path / "pictures", 5)
    shutil.rmtree(tmp_path / "voice" / "test")
    data = load_suite("voice_captions").load(tmp_path / "voice", None)
    assert len(data.cases) == 3
    assert len(data.tables["pool"]) == 5
    shutil.rmtree(tmp_path / "pictures")
    with pytest.raises(EvalDataInvalid, match="none of the photos"):
        load_suite("voice_captions").load(tmp_path / "voice", None)


def test_a_receipt_may_lack_a_field_and_name_its_file_with_a_folder(tmp_path: Path) -> None:
    make_smoke("receipts", tmp_path, 3)
    path = tmp_path / "test.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0]["date"] = ""
    rows[1]["image"] = f"test/{rows[1]['image']}"
    write(path, *rows)
    data = load_suite("receipts").load(tmp_path, None)
    assert [case.data["image"] for case in data.cases] == [
        "receipt-00.jpg", "receipt-01.jpg", "receipt-02.jpg",
    ]  # fmt: skip


def test_spaces_beside_marks_do_not_count() -> None:
    assert forms.tight("11/ 28/ 84") == "11/28/84"
    assert forms.tight("SPEVCO, INC.") == forms.tight("SPEVCO , INC")
