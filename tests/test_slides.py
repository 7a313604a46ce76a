"""Slides: every figure and table has one of its own."""

import nbformat.v4 as v4

from helpers.course.workshop import _slides


def test_each_result_has_a_slide_and_takes_its_sentences_along():
    def said(text):
        return v4.new_output("display_data", {"text/markdown": text})

    def shown(text):
        return v4.new_output("display_data", {"image/png": "", "text/plain": text})

    table = v4.new_output("display_data", {"text/html": ""})
    outputs = [
        shown("one"),
        said("of one"),
        said("still"),
        shown("two"),
        said("of two"),
        table,
        table,
    ]
    cell = v4.new_code_cell("", outputs=outputs, metadata={"tags": ["remove-input"]})
    slides = list(_slides([v4.new_markdown_cell("# Title"), cell, v4.new_markdown_cell("Short.")]))
    kinds = [slide.metadata["slideshow"]["slide_type"] for slide in slides]
    assert kinds == ["slide", "subslide", "subslide", "subslide", "-"]
    assert [len(slide.outputs) for slide in slides[1:4]] == [3, 2, 2]
    assert sum((slide.outputs for slide in slides[1:4]), []) == outputs
    assert len({slide.id for slide in slides}) == len(slides)


def test_a_slide_asks_what_colleagues_ask_and_the_answer_stays_in_the_lesson():
    fold = "<details><summary>{}</summary>\n\n{}\n\n</details>\n\n"
    asked = (
        "## Asked in the meeting\n\n" + fold.format("Why?", "So.") + fold.format("How?", "Thus.")
    )
    (slide,) = _slides([v4.new_markdown_cell(asked)])
    assert slide.source == "## Asked in the meeting\n\n- Why?\n- How?"
