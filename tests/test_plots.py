"""Figures say what they show: numbers beside bars, lines from zero."""

import base64
import io
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb
from PIL import Image

from helpers import colours, data, plots


@pytest.fixture
def drawn(monkeypatch):
    """The axes of the figures that were drawn."""
    axes = []
    monkeypatch.setattr(plots.style, "show", lambda figure, alt: axes.append(figure.axes[0]))
    return axes


def test_bars_carry_their_numbers(drawn):
    plots.bars(pd.Series({"none": 0.0, "half": 0.5}), "", "", percent="x")
    plots.bars(pd.Series({"many": 12_115, "few": 56}), "", "")
    plots.bars(pd.Series({"small": 0.31}), "", "")
    written = [[text.get_text() for text in axes.texts] for axes in drawn]
    assert written == [["0%", "50%"], ["12,115", "56"], ["0.31"]]


def test_shares_are_written_as_percentages_on_their_axis_only(drawn):
    plots.bars(pd.Series({"none": 0.0, "half": 0.5}), "found", "share", percent="x")
    [axes] = drawn
    axes.figure.canvas.draw()
    for label in axes.get_xticklabels():
        share = label.get_position()[0]
        assert label.get_text() == (f"{100 * share:.0f}%" if share else "0%")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["none", "half"]
    assert (axes.get_title(loc="left"), axes.get_xlabel()) == ("found", "share")
    assert not axes.spines["top"].get_visible()


def test_two_bars_of_one_name_are_two_bars(drawn):
    plots.bars(pd.Series([3.0, 1.0], ["Mug", "Mug"]), "", "")
    [axes] = drawn
    assert [bar.get_width() for bar in axes.patches] == [3, 1]
    assert len({bar.get_y() for bar in axes.patches}) == 2
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Mug", "Mug"]


def test_products_of_one_name_are_told_apart():
    bought = data.miniature().assign(product_name="Mug")
    bought.loc[bought["product_id"] == "D", "product_name"] = "Mug (B)"  # taken already
    products = data.product_table(bought)
    labels = data.display_names(products)
    assert labels.is_unique and (labels.index == products.index).all()
    assert labels["A"] == "Mug (A)" and labels["C"] == "Mug (C)"
    one_name_each = data.product_table(data.miniature())
    assert data.display_names(one_name_each).tolist() == ["A", "B", "C", "D"]


def test_lines_begin_at_zero_and_ticks_are_whole(drawn):
    plots.lines(
        pd.DataFrame({"share": [0.05, 0.24]}, index=[1, 20]), "", "", "", mark=(0.2, "look")
    )
    [axes] = drawn
    assert axes.get_ylim()[0] == 0
    assert axes.get_xticks().tolist() == [1, 20]
    assert axes.get_legend().get_texts()[0].get_text() == "look"


def test_an_interval_below_zero_is_seen(drawn):
    table = pd.DataFrame({"points": [0.1], "points_low": [-0.2], "points_high": [0.3]}, ["list"])
    plots.intervals(table, "points", "", "")
    assert drawn[0].get_xlim()[0] < -0.2


def test_a_list_has_one_colour_in_every_figure(drawn):
    names = ["personal list", "best sellers of 7 days", "drawn by dice"]
    table = pd.DataFrame({"ndcg": 0.2, "ndcg_low": 0.1, "ndcg_high": 0.3}, names)
    plots.intervals(table, "ndcg", "", "", highlight=["personal list"])
    plots.bars(pd.Series(0.5, ["item_based", "most_popular_7_days", "random"]), "", "")
    drawn_in = [to_hex(line.get_color()) for line in drawn[0].lines[::2]]
    assert drawn_in == [to_hex(bar.get_facecolor()) for bar in drawn[1].patches]
    expected = [colours.PERSONAL, colours.POPULAR, colours.CHANCE]
    assert drawn_in == [to_hex(colour) for colour in expected]
    assert len({*expected, colours.ORACLE, colours.WARNING}) == 5


@pytest.fixture
def pages(monkeypatch):
    """What reached the page: the words for those who see no picture, and its size."""
    seen = []
    monkeypatch.setattr(
        plots.style,
        "display",
        lambda data, raw, metadata: seen.append((data["text/plain"], metadata["image/png"])),
    )
    return seen


def test_figures_are_equally_wide_whatever_is_written_on_them(pages):
    long = "a label so long that it can't stand on one line below axes which begin so far right"
    plots.bars(pd.Series({"a name of twenty letters": 0.5}), f"A finding with {long}", long)
    figure, panels = plots.style.figure(ncols=2)
    for axes in panels:
        axes.imshow(np.eye(3))
        axes.set_xlabel(long)
    plots.style.show(figure, "two")
    widths = {size["width"] for _, size in pages}
    assert widths == {round(plots.style.WIDTH * 104)}


def test_a_drawing_without_a_frame_ends_where_it_ends(pages):
    """Its axes may go on below: nothing is there, and a page would show a gap."""
    for text in ({}, {"bbox": {"facecolor": "black", "pad": 30}}):
        figure, axes = plots.style.figure(height=4)
        axes.set_ylim(0, 10)
        axes.text(0.5, 8, "bag", **text)
        plots.style.bare(axes, equal=False)
        plots.style.show(figure, "A bag.")
    plain, boxed = (size["height"] for _, size in pages)
    assert plain < 200 and boxed >= plain + 30 / 72 * 104 - 2


def test_larger_letters_have_eleven_pixels_on_a_phone_and_other_figures_keep_theirs():
    @plots.style.larger
    def letters():
        _, axes = plots.style.figure()
        return axes.text(0, 0, "bag").get_fontsize()

    before = plt.rcParams["font.size"]
    width = 72 * plots.style.WIDTH  # points
    assert letters() * 360 / width >= 11
    assert plt.rcParams["font.size"] == before and before * 360 / width < 11


def test_the_smallest_letters_have_ten_pixels_on_a_phone():
    assert plots.style.SMALL / 72 * 360 / plots.style.WIDTH >= 10
    assert plt.rcParams["font.size"] >= plots.style.SMALL
    folder = Path(plots.__file__).parent
    for path in folder.glob("*.py"):
        sizes = re.findall(r'fontsize"?[:=] ?([\d.]+)', path.read_text("utf-8"))
        assert all(float(size) >= plots.style.SMALL for size in sizes), path.name


def test_a_figure_has_the_signs_of_print_and_words_that_can_be_read(pages):
    figure, axes = plots.style.figure()
    axes.plot([-0.1, 0.1], [0, 1])
    axes.text(0, 0.5, "-8% to 3%", color=colours.OTHER)
    axes.text(0, 0.7, "on something dark", color="white")
    plots.style.finish(figure, axes, "It fell by 8%", "change", alt="-8%", percent="xy")
    assert pages[0][0] == "\N{MINUS SIGN}8\xa0%"
    [text, white] = axes.texts
    assert text.get_text() == "\N{MINUS SIGN}8\xa0% to 3\xa0%"
    assert to_hex(white.get_color()) == "#ffffff"
    assert plots.style._light(np.array(to_rgb(text.get_color()))) <= 1.05 / 4.5 - 0.05
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    assert ticks[0].startswith("\N{MINUS SIGN}") and all(each.endswith("\xa0%") for each in ticks)
    assert figure.get_suptitle() == "It fell by 8\xa0%"


def test_a_title_leaves_no_word_over_for_its_last_line(pages):
    figure, axes = plots.style.figure()
    finding = "Their own past finds more than a stranger's, and by 27 points"
    plots.style.finish(figure, axes, finding)
    first, second = figure.get_suptitle().split("\n")
    assert f"{first} {second}" == finding and 0.6 < len(second) / len(first) < 1.6
    assert pages[0][1]["title"] == finding


def test_a_number_stays_with_its_unit_in_a_title(pages):
    figure, axes = plots.style.figure()
    plots.style.finish(
        figure, axes, "1 to 20 places: ours reach 20% to 81%, dice 4.6% to 59% of all"
    )
    assert figure.get_suptitle().split("\n")[0].endswith("81\xa0%,")
    figure, axes = plots.style.figure()
    plots.style.finish(
        figure, axes, "Of those who found something, 40 judges or more said so on the first day"
    )
    assert figure.get_suptitle().split("\n")[1].startswith("40 judges")
    figure, axes = plots.style.figure()
    plots.style.finish(
        figure,
        axes,
        "Customers who came to us bought all 40 products of the same garden department",
    )
    assert figure.get_suptitle().split("\n")[1].startswith("40 products")


def test_an_axis_writes_a_thousand_as_a_sentence_does(pages):
    figure, axes = plots.style.figure()
    axes.plot([0, 1], [0, 2_500_000])
    axes.ticklabel_format(style="plain")
    axes.set_yticks([0, 500, 1500, 2_500_000])
    plots.style.finish(figure, axes, "It grows")
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "0", "500", "1,500", "2,500,000",
    ]  # fmt: skip


def test_each_colour_of_a_drawing_reaches_the_page(monkeypatch):
    shown = []
    monkeypatch.setattr(plots.style, "display", lambda data, **_: shown.append(data["image/png"]))
    monkeypatch.setattr(plots.style, "_DOTS", 180)  # as in every run
    figure, axes = plots.style.figure(6.4)
    for place, colour in enumerate(plots.style.COLOURS):
        # groups of a few dots each, on their shades, as on a map
        light = [1 - 0.16 * (1 - part) for part in to_rgb(colour)]
        axes.fill_between([0, 9], place - 0.4, place + 0.4, color=light)
        axes.plot(range(5), [place] * 5, "o", color=colour, markersize=6)
        axes.text(6, place, f"group {place}", color=[0.7 * part for part in to_rgb(colour)])
    axes.fill_between([9, 10], 0, 9, color="#fcfcfc")  # as letters' edges are
    plots.style.show(figure, "")
    stored = base64.b64decode(shown[0])
    picture = Image.open(io.BytesIO(stored)).convert("RGB")
    there = {to_hex([part / 255 for part in colour]) for _, colour in picture.getcolors(1_000_000)}
    assert {to_hex(colour) for colour in plots.style.COLOURS} <= there
    assert picture.getpixel((2, 2)) == (255, 255, 255), "no plate on a white page"
    assert len(there) <= 64 and len(stored) < 40_000
