"""Slides: one finding each, few words, and everything else for the speaker."""

import base64
import io
import re

import nbformat
import nbformat.v4 as v4
import pytest
import yaml
from PIL import Image

from helpers import cases
from helpers.course import slides as slides_module
from helpers.course.notebooks import (
    FOLDER,
    QUIZZES,
    lesson_and_questions,
    lessons,
    number,
)
from helpers.course.slides import (
    MOST_ASKED,
    MOST_LISTED,
    MOST_NOTED,
    MOST_WORDS,
    Slide,
    bare,
    first_notes,
    page,
    sentences,
    slides_of,
    visible,
    whole,
    words,
)
from helpers.course.speaking import add_notes, filled
from helpers.course.workshop import planned_minutes, talking_points, write_slides


def shown(alt, height=300):
    data = {"image/png": "iVBO", "text/plain": alt}
    size = {"alt": alt, "width": 650, "height": height}
    return v4.new_output("display_data", data, metadata={"image/png": size})


def said(text):
    return v4.new_output("display_data", {"text/markdown": text})


def code(*outputs, tags=(), slide=()):
    metadata = {"tags": list(tags), "slide": list(slide)}
    return v4.new_code_cell("secret = 1", outputs=list(outputs), metadata=metadata)


TABLE = v4.new_output("display_data", {"text/html": "<table><tr><td>1</td></tr></table>"})


FOLDED = v4.new_output("display_data", {"text/html": "<details><summary>Open</summary></details>"})


def test_each_result_has_a_slide_and_a_guess_comes_before_it():
    slides = slides_of([
        v4.new_markdown_cell("# 03 What? \n\n> **Your question today:** what\n> next?\n\nMinutes."),
        v4.new_markdown_cell("## 1. Circles\n\nLong before.\n\n**Guess first:** how many?"),
        code(shown("Half are near. And more."), said("Stop. So we stop."), FOLDED, TABLE),
        v4.new_markdown_cell("**What it means:** two are better. Then much else."),
    ])  # fmt: skip
    told = [(slide.kicker, slide.headline, slide.said, bool(slide.shown)) for slide in slides]
    assert told == [
        ("", "03 What?", "What next?", False),
        ("Circles", "How many?", "Long before.", False),
        ("Circles", "Half are near", "Stop.", True),
        ("Circles", "Two are better", "", True),
    ]
    assert [slide.titled for slide in slides] == [False, False, True, False]
    assert "Minutes." in " ".join(slides[0].notes)
    html = page("03", slides, lambda text: f"<p>{text}</p>")
    assert "secret" not in html and html.count("<section") == 4
    assert html.count('<aside class="notes">') == 4


def test_what_is_worked_through_has_one_slide_and_questions_lie_below():
    fold = "<details><summary>{}</summary>\n\n{}\n\n</details>\n\n"
    slides = slides_of([
        v4.new_markdown_cell("# 03 What?"),
        v4.new_markdown_cell("## Exercises\n\n**1.** Do it." + fold.format("Answer", "42")),
        code(said("Not answered yet"), shown("A hint."), tags=["exercise"]),
        v4.new_markdown_cell("## Asked in the meeting\n\nAloud.\n\n" + fold.format("Why?", "So.")),
        v4.new_markdown_cell("## Quiz\n\n**1.** Which?"),
        v4.new_markdown_cell(
            "## What you take home\n\n"
            '**Say it in a meeting:** "We tested. It paid."\n\n**Next:** 04'
        ),
    ])  # fmt: skip
    assert [slide.headline for slide in slides] == [
        "03 What?", "Exercises", "Why?", "“We tested”"
    ]  # fmt: skip
    assert not any(slide.below for slide in slides), "the first question opens its section"
    assert (slides[2].kicker, slides[2].notes) == ("Asked in the meeting", ["So."])
    assert slides[3].said == "It paid." and "**Next:** 04" in slides[3].notes[0]
    everything = " ".join(slide.said + " ".join(slide.notes) for slide in slides)
    assert "42" not in everything and "Not answered" not in everything


def test_questions_lie_below_their_section_and_what_one_takes_home_comes_last():
    fold = "<details><summary>{}</summary>\n\n{}\n\n</details>\n\n"
    both = fold.format("Why?", "So.") + fold.format("A list", "No question.")
    slides = slides_of([
        v4.new_markdown_cell("# 03 What?"),
        v4.new_markdown_cell("## A chart\n\nThe colleague is sure."),
        v4.new_markdown_cell("## 1. \"Is it?\"\n\nIt is.\n\n## 2. And now\n\nWe ask."),
        v4.new_markdown_cell("## Exercises\n\n**1.** Do it."),
        v4.new_markdown_cell('## What you take home\n\n**Say it in a meeting:** "We tested."'),
        v4.new_markdown_cell(
            "## To look up\n\nDone.\n\n"
            f'### On “A chart”\n\n{fold.format("When?", "Now.")}'
            f'### On section 1: "Is it?"\n\n{both}'
        ),
        v4.new_markdown_cell("## Asked in the meeting\n\n" + fold.format("Who?", "We.")),
    ])  # fmt: skip
    assert [(slide.headline, slide.below) for slide in slides] == [
        ("03 What?", False), ("The colleague is sure", False), ("When?", True), ('"Is it?"', False),
        ("Why?", True), ("We ask", False), ("Exercises", False),
        ("Who?", False), ("“We tested”", False),
    ]  # fmt: skip
    assert slides[4].notes == ["So."]


@pytest.mark.parametrize("path", lessons(), ids=number)
def test_no_question_on_a_section_is_lost(path):
    """Also where a cell prints the section's heading, as the last one of 07."""
    cells = nbformat.read(path, as_version=4).cells
    told = lesson_and_questions(cells)[1][0].source
    asked = re.findall(r"<summary>([^<]*\?)</summary>", told)
    below = [slide.headline for slide in slides_of(cells) if slide.below]
    assert asked and [each for each in asked if not re.search(r"section \d", each)
                      and each not in below] == []  # fmt: skip


def test_what_follows_a_heading_that_a_cell_prints_belongs_to_it():
    [path] = [path for path in lessons() if number(path) == "07"]
    slides = slides_of(nbformat.read(path, as_version=4).cells)
    [prices] = [
        slide for slide in slides if slide.headline == "Each wish has an answer, and its price"
    ]
    assert prices.kicker == prices.section == "It is four o'clock"


def test_a_list_too_long_for_a_slide_has_two_or_one_for_each_item():
    def made(*items):
        told = "".join(f"\n- {item}" for item in items)
        text = f"## Launch\n\nWe can begin.\n\n**On Monday:**\n{told}"
        slides = slides_of([v4.new_markdown_cell("# 03 What?"), v4.new_markdown_cell(text)])
        return slides[1:]

    item = "The engineer {} the long list of all that customers bought"
    short = [item.format(verb) for verb in ("prints", "reads", "mends", "stores")]
    halves = made(*short)
    assert [(slide.headline, slide.kicker) for slide in halves] == [
        ("On Monday", "Launch 1/2"), ("On Monday", "Launch 2/2")
    ]  # fmt: skip
    assert [slide.told.count("\n- ") for slide in halves] == [1, 1]
    assert all(verb in halves[0].told for verb in ("prints", "reads"))
    assert short[3] in " ".join(halves[1].notes) and short[0] not in " ".join(halves[1].notes)
    assert max(words(*visible(slide)) for slide in halves) <= MOST_LISTED
    longer = made(
        *(f"{each}, again and again, in every shop that we have, by day" for each in short)
    )
    assert len(longer) == 4 and longer[3].kicker == "On Monday 4/4"
    # "Control: ..." would be left with its first word, so each of these four has its own slide
    order = made(
        "Delete her rows at the *source*, or the next export brings her back.",
        "Delete them in lists, reports, mails, tests and yesterday's table, as soon as you can.",
        "Let the engine learn anew without her, by the date that the lawyers and auditors name: "
        "pairs of products learned from her.",
        "*Control:* the source has no row of hers, and an engine that learned *after* that doesn't "
        "know her id, or yours.",
    )
    assert [slide.kicker[-3:] for slide in order] == ["1/4", "2/4", "3/4", "4/4"]


def test_a_figure_without_words_has_its_description_as_notes():
    bare = slides_of([v4.new_markdown_cell("# 03 What?"), code(shown('Half "own" 1 < 2. Few.'))])
    html = page("03", bare, lambda text: f"<p>{text}</p>")
    assert '<aside class="notes"><p>Half &quot;own&quot; 1 &lt; 2. Few.</p></aside>' in html


def table(rows, columns, letters):
    line = "<tr>" + f'<td style="text-align: left">{"x" * letters}</td>' * columns + "</tr>"
    html = f"<table><thead></thead>{line * rows}</table>"
    return v4.new_output("display_data", {"text/html": html})


def test_a_cell_says_what_stands_over_its_table_and_what_stays_in_the_notebook():
    letter = said("> *A letter.* Sign!\n\n<details><summary>Report</summary>\n\nOdd.\n\n</details>")
    slides = slides_of([
        v4.new_markdown_cell("# 03 What?"),
        v4.new_markdown_cell("## 1. Is it odd?\n\n\"Hm. Odd,\" they say. Look."),
        code(TABLE, TABLE, said("It differs. A lot."), slide=[None, "They differ"]),
        code(table(40, 2, 10)),
        code(letter),
        v4.new_markdown_cell("**Guess first:** do you sign?\n\nTake your time."),
        code(letter, slide=["A letter came"]),
    ])  # fmt: skip
    told = [(slide.kicker, slide.headline, slide.said, slide.quoted) for slide in slides[1:]]
    assert told == [
        ("Is it odd?", "They differ", "It differs.", ""),
        ("Guess first", "Do you sign?", "", "> *A letter.* Sign!"),
        ("Is it odd?", "A letter came", "", "> *A letter.* Sign!"),
    ]


def test_a_cell_names_a_list_and_a_question_of_its_text_and_leaves_one_out():
    lists = "- Ask finance today.\n- Sign on Friday."
    text = v4.new_markdown_cell(
        f"## 1. A\n\nSo:\n\n{lists}\n\nAnd:\n\n{lists}\n\n**Guess:** which?"
    )
    text.metadata["slide"] = [
        None,
        "Two people sign",
        "Which of your colleagues signs before all others?",
    ]
    slides = slides_of([v4.new_markdown_cell("# 03 What?"), text])[1:]
    assert [(slide.headline, slide.asked) for slide in slides] == [
        ("Two people sign", False), ("Which of your colleagues signs before all others?", True)
    ]  # fmt: skip
    assert lists in " ".join(slides[0].notes)


def test_a_cell_names_the_columns_that_its_slide_shows_and_the_speaker_sees_all():
    table = "| kind | it suits | because |\n| :-- | :-- | :-- |\n| *rules* | new shops | no data |"
    text = v4.new_markdown_cell(f"## 1. A\n\nOf these kinds:\n\n{table}")
    text.metadata.update({"slide": ["Kinds differ"], "slide_columns": ["kind", "it suits"]})
    [slide] = slides_of([v4.new_markdown_cell("# 03 What?"), text])[1:]
    assert bare(slide.told) == "kind it suits rules new shops" and slide.told.count("\n") == 3
    assert table in slide.notes
    wide = "<table><tr><th>a</th><th>b</th></tr><tr><td>x</td><td>y</td></tr></table>"
    cell = code(v4.new_output("display_data", {"text/html": wide}), slide=["It is wide"])
    for columns, kept in ((["b"], ["b", "y"]), (["c"], ["a", "b", "x", "y"])):
        cell.metadata["slide_columns"] = columns
        [*_, slide] = slides_of([v4.new_markdown_cell("# 03 What?\n\n## 1. A"), cell])
        assert re.findall(r"<t[hd]>(.*?)</t[hd]>", slide.shown) == kept
        assert ("| a | b |\n| --- | --- |\n| x | y |" in slide.notes) == (columns == ["b"])


def test_what_a_cell_computes_answers_the_room_unless_a_figure_does():
    asked = v4.new_markdown_cell("## 1. A\n\nWe try.\n\n**Guess:** how many find something?")
    title, told = v4.new_markdown_cell("# 03 What?"), said("We roll. **20 of 100 do.** (Few.)")
    first, answer = slides_of([title, asked, code(told)])[1:]
    assert (first.asked, answer.headline, answer.answers) == (True, "20 of 100 do", True)
    assert answer.said == "" and "We roll." in answer.notes[0], "and the speaker has the rest"
    assert "*What comes:* 20 of 100 do" in first.notes
    picture = slides_of([title, asked, code(told, shown("20 of 100. More."))])[1:]
    assert [slide.headline for slide in picture] == [first.headline, "20 of 100"]
    cell = code(said("Of ten, two did. So we go on."), said("Later. It pays."))
    cell.metadata["answer"] = "It pays"
    assert slides_of([title, asked, cell])[-1].headline == "It pays"
    cell.metadata["answer"] = None
    assert slides_of([title, asked, cell])[-1].asked, "the next slide answers"


def test_what_a_short_question_is_about_stands_on_its_slide_and_not_before_it_too():
    title, asked = (
        v4.new_markdown_cell("# 03 What?"),
        v4.new_markdown_cell("**Guess:** which wins?"),
    )
    begun = v4.new_markdown_cell("## 1. A\n\nWe try.")
    [one] = slides_of([title, begun, code(shown("Three lists. More.")), asked])[1:]
    assert (one.asked, one.headline) == (True, "Which wins?") and "Three lists" in one.shown
    assert "We try." in one.notes


def test_a_figure_too_tall_to_be_read_has_two_slides_cut_where_it_is_empty():
    cell = code(titled("The first no decides"))
    picture = Image.new("RGB", (650, 1000), "white")
    picture.paste("black", (0, 100, 650, 455))
    picture.paste("black", (0, 470, 650, 900))
    saved = io.BytesIO()
    picture.save(saved, format="png")
    cell.outputs[0].data["image/png"] = base64.b64encode(saved.getvalue()).decode()
    cell.outputs[0].metadata["image/png"] |= {"height": 500, "foot": 20}
    cell.metadata["slide_halves"] = True
    halves = slides_of([v4.new_markdown_cell("# 03 What?"), cell])[1:]
    assert [slide.kicker for slide in halves] == ["03 What? 1/2", "03 What? 2/2"]
    heights = []
    for slide in halves:
        [png] = re.findall('base64,([^"]+)', slide.shown)
        with Image.open(io.BytesIO(base64.b64decode(png))) as part:
            heights.append(part.height)
    assert sum(heights) == 960 and 415 <= heights[0] <= 430


def test_a_tables_letters_are_as_large_as_its_slide_allows():
    title = v4.new_markdown_cell("# 03 What?")

    def size(*shape):
        [slide] = [slide for slide in slides_of([title, code(table(*shape))]) if slide.shown]
        return float(re.search(r"font-size: ([\d.]+)em", slide.shown)[1])

    assert size(3, 2, 10) > size(9, 2, 10) > size(14, 2, 10)
    assert size(3, 2, 10) > size(3, 6, 11), "a word is never broken"


def lists(slide):
    return slide.told and not slide.told.startswith("|")


def long(slides):
    """Slides with too many words; a lesson's title has its goal as well."""
    return [
        slide.headline
        for slide in slides[1:]
        if words(*visible(slide))
        > (MOST_ASKED if slide.asked else MOST_LISTED if lists(slide) else MOST_WORDS)
        and not whole(slide)
    ]


@pytest.mark.parametrize("path", lessons(), ids=number)
def test_a_deck_has_few_words_on_each_slide(path):
    slides = spoken(path)
    assert long(slides) == []
    tables = [slide.shown for slide in slides if "<img" not in slide.shown]
    shown = "\n".join([*tables, *(each for slide in slides[1:] for each in visible(slide))])
    shown += "\n".join(slide.told for slide in slides)
    assert not re.search(r"section \d|fold below", shown)
    numbered = {}
    for slide in slides:
        if re.search(r"\d/\d$", slide.kicker):
            numbered.setdefault(slide.headline, set()).add(slide.kicker[:-3])
    assert all(len(names) == 1 for names in numbered.values()), "parts of one list look alike"
    slide = next(slide for slide in slides[1:] if slide.shown and not slide.asked)
    slide.said = "A word and another. " * 6
    assert long(slides) == [slide.headline]


def test_what_is_shown_whole_has_a_name():
    cases = {
        "a choice": Slide("Which?", told="- **A.** one\n- **B.** two"),
        "a letter that the room answers": Slide("Do you sign?", quoted="Sign!", asked=True),
        "a colleague's question": Slide("Why?", below=True),
        "an answer, word for word": Slide("Your answer", "So?", quoted="Not yet. But it may."),
        "": Slide("So", told="- one\n- two", quoted="Sign!"),
    }
    assert {name: whole(slide) for name, slide in cases.items()} == {each: each for each in cases}


@pytest.mark.parametrize("path", lessons(), ids=number)
def test_a_lesson_loses_no_figure(path):
    cells = nbformat.read(path, as_version=4).cells
    slides = slides_of(cells)
    for slide in slides:
        assert slide.headline and (slide.titled or len(slide.headline.split()) <= 2 * MOST_WORDS)
        assert slide.said.count("**") % 2 == 0
    written = [each for cell in cells for each in cell.metadata.get("slide", []) if each]
    assert set(written) <= {slide.headline for slide in slides}, "its table fits no slide"
    assert not re.search(r"\d", " ".join(written)), "a number would not follow the data"
    after = next(i for i, cell in enumerate(cells) if "## Exercises" in cell.source)
    figures = [
        output.metadata["image/png"]["alt"]
        for cell in cells[:after]
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert sum('<img alt="' in slide.shown for slide in slides) >= len(figures)
    assert 12 <= sum(not slide.below for slide in slides) <= 45


def titled(text, foot=44):
    """A figure as the lessons store it: its upper part, with the title, is red."""
    picture = Image.new("RGB", (1300, 600), "white")
    picture.paste("red", (0, 0, 1300, 2 * foot))
    saved = io.BytesIO()
    picture.save(saved, format="png")
    data = {"image/png": base64.b64encode(saved.getvalue()).decode(), "text/plain": text}
    size = {"alt": f"{text}. In detail.", "width": 650, "height": 300, "title": text, "foot": foot}
    return v4.new_output("display_data", data, metadata={"image/png": size})


def test_a_figures_title_is_the_headline_in_letters_of_all_slides():
    cells = [v4.new_markdown_cell("# 03 What?"), code(titled("154 of 300 decide: 8.5 points"))]
    first, slide = slides_of(cells)
    assert (slide.headline, slide.titled) == ("154 of 300 decide: 8.5 points", False)
    png = re.search('base64,([^"]+)', slide.shown)[1]
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        assert picture.size == (1300, 512)
        assert picture.convert("RGB").getpixel((5, 5)) == (255, 255, 255)
    html = page("03", [first, slide], lambda text: f"<p>{text}</p>")
    assert html.count("<h1") == 1 and "<h2>154 of" in html, "one title, however others begin"


@pytest.mark.parametrize(("height", "upright"), [(300, False), (700, True)])
def test_an_upright_figure_has_the_whole_height(height, upright):
    slides = slides_of([v4.new_markdown_cell("# 03 What?"), code(shown("Half.", height))])
    html = page("03", slides, lambda text: f"<p>{text}</p>")
    assert ('class="slide upright"' in html) is upright


def test_what_is_said_in_a_meeting_is_noted_whole():
    long = "On ____ we began. We hid the last weeks. " + "Of a hundred, ten found something. " * 9
    home = f'## What you take home\n\n**Say it in a meeting:** "{long.strip()}"\n\n**Next:** 04'
    last = slides_of([v4.new_markdown_cell("# 03 What?"), v4.new_markdown_cell(home)])[-1]
    assert (last.kicker, last.headline) == ("Say it in a meeting", "“We hid the last weeks”")
    assert last.said.count("Of a hundred") == 7 and last.notes[0].count("Of a hundred") == 9
    assert words(*visible(last)[1:]) <= MOST_ASKED


def computed(text):
    return code(v4.new_output("display_data", {"text/markdown": text}))


def last_notes(output, said, **metadata):
    home = f'## What you take home\n\n**Say it in a meeting:** "{said}"'
    cells = [v4.new_markdown_cell(text) for text in ("# 99 What?", "## 1. So", home)]
    cells[-1].metadata.update(metadata)
    cells.insert(2, output)
    slides = slides_of(cells)
    add_notes(slides, cells, "99")
    return "\n".join(slides[-1].notes)


@pytest.mark.parametrize(
    ("output", "phrases", "noted"),
    [
        (computed('> "' + "For 54 % it held something. " * 9 + '"'), [], "this shop's figures:**"),
        (computed('> "For 54 % it held something."'), [], ""),
        (
            computed("For **54\xa0%** it held."),
            ["For ____ it"],
            "figures:** “Of all, 54 % found it.”",
        ),
        (code(titled("154 of 300 decide")), ["____ of … decide"], "“Of all, 154 found it.”"),
        (
            computed("Nobody came."),
            ["For ____ it"],
            "“Of all, ____ found it.” (What is still blank",
        ),
    ],
)
def test_whoever_says_a_sentence_with_blanks_has_the_figures(output, phrases, noted):
    notes = last_notes(output, "Of all, ____ found it.", aloud=phrases)
    assert ("figures:" in notes) is bool(noted) and noted in notes
    assert "figures:" not in last_notes(output, "Empty means unknown.", aloud=phrases)


def test_what_is_said_is_noted_whole_where_its_slide_has_a_part():
    told = "Empty means unknown. " + "So it hides no product at all. " * 9
    assert f"**Say it whole:** “{told.strip()}”" in last_notes(code(), told)
    assert "Say it whole" not in last_notes(code(), "Empty means unknown. It hides nothing.")


def test_blanks_are_filled_in_their_order_and_one_that_nobody_computed_stays():
    sentence, told = "____ of ____, ____ to ____, ____.", "We saw 9 of 12 people.\nFrom 1 to 2 %."
    phrases = ["saw ____ of ____ people", "From ____ to ____.", None]
    assert filled(sentence, phrases, told) == "9 of 12, 1 to 2 %, ____."
    assert filled(sentence, phrases[1:], told) == "1 of 2 %, ____ to ____, ____."
    phrases[0] = "heard ____ of ____ people"  # no cell says so: both of its blanks stay
    assert filled(sentence, phrases, told) == "____ of ____, 1 to 2 %, ____."


@pytest.mark.parametrize("path", lessons(), ids=number)
def test_the_speaker_asks_questions_only(path):
    """What comes on the next slides is said, even if the last of them is a question."""
    notes = [line for slide in spoken(path) for line in slide.notes]
    asked = [line for line in notes if line.startswith("**Ask:**")]
    assert asked and not [line for line in asked if line.startswith("**Ask:** *What comes")]


@pytest.mark.parametrize("path", lessons(), ids=number)
def test_each_lesson_says_where_its_blanks_have_their_figures(path):
    cells = nbformat.read(path, as_version=4).cells
    [home] = [cell for cell in cells if "**Say it in a meeting:**" in cell.source]
    blanks, phrases = home.source.count("____"), home.metadata.get("aloud", [])
    if phrases:
        assert blanks == sum(1 if each is None else each.count("____") for each in phrases)
    said = "\n".join(spoken(path)[-1].notes)
    assert ("figures:**" in said) is bool(blanks)
    assert said.count("____") == phrases.count(None), "a phrase that no cell says any more"


def test_a_table_in_the_notes_is_a_table_and_bold_sentences_stay_together():
    table = "| a | b |\n| :-- | :-- |\n| 1 | 2 |"
    answer = f"So: **It proposes. We decide.**\n\n{table}\n"
    fold = f"<details><summary>Why?</summary>\n\n{answer}</details>"
    cells = [v4.new_markdown_cell(text) for text in ("# 99 What?", f"## 1. So\n\nIt is.\n\n{fold}")]
    slides = slides_of(cells)
    add_notes(slides, cells, "99")
    [asked] = [slide for slide in slides if slide.below]
    assert asked.notes == ["- So: **It proposes. We decide.**", table]
    assert sentences("One. **It has 2 stars") == ["One.", "**It has 2 stars"], "nothing is lost"


def test_a_long_guess_is_a_question_and_its_story():
    story = "Somebody looks every day for three weeks, and stops at the first one that is better. "
    asked = (
        f"**Guess first:** two lists are equal. {story}How often in a month is that? On a napkin:"
    )
    slide = slides_of([v4.new_markdown_cell("# 03 What?"), v4.new_markdown_cell(asked)])[-1]
    assert slide.headline == "How often in a month is that?"
    assert slide.said == f"Two lists are equal. {story}".strip() and story in slide.notes[0]


LIST = """Then marketing: sell it as a bundle! Not so fast:

- **Not "in one basket".** They bought both, perhaps months apart.
- *The ceiling:* all.
- *How many?* Customers, each counted once.

Then what?"""
LONG = """In this order:

1. *What for?* Each of us says it in one sentence or two.
2. **The name:** whoever bought it knows it, or its box, or has seen one of them somewhere.
3. Somebody who was not there when it began reads all of it aloud, from start to end.

Then we sign."""
GRID = (
    "So ask first:\n\n| you see | you do |\n| --- | --- |\n| *a* leak | look |\n\nAnd that is all."
)


def test_a_short_question_has_the_sentence_it_leans_on():
    story = f"Five people stand at your desk, {'and each has a wish, ' * 9}as they say. "
    story += "Without it some rows have a *hole*."
    cells = ["# 99 What?", "## 1. So", f"{story} **Guess:** how many?"]
    [_, asked] = slides_of([v4.new_markdown_cell(text) for text in cells])
    assert (asked.headline, asked.said) == ("How many?", "Without it some rows have a *hole*.")


def asked_after(*texts):
    cells = [v4.new_markdown_cell(text) for text in ("# 99 What?", *texts)]
    return [slide for slide in slides_of(cells) if slide.asked][0]


STORY = "Customer 1 bought last week, customer 2 two months ago, customer 3 a year ago."


@pytest.mark.parametrize(
    ("before", "question", "with_it"),
    [
        (f"We mail. {STORY}\n\n", "which of the three gets it?", f"We mail. {STORY}"),
        (f"{'Long, very long. ' * 20}{STORY} ", "which customer gets it?", STORY),
        (
            f"Three shops are judged: A, B and C. {'They are long. ' * 14}",
            "which shop wins?",
            "Three shops are judged: A, B and C.",
        ),
        ("Finance asks. (No cost is given.) ", "what does it tell each?", "Finance asks."),
        (f"It is long. {STORY}\n\n", "which sells more: A, or B, or C?", "It is long."),
        (f"{STORY} {'It is long. ' * 30}\n\n", "is it large, or small?", "It is long."),
    ],
)
def test_a_slide_that_asks_has_what_the_question_leans_on(before, question, with_it):
    slide = asked_after(f"## 1. So\n\n{before}**Guess:** {question}")
    assert with_it in slide.said and words(*visible(slide)) <= MOST_ASKED
    assert "(" not in slide.said


def test_a_slide_that_asks_shows_again_what_it_counts_or_is_about():
    rules = "## 1. So\n\nWe have four rules:\n\n- one for what\n- three for whom\n\n"
    asked = asked_after(f"{rules}We tried. **Guess:** which of the four stay?")
    assert (asked.told, asked.said) == ("- one for what\n- three for whom", "We tried.")
    assert asked_after(f"{rules}**Guess:** is any left?").told == asked.told
    assert not asked_after(
        f"{rules}**Guess:** how many of a hundred customers stay for years?"
    ).told
    assert not asked_after(f"{rules}We tried. **Guess:** which of the six stay?").told


def test_a_table_of_many_rows_and_columns_has_two_slides():
    def made(rows, columns):
        cells = [v4.new_markdown_cell("# 99 What?"), code(table(rows + 1, columns, 9))]
        lines = [f"|{' a |' * columns}", f"|{' --- |' * columns}"]
        lines += [f"|{f' {row} |' * columns}" for row in range(rows)]
        cells.append(v4.new_markdown_cell("## 1. So\n\nLook:\n\n" + "\n".join(lines)))
        slides = slides_of(cells)
        return (
            [slide.shown.count("<tr") for slide in slides if slide.shown],
            [len(slide.told.splitlines()) for slide in slides if slide.told],
        )

    assert made(7, 4) == ([5, 4], [6, 5]), "each half has the head"
    assert made(6, 4) == ([7], [8]) and made(7, 3) == ([8], [9])


@pytest.mark.parametrize("path", lessons(), ids=number)
def test_the_first_exercise_stands_on_its_slide(path):
    [slide] = [slide for slide in spoken(path) if slide.headline == "Exercises"]
    assert re.match(r"\*\*\d\.\*\* ", slide.quoted) and "?" in slide.quoted
    assert 'class="quoted"' in page("", [Slide(""), slide], str)


def torn(notes):
    """Notes with a table's signs that are no whole table, or a table without a row."""
    return [
        note
        for note in notes
        if "|" in note and not re.fullmatch(r"\|.*\|\n\|[ :|-]+\|(\n\|.*\|)+", note.strip())
    ]


@pytest.mark.parametrize("path", lessons(), ids=number)
def test_a_note_has_a_whole_table_or_none(path):
    slides = spoken(path)
    assert torn(note for slide in slides for note in slide.notes) == []
    for slide in slides:
        for note, after in zip(slide.notes, [*slide.notes[1:], ""], strict=True):
            assert not note.endswith("answer:**") or after.startswith("|"), "no answer"
    assert torn(["**Exercise 1, the answer:** | step | how | result |", "| a |\n| - |"])


def test_an_answer_that_is_a_table_is_noted_whole(monkeypatch):
    answer = "```python\nanswer = 2\n```\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\nSo 2.\nOr more."
    text = f"## Exercises\n\n**1.** How many?\n\n<details><summary>Answer</summary>\n\n{answer}"
    cells = [v4.new_markdown_cell("# 99 What?"), v4.new_markdown_cell(f"{text}\n\n</details>")]
    monkeypatch.setattr("helpers.course.speaking.exercise_texts", lambda: {"99-1": {"right": 2}})
    slides = slides_of(cells)
    add_notes(slides, cells, "99")
    at = slides[-1].notes.index("**Exercise 1, the answer:** “2”.")
    assert slides[-1].notes[at + 1 : at + 3] == [
        "| a | b |\n| - | - |\n| 1 | 2 |",
        "So 2. Or more.",
    ]


def test_what_is_decided_stands_with_the_plan_that_fits_no_slide():
    plan = f"**On Monday:** **no campaign, only a test.**\n\n1. {'very ' * 40}long,\n2. short."
    slides = slides_of([
        v4.new_markdown_cell("# 99 What?"),
        v4.new_markdown_cell("## 1. So\n\nIs it?"),
        code(TABLE, said(plan), slide=["A table"]),
    ])  # fmt: skip
    assert [(slide.kicker, slide.headline) for slide in slides[2:]] == [
        ("On Monday", "No campaign, only a test")
    ]
    assert "no campaign" not in " ".join(note for slide in slides[:2] for note in slide.notes[:-1])


@pytest.mark.parametrize("path", lessons(), ids=number)
def test_what_is_said_asked_and_comes_next_stands_before_the_fold(path):
    slides = spoken(path)
    for slide in slides:
        first, more = first_notes(slide.notes)
        assert sorted(first + more) == sorted(slide.notes), "nothing is lost"
        aloud = [note for note in first if re.match(r"\*\*(Say it whole|With )", note)]
        assert words(*first) <= MOST_NOTED or aloud, slide.headline
        assert bool(more) or words(*slide.notes) <= MOST_NOTED or aloud
        if not slide.below and slide is not slides[-1]:
            assert first[-1].startswith("**Next:**"), slide.headline
    folded = page("", [Slide(""), *slides], str).count("<summary>more</summary>")
    assert folded == sum(bool(first_notes(slide.notes)[1]) for slide in slides) > 10


def test_a_list_and_a_table_of_the_text_are_shown():
    slides = slides_of([
        v4.new_markdown_cell("# 03 What?\n\nAfterwards you can\n\n- work,\n- read."),
        v4.new_markdown_cell(f"## 3. What it doesn't say\n\n{LIST}\n\n{GRID}"),
        v4.new_markdown_cell("## Exercises\n\n- not\n- shown"),
    ])  # fmt: skip
    told = [(slide.kicker, slide.headline) for slide in slides if slide.told]
    assert told == [
        ("What it doesn't say", "Not so fast"),
        ("What it doesn't say", "So ask first"),
    ]
    listed, table = (slide for slide in slides if slide.told)
    assert listed.told.splitlines() == [
        '- **Not "in one basket".** They bought both, perhaps months apart.',
        "- *The ceiling:* all",
        "- *How many?* Customers, each counted once.",
    ]
    assert table.said == "", "a bridge"
    html = page("03", slides, lambda text: f"<p>{text}</p>")
    assert (
        html.count('class="told"') == 1 and 'class="told table" style="font-size: 1.30em"' in html
    )


def test_a_list_of_three_that_fits_no_slide_has_two():
    text = f"## 3. Who signs?\n\nBefore.\n\n{LONG}"
    slides = slides_of([v4.new_markdown_cell("# 03 What?"), v4.new_markdown_cell(text)])[1:]
    assert [(slide.kicker, slide.headline) for slide in slides] == [
        ("Who signs? 1/2", "In this order"), ("Who signs? 2/2", "In this order")
    ]  # fmt: skip
    assert slides[0].notes[0].startswith("Before.") and "Then we sign." in slides[1].notes
    assert not any("1. *What" in note for slide in slides for note in slide.notes)


def test_a_list_of_a_few_lines_is_one_slide_and_nothing_is_bold_where_all_is():
    text = "## 3. Who signs?\n\nIn this order:\n\n"
    text += "\n".join(f"- **{name} {'reads and ' * 4}signs.** So." for name in "ABC")
    [slide] = slides_of([v4.new_markdown_cell("# 03 What?"), v4.new_markdown_cell(text)])[1:]
    assert (slide.kicker, slide.headline) == ("Who signs?", "In this order")
    assert slide.told.count("signs") == 3 and "**" not in slide.told and "So" not in slide.told
    assert MOST_WORDS < words(*visible(slide)) <= MOST_LISTED and long([slide, slide]) == []


def test_no_parenthesis_stands_over_a_table():
    text = "## 3. Who signs?\n\nThe interval decides this. (Before that day, a wider one does.)"
    text += "\n\n| you see | you do |\n| --- | --- |\n| *a* leak | look |"
    [slide] = slides_of([v4.new_markdown_cell("# 03 What?"), v4.new_markdown_cell(text)])[1:]
    assert slide.headline == "The interval decides this"


def test_what_the_room_chooses_from_has_letters_and_the_speaker_knows_which():
    quiz = [slide for slide in spoken(lessons()[3]) if slide.below and slide.told]
    html = page("03", [Slide("03"), *quiz], str)
    assert quiz and html.count('class="told choice"') == len(quiz)
    for slide in quiz:
        options = [line.removeprefix("- ") for line in slide.told.splitlines()]
        letter, text = re.search(r"\*\*Right:\*\* (\w), “(.+?)”", " ".join(slide.notes)).groups()
        assert options["ABCDEF".index(letter)] == text
    lettered = Slide("Which?", told="- **A.** one\n- **B.** two", below=True)
    assert "told choice" not in page("03", [Slide("03"), lettered], str)


@pytest.mark.parametrize(
    ("items", "shown"),
    [
        (["one (or none)", "two", "three"], ["one (or none)", "two", "three"]),
        (["one is first. It leads.", "two. It follows."], ["one is first", "two"]),
        (["one (or none, or whatever)", "two"], ["one", "two"]),
        (["*one:* what comes first of all", "two"], ["*one*", "two"]),
        (["one that is far too long to be shown", "two"], []),
    ],
)
def test_a_list_loses_what_is_least_missed(items, shown):
    listed = slides_module._list([("-", text) for text in items], room=5)
    assert listed.splitlines() == [f"- {text}" for text in shown]


def test_no_slide_names_a_place_of_the_notebook():
    text = "By section 2's rule (section 3), as in section 2, it is more than section 2 allows"
    text += ": see section 3."
    sections = {"2": "The rule", "3": "More"}
    assert (
        slides_module._placeless(text, sections)
        == "By the rule, it is more than “The rule” allows."
    )


def test_a_table_that_nobody_could_read_and_a_list_of_long_stories_stay_in_the_notes():
    row = f"| {'many words ' * 30} | {'and more ' * 30} |\n"
    stories = "\n".join(f"- {'a story ' * 15}without an end" for _ in range(3))
    text = f"Look:\n\n| a | b |\n|---|---|\n{row * 6}\nSo:\n\n{stories}"
    slides = slides_of(
        [v4.new_markdown_cell("# 03 What?"), v4.new_markdown_cell(f"## 1. A\n\n{text}")]
    )
    assert not any(slide.told for slide in slides)
    assert "many words" in " ".join(slides[-1].notes) and "a story" in " ".join(slides[-1].notes)


def test_a_question_stands_under_its_sections_and_the_speaker_knows_the_answer():
    slides = slides_of([
        v4.new_markdown_cell("# 03 What?"),
        v4.new_markdown_cell("## 1. Is it luck?\n\nSix people tell.\n\n**Guess first:** how many?"),
        code(shown("Half are near. And more.")),
        v4.new_markdown_cell(
            "## 2. Is it worth it?\n\n**Guess first:** how much?\n\n"
            "<details><summary>Really?</summary>\n\nYes.\n\n</details>"
        ),
        code(shown("Twice as much. And more."), shown("So it pays. And more.")),
    ])  # fmt: skip
    told = [(slide.kicker, slide.headline, slide.said) for slide in slides[1:] if not slide.below]
    assert told == [
        ("Is it luck?", "How many?", "Six people tell."),
        ("Is it luck?", "Half are near", ""),
        ("Is it worth it?", "How much?", ""),
        ("Is it worth it?", "Twice as much", ""),
        ("Is it worth it?", "So it pays", ""),
    ]
    assert slides[1].notes[-1] == "*What comes:* Half are near"
    assert "Six people tell." in " ".join(slides[1].notes)
    assert slides[3].notes[-1] == "*What comes:* Twice as much; then: So it pays"


def text_of(cells):
    """All that a lesson says and shows, in its order."""
    told = []
    for cell in cells:
        if cell.cell_type == "markdown":
            told.append(re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", cell.source))
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            told.append(output.get("metadata", {}).get("image/png", {}).get("alt", ""))
            told += [data.get(kind, "") for kind in ("text/html", "text/markdown")]
    return "\n\n".join(told)


def cut_bullets(slides, text):
    """Bullets that are neither whole sentences of the lesson nor what stands before a colon."""
    ends = {
        bare(part)
        for item in re.split(r"\n\s*(?:[-*]|\d\.) ", re.sub(r"section \d['’]s ", "the ", text))
        for said in [sentences(item.split("\n\n")[0].replace("\n", " "))]
        for many in range(1, len(said) + 1)
        for whole_part in [" ".join(said[:many])]
        for part in [whole_part, re.sub(r"\([^)]*\)", "", whole_part), said[0].split(":")[0]]
    }
    lists = [slide.told for slide in slides if slide.told and not slide.told.startswith("|")]
    bullets = [re.sub(r"^(?:[-*]|\d\.) ", "", line) for told in lists for line in told.split("\n")]
    return [each for each in bullets if bare(each) not in ends]


def out_of_order(slides, text):
    """Slides that show what stands further up in the lesson than the slide before shows."""
    whole, at, found = bare(text), 0, []
    plain = bare(re.sub(r" \([^)]*\)", "", text))  # bullets may leave what stands in brackets
    for slide in slides:
        alt = re.search(r'<img alt="([^"]*)"', slide.shown)
        told = slide.quoted or slide.told.split("\n")[0]
        key = bare(alt[1].split("&")[0] if alt else told[:60])
        here = whole.find(key, at) if key else at
        here = at if here < 0 and not alt and key in plain else here
        if here < 0 and slide.told.startswith("|"):  # some columns of a table
            here = whole.find(bare(next(filter(str.strip, told.split("|")))), at)
        if here < 0:
            found.append(slide.headline)
        at = max(at, here)
    return found


def spoken(path):
    guide = (FOLDER / "instructor_guide.md").read_text(encoding="utf-8")
    cells, lesson = nbformat.read(path, as_version=4).cells, number(path)
    slides = slides_of(cells)
    plan = planned_minutes(guide).get(lesson)
    add_notes(slides, cells, lesson, talking_points(guide)[lesson], plan)
    return slides


def repeats(slides):
    """Sentences of a slide, its headline first, that its notes say again, but for what is said."""
    said = r"\*\*(Say it whole|With .+ figures):"
    aloud = [note for note in slides[-1].notes if re.match(said, note)]
    return [
        told
        for slide in slides
        for told in [slide.headline, *sentences("" if slide.worked else slide.said)]
        if told and any(bare(told) in bare(note) for note in slide.notes if note not in aloud)
    ]


@pytest.mark.parametrize("path", lessons(), ids=number)
def test_bullets_are_whole_and_slides_keep_the_lessons_order(path):
    cells = nbformat.read(path, as_version=4).cells
    slides, text = [each for each in slides_of(cells) if not each.below], text_of(cells)
    assert cut_bullets(slides, text) == [] and out_of_order(slides, text) == []
    pictures = [slide for slide in slides if "<img" in slide.shown]
    pictures = list({slide.headline: slide for slide in pictures}.values())  # two halves
    assert len(pictures) < 2 or out_of_order(pictures[::-1], text), "the check sees nothing"


def test_a_cut_bullet_is_seen():
    text = "So:\n\n- **Chance** is what dice score.\n- *Rival.* The best. It costs nothing."
    [_, slide] = slides_of(
        [v4.new_markdown_cell("# 03 What?"), v4.new_markdown_cell(f"## 1. A\n\n{text}")]
    )
    assert cut_bullets([slide], text) == []
    slide.told = "- **Chance**\n- *Rival.* The best."
    assert cut_bullets([slide], text) == ["**Chance**"]


@pytest.mark.parametrize("path", lessons(), ids=number)
def test_the_speaker_sees_what_is_not_on_the_slide(path):
    slides = spoken(path)
    assert repeats(slides) == []
    main = [slide for slide in slides if not slide.below]
    noted = ["\n".join(slide.notes) for slide in main]
    assert not any("# " in said for said in noted), "a heading of the notebook"
    for slide, said, after in zip(main, noted, main[1:], strict=False):
        on = after.headline if after.headline != slide.headline else "the rest of it"
        assert said.endswith(f"**Next:** {on}"), slide.headline
        timed = slide.section and not slide.worked
        assert ("**Time:**" in said) >= bool(timed), slide.headline
        assert ("**Show it:**" in said) == ("To play with" in slide.shown), slide.headline
        assert ("**Exercise " in said) == (slide.headline == "Exercises"), slide.headline
    sections = list(dict.fromkeys(slide.section for slide in main[1:]))
    for each in yaml.safe_load(QUIZZES.read_text(encoding="utf-8"))[number(path)]:
        [at] = [at for at, slide in enumerate(slides) if slide.headline == each["ask"]]
        above = [slide for slide in slides[:at] if not slide.below][-1]
        assert f"**Ask the room** (↓): {each['ask']}" in above.notes and slides[at].below
        assert above.section == slides[at].section == sections[each["after"]]
        shown = [slide for slide in main if slide.section == above.section and not slide.asked]
        assert shown[-1] is above, "not yet taught"
        assert slides[at].told.count("\n- ") == len(each["wrong"]), "right and wrong to choose from"
        assert each["right"]["text"] in slides[at].notes[1]
    slides[1].notes.append(f"So {slides[1].headline}.")
    assert repeats(slides) == [slides[1].headline]


def test_minutes_are_those_of_the_day_else_of_the_lesson():
    cells = [
        v4.new_markdown_cell("# 03 What?\n\n*12 minutes to read, 7 for the exercises.*"),
        v4.new_markdown_cell("## 1. Long"),
        code(TABLE, TABLE, slide=["It is long", "It is short"]),
        v4.new_markdown_cell("## Exercises\n\n" + "Not read. " * 99),
    ]
    guide = "\n## One day\n\n| 20 | 35 | 5 | 20 | all of it | 03 |\n\n## After\n"
    for plan, times in (
        (planned_minutes(guide)["03"], ("5 minutes to talk, 20", "by minute 3", "minute 5", "20")),
        (None, ("12 minutes to talk, 7", "by minute 6", "minute 12", "7")),
    ):
        slides = slides_of(cells)
        add_notes(slides, cells, "none", plan=plan)
        assert all(said in slide.notes[0] for slide, said in zip(slides, times, strict=True))


def test_a_mistake_stands_where_its_section_ends():
    cells = [
        v4.new_markdown_cell("# 03 What?\n\n*12 minutes to read, 7 for the exercises.*"),
        v4.new_markdown_cell("## 1. Roots\n\nThe square root of two numbers."),
        code(TABLE, TABLE, slide=["A root", "Its square"]),
        v4.new_markdown_cell("## 2. Buyers\n\nSome bought a lot."),
        code(TABLE, slide=["Few buyers"]),
        v4.new_markdown_cell("## Exercises\n\nNot read."),
    ]
    slides = slides_of(cells)
    add_notes(slides, cells, "none", "- Common mistakes: squares of roots; a weather forecast.")
    at = {each: place for place, slide in enumerate(slides) for each in slide.notes}
    assert slides[at["**A common mistake:** Squares of roots."]].headline == "Its square"
    assert at["**Common mistakes:** A weather forecast."] == 0


def test_what_comes_up_is_the_next_slide_of_the_lesson(tmp_path):
    pytest.importorskip("sphinx_revealjs")
    write_slides(tmp_path / "slides")
    scripts = list((tmp_path / "slides" / "reveal" / "plugin" / "notes").glob("notes*.js"))
    assert scripts
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert "method: 'right'" in text and "method: 'next'" not in text


@pytest.mark.parametrize("path", lessons(), ids=number)
def test_the_first_exercise_has_all_that_it_gives(path):
    cells = nbformat.read(path, as_version=4).cells
    [slide] = [each for each in slides_of(cells) if each.headline == "Exercises"]
    [asked] = [c for c in cells if c.cell_type == "markdown" and "## Exercises" in c.source]
    given = asked.source.split("## Exercises")[1]
    given = re.split(r"<details|```|\*\*2\.\*\*", given)[0]
    assert slide.quoted.strip()[-1] not in ",:"
    for line in re.findall(r"^(?:\||- ).+", given, flags=re.M):  # a table's, or a list's
        assert line in slide.quoted


def test_below_what_the_room_decides_stands_what_is_right_and_why():
    [path] = [path for path in lessons() if number(path) == "12"]
    below = [each for each in slides_of(nbformat.read(path, as_version=4).cells) if each.below]
    solved = [each for each in below if each.headline.count(" · ") == 2]
    assert [each.headline.split(" · ") for each in solved] == [
        [*cases.key(shop).values()] for shop in (1, 2, 3)
    ]
    assert all(each.said and each.said in " ".join(each.notes) for each in solved)
