"""Figures of lesson 12 show what they are given, and give no verdict away."""

import re

from helpers import cases, plots
from helpers.plots.cases import BESIDE, ROUTINE
from tests.figures import no_overlap, title, written


def test_the_routine_says_for_each_question_what_a_no_decides(figures):
    plots.routine()
    [figure] = figures
    [axes] = figure.axes
    said = [text.replace("\n", " ") for text in written(axes)]
    for number, (question, lesson, word) in enumerate(ROUTINE, start=1):
        assert {str(number), question, f"lesson {lesson}", word} <= set(said)
        assert f"{number}. {question} no: {word}" in figure.alt
    known = set(cases.texts()["decisions"])
    assert known - {word for _, _, word in ROUTINE} == {"ship a test"} and "ship a test" in said
    # every question has a no that decides, and a yes that leads on; so has the test's own
    assert said.count("no") == said.count("yes") == len(ROUTINE) + 1
    heights = {t.get_text().replace("\n", " "): t.get_position()[1] for t in axes.texts}
    assert [heights[question] for question, *_ in ROUTINE] == [0, -1, *range(-3, -9, -1)]
    # a test is asked whether it can pay after its split is read, and before any score
    assert heights["If fair: can it pay?"] == -2
    split, past = ("If a test ended: is its split fair?", "Did the lists know the past only?")
    pays = figure.alt.index("If fair: can it pay? no: don't")
    assert "if surely above zero: roll out" in said and "above zero: roll out" in figure.alt
    assert figure.alt.index(split) < pays < figure.alt.index(past)
    no_overlap(axes)


def test_the_desk_lies_in_the_order_in_which_the_routine_asks():
    asked = list(cases.texts()["questions"])
    numbers = [int(number) for each in asked for number in re.findall(r"\d", each)]
    assert numbers == list(range(1, len(ROUTINE) + 1))
    # by what each question is about
    words = ["data", "split", "past", "judges", "line", "zero", "shown", "group"]
    told = [next(each for each in asked if f"{number} " in each) for number in numbers]
    assert all(word in each for word, each in zip(words, told, strict=True))


def test_a_shop_at_a_glance_has_every_month(figures):
    months = {"2024-10": 40, "2024-11": 1_200, "2024-12": 7}
    for known in (months, {"2024-12": 1}):
        plots.at_a_glance({"rows": {"months": known}})
        [axes] = figures[-1].axes
        assert [bar.get_height() for bar in axes.patches] == list(known.values())
        first, last = min(known), max(known)
        told = " ".join(title(axes).split())
        usual = 40 if len(known) > 1 else 1
        assert told == f"No month is missing; purchases in the last: {known[last]}, usually {usual}"
        told = [text.get_text() for text in axes.get_xticklabels()]
        assert (told[0], told[-1]) == (first, last)
        assert f"{last} {known[last]:,}" in figures[-1].alt


def test_a_month_without_purchases_leaves_a_gap(figures):
    plots.at_a_glance({"rows": {"months": {"2024-09": 40, "2024-12": 50}}})
    [axes] = figures[-1].axes
    assert [bar.get_height() for bar in axes.patches] == [40, 0, 0, 50]
    assert title(axes).startswith("Months missing: 2;")


def test_no_figure_gives_a_verdict_away(figures):
    case = cases.make(1, "too few")
    plots.at_a_glance(cases.gauges(case))
    [figure] = figures
    for word in (*cases.texts()["decisions"], *cases.texts()["faults"]):
        titles = " ".join(title(axes) for axes in figure.axes)
        assert word == "none" or word not in titles


def test_each_figure_stands_beside_its_question(figures):
    plots.figure_beside()
    [figure] = figures
    [axes] = figure.axes
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    for sent, beside in BESIDE:
        assert heights[sent] == heights[beside]
        assert " ".join(f"{sent}: {beside}".split()) in figure.alt
    no_overlap(axes)
