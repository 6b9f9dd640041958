"""What an album holds is told from its files, cited, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from assisting import outcome, photo, write
from PIL import Image

from assistant.album import album_asked
from assistant.messages import Abstained, Answered
from assistant.planner import plan
from assistant.service import Assistant

pytest_plugins = ["assisting_fixtures"]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Summarise my album Summer Trip", "Summer Trip"),
        ('Can you summarize the album called "2024 work"?', "2024 work"),
        ("What is in the album Norway?", "Norway"),
        ("What's in my Norway album?", "Norway"),
        ("What does my album Norway contain?", "Norway"),
        ("How many photos are in the album Norway?", "Norway"),
        ("总结一下我的相册“挪威”", "挪威"),
        ("挪威相册里有什么？", "挪威"),
        ("相册挪威里面都有哪些照片？", "挪威"),
        ("Which photo shows an album?", ""),
        ("What is in the photo?", ""),
        ("Who recorded the album Thriller?", ""),
        ("Summarise the report", ""),
    ],
)
def test_an_album_is_asked_for(question: str, name: str) -> None:
    assert album_asked(question) == name
    assert (plan(question).intent == "album") == bool(name)


def _dated(path: Path, day: str) -> Path:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = f"{day} 10:00:00"
    Image.new("RGB", (64, 64), (10, 90, 200)).save(path, exif=exif)
    return path


def test_an_album_is_summed_up_and_cited(helper: Assistant, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    files = write(folder, {"lease.md": "# Lease of the barn\n\nRent is due monthly."})
    files += [
        _dated(folder / "late.jpg", "2024:05:09"),
        _dated(folder / "early.jpg", "2024:05:03"),
        photo(folder / "red.png", (200, 0, 0)),
    ]
    helper.ingest(files)
    ids = {a.name: a.id for a in helper.assets(limit=99)}
    chosen = ("late.jpg", "early.jpg", "lease.md", "museum.txt")
    helper.tag([ids[name] for name in chosen], ["Barn"])

    album = helper.album("barn")
    assert album.files == 4 and album.kinds == {"image": 2, "text": 2}
    assert album.first and album.last
    assert (album.first.day, album.last.day) == (3, 9)
    assert [line.asset.name for line in album.lines][:2] == ["early.jpg", "late.jpg"]
    assert "Lease" in next(ln.words for ln in album.lines if ln.asset.name == "lease.md")

    told = outcome(helper.ask("Summarise my album Barn"))
    assert isinstance(told, Answered)
    assert "2024-05-03 – 2024-05-09" in told.text
    assert {c.asset for c in told.citations} == set(chosen)
    chinese = outcome(helper.ask("Barn相册里有什么？"))
    assert isinstance(chinese, Answered)
    assert "4 个文件" in chinese.text
    none = outcome(helper.ask("What is in the album Nowhere?"))
    assert isinstance(none, Abstained) and "nowhere" in none.text


def test_another_library_has_no_such_album(helper: Assistant) -> None:
    helper.tag([helper.assets(limit=1)[0].id], ["mine"])
    assert helper.album("mine").files == 1
    assert helper.album("mine", library="other").files == 0


def test_a_lead_in_is_not_looked_for() -> None:
    assert plan("Which photo shows this: coins").topic == "coins"
    assert plan("哪张照片显示了：硬币").topic == "硬币"
