"""What a reader does with a page in Chromium: fold, scroll by keyboard, choose a theme, read formulas from a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

SITE = Path(__file__).parents[2] / "_build" / "html"
CHAPTER = "notebooks/03_lenet.html"


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
    yield page
    page.close()


def test_a_solution_says_so_and_opens_by_keyboard(page, address):
    page.goto(address + CHAPTER)
    solution = page.locator(".cell[class*=tag_solution] details").first
    assert solution.locator("summary").inner_text().strip() == "Solution"
    assert not solution.evaluate("(e) => e.open")
    solution.locator("summary").focus()
    page.keyboard.press("Enter")
    assert solution.evaluate("(e) => e.open")


def test_the_theme_that_a_reader_chose_is_kept(page, address):
    page.goto(address + CHAPTER)
    root = page.locator("html")
    assert root.get_attribute("data-theme") == "light"
    for _ in range(3):  # auto, light and dark follow one another
        page.locator(".theme-switch-button:visible").first.click()
        if root.get_attribute("data-mode") == "dark":
            break
    assert root.get_attribute("data-theme") == "dark"
    page.goto(address + "book/glossary.html")
    assert root.get_attribute("data-theme") == "dark"


def test_what_scrolls_on_a_phone_is_reached_by_keyboard(page, address):
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(address + CHAPTER)
    boxes = page.locator("article pre[data-scrolls]:visible")
    assert boxes.count() > 0
    box = boxes.first
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(e) => e.scrollLeft > 0", arg=box.element_handle())


@pytest.mark.parametrize("place", ["folder", "server"])
def test_formulas_are_drawn_with_their_font_without_a_script(browser, address, place):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((SITE / CHAPTER).as_uri() if place == "folder" else address + CHAPTER)
    fraction = page.locator("math mfrac").first
    assert fraction.bounding_box()["height"] > 1.5 * page.locator("math mi").first.bounding_box()["height"]
    context.close()


def test_the_font_of_formulas_is_ours(page, address):
    page.goto(address + CHAPTER)
    page.evaluate("document.fonts.ready")
    assert page.evaluate("document.fonts.check('16px Formulas') && [...document.fonts].some((f) =>"
                         " f.family.includes('Formulas') && f.status === 'loaded')")  # fmt: skip
    assert page.evaluate("getComputedStyle(document.querySelector('math')).fontFamily").startswith("Formulas")


def test_a_chapter_ends_with_its_last_run_and_leads_on(page, address):
    page.goto(address + CHAPTER)
    assert (
        "Full run" in page.locator("p.last-run").inner_text() or "full run" in page.locator("p.last-run").inner_text()
    )
    assert page.locator("a.right-next").inner_text().split("\n")[-1].startswith("04")
