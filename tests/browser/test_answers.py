"""On pages an exercise is a form, which says what ``check`` says, and remembers."""

import html
import re

import numpy as np
import pytest

from helpers import cases
from helpers.course import exercises
from helpers.course.exercises import judge, solution, texts
from helpers.course.forms import form
from helpers.course.pages import ASSETS, SCRIPTS
from helpers.course.signs import curled
from helpers.telling import typeset

FIXED = [name for name, text in texts().items() if "right" in text]
WORKED_OUT = [name for name, text in texts().items() if not {"right", "form", "takes"} & set(text)]


@pytest.fixture
def open_forms(watched, serve, tmp_path):
    """Open exercises on a page of their own: pairs of name and what is worked out of each."""

    def opened(*asked):
        cells = "".join(
            f'<div class="cell"><div class="cell_input">check</div>{form(call(name), known)}</div>'
            for name, known in asked
        )
        script = "".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS)
        page = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8">{cells}'
        page += f"<script>{script}</script></html>"
        (tmp_path / "index.html").write_text(page, encoding="utf-8")
        watched.page.goto(serve(tmp_path))
        return watched.page

    yield opened
    assert watched.elsewhere == [] and watched.errors == []


def call(name):
    return f'answer = ...\ncheck("{name}", answer)'


def printed(text):
    """As a page shows what `check` prints."""
    text = re.sub(r"\*([^*\s](?:[^*]*[^*\s])?)\*|`([^`]+)`", r"\1\2", text)
    return html.unescape(curled(typeset(html.escape(text, quote=False))))


def test_a_number_or_a_choice_is_judged_as_by_check_on_every_exercise(open_forms):
    rng, judged = np.random.default_rng(0), 0
    known = {name: {"right": 0.375, "wrong": [[6.0, "a < b"], [37.5, "*half*"]]}
             for name in WORKED_OUT}  # fmt: skip
    page = open_forms(*[(name, known.get(name, {})) for name in FIXED + WORKED_OUT])
    boxes = page.locator(".answer-form").all()
    assert len(boxes) == len(FIXED + WORKED_OUT) >= 50
    for name, box in zip(FIXED + WORKED_OUT, boxes, strict=True):
        text = texts()[name]
        said = box.locator("output")
        if "options" in text:
            for option in text["options"]:
                box.locator("label").filter(
                    has_text=re.compile(f"^{re.escape(printed(option))}$")
                ).click()
                expect_same(said, judge(option, text["right"], [], text))
                judged += 1
            continue
        right, hints = (known[name]["right"], known[name]["wrong"]) if name in known else (
            solution(name, {}))  # fmt: skip
        near = right * (1 + text.get("tolerance", exercises.TOLERANCE) * rng.uniform(-2, 2, 2))
        for answer in [right, *(value for value, _ in hints), *near, *rng.normal(right, 1, 2)]:
            box.locator("input").fill(repr(float(answer)))
            box.get_by_role("button", name="Check").click()
            good, why = judge(float(answer), right, hints, text)
            expect_same(said, (good, re.sub(r"^[\d.,e+-]+ is too", "this is too", why)))
            judged += 1
    assert judged >= 200


def expect_same(said, verdict):
    good, why = verdict
    mark = "✓ Correct: " if good else "✗ Not right: "
    assert said.inner_text() == mark + printed(why)
    assert bool(said.get_attribute("class")) is good


@pytest.mark.parametrize(
    "typed",
    [
        "37.5 %",
        "0,375",
        "3/8",
        ".375",
        " 0.375 ",
        "37.5%",
        "6/16",
        "37.5 per cent",
        "€0.375",
        "0.375 hits",
        "37.5/100",
    ],
)
def test_a_number_may_be_written_as_people_write_it(open_forms, typed):
    page = open_forms((WORKED_OUT[0], {"right": 0.375, "wrong": []}))
    page.locator("input").fill(typed)
    page.keyboard.press("Enter")
    assert page.locator("output").inner_text().startswith("✓")
    asked = "a number is asked for"
    for wrong, reply in [("1,375", "high"), ("-3/8", "low"), ("three", asked), ("1/2/3", asked),
                         ("1/0", asked), ("375", "too high"),
                         ("37.5", "as a share, between 0 and 1")]:  # fmt: skip
        page.locator("input").fill(wrong)
        page.keyboard.press("Enter")
        told = page.locator("output").inner_text()
        assert told.startswith("✗ Not right: ") and reply in told, wrong


def test_a_thousand_has_its_comma_a_number_its_unit_and_no_per_cent_sign(open_forms):
    page = open_forms((WORKED_OUT[0], {"right": 1200, "wrong": []}))
    for typed in ("1,200", "1200", "1 200 rows", "1200 customers", "12,000/10"):
        page.locator("input").fill(typed)
        assert page.locator("output").inner_text() == "", "an old verdict beside a new number"
        page.keyboard.press("Enter")
        assert page.locator("output").inner_text().startswith("✓"), typed
    for typed, told in [("1,200 %", "✗ Not right: give the number without a per cent sign."),
                        ("", "Not answered yet.")]:  # fmt: skip
        page.locator("input").fill(typed)
        page.keyboard.press("Enter")
        assert page.locator("output").inner_text() == told


def test_a_shops_form_is_judged_as_by_check(open_forms):
    rng = np.random.default_rng(1)
    for shop in (1, 2):
        case = cases.deal(shop)
        page, tried = open_forms(("12-1", cases.form(case))), {}
        page.evaluate("localStorage.clear()")  # what the shop before left there
        page.reload()
        lists, check = page.locator("select").all(), page.get_by_role("button", name="Check")
        names = list(cases.options(case).values())
        answers = [[rng.choice([..., *each]) for each in names] for _ in range(25)]
        for answer in [*answers, list(cases.key(case).values())]:
            for element, given in zip(lists, answer, strict=True):
                element.select_option("…" if given is ... else printed(given))
            check.click()
            told = cases.judge(case, answer, tried)[1].splitlines()
            lines = [
                re.sub("^[✓✗] ", "", each.inner_text()) for each in page.locator(".line").all()
            ]
            assert lines == list(map(printed, told))


def test_an_answer_is_remembered_until_it_is_cleared(open_forms):
    number = next(name for name in FIXED if "options" not in texts()[name])
    page = open_forms(("00-1", {}), (number, {}))
    again = page.get_by_role("button", name="Clear my answers")
    assert not again.is_visible(), "there is nothing to clear"
    page.locator("label").nth(1).click()
    assert again.is_visible()
    page.locator("input[type=text]").fill("7")
    page.keyboard.press("Enter")
    page.reload()
    assert page.locator("input:checked").count() == 1
    assert page.locator("input[type=text]").input_value() == "7"
    assert page.locator(".mark").count() == 2
    again.click()
    assert not again.is_visible() and page.locator("input:checked").count() == 0
    page.reload()
    assert page.locator("input:checked").count() == page.locator(".mark").count() == 0
    assert page.locator("input[type=text]").input_value() == ""


def test_options_are_no_code_on_a_page_and_a_field_stays_inside_its_frame_on_a_phone(
    browser, tmp_path
):
    from helpers.course.notebooks import FOLDER
    from helpers.course.pages import lesson_html

    [lesson] = FOLDER.glob("03_*.ipynb")
    (tmp_path / "03.html").write_text(lesson_html(lesson), encoding="utf-8")
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto((tmp_path / "03.html").as_uri())
    assert page.get_by_text("“from 15 buyers”").count() and page.get_by_text("small").count()
    assert not [code for code in page.locator("article p code").all_inner_texts() if '"' in code]
    for frame in page.locator(".exercise.amount").all():
        inside, outside = frame.locator("input").bounding_box(), frame.bounding_box()
        assert inside["x"] + inside["width"] < outside["x"] + outside["width"]
    lefts = page.evaluate(
        "[...document.querySelectorAll('article table:not(.explorable table)')]"
        ".filter(each => !each.closest('details'))"
        ".map(each => each.getBoundingClientRect().left).filter(Boolean)"
    )
    assert len(lefts) > 2 and max(lefts) - min(lefts) < 1, "all tables begin at the text's edge"
    page.close()


def test_a_page_of_the_site_has_forms_for_cells_and_without_scripts_the_cells(browser, tmp_path):
    from helpers.course.notebooks import FOLDER
    from helpers.course.pages import lesson_html

    [lesson] = FOLDER.glob("02_*.ipynb")
    (tmp_path / "02.html").write_text(lesson_html(lesson), encoding="utf-8")
    for scripts in (True, False):
        context = browser.new_context(java_script_enabled=scripts)
        page = context.new_page()
        page.goto((tmp_path / "02.html").as_uri())
        assert page.locator(".answer-form form").count() == 5 * scripts
        code = page.get_by_text('check("02-3"')
        assert code.is_visible() is not scripts
        page.emulate_media(media="print")
        assert code.is_visible() and not page.locator(".answer-form form").first.is_visible()
        context.close()
