"""Figures of lesson 10 show what their tables say, in odd shops, too."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from helpers import colours, data, plots, warehouse
from tests.figures import dots, no_overlap, stripes, title, written

MEASURED = pd.read_csv(data.PROJECT / "data" / "scale.csv")
JOBS = MEASURED[(MEASURED["what"] == "job") & (MEASURED["purchases"] > 1_000_000)]


def bars(axes):
    """Left end, length and colour of the horizontal bars, from the top of the picture."""
    found = [each for each in axes.patches if isinstance(each, Rectangle)]
    found = sorted(found, key=lambda each: (each.get_y(), each.get_x()))
    return [(each.get_x(), each.get_width(), to_hex(each.get_facecolor())) for each in found]


def colour(name):
    return to_hex(getattr(colours, name))


def test_every_pair_is_a_line(drawn):
    plots.pairs_of_histories((1, 2, 4))
    [axes] = drawn
    lines = [each for each in axes.lines if each.get_marker() != "o"]
    assert len(lines) == 0 + 1 + 6
    points = [len(each.get_xdata()) for each in axes.lines if each.get_marker() == "o"]
    assert points == [1, 2, 4]
    assert written(axes) == ["1 products\n0 pairs", "2 products\n1 pair", "4 products\n6 pairs"]
    assert title(axes) == "4 products make 6 pairs, 2 products only 1"
    no_overlap(axes)


@pytest.mark.parametrize(
    ("pairs", "finding", "length"),
    [
        (0.53, "The longest 10% of the histories make 53% of the pairs", 0.53),
        (1.0, "The longest 10% of the histories make 100% of the pairs", 1.0),
        (np.nan, "Nobody bought two products: there are no pairs", 0),
    ],
)
def test_the_longest_histories(drawn, pairs, finding, length):
    shares = {"customers": 0.1, "purchases": 0.26, "pairs": pairs, "by_luck": 0.6 * pairs}
    plots.who_makes_the_pairs(pd.Series(shares))
    [axes] = drawn
    assert [width for _, width, _ in bars(axes)] == pytest.approx([0.1, 0.26, 0.6 * length, length])
    assert bars(axes)[2][2] == colour("CHANCE")
    assert ("dealt by chance" in axes.alt) == (length > 0)
    assert title(axes) == finding
    no_overlap(axes)


def test_what_doubling_does_has_a_bar_for_each_figure(drawn):
    doubled = warehouse.what_doubling_does(MEASURED)
    plots.what_doubling_does(doubled)
    [axes] = drawn
    expected = doubled.loc[["customers", "products", "history"], ["seconds", "rows"]].to_numpy()
    assert [width for _, width, _ in bars(axes)] == pytest.approx(expected.ravel())
    assert title(axes) == "Twice the history: 4.1 times the rows of pairs"
    shades = {shade for *_, shade in bars(axes)}
    assert shades == {colour("WARNING"), colour("PERSONAL")}
    assert any("arithmetic" in text for text in written(axes))  # not of a whole job
    assert doubled.loc["products", "possible"] == pytest.approx(4, abs=0.001)
    no_overlap(axes)


def caps(**rows):
    names = ["pairs", "difference", "difference_low", "difference_high"]
    rows = {name.replace("_", " "): row for name, row in rows.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=names)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ([0.94, 0.001, -0.001, 0.003], "a loss can't be told from none"),
        ([0.5, -0.02, -0.03, -0.01], "the lists get worse"),
        ([0.5, 0.02, 0.01, 0.03], "the lists get better"),
        ([1.0, 0.0, 0.0, 0.0], "no list changes its quality"),
    ],
)
def test_a_cap_is_judged_by_its_interval(drawn, row, says):
    tried = caps(a_cap_of_9=row, a_cap_of_2=[0, -0.1, -0.12, -0.08])
    plots.what_a_cap_does(tried, "a cap of 9")
    [axes] = drawn
    assert title(axes) == f"A cap of 9: {says}"
    assert stripes(axes) == [tuple(row[2:]), (-0.12, -0.08)]
    assert dots(axes) == [(row[1], 0, colour("PERSONAL")), (-0.1, 1, colour("INK"))]
    assert f"{row[1]:+.3f}\n({row[2]:+.3f} to {row[3]:+.3f})" in written(axes)
    no_overlap(axes)


def test_a_cap_is_drawn_in_the_unit_of_the_text(drawn):
    """Once, the text spoke of per cent of the quality, and the figure of NDCG."""
    tried = caps(a_cap_of_9=[0.9, -0.0001, -0.01, 0.01], a_cap_of_2=[0.5, -0.02, -0.03, -0.01])
    plots.what_a_cap_does(tried, "a cap of 9", quality=0.25)
    [axes] = drawn
    assert np.allclose(stripes(axes), [(-4, 4), (-12, -4)])
    assert "-8.0 %\n(-12.0 to -4.0)" in written(axes)
    assert "+0.0 % (-4.0 to +4.0)" in axes.alt
    assert "per cent" in axes.get_xlabel() and tried.loc["a cap of 2", "difference"] == -0.02
    no_overlap(axes)


def test_a_single_judge_says_nothing_of_a_cap(drawn):
    """Once, an interval of a single customer made the lists better."""
    nobody = [0.0, np.nan, np.nan]
    plots.what_a_cap_does(caps(a_cap_of_9=[1.0, *nobody], a_cap_of_2=[0, *nobody]), "a cap of 9")
    [axes] = drawn
    assert title(axes) == "A cap of 9: one customer can't judge it"
    assert "nan" not in axes.alt and "one judge" in axes.alt
    low, high = axes.get_xlim()
    assert high - low > 0.01
    no_overlap(axes)


def test_the_join_adds_up_what_a_customer_does_not_have(drawn):
    near = pd.DataFrame(
        {"product_id": ["A", "A", "C", "C", "D"], "other": ["B", "C", "B", "D", "B"],
         "weight": [0.447, 0.7, 0.316, 0.5, 0.9]}
    )  # fmt: skip
    plots.join_by_hand(["A", "C"], near)
    [axes] = drawn
    assert "B   0.447 + 0.316 = 0.763" in written(axes) and "D   0.500" in written(axes)
    assert not any("A → C" in text or "D → B" in text for text in written(axes))
    assert title(axes).endswith("B leads")
    no_overlap(axes)


def verdicts(**counts):
    table = [name for name, n in counts.items() for _ in range(n)]
    return pd.DataFrame({"verdict": [name.replace("_", " ") for name in table], "in_common": 0.9})


def test_programs_compared_stacks_the_verdicts(drawn):
    compared = {"our SQL": verdicts(same=10), "app": verdicts(same=6, only_ties=4),
                "old data": verdicts(other_scores=5, another_list=4, no_list=1)}  # fmt: skip
    plots.programs_compared(compared, 5, 0.2)
    [axes] = drawn
    shown = [(left, width) for left, width, _ in bars(axes) if width > 0]
    assert np.allclose(shown, [(0, 1), (0, 0.6), (0.6, 0.4), (0, 1)])  # as the lesson's table
    assert title(axes) == "Old data: 100% differ in more than ties"
    assert "app: 4.5 of 5 products in common" in written(axes)
    assert "another input or rule" in written(axes) and warehouse.MISSING not in written(axes)
    assert "a stranger's list has 1.0 in common" in axes.alt
    no_overlap(axes)


def test_programs_that_differ_in_ties_alone_are_no_finding(drawn):
    plots.programs_compared({"our SQL": verdicts(same=9, only_ties=1)}, 5, np.nan)
    [axes] = drawn
    assert title(axes) == "Apart from ties, every customer gets the same list"
    assert "stranger" not in axes.alt
    assert warehouse.MISSING not in written(axes)


def test_jobs_stand_by_size_with_seconds_and_memory(drawn):
    plots.jobs_measured(JOBS)
    [axes] = drawn
    ordered = JOBS.sort_values(["purchases", "seconds"])
    assert [width for _, width, _ in bars(axes)] == pytest.approx(ordered["seconds"].tolist())
    best = ordered[ordered["purchases"] == ordered["purchases"].max()].iloc[0]
    assert title(axes).endswith(f"all lists in {best['seconds']:.0f} s")
    for row in ordered.itertuples():
        words = f": {row.seconds:.0f} s, {row.peak_mb / 1_000:.1f} GB"
        assert any(text.endswith(words) for text in written(axes))
    no_overlap(axes)


def test_the_cluster_is_the_last_answer(drawn):
    """Every question has both answers, so each shop comes to one program and to one end."""
    plots.which_machine()
    [axes] = drawn
    assert "cluster" in written(axes)[-1]
    questions = sum(text.endswith("?") and text[0] not in "12" for text in written(axes))
    for answer in ("yes", "no"):
        assert sum(text == answer for text in written(axes)) == questions == 4
    no_overlap(axes)


def test_a_years_bill_shows_what_is_paid_for(drawn):
    bills = pd.DataFrame(
        {"computing": [730, 36], "waiting": [16_790, 840], "people": [32_960, 8_000]},
        ["cluster, left on", "one machine"],
    )  # fmt: skip
    plots.yearly_bills(bills)
    [axes] = drawn
    assert [width for _, width, _ in bars(axes)] == bills.to_numpy().ravel().tolist()
    assert title(axes) == "Cluster, left on: people cost most"
    assert {"one machine: 8,876", "computing", "waiting", "people"} <= set(written(axes))
    no_overlap(axes)
    plots.yearly_bills(bills.assign(computing=36))  # too thin to be seen
    assert {"computing: 36", "waiting", "people"} <= set(written(drawn[-1]))
    assert [line.get_color() for line in drawn[-1].lines] == [colours.PERSONAL] * len(bills)
    no_overlap(drawn[-1])
    plots.yearly_bills(bills.assign(computing=36.5))  # as in the text
    assert "computing: 36.50" in written(drawn[-1])
