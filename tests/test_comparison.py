"""Two files side by side: what differs is told of the right file, what is the same is not."""

from __future__ import annotations

from pathlib import Path

from assisting import outcome, photo, write

from assistant.messages import Answered
from assistant.service import Assistant

pytest_plugins = ["assisting_fixtures"]
LEASE = "Lease of the barn.\nThe rent is {rent} euros.\nThe roof is made of slate.\n"


def _asked(helper: Assistant, question: str) -> Answered:
    end = outcome(helper.ask(question))
    assert isinstance(end, Answered), end
    return end


def test_only_what_differs_is_told_and_cited(helper: Assistant, tmp_path: Path) -> None:
    files = {"old.txt": LEASE.format(rent=620), "new.txt": LEASE.format(rent=680)}
    helper.ingest(write(tmp_path / "more", files))
    end = _asked(helper, "Compare old.txt and new.txt")
    old, new = end.text.splitlines()[1:]
    assert "old.txt" in old and "620" in old and "[1]" in old
    assert "new.txt" in new and "680" in new and "[2]" in new
    assert "slate" not in end.text and "Lease" not in end.text
    assert [c.asset for c in end.citations] == ["old.txt", "new.txt"]
    assert "620" in end.citations[0].snippet
    chinese = _asked(helper, "比较 old.txt 和 new.txt")
    assert "只在其中一份" in chinese.text


def test_the_same_text_and_the_same_file_are_told(helper: Assistant, tmp_path: Path) -> None:
    text = LEASE.format(rent=620)
    helper.ingest(write(tmp_path / "more", {"one.txt": text, "copy.txt": text.upper() + "\n"}))
    same = _asked(helper, "Compare one.txt and copy.txt")
    assert "are the same" in same.text
    assert {c.asset for c in same.citations} == {"one.txt", "copy.txt"}
    twice = _asked(helper, "Compare one.txt and one.txt")
    assert "named twice" in twice.text and {c.asset for c in twice.citations} == {"one.txt"}


def test_a_sentence_more_is_told_of_its_file_alone(helper: Assistant, tmp_path: Path) -> None:
    text = LEASE.format(rent=620)
    files = {"short.txt": text, "long.txt": text + "Dogs are allowed.\n"}
    helper.ingest(write(tmp_path / "more", files))
    end = _asked(helper, "Compare short.txt and long.txt")
    assert "Dogs are allowed" in end.text and "- short.txt" not in end.text
    assert {c.asset for c in end.citations} == {"long.txt"}


def test_a_missing_file_is_told_beside_the_other(helper: Assistant, tmp_path: Path) -> None:
    helper.ingest(write(tmp_path / "more", {"one.txt": LEASE.format(rent=620)}))
    end = _asked(helper, "Compare one.txt and west.txt")
    assert "no file named west.txt" in end.text and "620" in end.text


def test_photos_of_the_library_are_looked_at(helper: Assistant, tmp_path: Path) -> None:
    helper.ingest([photo(tmp_path / "a.png", (200, 0, 0)), photo(tmp_path / "b.png", (0, 0, 200))])
    end = _asked(helper, "Compare a.png and b.png")
    assert {c.asset for c in end.citations} == {"a.png", "b.png"}
