"""Debian's or Google's browser, started the same way for the tests and the README's pictures."""

import shutil

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def launch(driver):
    """A headless browser; `driver` is an open ``sync_playwright()``."""
    return driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
