"""The whole way in a browser, with the embedded models: add, ask, cite, reload, stop, delete."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from assistant.demo import demo_files, demo_questions

Open = Callable[..., Page]
INVOICE = "invoice-northwind.pdf"
SHEET = "expenses-may.xlsx"
LONG = "Write a long story about a lighthouse keeper and the sea."
"""Its answer runs to the limit of tokens; a poem soon repeats itself, which ends it."""


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample files, and a PDF that ends in its middle."""
    folder = tmp_path_factory.mktemp("samples")
    demo_files(folder)
    (folder / "broken.pdf").write_bytes((folder / INVOICE).read_bytes()[:900])
    return folder


def _answers(page: Page) -> Locator:
    return page.locator('[data-testid="stChatMessageContent"][aria-label$="assistant"]')


def _ask(page: Page, question: str) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    expect(box).to_be_enabled()
    box.fill(question)
    box.press("Enter")


def _wait_until_answered(page: Page) -> None:
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    expect(page.get_by_test_id("stChatInputTextArea")).to_be_enabled()


def test_files_are_taken_in_and_a_bad_one_says_why(open_page: Open, samples: Path) -> None:
    page = open_page("/library")
    names = [INVOICE, "chelsea.png", "broken.pdf"]
    upload = page.locator('[data-testid="stFileUploader"] input[type=file]')
    upload.set_input_files([samples / name for name in names])
    jobs = page.locator(".st-key-jobs")
    expect(jobs.get_by_text("in the library")).to_have_count(2)
    expect(jobs.get_by_text("failed")).to_be_visible()
    expect(jobs).to_contain_text(
        re.compile(r"broken\.pdf.*(damaged|could not be read)", re.I | re.S)
    )
    grid = page.locator(".st-key-grid")
    expect(grid.get_by_role("button", name=INVOICE)).to_be_visible()
    page.get_by_label("Filter by name").fill("chel")
    page.keyboard.press("Enter")
    expect(grid.get_by_role("button", name=INVOICE)).to_have_count(0)
    grid.get_by_role("button", name="chelsea.png").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("img").first).to_be_visible()
    expect(dialog.get_by_role("button", name="Download the original")).to_be_visible()


def test_an_answer_streams_cites_and_survives_a_reload(open_page: Open) -> None:
    page = open_page()
    (question,) = demo_questions("en", {INVOICE})
    _ask(page, question.question)
    expect(_answers(page).last).to_contain_text("1,135.20")
    _wait_until_answered(page)
    card = page.locator('[class*="st-key-card-cites-"]').first
    expect(card).to_contain_text(INVOICE)
    card.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("page 1")).to_be_visible()
    expect(dialog.get_by_role("img", name=re.compile(INVOICE))).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert "?c=" in page.url
    page.reload()
    expect(_answers(page).last).to_contain_text("1,135.20")
    expect(page.get_by_text(question.question).first).to_be_visible()


def test_a_running_answer_is_found_again_and_stops(open_page: Open) -> None:
    page = open_page()
    _ask(page, LONG)
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    page.wait_for_url(re.compile(r"\?c="))
    page.reload()
    stop.click()
    expect(page.get_by_text("Stopped. What was written so far is kept.")).to_be_visible()
    expect(page.get_by_role("button", name="Ask again")).to_be_visible()


def test_a_document_given_with_the_question_is_read_first(open_page: Open, samples: Path) -> None:
    page = open_page()
    files = page.locator('[data-testid="stChatInput"] input[type=file]')
    files.set_input_files(samples / "spring-meeting-zh.docx")
    expect(page.get_by_role("button", name="Remove spring-meeting-zh.docx")).to_be_visible()
    (question,) = demo_questions("zh", {"spring-meeting-zh.docx"})
    _ask(page, question.question)
    expect(page.locator('[class*="st-key-card-cites-"]').first).to_contain_text("spring-meeting")
    _wait_until_answered(page)
    expect(_answers(page).last).to_contain_text("滨江图书馆")


def test_a_cell_of_a_sheet_is_shown_among_its_rows(open_page: Open, samples: Path) -> None:
    page = open_page()
    files = page.locator('[data-testid="stChatInput"] input[type=file]')
    files.set_input_files(samples / SHEET)
    expect(page.get_by_role("button", name=f"Remove {SHEET}")).to_be_visible()
    (question,) = demo_questions("en", {SHEET})
    _ask(page, question.question)
    card = page.locator('[class*="st-key-card-cites-"]').first
    expect(card).to_contain_text(re.compile(r"rows? \d"))
    _wait_until_answered(page)
    card.get_by_role("button").click()
    expect(page.get_by_role("dialog").get_by_test_id("stDataFrame")).to_be_visible()


def test_a_recording_without_speech_says_so(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="Start recording").click()
    page.wait_for_timeout(1500)  # the pretended microphone beeps
    page.get_by_role("button", name="Submit recording").click()
    expect(page.get_by_text(re.compile("No speech was heard|Heard:")).first).to_be_visible()
    _wait_until_answered(page)


def test_search_finds_a_photo_by_words(open_page: Open) -> None:
    page = open_page("/search")
    page.get_by_role("button", name="Photos").or_(page.get_by_role("radio", name="Photos")).click()
    page.get_by_label("Words to look for").fill("a cat")
    page.keyboard.press("Enter")
    expect(page.locator('[class*="st-key-result-text-"]').first).to_contain_text("chelsea.png")


def test_the_page_speaks_chinese(open_page: Open) -> None:
    page = open_page("/?lang=zh")
    expect(page.get_by_role("link", name="资料库")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("文件")


def test_a_phone_needs_no_sideways_scrolling(open_page: Open) -> None:
    page = open_page(width=390)
    start = page.url.rstrip("/")
    for path in ("", "library", "search", "people", "models"):
        page.goto(f"{start}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_timeout(700)
        for box in ("documentElement", "querySelector('[data-testid=stMain]')"):
            spill = f"(e => e ? e.scrollWidth - e.clientWidth : 0)(document.{box})"
            assert page.evaluate(spill) <= 0, (path, box)


def test_a_conversation_is_renamed_and_deleted(open_page: Open) -> None:
    page = open_page()
    rows = page.locator('[class*="st-key-row-"]')
    expect(rows.first).to_be_visible()
    before = rows.count()
    rows.first.locator('[class*="st-key-menu-"] button:visible').click()
    page.get_by_role("menuitem", name="Rename").or_(
        page.get_by_role("option", name="Rename")
    ).click()
    page.get_by_role("dialog").get_by_label("Title").fill("About the boat")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(rows.get_by_role("button", name="About the boat")).to_be_visible()
    rows.first.locator('[class*="st-key-menu-"] button:visible').click()
    page.get_by_role("menuitem", name="Delete").or_(
        page.get_by_role("option", name="Delete")
    ).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(rows).to_have_count(before - 1)


def test_a_file_is_deleted_after_a_second_press(open_page: Open) -> None:
    page = open_page("/library")
    tiles = page.locator('[class*="st-key-tile-"]')
    cat = tiles.filter(has_text="chelsea.png")
    expect(tiles.get_by_role("img").nth(1)).to_be_visible()  # the grid has come to rest
    cat.get_by_role("button", name="chelsea.png").last.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("chelsea.png")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    page.wait_for_timeout(700)  # as long as a person takes to read what is asked
    dialog.get_by_role("button", name="Delete for good").click()
    expect(cat).to_have_count(0)
    expect(tiles.filter(has_text=INVOICE)).to_be_visible()
