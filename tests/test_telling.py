"""Computed sentences and tables: names from the data stay text; the same content, the same page."""

import html
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.filters import markdown2html

from helpers import telling
from helpers.course import pages, signs
from helpers.course.notebooks import lessons
from helpers.telling import listing, percent, plain, say, show

HOSTILE = ["<img src=x onerror=alert(1)>", "**", "[a](javascript:alert(1))", "$5", "`x`", "&lt;",
           "# 1. _a_", "www.example.org", "~~a~~", "a\n\n- b", "|", "\\", "<!--"]  # fmt: skip


@pytest.fixture
def shown(monkeypatch):
    """What was displayed."""
    seen = []
    monkeypatch.setattr(telling, "display", lambda data, raw: seen.append(data))
    return seen


def text_of(page):
    """What a reader sees of a page."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


LETTERS = st.characters(exclude_categories=["Cs", "Cc"])


@given(st.one_of(st.sampled_from(HOSTILE), st.text(LETTERS, min_size=1)))
def test_a_name_is_text_in_a_sentence(name):
    page = markdown2html(f"We show **{plain(name)}** and {plain(name)}.")
    words = " ".join(name.split())
    assert " ".join(text_of(page).split()).count(words) >= 1
    assert set(re.findall(r"<(\w+)", page)) <= {"p", "strong", "span"}
    # MathJax reads the page's texts one by one: no two dollars stand in one
    assert all(part.count("$") < 2 for part in map(html.unescape, re.split(r"<[^>]*>", page)))


def test_a_sentence_is_readable_without_markdown_too(shown):
    say(f"Look at {plain('<b> $5')}.")
    assert shown[0]["text/plain"] == "Look at <b> $5."


@given(st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=5))
def test_names_are_text_in_a_table(names):
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telling, "display", lambda data, raw: seen.append(data))
        show(pd.DataFrame({"product": names, "<b>$": 1}))
    [page] = [each["text/html"] for each in seen]
    assert set(re.findall(r"<(\w+)", page)) <= {"table", "thead", "tbody", "tr", "th", "td", "span"}
    cells = [text_of(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", page, flags=re.S)]
    assert cells[::2] == [" ".join(name.split()) for name in names]
    assert "<b>$" in text_of(page)


def test_a_table_is_for_people(shown):
    table = pd.DataFrame(
        {
            "product": ["Mug", None],
            "buyers": [12_345, 1],
            "similarity": [0.12345, np.nan],
            "share": [0.5, 0.084],
            "is owned": [True, False],
            "since": pd.Timestamp("2024-03-01"),
        },
        index=["x", "y"],
    )
    show(table, {"share": "{:.0%}"})
    page = shown[0]["text/html"]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page)
    assert cells[:6] == ["Mug", "12,345", "0.12", "50\xa0%", "✓", "01 Mar 2024"]
    assert cells[6:] == ["–", "1", "–", "8\xa0%", "✗", "01 Mar 2024"]
    sides = re.findall(r'<th style="text-align: (\w+)"', page)
    assert sides == ["left", "right", "right", "right", "left", "left"]
    assert shown[0]["text/plain"].count("\n") == 2


def test_a_table_can_be_folded(shown):
    table = pd.DataFrame({"rows": [3]})
    show(table)
    show(table, folded="What <else>")
    opened, folded = (each["text/html"] for each in shown)
    summary = "<summary>What &lt;else&gt;</summary>"
    assert folded == f"<details>{summary}{opened}</details>"
    assert shown[0]["text/plain"] == shown[1]["text/plain"]


def test_the_same_table_is_the_same_page(shown):
    for name in ("Mug", "Mug", "Pot"):
        show(pd.DataFrame({"product": [name]}))
    pages = [each["text/html"] for each in shown]
    assert pages[0] == pages[1] != pages[2]
    show(pd.DataFrame({"a": [], "b": []}))
    assert "<tbody>\n</tbody>" in shown[-1]["text/html"]


def test_shares_and_lists_in_words():
    shares = [0, 1, 0.514, 0.084, 0.0004, 0.9996, 0.0999, 0.5, float("nan")]
    expected = ["0%", "100%", "51%", "8.4%", "less than 0.1%", "more than 99.9%", "10%", "50%"]
    assert [percent(share) for share in shares] == [*expected, "no share"]
    assert listing([]) == "none" and listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert listing("abcdefg", most=5) == "a, b, c, d, e and 2 more"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("8% (-3.5% to .4%)", "8_% (−3.5_% to .4_%)"),
        ("8 % stays together", "8_% stays together"),
        ("on 2024-01-05, in 3-4 weeks, PROD-5, x-1", "on 2024-01-05, in 3-4 weeks, PROD-5, x-1"),
        ("<i style='width: 8%; margin: -1px'>-1</i>", "<i style='width: 8%; margin: -1px'>−1</i>"),
        ("<style>a { width: 8% }</style> 8%", "<style>a { width: 8% }</style> 8_%"),
        ("`{:.0%} -5` and [here](a%20b-5%20c)", "`{:.0%} -5` and [here](a%20b-5%20c)"),
        (plain("-5% off"), plain("-5% off")),
        ("-1", "-1"),
    ],
)
def test_signs_are_those_of_print_and_code_and_names_stay(text, told):
    assert telling.typeset(text) == told.replace("_", "\xa0")
    assert telling.typeset(telling.typeset(text)) == telling.typeset(text)


@pytest.mark.parametrize("name", ["100% cotton", "Vitamin C 50 % extra", "Gloves -5 degrees"])
def test_a_name_from_the_data_stands_as_in_the_data(name, shown):
    assert telling.typeset(f"8% bought {telling.kept(name)}, 54% more") == (
        f"8\xa0% bought {name}, 54\xa0% more"
    )
    say(f"54% of those who bought {plain(name)}.")
    assert shown[-1]["text/plain"] == f"54\xa0% of those who bought {name}."


def test_a_table_tells_a_name_from_a_count(shown):
    show(
        pd.DataFrame(
            {"product": ["100% cotton", "bought 100% wool (51%)"], "rows": ["8%", "2% of 5"]}
        )
    )
    cells = re.findall(r"<td[^>]*>(.*?)</td>", shown[0]["text/html"])
    assert cells == ["100% cotton", "8\xa0%", "bought 100% wool (51\xa0%)", "2\xa0% of 5"]


def test_beside_a_name_with_a_percent_one_in_brackets_is_a_name_too(shown):
    names, counts = ["100% cotton", "Cotton (100%)"], ["8% (of 9)", "most (7%)"]
    show(pd.DataFrame({"product": names, "share": counts}))
    text = text_of(shown[0]["text/html"])
    assert "100% cotton" in text and "Cotton (100%)" in text
    assert "8\xa0% (of 9)" in text and "most (7\xa0%)" in text, "no names in this column"


def test_pages_have_the_signs_of_print_and_code_can_still_be_pasted():
    code = '<pre><code>say("it\'s", 7 % 2)</code></pre>'
    page = f'<p title="a">"<em>It\'s</em> 5 %," she says.</p>{code}<script>x = "5" % 2</script>'
    told = signs.curled(page)
    assert told.startswith('<p title="a">\u201c<em>It\u2019s</em> 5\xa0%,\u201d she says.</p>')
    assert told.endswith(f'{code}<script>x = "5" % 2</script>')


def test_in_a_sum_no_line_ends_between_a_sign_and_its_number():
    code = '<code>2 × 3</code> a − b <img alt="2 × 3 = 6, 5 %" src="a.png">'
    told = signs.curled(f"<p>12 + 3 × 250 = 762, so 2 × √9 ÷ (4 − 1) = −5</p>{code}")
    sums = "<p>12 +_3 ×_250 =_762, so 2 ×_√9 ÷_(4 −_1) =_−5</p>"
    assert told == sums.replace("_", "\xa0") + code


def test_a_runs_pages_link_to_lessons_that_the_run_has():
    asked = [path for path in lessons() if path.stem[:2] in ("00", "11")]
    for path in asked:
        page = pages.lesson_html(path, [each.stem for each in asked])
        linked = set(re.findall(r'href="(\d\d[a-z]?_\w+)\.', page))
        assert linked <= {each.stem for each in asked} and "What would you decide?" in page
