"""A shop whose products are called like HTML, Markdown, a link and a sum of money.

All that a run writes, and the site of it, is opened in a browser: names are text and nothing else.
"""

import subprocess

import pytest

from helpers import data
from helpers.course.website import build_site
from tests.common import command

NAMES = ['<img src=x onerror="window.hacked=1">', "**", "[a](javascript:window.hacked=1)", "$5",
         "<script>window.hacked=1</script>", "</td></table><h1>x", "`$6`", "&lt;b&gt;"]  # fmt: skip


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory, shop):
    folder = tmp_path_factory.mktemp("hostile")
    paths = []
    for name, table in zip(("purchases", "events"), shop, strict=True):
        table = table[table["customer_id"] < "CUST01500"].copy()
        number = table["product_id"].str[-3:].fillna("000").astype(int)
        if name == "purchases":
            table["product_name"] = [NAMES[n % len(NAMES)] for n in number]
        table["product_category"] = number.map(lambda n: NAMES[n % 3])
        paths.append(folder / f"{name}.csv")
        table.to_csv(paths[-1], index=False, date_format=data.DATE_FORMAT)
    tables = [f"transactions_path={paths[0]}", f"events_path={paths[1]}"]
    options = [word for table in tables for word in ("-p", *table.split("=", 1))]
    done = subprocess.run(
        command(*options, "--out", folder / "run"), capture_output=True, text=True
    )
    assert (folder / "run" / "index.html").exists(), done.stderr
    assert "failed" not in done.stderr, done.stderr
    build_site(folder / "run" / "site", folder / "run")
    return folder / "run"


def test_names_are_text_on_every_page_of_a_run_and_its_site(run_folder, serve, watched):
    page, address, seen = watched.page, serve(run_folder), {}
    page.on("dialog", lambda dialog: pytest.fail("a name was executed"))
    for path in sorted(run_folder.rglob("*.html")):
        name = path.relative_to(run_folder).as_posix()
        page.goto(f"{address}/{name}", wait_until="load")
        assert page.evaluate("window.hacked") is None, name
        for bad in ('img[src="x"]', 'a[href^="javascript"]', "mjx-container", "td script", "td h1"):
            assert page.locator(bad).count() == 0, f"{bad} on {name}"
        text = page.locator("body").inner_text()
        seen[name] = [each for each in NAMES if each in text]
    assert len(seen) > 20 and watched.elsewhere == []
    # names are shown as they are, not dropped
    for lesson in ("00_start_here", "03_similarity", "04_recommendations"):
        assert len(seen[f"html/{lesson}.html"]) >= 4, seen[f"html/{lesson}.html"]
        assert len(seen[f"site/{lesson}.html"]) >= 4, seen[f"site/{lesson}.html"]
