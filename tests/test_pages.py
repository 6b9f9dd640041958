"""Pages of documents: those a question names, and passages of one page that support each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from library import Library
from sqlalchemy import Engine

from assistant.config import Settings
from retrieval.lexical import lexemes, query_words
from retrieval.pages import named
from retrieval.relevance import coverage
from retrieval.values import Block, Header, PageLocator, Parsed, SearchResult


class Book:
    """A document of pages divided by |, their passages divided by /."""

    def parse(self, path: Path, name: str, cancelled: Callable[[], bool]) -> Iterator[Parsed]:
        pages = path.read_text().split("|")
        yield Header("text", "application/pdf", len(pages), {"pages": len(pages)})
        for number, page in enumerate(pages, 1):
            for passage in page.split("/"):
                text, _, heading = passage.partition("@")
                yield Block(text, "body", PageLocator(number), unit=number - 1, heading=heading)


def ask(engine: Engine, settings: Settings, folder: Path, text: str, question: str) -> SearchResult:
    library = Library(engine, settings.home, Book())
    (folder / "book.txt").write_text(text)
    library.ingest(folder / "book.txt")
    return library.search(question)


def first_page(found: SearchResult) -> int:
    locator = found.passages[0].locator
    assert isinstance(locator, PageLocator)
    return locator.page


@pytest.mark.parametrize(
    ("question", "pages"),
    [
        ("How many objects are in the figure on Page 2?", [2]),
        ("the numbers on page 15 and page 16", [15, 16]),
        ("pages 3-4", [3, 4]),
        ("第12页写了什么？", [12]),
        ("List all pages with a logo, as ['Page 2', 'Page 4'].", []),
        ("a pageant in 2 parts", []),
    ],
)
def test_named_pages(question: str, pages: list[int]) -> None:
    assert named(question) == pages


def test_the_page_that_bears_the_number_comes_first(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    text = "Cover|A guide to boilers in figures|About pumps  1|Engines  2"
    found = ask(engine, settings, tmp_path, text, "What do the figures on page 2 show of boilers?")
    assert first_page(found) == 4


def test_without_printed_numbers_pages_are_counted(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    text = "A guide to boilers in figures|Engines|About pumps"
    found = ask(engine, settings, tmp_path, text, "What do the figures on page 3 show of boilers?")
    assert first_page(found) == 3


def test_several_passages_of_a_page_outdo_one(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    text = "the harbour ferry@a|the harbour ferry@b/ferry of the harbour@c/a ferry, a harbour@d"
    assert first_page(ask(engine, settings, tmp_path, text, "harbour ferry")) == 2


def test_numbered_things_are_phrases() -> None:
    words = query_words("Which papers are listed in Table 2?")
    assert words[0] == "table 2"
    right, wrong = lexemes("Table 2: listed papers"), lexemes("Table 1: 2 papers listed")
    assert coverage(words, right) > 2 * coverage(words, wrong)
