"""The pictures of the memo of the bundled shop, for the README and the website's first page.

``uv run --extra browser python -m tests.browser.pictures`` writes them anew. (The others are stored
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
        words = PngInfo()
        words.add_itxt("Description", page.locator("body").inner_text())
        high = int(page.locator(ends).first.bounding_box()["y"])
        part = {"x": 0, "y": 0, "width": width, "height": high}
        with Image.open(io.BytesIO(page.screenshot(clip=part))) as picture:
            picture.quantize(256).save(folder / f"{name}.png", pnginfo=words, optimize=True)
        page.close()
    return folder / "memo.png"


if __name__ == "__main__":
    with sync_playwright() as driver:
        write_picture(launch(driver), FOLDER / "images")
