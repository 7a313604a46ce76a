"""The pictures of the bundled shop's memo and of a lesson, for README and the website's first page.

``uv run --extra browser python -m tests.browser.pictures`` writes them anew. (The others are stored
with the lessons: see ``helpers/course/notebooks.py``.)
"""

import io
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import sync_playwright

from helpers import data, memo
from helpers.course.notebooks import FOLDER, lessons
from helpers.course.pages import lesson_html
from tests.browser.chromium import launch


def _write(page, ends, name, words, top=0):
    """The page from ``top`` down to where ``ends`` begins, with its words as its description."""
    described = PngInfo()
    described.add_itxt("Description", words)
    part = {"x": 0, "y": top, "width": page.viewport_size["width"]}
    part["height"] = int(ends.bounding_box()["y"]) - top
    shot = page.screenshot(clip=part)
    with Image.open(io.BytesIO(shot)) as picture:
        picture.quantize(256).save(name, pnginfo=described, optimize=True)
    page.close()


def write_lesson(chromium, folder: Path) -> Path:
    """Write ``lesson.png``: an exercise of lesson 03, answered."""
    page = chromium.new_page(viewport={"width": 832, "height": 1600})
    [path] = [each for each in lessons() if each.stem == "03_similarity"]
    page.set_content(lesson_html(path))
    form = page.locator(".exercise").first
    form.locator("input").first.fill("0.3")
    form.get_by_role("button", name="Check").click()
    asked, ends = (page.get_by_text(words) for words in ("1. Napkin.", "2. Change the data."))
    asked.evaluate("part => part.scrollIntoView({block: 'center'})")
    top = int(asked.bounding_box()["y"]) - 12
    words = f"{asked.inner_text()} {form.inner_text()}"
    _write(page, ends, folder / "lesson.png", words, top)
    return folder / "lesson.png"


def write_picture(chromium, folder: Path) -> Path:
    """Write ``memo.png``; its first part, ``memo_top.png``; verdict and figures on a phone.

    The last is ``memo_phone.png``.

    Each has the words it shows as its description.
    """
    transactions, report = data.read_transactions()
    story = memo.Assumptions(visits_per_week=4_200, cost_per_year=8_000)  # as in lesson 11
    facts = memo.collect(
        transactions, data.load_events(), report, assumed=story, made_up_consent=True
    )
    text = memo.page(facts, "a made-up shop")
    for name, width, ends, dots in (
        ("memo", 832, ".rest", 1),
        ("memo_top", 832, "h2:has(+ .bring)", 1),
        ("memo_phone", 390, "h2:has(+ .ask)", 2),
    ):
        page = chromium.new_page(
            viewport={"width": width, "height": 1600}, device_scale_factor=dots
        )
        page.set_content(text)
        words = page.locator("body").inner_text()
        _write(page, page.locator(ends).first, folder / f"{name}.png", words)
    return folder / "memo.png"


if __name__ == "__main__":
    with sync_playwright() as driver:
        browser = launch(driver)
        write_picture(browser, FOLDER / "images")
        write_lesson(browser, FOLDER / "images")
