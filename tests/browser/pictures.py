"""The README's screenshots: a lesson on the website, and the memo of the bundled shop.

``uv run --extra browser python -m tests.browser.pictures`` writes them anew. (The third picture,
lesson 05's comparison, is stored with the lessons: see ``helpers/course/notebooks.py``.)
"""

import io
import tempfile
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import sync_playwright

from helpers import data, memo
from helpers.course.notebooks import FOLDER
from helpers.course.website import build_site
from tests.browser.chromium import launch

SHOWN = {  # picture: page, the part of it on top, size of the window
    "lesson": (
        "04_recommendations.html",
        "#one-score-on-a-napkin",
        {"width": 1150, "height": 1080},
    ),
    "memo": ("memo.html", "body", {"width": 960, "height": 1080}),
}


def write_pictures(chromium, site: Path, folder: Path) -> dict[str, Path]:
    """Write ``lesson.png`` and ``memo.png``, each with the words it shows as its description.

    `site` has the course's pages, as :func:`helpers.course.website.build_site` leaves them.
    """
    transactions, report = data.read_transactions()
    story = memo.Assumptions(visits_per_week=4_200, cost_per_year=8_000)  # as in lesson 11
    facts = memo.collect(
        transactions, data.load_events(), report, assumed=story, made_up_consent=True
    )
    (site / "memo.html").write_text(memo.page(facts, "the bundled shop"), encoding="utf-8")
    pictures = {name: folder / f"{name}.png" for name in SHOWN}
    for name, (address, part, size) in SHOWN.items():
        page = chromium.new_page(viewport=size)
        page.goto((site / address).as_uri())
        shown = page.locator(part)
        shown.evaluate("part => part.scrollIntoView()")
        words = PngInfo()
        words.add_itxt("Description", shown.inner_text())
        with Image.open(io.BytesIO(page.screenshot())) as picture:
            picture.quantize(64).save(pictures[name], pnginfo=words, optimize=True)
        page.close()
    return pictures


if __name__ == "__main__":
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as scratch:
        build_site(Path(scratch))
        write_pictures(launch(driver), Path(scratch), FOLDER / "images")
