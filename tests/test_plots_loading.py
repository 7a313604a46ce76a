"""Lesson 01's figures show what their tables say: drawn, then read back."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from helpers import colours, data, plots
from tests.common import purchases


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were drawn, with their alternative texts."""
    figures = []

    def keep(figure, alt):
        figure.canvas.draw()  # everything can be laid out
        figures.append((figure, alt))

    monkeypatch.setattr(plots.style, "show", keep)
    yield figures
    for figure, _ in figures:
        plt.close(figure)


def written(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts if text.get_text()]


def title(figure):
    return figure.axes[0].get_title(loc="left").replace("\n", " ")


def test_months_as_they_are_and_as_they_are_read(drawn):
    right = pd.Series(pd.to_datetime(["2024-04-03", "2024-04-03", "2024-04-20", "2024-03-04"]))
    plots.months_moved(right, data.other_reading(right))
    figure, alt = drawn[0]
    lines = [list(np.ravel(line.get_ydata())) for line in figure.axes[0].lines]
    assert lines == [[1, 3], [2, 2], [3], [2]]  # and the best month's dots
    assert title(figure).startswith("Swap day and month, and 75% of the purchases")
    assert "April 2024: 3 purchases, swapped 2" in alt
    assert figure.axes[0].get_ylim()[0] == 0


def test_a_month_that_the_file_cuts_off_says_so_and_is_no_peak(drawn):
    right = pd.Series(pd.date_range("2024-10-01", "2024-12-09").repeat(2))
    right = pd.concat([right, pd.Series([pd.Timestamp("2024-12-09")] * 99)])
    plots.months_moved(right, data.other_reading(right))
    assert "only\nto 9 Dec" in written(drawn[0][0])
    assert "October 2024: 62 purchases" in drawn[0][1]


@pytest.mark.parametrize("days", [["2024-05-05"], ["2024-03-05", "2024-03-06"]])
def test_months_of_a_file_of_a_day(drawn, days):
    right = pd.Series(pd.to_datetime(days))
    plots.months_moved(right, data.other_reading(right))
    assert len(drawn) == 1


def boxes(figure):
    """What is marked as strange: the text of each box and whether it has the warning's colour."""
    axes = figure.axes[0]
    strange = [to_hex(box.get_facecolor()) == colours.WARNING.lower() for box in axes.patches]
    inside = [text.get_text() for text in axes.texts if text.get_size() == plots.style.SMALL]
    return dict(zip(zip(range(len(inside)), inside, strict=True), strange, strict=True))


def test_strangers_in_a_list_are_marked(drawn):
    lists = {"true": ["Tea", "Cup", "Pot"], "careless": ["Post", "Tea", "Cup"], "ours": ["Tea"]}
    plots.lists_beside(lists)
    figure, alt = drawn[0]
    marked = [text for (_, text), strange in boxes(figure).items() if strange]
    assert marked == ["Post"] and len(boxes(figure)) == 7
    assert title(figure) == "Careless: 1 of 3 products don't belong there"
    assert "Post, Tea, Cup (1 not in it)" in alt


def test_long_and_equal_names_fit(drawn):
    long = "WHITE HANGING HEART T-LIGHT HOLDER WITH A VERY LONG NAME (22423)"
    plots.lists_beside({"true": [long, "$5"], "careless": [long, long + "b"]}, "a finding")
    assert title(drawn[0][0]) == "a finding"
    assert all(text.count("\n") <= 1 and len(text) < 45 for text in written(drawn[0][0]))


CARD = pd.DataFrame({"customer": ["c1"], "day": ["1 Jan"], "product": ["Tea"], "paid": ["5.00"]})


def test_two_tables_or_one(drawn):
    plots.two_tables(CARD, CARD.rename(columns={"paid": "what"}).assign(what="add_to_cart"))
    plots.two_tables(CARD, None)
    both, one = (written(figure) for figure, _ in drawn)
    assert {"Tea", "5.00", "add_to_cart", "same customer", "same product"} <= set(both)
    assert not {"same customer", "add_to_cart"} & set(one)
    assert title(drawn[1][0]).startswith("One table")
    plots.two_tables(CARD, CARD.iloc[:0])  # a customer without an event


def test_rows_at_the_door(drawn):
    rows = pd.DataFrame({"customer_id": ["c1", None], "transaction_date": ["1 Jan", "2 Jan"]})
    plots.six_rows(rows, ["", "no customer"])
    figure, _ = drawn[0]
    assert {"✓ kept", "✗ no customer", "–", "date"} <= set(written(figure))
    assert title(figure) == "Of 2 rows, 1 go, each for one reason"


def test_values_of_dirty_rows_keep_apart(drawn):
    """Once, a date ran into the quantity beside it."""
    rows = pd.DataFrame(
        {
            "transaction_id": ["r4"],
            "customer_id": ["c3"],
            "product_id": ["C"],
            "transaction_date": ["03-02-2024"],
            "quantity": ["-2"],
        }
    )
    plots.six_rows(rows, ["was sent back"])
    figure, _ = drawn[0]
    drawer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(drawer) for text in figure.axes[0].texts]
    boxes = sorted((box for box in boxes if abs(box.y0 - boxes[-1].y0) < 5), key=lambda box: box.x0)
    gaps = [right.x0 - left.x1 for left, right in zip(boxes, boxes[1:], strict=False)]
    assert len(boxes) == 6 and min(gaps) > 8
    # and so do the headings
    boxes = [text.get_window_extent(drawer) for text in figure.axes[0].texts[:5]]
    gaps = [right.x0 - left.x1 for left, right in zip(boxes, boxes[1:], strict=False)]
    assert min(gaps) > 8


def test_everybody_stands_in_one_bar(drawn):
    groups = pd.Series({"bought": 80, "came for a product": 15, "in no file": 5})
    plots.platform_bar(groups)
    figure, alt = drawn[0]
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert heights == pytest.approx([0.8, 0.15, 0.05])
    below = [bar.get_y() for bar in figure.axes[0].patches]
    assert below == pytest.approx([0, 0.8, 0.95])
    assert "80 (80%) bought:\na list from their purchases" in written(figure)
    assert "5 (5.0%) in no file:\nbest sellers" in written(figure)
    assert title(figure) == "20% of the people we know of never bought" and "in no file: 5" in alt
    plots.platform_bar(pd.Series({"bought": 3, "came for a product": 0}))
    assert title(drawn[1][0]) == "Our files know buyers only"


def test_only_looks_of_late_make_a_list(drawn):
    groups = pd.Series(
        {"bought": 80, "came for a product lately": 5, "came for a product earlier": 15}
    )
    plots.platform_bar(groups)
    texts = written(drawn[0][0])
    assert "5 (5.0%) came for a product lately:\na list from what they looked at" in texts
    assert "15 (15%) came for a product earlier:\nbest sellers, since looks get old" in texts


def test_labels_of_small_groups_keep_apart(drawn):
    groups = [996, 2, 1, 1]
    names = ["bought", "came for a product", "came, but for no product", "in no file"]
    plots.platform_bar(pd.Series(groups, names))
    places = [text.get_position()[1] for text in drawn[0][0].axes[0].texts]
    assert (np.diff(places) > 0.19).all()


def test_ten_views_of_one_and_of_ten(drawn):
    plots.ten_views()
    figure, alt = drawn[0]
    arrows = [sum(hasattr(p, "get_arrowstyle") for p in axes.patches) for axes in figure.axes]
    people = [sum(hasattr(p, "radius") for p in axes.patches) for axes in figure.axes]
    assert (arrows, people) == ([10, 10], [1, 10])
    assert "10 events\n1 pair\n1 person" in written(figure)
    assert "10 events\n10 pairs\n10 people" in written(figure)
    assert figure.get_suptitle() == "10 views each, but 10 people against one"


def test_a_funnel_is_as_wide_as_its_counts(drawn):
    plots.funnel(pd.Series({"viewed": 200, "also in the cart": 50, "also bought": 20}))
    figure, _ = drawn[0]
    assert [bar.get_width() for bar in figure.axes[0].patches] == [200, 50, 20]
    assert "also bought: 20\n(40% of the step before)" in written(figure)
    assert title(figure).startswith("10% of the pairs viewed")
    plots.funnel(pd.Series({"bought": 7}))
    plots.funnel(pd.Series({"viewed": 3, "also in the cart": 0, "also bought": 0}))
    assert title(drawn[1][0]).startswith("Without views")
    assert title(drawn[2][0]).startswith("0% of the pairs")


def test_the_rule_marks_one_answer_for_each_question(drawn):
    report = data.HealthReport("file", 1000, 700, {"no customer id": 300})
    table = data.may_it_be_used(report, purchases(("1", "A")), rows_sent=1000)
    plots.the_rule(table)
    figure, alt = drawn[0]
    assert title(figure) == "The worst answer decides. This file: mend"
    texts = written(figure)
    assert "30%" in texts and "0" in texts
    pale = to_hex("#F4F4F4")
    marked = [to_hex(box.get_facecolor()) != pale for box in figure.axes[0].patches]
    assert [row.index(True) for row in np.reshape(marked, (-1, 4)).tolist()] == [0, 0, 0, 1, 0]
    assert np.sum(marked) == len(table) == 5
    assert {"go", "mend", "ask", "send\nback"} <= set(texts), "ask isn't mend"
    told = "No customer, in the worst month? 30% (go: up to 5%; mend: up to 50%), so mend."
    assert told in alt, "both limits, whatever the answer"
    assert f"{data.SENT} 0 (go: 0; not told yet, or not 0: ask), so go." in alt
    words = plots.rule_in_words(table).set_index("question")
    assert words.loc["No customer, in the worst month?"].tolist() == [
        "30%", "up to 5%", "up to 50%", "mend"
    ]  # fmt: skip


def test_what_nobody_has_told_yet_is_asked_and_stays_in_its_box(drawn):
    report = data.HealthReport("file", 1000, 1000, {})
    table = data.may_it_be_used(report, purchases(("1", "A")))
    plots.the_rule(table)
    figure, alt = drawn[0]
    assert title(figure) == "The worst answer decides. This file: ask"
    assert f"{data.SENT} not told yet (go: 0; not told yet, or not 0: ask), so ask." in alt
    figure.draw_without_rendering()
    [text] = [each for each in figure.axes[0].texts if each.get_text() == "not told\nyet"]
    box = max(figure.axes[0].patches, key=lambda box: to_hex(box.get_facecolor()) != "#f4f4f4"
              and -box.get_y())  # fmt: skip
    inner, outer = text.get_window_extent(), box.get_window_extent()
    assert outer.x0 < inner.x0 and inner.x1 < outer.x1
    assert outer.y0 < inner.y0 and inner.y1 < outer.y1


def test_what_is_asked_is_not_called_mended():
    """Too few dates that prove their format: only the data team knows which is right."""
    [proof] = [question for question in data.RULE if "prove" in question]
    table = pd.DataFrame({"question": [proof], "figure": [0.02], "answer": [data.ASK]})
    words = plots.rule_in_words(table).set_index("question").loc[proof]
    assert words.tolist() == ["2.0%", "5% or more have a day above 12", "fewer: ask", "ask"]
