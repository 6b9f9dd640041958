"""Spelling: names and numbers are found through errors of recognition, and papers told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from library import Library
from PIL import Image
from sqlalchemy import Engine

from assistant.config import Settings
from retrieval.spelling import letters_of, shares
from retrieval.values import Block, Header, Parsed, Picture, RegionLocator


def best(question: str, *texts: str) -> int:
    found = shares(question, [letters_of(text) for text in texts])
    return found.index(max(found))


def test_a_name_is_found_through_wrong_letters_and_lost_spaces() -> None:
    question = "What is the total of the receipt from MR.D.I.Y(M)SDN BHD?"
    assert best(question, "SPEED MART S/B total 9.00", "MR. D.1.Y. (M) SDN BHD total 15.90") == 1
    assert best("AIK HUAT HARDWARE ENTERPRISE", "AIK HOCK FOOD ENT", "AIKHUAT HARUWARL ENTERPR1SE")
    assert best("深圳市前海公司的发票", "广州市前进公司 发票", "深训市前海公司 发票") == 1


def test_a_date_tells_papers_of_one_sender_apart() -> None:
    papers = [f"SPEED MART S/B 519537-X invoice {day} total sales" for day in
              ("10-05-17", "18-12-16", "10-06-17")]  # fmt: skip
    assert best("the receipt from SPEED MART S/B dated 18-12-16", *papers) == 1


def test_a_label_beside_its_value_counts_more_than_both_apart() -> None:
    apart = "Length 64 mm. Filter plug: 20 mm"
    together = "Filter plug length 20 mm. Rod: 64 mm"
    assert best('Which form says "Filter plug length" 20 mm?', apart, together) == 1


@given(st.text(max_size=300), st.lists(st.text(max_size=200), max_size=5))
def test_shares_are_shares(question: str, texts: list[str]) -> None:
    found = shares(question, [letters_of(text) for text in texts])
    assert len(found) == len(texts)
    assert all(0 <= share <= 1 for share in found)


class Papers:
    """Photos of papers; what is written in the file is what a recogniser read."""

    def parse(self, path: Path, name: str, cancelled: Callable[[], bool]) -> Iterator[Parsed]:
        yield Header("image", "image/png", 1, {})
        picture = path.parent / f"{path.name}.jpg"
        Image.new("RGB", (64, 64), "white").save(picture, "JPEG")
        yield Picture(picture.read_bytes(), 64, 64)
        picture.unlink()
        yield Block(path.read_text(), "ocr", RegionLocator())


def test_the_right_paper_comes_first(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    library = Library(engine, settings.home, Papers())
    texts = {
        "a": "99 SPEED MART S/B (519537-X) 10-06-17 cash change",
        "b": "99SPEED NART S/B (519537-X) 10-05-17 cash change",
        "c": "SPEED MART total of 10-06-17",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    library.ingest(*(tmp_path / name for name in texts))
    asked = "What is the total of the receipt from 99 SPEED MART S/B dated 10-05-17?"
    found = library.search(asked).passages
    assert found[0].asset == "b"
    assert found[0].signals["spelling"] > found[1].signals["spelling"]


def test_the_only_candidate_does_not_hold_all_of_a_question_it_is_not_about() -> None:
    (receipt,) = shares("boy rock climbing", [letters_of("99 SPEED MART S/B packing total")])
    assert receipt < 0.4
    (right,) = shares("receipt of 99 speed mart", [letters_of("99 SPEED MART S/B packing total")])
    assert right > 0.9
