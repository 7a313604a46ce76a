"""The picture of the memo of the bundled shop, for the README and the website's first page.

``uv run --extra browser python -m tests.browser.pictures`` writes it anew. (The others are stored
with the lessons: see ``helpers/course/notebooks.py``.)
"""

import io
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import sync_playwright

from helpers import data, memo
from helpers.course.notebooks import FOLDER
from tests.browser.chromium import launch


def write_picture(chromium, folder: Path) -> Path:
    """Write ``memo.png``, with the words it shows as its description."""
    transactions, report = data.read_transactions()
    story = memo.Assumptions(visits_per_week=4_200, cost_per_year=8_000)  # as in lesson 11
    facts = memo.collect(
        transactions, data.load_events(), report, assumed=story, made_up_consent=True
    )
    page = chromium.new_page(viewport={"width": 960, "height": 1600})
    page.set_content(memo.page(facts, "the bundled shop"))
    words = PngInfo()
    words.add_itxt("Description", page.locator("body").inner_text())
    half = page.locator(".rest").bounding_box()["y"]
    part = {"x": 0, "y": 0, "width": 960, "height": int(half)}
    with Image.open(io.BytesIO(page.screenshot(clip=part))) as picture:
        picture.quantize(128).save(folder / "memo.png", pnginfo=words, optimize=True)
    page.close()
    return folder / "memo.png"


if __name__ == "__main__":
    with sync_playwright() as driver:
        write_picture(launch(driver), FOLDER / "images")
