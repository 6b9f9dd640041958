"""People in a browser: turned on, found in idle time, named, asked for, erased."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from faces import changed, real_encoder
from playwright.sync_api import Page, expect

from retrieval.weights import ModelStore


def test_a_person_is_named_asked_for_and_erased(
    open_page: Callable[..., Page], model_store: ModelStore, tmp_path: Path
) -> None:
    real_encoder(model_store)
    for how in ("dark", "turned"):
        changed("grace", how).save(tmp_path / f"grace-{how}.png")
    page = open_page("/library")
    upload = page.locator('[data-testid="stFileUploader"] input[type=file]')
    upload.set_input_files(sorted(tmp_path.glob("*.png")))
    expect(page.locator(".st-key-jobs").get_by_text("in the library")).to_have_count(2)

    page = open_page("/people")
    expect(page.get_by_text("never leave this machine")).to_be_visible()
    page.get_by_role("button", name="Group faces").click()
    person = page.locator('[class*="st-key-person-"]').filter(has_text="faces: 2, photos: 2").first
    name = person.get_by_label("Name")
    name.fill("Grace")
    name.press("Enter")
    expect(person.get_by_role("img")).to_have_count(2)

    chat = open_page("/")
    box = chat.get_by_test_id("stChatInputTextArea")
    expect(box).to_be_enabled()
    box.fill("photos of Grace")
    box.press("Enter")
    answer = chat.locator('[data-testid="stChatMessageContent"][aria-label$="assistant"]').last
    expect(answer).to_contain_text("Photos of Grace (2)")

    page.get_by_text("Erase everything", exact=True).click()
    _at_rest(page)
    page.get_by_role("button", name="Erase everything now").click()
    expect(page.get_by_text("Nothing about faces is computed or stored")).to_be_visible()


def _at_rest(page: Page) -> None:
    """Wait as long as a person takes to see a button: what is drawn anew loses a press."""
    page.wait_for_timeout(700)
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
