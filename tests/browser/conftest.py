"""A real headless Chromium with the network cut: whatever a page asks for elsewhere is a failure.

Not collected where the extra ``browser`` or Chromium is missing.
"""

import functools
import http.server
import threading

import pytest

from helpers import plots
from tests.browser.chromium import CHROMIUM, launch

try:
    import axe_playwright_python  # noqa: F401
    from playwright import sync_api as playwright
except ImportError:
    playwright = None
if playwright is None or CHROMIUM is None:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session", autouse=True)
def as_many_dots_as_a_reader_gets():
    """Pictures are looked at here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PICTURE_DOTS", raising=False)
        patch.setattr(plots.style, "_DOTS", 180)
        yield


@pytest.fixture(scope="session")
def browser():
    with playwright.sync_playwright() as driver:
        chromium = launch(driver)
        yield chromium
        chromium.close()


class Watched:
    """A page, what it asked for elsewhere, and what it complained about."""

    def __init__(self, page):
        self.page, self.elsewhere, self.errors = page, [], []
        page.route("**/*", self._allow)
        page.on("console", lambda said: said.type == "error" and self.errors.append(said.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _allow(self, route):
        url = route.request.url
        if url.startswith(("http://127.0.0.1:", "data:", "blob:", "about:")):
            return route.continue_()
        self.elsewhere.append(url)
        return route.abort()


@pytest.fixture
def watched(browser):
    context = browser.new_context()
    yield Watched(context.new_page())
    context.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture(scope="session")
def serve():
    """Serve a folder on the loopback interface; returns its address."""
    servers = []

    def start(folder):
        handler = functools.partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
