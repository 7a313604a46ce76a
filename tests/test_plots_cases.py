"""Figures of lesson 12 show what they are given, and give no verdict away."""

import re

import pytest
from matplotlib.colors import to_hex

from helpers import cases, colours, plots
from helpers.plots.cases import BESIDE, ROUTINE
from tests.figures import dots, no_overlap, stripes, title, written


@pytest.fixture
def read():
    rates = {"dice": (0.2,), "best sellers": (0.3, 0.27, 0.33), "last 7 days": (0.35, 0.31, 0.39),
             "lists as handed in": (0.97, 0.95, 1.0),
             "cut at the same day": (0.25, 0.2, 0.3)}  # fmt: skip
    months = {"2024-10": 40, "2024-11": 1_200, "2024-12": 7}
    return {"rows": {"months": months}, "score": {"rates": rates, "judges": 1_812}}


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
    assert said.count("no") == len(ROUTINE)
    heights = {t.get_text().replace("\n", " "): t.get_position()[1] for t in axes.texts}
    assert [heights[question] for question, *_ in ROUTINE] == [0, -1, *range(-3, -9, -1)]
    # a test that has decided speaks after its split is read, and before any score
    assert heights["a test that decided?"] == heights["it speaks first"] == -2
    split, past = ("If a test ended: is its split fair?", "Did the lists know the past only?")
    assert figure.alt.index(split) < figure.alt.index("it speaks first") < figure.alt.index(past)
    no_overlap(axes)


def test_the_desk_lies_in_the_order_in_which_the_routine_asks():
    asked = list(cases.texts()["questions"])
    numbers = [int(number) for each in asked for number in re.findall(r"\d", each)]
    assert numbers == list(range(1, len(ROUTINE) + 1))
    # by what each question is about
    words = ["data", "split", "past", "judges", "line", "zero", "group", "shown"]
    told = [next(each for each in asked if f"{number} " in each) for number in numbers]
    assert all(word in each for word, each in zip(words, told, strict=True))


def test_a_shop_at_a_glance_has_every_month_and_every_list(figures, read):
    plots.at_a_glance(read)
    [figure] = figures
    above, below = figure.axes
    assert [bar.get_height() for bar in above.patches] == [40, 1_200, 7]
    assert title(above) == "2024-10 to 2024-12: purchases by month"
    assert [text.get_text() for text in above.get_xticklabels()] == ["2024-10", "2024-12"]
    rates = read["score"]["rates"]
    at = {place: (value, colour) for value, place, colour in dots(below)}
    for place, (name, rate) in enumerate(rates.items()):
        value, colour = at[-place]
        assert value == pytest.approx(100 * rate[0])
        meant = colours.PERSONAL if name.startswith(("lists", "cut")) else colours.POPULAR
        assert colour == to_hex(colours.CHANCE if name == "dice" else meant)
    intervals = [tuple(100 * end for end in rate[1:]) for rate in rates.values() if rate[1:]]
    assert stripes(below) == [pytest.approx(ends) for ends in intervals]
    assert written(below) == ["20", "30", "35", "97", "25"]
    assert title(below) == "What 1,812 judges find in each list"
    assert "2024-11 1,200" in figure.alt and "lists as handed in 97" in figure.alt
    low, high = below.get_xlim()
    for text in below.texts:
        assert low <= text.get_position()[0] <= high
    no_overlap(below)


def test_a_wrong_figure_is_noticed(figures, read):
    plots.at_a_glance(read)
    other = {**read, "score": {**read["score"], "judges": 12}}
    plots.at_a_glance(other)
    assert (
        title(figures[0].axes[1]) != title(figures[1].axes[1]) and figures[0].alt != figures[1].alt
    )


def test_a_shop_of_one_month_and_of_no_hits_is_drawn(figures, read):
    rates = dict.fromkeys(read["score"]["rates"], (0.0, 0.0, 0.0))
    plots.at_a_glance({"rows": {"months": {"2024-12": 1}}, "score": {"rates": rates, "judges": 1}})
    [figure] = figures
    assert written(figure.axes[1]) == ["0"] * len(rates)


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
