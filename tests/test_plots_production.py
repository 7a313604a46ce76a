"""Figures of lesson 06 show what their tables say, in odd shops, too."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from helpers import colours, plots, production
from helpers.course.notebooks import FOLDER
from helpers.plots import production as drawings
from tests.figures import no_overlap, title, written


@pytest.fixture
def drill():
    return pd.DataFrame(
        {
            "check": ["every known customer has a list", "no product leads more than half of the "
                      "lists", "nine in ten customers are still there",
                      "other data than last time"],
            "stops": [True, False, True, False],
            "beside": [False, False, True, True],
            "tonight": True,
            "half the table": [False, True, False, True],
            "one list for all": [True, False, True, True],
            "half the export": [True, True, False, True],
            "same export again": [True, True, True, False],
        }
    )  # fmt: skip


def by_age(ages=(0, 1, 7), rates=(0.5, 0.49, 0.4), high=(0.0, 0.01, -0.02), popular=0.3):
    table = pd.DataFrame(
        {
            "hit_rate": rates,
            "low": np.array(high) - 0.03,
            "high": high,
            "old_pairs": rates[0],
            "pairs_low": -0.02,
            "pairs_high": 0.01,
        },
        pd.Index(ages, name="age"),
    )
    table.attrs = {"best_sellers": popular, "customers": 300, "days": 28}
    return table


def test_both_sides_of_the_contract_are_written(drawn):
    plots.contract()
    [axes] = drawn
    for who, owed in drawings.OWED.items():
        assert {who, *owed} <= set(written(axes))
        assert all(text in axes.alt for text in owed)
    no_overlap(axes)


def test_a_night_leads_to_the_page_and_has_a_way_around(drawn):
    plots.one_night()
    [axes] = drawn
    texts = written(axes)
    steps = ["export", "engine", "table", "checks", "page"]
    assert [text for text in texts if text in steps] == steps
    assert "yesterday's table" in texts and "stop" in texts and "held back" in axes.alt
    no_overlap(axes)


def test_the_lesson_counts_the_checks_that_look_at_the_table_and_names_their_hour(drawn, shop):
    plots.one_night()
    [axes] = drawn
    lesson = (FOLDER / "06_production.ipynb").read_text(encoding="utf-8")
    assert "3:04 am" in written(axes) and "stopped the half table at 3:04" in lesson
    engine = production.build_engine(shop[0])
    checks = production.health_checks(engine, production.score_everyone(engine))
    assert len(checks) == 13 and "thirteen [**health checks**]" in lesson


def test_a_cell_is_coloured_where_a_check_fails(drawn, drill):
    plots.checks_by_night(drill)
    [axes] = drawn
    nights = list(drill.columns[3:])
    found = {
        (round(patch.get_x() + 0.45), to_hex(patch.get_facecolor())): patch
        for patch in axes.patches
        if to_hex(patch.get_facecolor()) != "#e3e3e3"
    }
    stop, look = to_hex(colours.WARNING), to_hex(plots.style.LIMIT)
    assert set(found) == {(1, stop), (2, look), (3, stop), (4, look)}
    assert (written(axes).count("S"), written(axes).count("R")) == (3, 2)
    assert len(axes.patches) == len(drill) * len(nights)
    # what stops one night and what only the table beside it shows
    assert title(axes) == "The table alone lets 3 of 4 broken nights through"
    assert "tonight: all pass" in axes.alt
    no_overlap(axes)


def test_a_drill_in_which_all_is_stopped_says_so(drawn, drill):
    plots.checks_by_night(drill[["check", "stops", "beside", "tonight", "half the table"]])
    assert title(drawn[0]) == "The table alone stops every broken night"


def test_a_check_that_fails_tonight_anyway_notices_nothing(drawn, drill):
    drill.loc[0, "tonight"] = False
    plots.checks_by_night(drill[["check", "stops", "beside", "tonight", "half the table"]])
    assert title(drawn[0]) == "The table alone lets every broken night through"


def test_checks_that_pass_every_night_share_a_row(drawn, drill):
    more = pd.DataFrame(
        [dict(drill.iloc[1]) | {"check": name, "one list for all": True} for name in "ab"]
    )
    plots.checks_by_night(pd.concat([drill, more], ignore_index=True))
    assert "2 more checks" in written(drawn[0]) and "a" not in written(drawn[0])
    assert len(drawn[0].patches) == (len(drill) + 1) * 5
    no_overlap(drawn[0])


def test_so_do_those_that_compare_with_earlier_nights(drawn, drill):
    """On three nights, most of the seven pass: their rows would only be read in vain."""
    more = pd.DataFrame([dict(drill.iloc[3]) | {"check": name} for name in "ab"])
    nights = ["check", "stops", "beside", "tonight", "half the table", "half the export"]
    plots.checks_by_night(pd.concat([drill, more], ignore_index=True)[nights])
    texts = written(drawn[0])
    assert "3 more checks" in texts and "other data than last time" not in texts
    assert len(drawn[0].patches) == 4 * 3
    no_overlap(drawn[0])


@pytest.mark.parametrize(
    ("table", "finding"),
    [
        (by_age(), "lose at 7 days"),
        (by_age(high=(0.0, -0.001, -0.02)), "lose from 1 day on"),
        (by_age(high=(0.0, 0.01, 0.02)), "No age up to 7 days clearly loses"),
        (by_age((0, 1), (0.2, 0.2), (0.0, 0.0)), "No age up to 1 day clearly loses"),
        (by_age(high=(0.0, -0.001, 0.02)), "lose at 1 day"),
        (by_age(rates=(0.0, 0.0, 0.0), popular=0.0), "lose at 7 days"),
        (by_age(rates=(0.5, 0.49, 0.5), popular=0.5), "lose at 7 days"),
    ],
)
def test_old_lists_stand_beside_fresh_ones_and_best_sellers(drawn, table, finding):
    plots.hits_by_age(table)
    [axes] = drawn
    assert finding in title(axes)
    lines = [list(line.get_ydata()) for line in axes.lines]
    popular = [table.attrs["best_sellers"]] * len(table)
    assert lines == [list(table["hit_rate"]), list(table["old_pairs"]), popular]
    assert [text.get_text() for text in axes.get_xticklabels()] == [str(age) for age in table.index]
    no_overlap(axes)


def test_ages_stand_to_scale_where_their_names_fit(drawn):
    ages = (30, 60, 90, 180)
    plots.hits_by_age(by_age(ages, (0.5, 0.4, 0.3, 0.3), (0.0, -0.1, -0.1, -0.1)))
    plots.hits_by_age(by_age((0, 1, 7, 180), (0.5, 0.4, 0.3, 0.3), (0.0, -0.1, -0.1, -0.1)))
    apart, crowded = (np.diff(axes.lines[0].get_xdata()) for axes in drawn)
    assert np.allclose(apart / np.diff(ages), apart[0] / 30)
    assert "not to scale" not in drawn[0].get_xlabel()
    assert len(set(crowded)) == 1 and "not to scale" in drawn[1].get_xlabel()


def test_the_title_names_the_oldest_age_that_is_shown(drawn):
    plots.hits_by_age(by_age(), 7)
    assert title(drawn[0]) == "After 7 days, old lists still beat best sellers"
    assert {"40.0", "best sellers, fresh: 30.0"} <= set(written(drawn[0]))
    no_overlap(drawn[0])


def test_where_old_lists_last_for_weeks_the_figure_begins_at_thirty_days(drawn):
    table = by_age((0, 1, 7, 30, 60), (0.5, 0.49, 0.47, 0.43, 0.38), (0, 0, 0, -0.02, -0.02))
    plots.hits_by_age(table, 60)
    assert [text.get_text() for text in drawn[0].get_xticklabels()] == ["30", "60"]
    assert list(drawn[0].lines[0].get_ydata()) == [0.43, 0.38]
    [band] = [each.get_paths()[0].vertices for each in drawn[0].collections[:1]]
    assert band[:, 1].max() == pytest.approx(0.5 - 0.02)  # beside fresh lists, which aren't drawn
    assert "at age 7 " not in drawn[0].alt and "at age 30 " in drawn[0].alt
    no_overlap(drawn[0])


@pytest.mark.parametrize(("last", "shown"), [(60, 7), (30, 30), (60, None)])
def test_it_begins_with_fresh_lists_where_they_last_for_days_or_one_age_is_no_line(
    drawn, last, shown
):
    table = by_age((0, 1, 7, 30, 60), (0.5, 0.49, 0.47, 0.43, 0.38), (0, 0, 0, -0.02, -0.02))
    table = table[table.index <= last]
    plots.hits_by_age(table, shown)
    ticks = [text.get_text() for text in drawn[0].get_xticklabels()]
    assert ticks == [str(age) for age in table.index]


def test_a_stop_stands_beside_half_a_table(drawn):
    plots.stop_or_publish(2.71, 10.05)
    [axes] = drawn
    assert [bar.get_width() for bar in axes.patches] == [2.71, 10.05]
    assert title(axes) == "Yesterday's lists lose 2.7 finds, half a table 10"
    assert "best sellers in its empty places" in axes.alt
    no_overlap(axes)


def test_a_night_rings_if_any_gauge_does(drawn):
    rings = np.array([[True, False, False, True], [False, False, False, True]])
    plots.many_gauges(rings)
    [axes] = drawn
    red = [patch for patch in axes.patches if to_hex(patch.get_facecolor()) != "#e3e3e3"]
    assert sorted(patch.get_x() for patch in red if patch.get_y() == 0) == [0, 3]
    assert len(red) == 5 and title(axes) == "Nothing is wrong, and 2 of 4 nights ring"
    no_overlap(axes)


def test_each_place_of_her_data_says_what_is_done(drawn):
    plots.where_data_lie()
    [axes] = drawn
    for place, done in drawings.PLACES:
        assert {place, done} <= set(written(axes)) and f"{place}: {done}" in axes.alt
    no_overlap(axes)
