"""The website, a run's memo and the slides in a real browser."""

import html
import io
import json
import re
import subprocess
from datetime import datetime

import nbformat
import numpy as np
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from helpers import data, memo
from helpers.course.notebooks import FOLDER, QUIZZES, lesson_and_questions, lessons
from helpers.course.pages import ASSETS, lesson_html
from helpers.course.website import SiteError, build_site
from helpers.course.workshop import write_slides, write_workshop
from tests.browser.pictures import write_lesson, write_picture
from tests.common import command

PAGES = ["index", *(path.stem for path in lessons())]
PAGES += [f"{path.stem}_questions" for path in lessons()]
PAGES += ["glossary", "own_data_guide", "instructor_guide", "maintainer_guide"]
RIGHT = {  # of each lesson's quiz, question by question
    lesson: [each["right"]["text"] for each in questions]
    for lesson, questions in yaml.safe_load(QUIZZES.read_text(encoding="utf-8")).items()
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    build_site(folder)
    return folder


@pytest.fixture(scope="module")
def site(pages, serve):
    return serve(pages)


def faults(page):
    found = Axe().run(page).response["violations"]
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in grave]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_without_a_network_on_a_phone_and_for_everybody(site, watched, name):
    page = watched.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site}/{name}.html", wait_until="load")
    assert watched.elsewhere == [] and watched.errors == []
    assert page.locator("article h1").count() == 1
    width = page.evaluate("document.scrollingElement.scrollWidth")
    assert width <= 361, f"{width} pixels wide on a phone of 360"
    for picture in page.locator("div.cell_output img").all():
        assert len(picture.get_attribute("alt")) > 20
    page.set_viewport_size({"width": 1200, "height": 900})
    page.reload()
    assert faults(page) == []


def test_a_heading_that_a_cell_prints_is_in_the_contents_and_nothing_behind_it_is_lost(pages):
    page = (pages / "07_channels.html").read_text(encoding="utf-8")
    assert page.count('href="#it-is-four-o-clock"') == 2
    section = page.split('<section id="it-is-four-o-clock">')[1].split("</section>")[0]
    assert "Each answer has its price" in section and "<table" in section
    assert not any('class="rubric"' in path.read_text("utf-8") for path in pages.glob("*.html"))


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_what_is_asked_about_a_lesson_is_on_a_page_behind_it(pages, path):
    """Nothing is lost on the way, and one leads to the other."""
    apart = f"{path.stem}_questions.html"
    lesson, asked = ((pages / name).read_text("utf-8") for name in (f"{path.stem}.html", apart))
    assert asked.count(f'href="{path.stem}.html') >= 2 and f'href="{apart}"' in lesson
    cells = lesson_and_questions(nbformat.read(path, as_version=4).cells)[1]
    folds = sum(cell.source.count("<details>") for cell in cells if cell.cell_type == "markdown")
    assert folds > 15 and asked.count("<details>") >= folds
    assert "Asked in the meeting" not in lesson.split("<article")[1].split("</article>")[0]


def test_a_table_and_a_link_that_a_cell_computes_are_such(pages):
    texts = {path.name: path.read_text(encoding="utf-8") for path in pages.glob("*.html")}
    assert [name for name, text in texts.items() if re.search(r"<p>\s*\| ", text)] == []
    assert [name for name, text in texts.items() if re.search(r'href="[^":]*\.md\b', text)] == []
    fold = texts["03_similarity_questions.html"].split("common buyers asked for")[1]
    assert "damping" in fold.split("</table>")[0]


def test_a_command_can_be_copied_from_any_page(pages):
    """The signs of print stay out of code: *--out* made a dash would be a word."""
    text = "".join(path.read_text("utf-8") for path in pages.glob("*.html"))
    code = re.findall(r"<(code|pre|kbd)\b(.*?)</\1>", text, flags=re.S)
    said = [html.unescape(re.sub(r"^[^>]*>|<[^>]+>", "", inside)) for _, inside in code]
    assert "uv run --extra site course workshop" in "\n".join(said).splitlines()
    assert [words for words in said if re.search(r"(?<!\S)[–—]\w", words)] == []


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_each_figure_has_its_own_text(pages, path):
    cells = nbformat.read(path, as_version=4).cells
    shown = [output.metadata["image/png"] for cell in cells for output in cell.get("outputs", [])
             if "image/png" in output.get("data", {})]  # fmt: skip
    both = [path.stem, f"{path.stem}_questions"]
    page = "".join((pages / f"{each}.html").read_text(encoding="utf-8") for each in both)
    told = re.findall(r'<img [^>]*alt="([^"]*)" height="(\d+)" src="_images/[0-9a-f]{64}', page)
    asked = [(figure["alt"], figure["height"]) for figure in shown]
    assert [(html.unescape(alt), int(height)) for alt, height in told] == asked


CUT_OFF = """() => [...document.querySelectorAll("article *")].filter(part =>
    part.clientWidth > 0 && part.scrollWidth > part.clientWidth + 1
    && !["visible", "clip"].includes(getComputedStyle(part).overflowX)
    && !part.closest("math, .katex, [tabindex]")).map(part => part.innerText.slice(0, 80))"""


@pytest.mark.parametrize("width", [1280, 1440, 360])
def test_nothing_has_to_be_scrolled_sideways(site, watched, width):
    page = watched.page
    page.set_viewport_size({"width": width, "height": 800})
    for name in PAGES:
        page.goto(f"{site}/{name}.html")
        page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
        assert page.evaluate(CUT_OFF) == [], name


def test_a_page_is_light_and_painted_early_on_a_slow_line(site, watched):
    page, sizes = watched.page, []
    page.on("response", lambda got: "_images" not in got.url and sizes.append(len(got.body())))
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 40, "downloadThroughput": 2e5, "uploadThroughput": 1e5}
    line.send("Network.emulateNetworkConditions", slow)  # 1.6 Mbit/s
    page.goto(f"{site}/{PAGES[5]}.html", wait_until="networkidle")
    assert 100_000 < sum(sizes) < 400_000
    paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    assert page.evaluate(paint) < 2_000, sizes
    assert page.locator("link[rel~='icon']").count() == 1


PAPER = "part => getComputedStyle(part).backgroundColor"


def brightness(colour):
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3


def seen(picture):
    """A figure's pixels as they are painted: red, green, blue, each as a whole array."""
    with Image.open(io.BytesIO(picture.screenshot())) as image:
        return np.asarray(image.convert("RGB")).astype(int).transpose(2, 0, 1)


def test_dark_mode_is_followed_by_figures_whose_colours_stay(site, browser):
    page = browser.new_context(color_scheme="dark").new_page()
    page.goto(f"{site}/index.html")
    assert brightness(page.locator("body").evaluate(PAPER)) < 60
    figure = page.get_by_role("img", name=re.compile(r"\d+ of 100 find a later purchase"))
    dark = seen(figure)
    assert np.median(dark) < 30, "no bright slab"
    page.emulate_media(color_scheme="light")
    light = seen(figure)
    assert np.median(light) > 250
    for first, second, name in ((2, 0, "blue"), (0, 2, "orange")):
        coloured = (light[first] - light[second] > 100) & (dark.max(axis=0) > 100)
        assert coloured.sum() > 200, name
        assert np.median((dark[first] - dark[second])[coloured]) > 60, name
    page.emulate_media(color_scheme="dark")
    memo = page.locator("img[src*=memo]").first
    assert np.median(seen(memo)) > 200, "a screen is shown as it is"
    page.goto(f"{site}/03_similarity.html")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark", "sliders"
    assert faults(page) == []
    page.emulate_media(media="print")
    assert page.locator("article img").first.evaluate("img => getComputedStyle(img).filter") == (
        "none"
    )
    page.context.close()


def test_a_figure_fills_a_phone_and_opens_in_full_size(site, watched):
    page = watched.page
    page.set_viewport_size({"width": 360, "height": 740})
    for name in ("index", "08_live_tests"):
        page.goto(f"{site}/{name}.html")
        for picture in page.locator("article img").all():
            link = picture.locator("xpath=ancestor::a[1]")
            assert link.get_attribute("href") == picture.get_attribute("src")
    # the lesson's first figure may wait behind a guess
    whole = page.locator("article img:not(details *):visible").first
    assert whole.bounding_box()["width"] == 360
    whole.locator("xpath=ancestor::a[1]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/_images/*.png")
    assert page.locator("img").evaluate("image => image.naturalWidth") > 1000


def test_figures_are_as_wide_as_the_text_on_the_site_and_in_a_run(site, run_folder, serve, watched):
    page, lesson = watched.page, "02_matrix.html"
    page.set_viewport_size({"width": 1280, "height": 800})
    for address in (f"{site}/{lesson}", f"{serve(run_folder)}/html/{lesson}"):
        page.goto(address)
        text, figures = page.evaluate("""() => {
            document.querySelectorAll("[hidden]").forEach((part) => part.removeAttribute("hidden"));
            const widths = (what) => [...document.querySelectorAll(what)]
                .filter((part) => !part.closest("details"))
                .map((part) => Math.round(part.getBoundingClientRect().width));
            return [Math.max(...widths("article p")), widths("article img")];
        }""")
        assert len(figures) > 3 and set(figures) == {text}


def test_answers_open_with_the_keyboard(site, watched):
    page = watched.page
    page.goto(f"{site}/04_recommendations.html")
    answer = page.locator("details", has=page.get_by_text("Answer", exact=True)).first
    assert answer.get_attribute("open") is None and not answer.locator("pre").is_visible()
    page.emulate_media(media="print")
    assert answer.locator("pre").is_visible(), "on paper nobody can open it"
    page.emulate_media(media="screen")
    answer.locator("summary").focus()
    page.keyboard.press("Enter")
    assert answer.get_attribute("open") is not None
    assert answer.locator("pre").is_visible()


def test_an_answer_waits_until_somebody_has_guessed(site, watched, browser):
    page = watched.page
    page.goto(f"{site}/01_load_data.html")
    button = page.get_by_role("button", name="Show me").first
    picture = page.locator("article .guess-first img").first
    assert not picture.is_visible()
    page.emulate_media(media="print")
    assert picture.is_visible() and not button.is_visible()
    page.emulate_media(media="screen")
    number = page.locator(".guessing").count()
    button.focus()
    page.keyboard.press("Enter")
    assert picture.is_visible() and page.locator(".guessing").count() == number - 1
    assert page.locator(".you-said").count() == 0, "nothing was said"
    assert "Not answered yet" not in page.locator("article").inner_text()
    assert "Your answer is checked on this page" in page.locator("article").inner_text()
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(f"{site}/01_load_data.html")
    assert plain.locator("article img").first.is_visible()
    plain.context.close()


def test_all_that_follows_a_guess_waits_and_one_guess_after_the_other(watched):
    script = (ASSETS / "guess.js").read_text(encoding="utf-8")
    watched.page.set_content(f"""<article><section><h2>1</h2>
        <p>Which? <strong>Guess:</strong> A or B?</p><table><tr><td>B wins</td></tr></table>
        <p>So B it is.</p>
        <div><p>By how much?</p><p><strong>Guess:</strong> one or two?</p><p>Two.</p></div>
        <details><summary>Why</summary>Two more.</details>
        <section><h2>2</h2><p>Onwards.</p></section></section></article>
        <script>{script}</script>""")

    def seen():
        return watched.page.locator("article").inner_text()

    assert "A or B" in seen() and "Onwards." in seen()
    show = watched.page.get_by_role("button", name="Show me")
    waiting = ("B wins", "So B it is", "how much", "one or two", "Two.", "Why")
    assert [told for told in waiting if told in seen()] == []
    show.click()
    assert [told for told in waiting if told not in seen()] == ["Two.", "Why"]
    show.click()
    assert [told for told in waiting if told not in seen()] == []
    assert watched.page.get_by_role("button").count() == 0
    watched.page.set_content(f"""<article><div><p><strong>Guess:</strong> A or B?</p></div>
        <div><div><p>So B it is.</p><h2>2</h2><p>Onwards.</p></div></div></article>
        <script>{script}</script>""")
    assert "So B it is." not in seen() and "Onwards." in seen(), "as a run's cell has both"
    watched.page.set_content(f"""<article><p><strong>Guess:</strong> A or B?</p><p>So B it is.</p>
        <div><h3>The answer<a href="#">#</a></h3><p>On Monday, take B.</p></div>
        <h3>And elsewhere?</h3><p>Onwards.</p></article><script>{script}</script>""")
    assert "The answer" not in seen() and "take B" not in seen() and "Onwards." in seen()
    show.click()
    assert "The answer" in seen() and "take B" in seen()


NAMED = {  # what a question names, and what is to be chosen from; nothing: a field
    "Guess: B or D for customer 4?": "B D",
    "One place is free. Guess: does she see B or D?": "B D",
    "Guess: B (near both) or D (nearer, but only to C)?": "B D",
    "Guess first. Some look daily. How many of a hundred stop: 5, 10 or 25?": "5 10 25",
    "Guess: in weeks, which loses: the personal one, the best sellers, or both?": (
        "the personal one|the best sellers|both"
    ),
    "Guess first: when it stops, does our lists’ lead shrink or grow?": "shrink grow",
    "Guess first: ship, wait or stop? Write it down.": "ship wait stop",
    "Guess first: are we nearer to the best sellers, or to the ceiling?": (
        "the best sellers|the ceiling"
    ),
    "Guess: is a lead of 55 − 45 = 10 luck?": "yes no",
    "Guess: if three are usual, may six be luck?": "yes no",
    "Guess: and if sales rise by a quarter, or double?": "",
    "Guess first: must our spot sell a tenth more, or about twice as much?": "",
    "Guess: of these: A, B or C, how many win?": "",
    "Guess: how many buyers or visitors come?": "",
    "Guess: how many notice half a table? And is it enough?": "",
    "Guess: which should test, which should wait, and which should drop them?": "",
    "How many have a hit? Guess first.": "",
}


@pytest.mark.parametrize(("asked", "named"), NAMED.items())
def test_what_a_guess_names_can_be_chosen_and_is_said_above_the_answer(watched, asked, named):
    page, script = watched.page, (ASSETS / "guess.js").read_text(encoding="utf-8")
    page.set_content(f"<article><p>{asked}</p><p>B wins.</p></article><script>{script}</script>")
    options = named.split("|") if "|" in named else named.split()
    buttons = page.locator(".guessing").get_by_role("button")
    assert buttons.all_inner_texts() == [*options, "Show me"]
    assert page.get_by_label("Your guess").count() == 1
    assert page.locator(".guess-first[hidden]").count() == 1
    page.keyboard.press("Tab")
    if not options:
        page.keyboard.type("<b>about 7</b>")
    page.keyboard.press("Enter")
    said = options[0] if options else "<b>about 7</b>"
    assert page.locator("p.guess > .you-said").inner_text() == f"You said: {said}"
    assert page.locator(".you-said").evaluate("each => each === document.activeElement")
    assert page.get_by_text("B wins").is_visible() and watched.errors == []


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_each_guess_of_a_lesson_opens_its_answer_by_keyboard_and_says_what_was_said(
    site, watched, path
):
    page = watched.page
    page.goto(f"{site}/{path.stem}.html")
    waiting, places = page.locator(".guess-first[hidden]"), page.locator(".guessing")
    before, said = places.count(), page.locator(".you-said")
    assert before >= 2 or waiting.count() == 0
    for done in range(before):
        place = page.locator(".guessing:not([hidden])").first
        hidden, field = waiting.count(), place.locator("input")
        (field if field.count() else place.locator("button").first).focus()
        chosen = "12" if field.count() else place.locator("button").first.inner_text()
        if field.count():
            page.keyboard.type(chosen)
        page.keyboard.press("Enter")
        assert waiting.count() < hidden and said.count() == done + 1
        assert said.filter(has_text=re.compile(f"^You said: {re.escape(chosen)}$")).count()
        assert page.evaluate("document.activeElement.className") == "you-said"
    assert waiting.count() == places.count() == 0 and watched.errors == []


def test_a_decision_that_names_what_was_to_be_guessed_waits_too(site, watched):
    page = watched.page
    page.goto(f"{site}/03_similarity.html")
    decision = page.locator("#the-answer")
    page.locator(".guessing").first.wait_for()
    assert not decision.is_visible() and page.locator("#exercises").is_visible()
    page.evaluate("location.hash = '#the-answer'")  # as the page's contents link to it
    decision.wait_for()


def test_on_a_phone_a_table_of_sentences_is_cards_that_name_their_columns(site, watched):
    page = watched.page
    page.goto(f"{site}/06_production.html")
    table = page.locator("table.cards:visible").first
    heads = [each for each in table.locator("thead th").all_inner_texts() if each.strip()]
    cell = table.locator("tbody tr").first.locator("td").last

    def named():
        return cell.evaluate("each => getComputedStyle(each, '::before').content")

    assert table.evaluate("each => getComputedStyle(each).display") == "table"
    assert named() == "none" and len(heads) >= 3
    page.set_viewport_size({"width": 360, "height": 740})
    assert table.evaluate("each => getComputedStyle(each).display") == "block"
    assert named() == f'"{heads[-1]}: "'
    first, last = (table.locator("tbody tr").first.locator("td, th").nth(each).bounding_box()
                   for each in (0, -1))  # fmt: skip
    assert last["y"] > first["y"] and last["width"] > 300
    page.emulate_media(media="print")
    assert table.evaluate("each => getComputedStyle(each).display") == "table", "paper is no phone"
    page.emulate_media(media="screen")
    page.goto(f"{site}/12_your_turn.html")
    row = page.locator("table.cards tr").filter(has_text="several products").first
    head = row.locator("> *").first.evaluate("each => getComputedStyle(each, '::before').content")
    assert head == '"8 every group?"', "a row without a head goes on with the one above"
    page.goto(f"{site}/03_similarity.html")
    small = page.locator("article table:not(.cards)").first
    assert small.evaluate("each => getComputedStyle(each).display") == "table", "numbers stay"


def test_tables_of_the_same_columns_are_cards_together(site, watched):
    page = watched.page
    page.set_viewport_size({"width": 360, "height": 740})
    for path in lessons():
        page.goto(f"{site}/{path.stem}.html")
        tables = page.locator("article table:has(thead)").evaluate_all("""all => all.map(table =>
            [[...table.querySelectorAll("thead tr:last-child > *")].map(each => each.textContent)
                .join(" "), table.matches(".cards")])""")
        kinds = {}
        for heads, cards in tables:
            kinds.setdefault(" ".join(heads.split()), set()).add(cards)
        assert not [heads for heads, cards in kinds.items() if len(cards) > 1], path.stem
        if path.stem == "12_your_turn":
            assert kinds["question gauge reads a no if"] == {True}


def test_forms_are_in_line_letters_have_no_dots_and_scripts_are_no_topic(site, watched, browser):
    page = watched.page
    page.goto(f"{site}/12_your_turn.html")
    page.evaluate("document.querySelectorAll('.guess-first').forEach(e => (e.hidden = false))")
    form = page.locator(".exercise:has(select)").first
    boxes = [each.bounding_box() for each in form.locator("select").all()]
    assert len(boxes) == 3 and len({(box["x"], box["width"]) for box in boxes}) == 1
    words = form.locator("label").first.evaluate("""label => {
        const range = document.createRange();
        range.selectNode(label.firstChild);
        return range.getBoundingClientRect().x;
    }""")
    assert abs(form.get_by_role("button").bounding_box()["x"] - words) < 1
    letters = page.locator("article ul:has(> li strong:text-is('A.'))").first
    assert letters.evaluate("list => getComputedStyle(list).listStyleType") == "none"
    without = "Without scripts nothing runs here"
    assert without not in page.locator("article").inner_text()
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(f"{site}/12_your_turn.html")
    assert without in plain.locator("article").inner_text()
    plain.context.close()


def test_numbers_stand_below_each_other_and_a_timetable_stays_a_table_on_a_phone(site, watched):
    page = watched.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site}/instructor_guide.html")
    table = page.locator("article table").filter(has_text="hands on").first
    assert "cards" not in (table.get_attribute("class") or "")
    align = "cells => cells.map(each => getComputedStyle(each).textAlign)"
    rows = table.locator("tr")
    cells = rows.locator("> :nth-child(2)")
    assert set(cells.evaluate_all(align)) == {"right"}, "the head, too"
    assert "right" not in rows.locator("> :nth-child(6)").evaluate_all(align), "00 is a name"
    assert page.locator("table.cards td:empty[data-column]").count() == 0


def test_a_reader_sees_how_far_they_are_and_finds_back_from_the_questions(site, watched):
    page, stems = watched.page, [path.stem for path in lessons()]
    page.goto(f"{site}/{stems[5]}_questions.html")
    assert page.locator(".sidebar-tree .current a").inner_text().startswith("05a ")
    page.locator(".related-pages a").click()
    assert page.url.endswith(f"/{stems[5]}.html")
    assert page.locator(".place").inner_text() == f"Lesson 6 of {len(stems)}"
    tick = page.get_by_role("img", name="quiz answered")
    page.locator("fieldset.quiz").first.wait_for()
    for question in page.locator("fieldset.quiz").all():
        assert tick.count() == 0
        question.locator("input").first.check()
    assert tick.count() == 1
    page.goto(f"{site}/index.html")
    assert page.locator(".sidebar-tree li:has(.done) > a").inner_text().startswith("05a ")
    page.go_back()
    page.get_by_role("button", name="Start again").click()
    assert tick.count() == 0 and watched.errors == []


def test_a_term_of_the_glossary_is_found_by_typing(site, watched):
    page = watched.page
    page.goto(f"{site}/glossary.html")
    field, terms = page.get_by_label("Find a term"), page.locator("#glossary > section")
    field.fill("hit RATE")
    shown = [each for each in terms.all() if each.is_visible()]
    assert 1 <= len(shown) <= 3 and "hit rate" in shown[0].inner_text().lower()
    assert page.get_by_role("status").inner_text() == f"{len(shown)} of {terms.count()} terms"
    assert not page.locator(".letters").is_visible()
    field.fill("lift")
    names = [each.locator("h2").inner_text() for each in terms.all() if each.is_visible()]
    assert names and all("lift" in name.lower() for name in names), "others only mention it"
    page.evaluate("location.hash = '#payback'")
    assert field.input_value() == "" and page.locator("#payback").is_visible()
    field.fill("xyzzy")
    assert page.get_by_role("status").inner_text().startswith("No term has that.")
    field.fill("")
    assert terms.last.is_visible() and page.locator(".letters").is_visible()


def test_a_quiz_answers_counts_and_remembers(site, watched):
    page = watched.page
    page.goto(f"{site}/04_recommendations.html")
    first = page.locator("fieldset.quiz").first
    first.get_by_text("Go live, coverage has gone up").click()
    why = "Lists drawn by dice can have a high coverage, too, because it counts products"
    assert first.locator("output").inner_text().startswith("✗ Not this one. " + why)
    first.locator("input:checked").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert first.locator("output").inner_text().startswith("✓ Right.")
    score = page.locator(".quiz-score")
    assert score.inner_text() == "0 of 1 right at the first try, 4 to go."
    page.reload()
    assert score.inner_text() == "0 of 1 right at the first try, 4 to go."
    for each, right in list(zip(page.locator("fieldset.quiz").all(), RIGHT["04"], strict=True))[1:]:
        each.get_by_text(re.sub(r"['’]", "’", right), exact=True).click()
        assert "✓" in each.locator("output").inner_text()
    assert score.inner_text() == "4 of 5 right at the first try."
    page.emulate_media(media="print")
    assert page.get_by_text(why).last.is_visible(), "on paper the folds stand open"


@pytest.mark.parametrize("then", ["Enter", " ", "Tab"])
def test_arrow_keys_pass_an_option_without_answering(site, watched, then):
    page = watched.page
    page.goto(f"{site}/04_recommendations.html")
    field, score = page.locator("fieldset.quiz").first, page.locator(".quiz-score")
    options = field.locator("input")
    right = [label.inner_text() for label in field.locator("label").all()].index(RIGHT["04"][0])
    options.nth(right - 1).focus()
    page.keyboard.press("ArrowDown")
    assert options.nth(right).is_checked() and score.inner_text() == ""
    assert not set("✓✗") & set(field.locator("output").inner_text())
    page.keyboard.press(then)
    assert field.locator("output").inner_text().startswith("✓ Right.")
    assert score.inner_text() == "1 of 1 right at the first try, 4 to go."


def test_a_quiz_can_be_started_again(site, watched):
    page = watched.page
    page.goto(f"{site}/04_recommendations.html")
    again, score = page.get_by_role("button", name="Start again"), page.locator(".quiz-score")
    assert not again.is_visible()
    first = page.locator("fieldset.quiz").first
    first.get_by_text("Go live, coverage has gone up").click()
    assert not first.locator("output.right").count()
    first.get_by_text(re.sub(r"['’]", "’", RIGHT["04"][0]), exact=True).click()
    assert first.locator("output.right").count() == 1
    again.click()
    assert score.inner_text() == "" and first.locator("output").inner_text() == ""
    assert page.locator("fieldset.quiz input:checked").count() == 0 and not again.is_visible()
    page.reload()
    assert page.locator("fieldset.quiz input:checked").count() == 0


def test_without_scripts_the_quiz_has_folds(site, browser):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{site}/04_recommendations.html")
    option = page.locator("details", has=page.get_by_text("Go live, coverage has gone up")).first
    option.locator("summary").click()
    assert option.get_by_text("Lists drawn by dice").is_visible()
    page.context.close()


@pytest.mark.parametrize(
    ("word", "lesson"),
    [("lift", "07_channels"), ("cut-off", "09_layering"), ("leak", "09_layering")],
)
def test_search_finds_the_lesson_that_teaches_it_first(site, watched, word, lesson):
    page = watched.page
    page.goto(f"{site}/search.html?q={word}")
    page.wait_for_selector("#search-results li")
    first = page.locator("#search-results li > a").first
    assert first.get_attribute("href") == f"{lesson}.html#term-{word}"
    first.click()
    page.wait_for_url(f"**/{lesson}.html#term-{word}")
    taught = "mark => (mark.innerText || mark.nextElementSibling.innerText).toLowerCase()"
    assert re.search(rf"\b{word}\b", page.locator(f"#term-{word}").evaluate(taught))
    assert watched.elsewhere == []


@pytest.mark.parametrize("word", ["lift", "transactions"])
def test_search_names_a_page_once_and_quotes_its_words_without_code(site, watched, word):
    page = watched.page
    page.goto(f"{site}/search.html?q={word}")
    page.wait_for_function("""() => {
        const found = document.querySelectorAll("#search-results > ul > li, ul.search > li");
        return found.length > 3 && [...found].every(each => each.querySelector(".context"));
    }""")
    links = page.locator("ul.search > li > a").evaluate_all("all => all.map(each => each.href)")
    pages = [link.split("#")[0].split("?")[0] for link in links]
    assert len(pages) > 3 and len(set(pages)) == len(pages)
    quoted = page.locator("ul.search .context").all_inner_texts()
    assert len(quoted) == len(pages) and sum(word in text.lower() for text in quoted) > 2
    assert not re.search(r"Show code|import |plots\.|say\(|#\s", " ".join(quoted)), quoted
    assert watched.errors == []


def test_a_quotation_has_the_word_rather_whole_than_begun_rather_begun_than_inside(site, watched):
    page = watched.page
    page.goto(f"{site}/search.html?q=lift")
    page.wait_for_selector("#search-results li")
    quoted = """words => Search.makeSearchSummary(
        `<div role="main"><p>${words}</p></div>`, ["lift"], null).textContent"""
    filler = "and so on " * 40
    for words in (f"An uplift, lifting {filler} the lift.", f"An uplift {filler} is lifting."):
        assert page.evaluate(quoted, words).strip().endswith(words[-9:])
    assert "uplift" in page.evaluate(quoted, f"{filler} an uplift of ten.")


def test_search_quotes_the_glossarys_entry_of_a_term(site, watched):
    page = watched.page
    page.goto(f"{site}/search.html?q=Lift")
    entry = page.locator("ul.search > li", has=page.get_by_role("link", name="Glossary: lift"))
    entry.locator(".context").wait_for()
    assert "lift Lesson 07: Confidence, divided by" in entry.locator(".context").inner_text()
    assert entry.locator("a").first.get_attribute("href") == "glossary.html#lift"
    page.goto(f"{site}/search.html?q=transactions")
    page.locator("ul.search .context").first.wait_for()
    assert watched.errors == []


def test_the_search_page_asks_for_a_word(site, watched):
    page = watched.page
    page.goto(f"{site}/search.html")
    assert faults(page) == []
    page.get_by_label("Find").fill("lift")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li")
    assert page.get_by_label("Find").input_value() == "lift"
    assert watched.elsewhere == [] and watched.errors == []


def test_the_glossary_has_letters_and_leads_to_where_a_term_is_taught(site, watched):
    page = watched.page
    page.goto(f"{site}/glossary.html")
    page.get_by_role("link", name="L", exact=True).click()
    there = page.locator("section#lift a", has_text="Lesson 07")
    assert there.get_attribute("href") == "07_channels.html#term-lift"
    page.set_viewport_size({"width": 360, "height": 800})
    letter = page.get_by_role("link", name="L", exact=True).bounding_box()
    assert min(letter["width"], letter["height"]) >= 44, "room for a thumb"


def test_next_and_previous_lead_through_the_lessons(site, watched):
    page = watched.page
    page.goto(f"{site}/index.html")
    assert page.locator("article table a").count() == len(lessons())
    page.locator("article table a").first.click()
    assert page.url.endswith(f"/{PAGES[1]}.html")
    for stem in PAGES[2:12]:
        page.locator("a.next-page").click()
        assert page.url.endswith(f"/{stem}.html")


def test_a_run_becomes_a_site_too(tmp_path, serve, watched):
    run = tmp_path / "my_run"
    (run / "notebooks").mkdir(parents=True)
    for path in lessons()[2:4]:
        (run / "notebooks" / path.name).write_bytes(path.read_bytes())
    (run / "index.html").write_text(memo.page(None, "my_run"), encoding="utf-8")
    build_site(tmp_path / "site", run)
    page = watched.page
    page.goto(serve(tmp_path / "site") + "/index.html")
    page.get_by_role("link", name="the decision memo").click()
    assert page.url.endswith("memo.html") and watched.errors == []
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    with pytest.raises(SiteError, match="other files"):
        build_site(tmp_path / "mine")


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A run of one lesson, and the other lessons' pages, made as a run makes them."""
    folder = tmp_path_factory.mktemp("run")
    subprocess.run(command("02", "--out", folder), check=True)
    for path in lessons():
        page = folder / "html" / f"{path.stem}.html"
        if not page.exists():
            page.write_text(lesson_html(path), encoding="utf-8")
    return folder


def test_every_page_that_a_run_writes_asks_for_nothing_elsewhere(run_folder, serve, watched):
    address, pages = serve(run_folder), sorted(run_folder.rglob("*.html"))
    assert len(pages) == 2 + len(lessons()), "memo, glossary, lessons"
    for path in pages:
        name = path.relative_to(run_folder).as_posix()
        watched.page.goto(f"{address}/{name}", wait_until="networkidle")
        assert watched.page.locator("h1").count() >= 1, name
        assert watched.elsewhere == [], name
        assert watched.errors == [], name


def test_a_runs_pages_lead_on_fit_a_phone_and_have_the_quiz(run_folder, serve, watched):
    page, address = watched.page, serve(run_folder)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{address}/html/02_matrix.html")
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 361
    assert not page.get_by_text("# Parameters").first.is_visible()
    right = page.locator("fieldset.quiz").first.get_by_text(RIGHT["02"][0])
    right.click()
    assert "✓" in page.locator("fieldset.quiz").first.inner_text()
    assert faults(page) == []
    page.get_by_role("link", name="The memo").click()
    assert page.url.endswith("/index.html")
    assert watched.elsewhere == [] and watched.errors == []


def test_a_runs_lesson_lists_its_sections_beside_the_text_or_folded(run_folder, serve, watched):
    page, address = watched.page, serve(run_folder)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{address}/html/02_matrix.html")
    listed, last = page.locator(".contents a"), page.locator(".contents a").last
    names = [name.removesuffix("¶") for name in page.locator("article h2").all_inner_texts()]
    assert listed.all_inner_texts() == names and len(names) > 5
    assert last.bounding_box()["x"] > page.locator("article").bounding_box()["x"] + 700
    page.set_viewport_size({"width": 360, "height": 740})
    last.wait_for(state="hidden")
    page.mouse.wheel(0, 5000)
    page.get_by_text("On this page", exact=True).click()
    assert faults(page) == []
    last.click()
    last.wait_for(state="hidden")
    bar = page.locator(".contents").bounding_box()
    assert page.locator("article h2").last.bounding_box()["y"] >= bar["y"] + bar["height"] > 0
    assert watched.errors == []


def test_a_runs_pages_name_the_run_and_open_all_results_at_once(run_folder, serve, watched, site):
    page, address = watched.page, serve(run_folder)
    page.goto(f"{address}/html/02_matrix.html")
    today = datetime.now().astimezone()
    assert f"{today.day} {today:%B %Y}" in page.locator("nav").first.inner_text()
    waiting, switch = page.locator(".guess-first[hidden]"), page.locator(".all-results")
    hidden = waiting.count()
    assert hidden
    switch.click()
    assert waiting.count() == page.locator(".guessing").count() == 0
    page.reload()
    assert waiting.count() == 0, "remembered, as for the next lesson"
    switch.click()
    page.wait_for_function("document.querySelector('.guessing')")
    assert waiting.count() == hidden and switch.inner_text() == "Show all results"
    page.goto(f"{site}/02_matrix.html")
    assert page.locator(".guessing").count() and not switch.count(), "the site is read once"
    assert watched.errors == []


def test_a_runs_pages_follow_a_dark_system_and_so_do_figures(run_folder, serve, browser):
    page = browser.new_context(color_scheme="dark").new_page()
    address = serve(run_folder)
    page.goto(f"{address}/index.html")
    assert brightness(page.locator("body").evaluate(PAPER)) < 60, "the memo follows, too"
    assert faults(page) == []
    page.set_viewport_size({"width": 360, "height": 760})
    for name in ("04_recommendations", "08_live_tests", "glossary"):
        page.goto(f"{address}/html/{name}.html")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
        assert brightness(page.locator("body").evaluate(PAPER)) < 60
        if name != "glossary":
            assert np.median(seen(page.locator("article img:visible").first)) < 30, name
        page.add_style_tag(content="details::details-content { content-visibility: visible; }")
        page.evaluate("document.querySelectorAll('details').forEach(each => (each.open = true))")
        assert faults(page) == [], name
    page.context.close()


def test_a_lesson_is_called_the_same_in_a_run_on_the_site_and_on_slides(
    site, serve, watched, tmp_path
):
    page = watched.page
    page.goto(f"{site}/index.html")
    names = page.locator(".sidebar-tree li.toctree-l1 a").all_inner_texts()[: len(lessons())]
    rows = page.locator("article table tbody tr").all()
    assert names == [row.locator("td").first.locator("a").inner_text() for row in rows]
    page.set_content(lesson_html(lessons()[2], [path.stem for path in lessons()]))
    page.get_by_text("All lessons of this run").click()
    assert page.locator("nav ol li").all_inner_texts() == names
    write_slides(tmp_path)
    address = serve(tmp_path)
    for path, name in zip(lessons(), names, strict=True):
        page.goto(f"{address}/{path.stem}.html")
        assert page.title() == name


def test_in_a_runs_lesson_it_can_be_seen_what_folds_open(run_folder, serve, watched):
    watched.page.goto(serve(run_folder) + "/html/02_matrix.html")
    answer = watched.page.locator("summary").first
    assert answer.evaluate("part => getComputedStyle(part).display") == "list-item"
    assert watched.elsewhere == []


def test_a_figure_of_a_run_opens_in_large_with_the_keyboard(run_folder, serve, watched):
    page = watched.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(serve(run_folder) + "/html/02_matrix.html")
    figure, large = page.locator("article button.enlarge").first, page.locator("dialog.large")
    assert not large.is_visible()
    figure.focus()
    page.keyboard.press("Enter")
    alt = figure.locator("img").get_attribute("alt")
    assert large.get_by_alt_text(alt).bounding_box()["width"] > 700
    assert faults(page) == []
    page.keyboard.press("Escape")
    assert not large.is_visible()
    assert figure.evaluate("button => button === document.activeElement")
    figure.click()
    large.get_by_role("button", name="Close").click()
    assert not large.is_visible() and watched.errors == []


def test_the_first_page_has_a_memo_that_a_phone_can_show_and_is_short(site, watched):
    page = watched.page
    for width, screens in ((360, 6), (1280, 5)):
        page.set_viewport_size({"width": width, "height": 740})
        page.goto(f"{site}/index.html")
        memo = page.get_by_role("img", name="The top of the decision memo").bounding_box()
        assert 300 < memo["width"] <= 390 and memo["x"] + memo["width"] <= width
        assert page.evaluate("document.scrollingElement.scrollHeight") < screens * 740


def test_the_first_page_says_what_it_is_found_and_takes_before_anybody_scrolls(site, watched):
    page = watched.page
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{site}/index.html")
    minutes = r"\d+ lessons of \d+ to \d+ minutes · .* · code MIT, text and data CC BY 4\.0"
    assert re.fullmatch(minutes, page.locator("p.facts").inner_text())
    found = page.get_by_role("img", name=re.compile(r"\d+ of 100 find a later purchase"))
    said = page.get_by_role("link", name="ship a test")
    for part in (page.get_by_role("link", name="Begin with lesson 00"), found, said):
        box = part.first.bounding_box()
        assert box["y"] + box["height"] < 800
    commands = page.locator(".doors > div > p:last-child").all()
    assert len({each.bounding_box()["y"] for each in commands}) == 1, "the ways in stand alike"


def test_a_thumb_moves_a_slider_and_sees_what_it_changes(site, watched):
    page = watched.page
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("03_similarity", "05a_evaluation_questions", "08_live_tests_questions"):
        page.goto(f"{site}/{name}.html")
        page.evaluate("document.querySelectorAll('details').forEach(fold => (fold.open = true))")
        page.evaluate(
            "document.querySelectorAll('[hidden]').forEach(each => (each.hidden = false))"
        )
        slider = page.locator(".explorable input[type=range]").first
        said = page.locator(".explorable:has(input[type=range]) [aria-live=polite]").first
        touched, told = slider.bounding_box(), said.bounding_box()
        assert touched["height"] >= 32, name
        assert 0 < told["y"] - touched["y"] - touched["height"] < 40, name
    theme, contents = (
        page.locator(f".{each}").first.bounding_box()
        for each in ("theme-toggle", "toc-overlay-icon")
    )
    assert contents["x"] - theme["x"] - theme["width"] >= 12, "icons that touch"


def test_pages_have_the_signs_of_print(site, run_folder, serve, watched):
    page = watched.page
    for address in (f"{site}/01_load_data.html", f"{serve(run_folder)}/html/01_load_data.html"):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(each => (each.open = true))")
        words = page.locator("article").evaluate("""whole => {
            const copy = whole.cloneNode(true);
            copy.querySelectorAll("pre, code, script, style").forEach((each) => each.remove());
            return copy.textContent;
        }""")
        assert "don’t" in words and re.findall(r".{9}(?<!\d)[\"'].{9}|\d %", words) == []


def test_heads_of_tables_keep_whole_words_on_a_phone(watched, site):
    page = watched.page
    page.set_viewport_size({"width": 360, "height": 740})
    cut = """() => [...document.querySelectorAll("article th")].flatMap((head) => {
        const cut = [], walker = document.createTreeWalker(head, NodeFilter.SHOW_TEXT);
        for (let text; (text = walker.nextNode());)
            for (const word of text.data.matchAll(/[a-z]+/gi)) {
                const range = document.createRange();
                range.setStart(text, word.index);
                range.setEnd(text, word.index + word[0].length);
                if (range.getClientRects().length > 1) cut.push(word[0]);
            }
        return cut;
    })"""
    for path in lessons():
        page.goto(f"{site}/{path.stem}.html")
        page.evaluate("document.querySelectorAll('details').forEach(each => (each.open = true))")
        assert page.evaluate(cut) == [], f"{path.stem} on the site"
        page.set_content(lesson_html(path, [each.stem for each in lessons()]))
        assert page.evaluate(cut) == [], path.stem
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 360, path.stem


@pytest.mark.parametrize("known", [{}, {"visits_per_week": 4_200, "cost_per_year": 8_000}])
def test_the_memo_fits_a_phone_and_one_sheet(tmp_path, serve, watched, known):
    transactions, events = data.load_shop()
    report = data.read_transactions()[1]
    facts = memo.collect(transactions, events, report, assumed=memo.Assumptions(**known))
    facts = json.loads(json.dumps(facts, default=float))
    ran = [{"name": "11_decision_memo", "ran": "today", "error": ""}]  # a run's memo has more
    said = "1,455 pairs of ids, such as 'a name of many words' and 'Another Name of Many Words'"
    found = {"read": 9, "kept": 9, "rejected": {}, "findings": {"largest quantity": said, "n": 3}}
    metrics = {"data": {"transactions": found}}
    text = memo.page(facts, "shop", metrics, outcomes=ran, files={"metrics.json": ""})
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    page = watched.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(serve(tmp_path) + "/index.html")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 361
    assert faults(page) == [] and watched.elsewhere == [] and watched.errors == []
    drawn = "all => all.filter((each) => getComputedStyle(each).display !== 'none').length"
    assert page.locator(".paper").evaluate_all(drawn) == 0, "what paper has instead"
    assert page.locator(".asks").bounding_box()["y"] < 260, "what is asked for is the second line"
    bars = [each.bounding_box() for each in page.locator(".big svg").all()]
    assert len({each["width"] for each in bars}) == 1
    page.set_viewport_size({"width": 800, "height": 740})
    tops = {each.bounding_box()["y"] for each in page.locator(".big svg").all()}
    assert len(tops) == 1, "bars side by side stand on one line"
    rule = page.get_by_text("Could the lists beat the best sellers by enough?")
    assert not rule.is_visible(), "a screen has the rest folded"
    page.emulate_media(media="print")
    assert rule.is_visible(), "and paper has all of it"
    page.emulate_media(media="null")
    sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    assert sheets == 1
    page.goto(f"{page.url}#transactions")
    assert page.locator("#transactions").is_visible(), "a link opens what is folded"


RUNS_INTO_THE_FOOT = """() => {
    const words = Reveal.getCurrentSlide().querySelector(".said, .told");
    return words && words.getBoundingClientRect().bottom
        > document.querySelector(".slide-number").getBoundingClientRect().top + 1;
}"""


# of the slide's width, how much its table or what there is to play with takes
FILLED = """() => {
    const slide = document.querySelector("section.present:not(.stack) > .slide");
    const shown = slide.querySelector(".explorable, table");
    if (!shown) return 1;
    const parts = shown.matches("table") ? [shown] : [...shown.querySelectorAll("svg, table, p")];
    const boxes = parts.map((part) => part.getBoundingClientRect()).filter((box) => box.width);
    const right = Math.max(...boxes.map((box) => box.right));
    return (right - Math.min(...boxes.map((box) => box.x))) / slide.getBoundingClientRect().width;
}"""


def test_slides_turn_fit_and_have_a_view_for_the_speaker_without_a_network(
    tmp_path, serve, watched
):
    write_workshop(tmp_path)
    page, address = watched.page, serve(tmp_path / "slides")
    page.set_viewport_size({"width": 1280, "height": 720})
    size = "(s => [s.scrollHeight, s.scrollWidth, s.innerText])(Reveal.getCurrentSlide())"
    for path in lessons():
        page.goto(f"{address}/{path.stem}.html")
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        # else a figure is a white tile on blue for a second, after each question
        assert page.evaluate("Reveal.getConfig().backgroundTransition") == "none"
        assert page.locator("section.present h1").first.is_visible()
        for _ in range(page.evaluate("Reveal.getTotalSlides()") - 1):
            page.evaluate("Reveal.next()")
            high, wide, words = page.evaluate(size)
            assert high <= 721 and wide <= 1281, f"{path.stem}: too much on the slide: {words}"
            assert "Not answered yet" not in words
            assert not page.evaluate(RUNS_INTO_THE_FOOT), words
            assert page.evaluate(FILLED) >= 0.8, f"{path.stem}: small on the slide: {words}"
        assert page.evaluate("Reveal.isLastSlide()")
        page.evaluate("Reveal.slide(0, 0)")
        findings = page.evaluate("Reveal.getHorizontalSlides().length")
        for at in range(1, findings + 1):
            counted = page.locator(".slide-number").inner_text()
            assert "".join(counted.split()) == f"{at}/{findings}"
            page.keyboard.press("PageDown" if at % 2 else "Space")  # as a clicker does
        page.keyboard.press("PageUp")
        assert page.evaluate("(({ h, v }) => [h, v])(Reveal.getIndices())") == [findings - 2, 0]
        page.keyboard.press("PageDown")
    page.goto(f"{address}/03_similarity.html")
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    sides = page.locator("table", has_text="confirmed, of 100").first.evaluate("""table =>
        [...table.rows].map(row => [...row.cells].map(each => getComputedStyle(each).textAlign))""")
    assert {tuple(row[:2]) for row in sides} == {("left", "right")}, "numbers below each other"
    at = page.evaluate("""Reveal.getIndices(
        document.querySelector(".explorable input[type=range]").closest("section")).h""")
    page.evaluate(f"Reveal.slide({at}, 0)")
    page.locator("section.present .explorable input[type=range]").first.focus()
    page.keyboard.press("PageDown")  # whoever has played goes on
    assert page.evaluate("Reveal.getIndices().h") == at + 1
    page.evaluate("Reveal.slide(0, 0)")
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    speaker = opened.value
    speaker.wait_for_selector(".speaker-controls-notes .value p", state="attached")
    more = speaker.locator(".speaker-controls-notes .value details").first
    more.wait_for()
    whole = more.bounding_box()["height"]
    more.locator("summary").click()
    assert more.bounding_box()["height"] > 2 * whole, "it unfolds without a network"
    shown = speaker.locator("#upcoming-slide iframe")
    shown.wait_for()
    label = speaker.get_by_text("Upcoming", exact=True).bounding_box()
    assert label["y"] + label["height"] <= shown.bounding_box()["y"], "it hides the headline"
    assert watched.elsewhere == [] and watched.errors == []


def test_the_pictures_of_memo_and_lesson_show_what_there_is(browser, tmp_path):
    """By the words on it: letters look a little different on each machine."""
    write_picture(browser, tmp_path)
    write_lesson(browser, tmp_path)
    for name in ("memo.png", "memo_top.png", "memo_phone.png", "lesson.png"):
        made, shown = Image.open(tmp_path / name), Image.open(FOLDER / "images" / name)
        assert made.size == shown.size
        assert made.text["Description"] == shown.text["Description"], f"make {name} again"
