"""The README's screenshots: a lesson on the website, and the memo of the bundled shop.

``uv run --extra browser python tests/browser/pictures.py`` writes them anew. (The third picture,
lesson 05's comparison, is stored with the lessons: see ``helpers/notebooks.py``.)
"""

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import sync_playwright

from helpers import data, memo
from helpers.notebooks import FOLDER
from helpers.site import build_site

SHOWN = {  # picture: page, the part of it on top, size of the window
    "lesson": (
        "04_recommendations.html",
        "#by-hand-what-should-customer-4-see",
        {"width": 1150, "height": 1080},
    ),
    "memo": ("memo.html", "body", {"width": 960, "height": 1080}),
}
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def write_pictures(chromium, folder: Path) -> dict[str, Path]:
    """Write ``lesson.png`` and ``memo.png``, each with the words it shows as its description."""
    transactions, report = data.read_transactions()
    facts = memo.collect(transactions, data.load_events(), report, made_up_consent=True)
    with tempfile.TemporaryDirectory() as scratch:
        build_site(Path(scratch))
        (Path(scratch) / "memo.html").write_text(memo.page(facts, "the bundled shop"), "utf-8")
        pictures = {}
        for name, (address, part, size) in SHOWN.items():
            page = chromium.new_page(viewport=size)
            page.goto((Path(scratch) / address).as_uri())
            page.locator(part).evaluate("part => part.scrollIntoView()")
            pictures[name] = folder / f"{name}.png"
            page.screenshot(path=pictures[name])
            words = PngInfo()
            words.add_itxt("Description", page.locator(part).inner_text())
            Image.open(pictures[name]).quantize(64).save(
                pictures[name], pnginfo=words, optimize=True
            )
            page.close()
    return pictures


if __name__ == "__main__":
    to = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / "images"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for picture in write_pictures(browser, to).values():
            print(picture)
