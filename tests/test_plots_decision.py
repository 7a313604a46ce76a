"""The figures of lesson 11, read back and compared with what they were given."""

import numpy as np
import pandas as pd
import pytest
from figures import dots, no_overlap, stripes, title, written
from matplotlib import colors, pyplot

from helpers import memo, plots
from helpers.colours import CHANCE, INK, PERSONAL, WARNING
from helpers.plots import decision, style


@pytest.fixture
def drawn(monkeypatch):
    """The axes of the last figure, and its alternative text."""
    seen = {}

    def keep(figure, alt):
        figure.canvas.draw()
        seen.update(axes=figure.axes[0], alt=alt)

    monkeypatch.setattr(style, "show", keep)
    yield seen
    pyplot.close("all")


@pytest.fixture
def answers(monkeypatch):
    """The last table of questions, our figures and what they mean."""
    seen = {}
    monkeypatch.setattr(decision, "show", lambda table: seen.update(table=table))
    return seen


SHOPS = pd.DataFrame(
    {"difference": 0.03, "low": [0.02, -0.01, 0.025], "high": [0.04, 0.07, 0.035],
     "line": [0.02, 0.02, 0.05]},
    index=["lamps", "tea", "shoes"],
)  # fmt: skip
SAYS = ["ship a test", "not yet", "don't"]


def test_gains_stand_beside_their_own_line(drawn):
    plots.three_gains(SHOPS)
    axes = drawn["axes"]
    assert title(axes) == "The same gain: who ships a test?" and written(axes).count("?") == 3
    assert all(word not in drawn["alt"] for word in SAYS), "the guess is given away"
    plots.three_gains(SHOPS, SAYS)
    axes = drawn["axes"]
    assert title(axes) == "The same gain, read by one rule: ship a test, not yet and don't"
    ends = 100 * SHOPS[["low", "high"]].to_numpy()
    assert np.allclose(stripes(axes, least=5), ends)
    assert [(x, y) for x, y, _ in dots(axes)] == [(3, 0), (3, 1), (3, 2)]
    assert [each for _, _, each in dots(axes)] == [
        colors.to_hex(each) for each in (PERSONAL, CHANCE, WARNING)
    ]
    lines = [
        line.get_xdata()[0] for line in axes.lines if line.get_linestyle() not in ("-", "None")
    ]
    assert lines == [2, 2, 5] and written(axes).count("line 2") == 2
    assert "+3 (−1 to +7)" in written(axes)
    no_overlap(axes)


def test_a_line_far_away_and_a_group_too_small_are_said(drawn):
    groups = pd.DataFrame(
        {"difference": [0.03, np.nan], "low": [0.001, np.nan], "high": [0.06, np.nan],
         "line": 1.2, "says": ["surely better", "too few to tell"]},
        index=["several products", "one product"],
    )  # fmt: skip
    plots.for_whom(groups)
    axes = drawn["axes"]
    assert written(axes).count("line 120 →") == 2 and "too few to measure" in written(axes)
    assert axes.get_xlim()[1] < 20
    no_overlap(axes)
    # nothing can be measured, or nothing differs
    plots.for_whom(groups.assign(difference=np.nan, low=np.nan, high=np.nan, line=0.02))
    plots.for_whom(groups.assign(difference=0.0, low=0.0, high=0.0, line=0.02))


@pytest.mark.parametrize(
    ("says", "finding"),
    [
        (["surely better", "leave out"], "Surely better: a. Ruled out: b"),
        (["surely better", "surely better"], "Surely better: a and b"),
        (["not certain", "leave out"], "A gain worth having is ruled out for: b"),
        (
            ["not certain", "too few to tell"],
            "No group is surely better off, and none is ruled out",
        ),
    ],
)
def test_groups_are_named_by_what_is_said_of_them(drawn, says, finding):
    groups = SHOPS.iloc[:2].set_axis(["a", "b"]).assign(says=says)
    plots.for_whom(groups)
    assert title(drawn["axes"]) == finding


def test_an_end_that_is_nearly_zero_keeps_its_side(drawn):
    plots.three_gains(SHOPS.assign(low=[0.0002, -0.0002, 0]), SAYS)
    said = " ".join(written(drawn["axes"]))
    assert "(+0.02 to" in said and "(−0.02 to" in said and "(0 to" in said


def test_five_people_and_one_who_decides(drawn):
    plots.who_says_yes()
    said = written(drawn["axes"])
    assert {"finance", "legal", "merchandising", "engineering", "data team"} <= set(said)
    assert "one name\ndecides,\nby the rule" in said
    no_overlap(drawn["axes"])


def test_the_rule_drawn_is_the_rule_applied(drawn):
    """What each question's wrong answer leads to, in the order in which `decide` asks."""
    plots.memo_rule()
    said = written(drawn["axes"])
    verdicts = [text for text in said if text in (*SAYS, "fix the data first")]
    asked = list(dict.fromkeys(check["otherwise"] for check in memo.CHECKS[:2]))
    assert verdicts[:2] == asked
    assert verdicts == ["fix the data first", "not yet", "don't", "not yet", "not yet", "not yet",
                        "ship a test"]  # fmt: skip
    in_order = [check["otherwise"] for check in memo.CHECKS]
    grouped = [each for at, each in enumerate(in_order) if at == 0 or each != in_order[at - 1]]
    assert grouped == ["fix the data first", "not yet", "don't", "not yet"]
    numbers = [text for text in said if text.isdigit()]
    assert numbers == ["1", "2", "3", "4", "5", "6"]
    for question, _, why, _ in decision._BOXES:
        assert said.index(why) == said.index(question) + 1 and why in drawn["alt"]
    # the star says what `too_rough` does, and only `don't` has one
    assert said[said.index("don't") + 1] == "no*" and said.count("no*") == 1
    assert "includes zero, and is wider than twice the line, counts as yes" in drawn["alt"]
    assert [memo.too_rough(low, 0.01, 0.02) for low in (-0.04, -0.02)] == [True, False]
    no_overlap(drawn["axes"])


def test_payback_is_where_the_money_crosses_zero(drawn):
    plots.payback(5_000, 250, 1_000, [0.25, 0.5, 1])
    axes = drawn["axes"]
    assert title(axes) == "Of these, only 100% more pays back within a year"
    assert "never" in written(axes)[0] and "20 months" in written(axes)[1]
    paid = [x for x, y, _ in dots(axes) if y == 0]
    assert paid == pytest.approx([memo.payback(5_000, 250, 1_000, lift) for lift in (0.5, 1)])
    line = next(each for each in axes.lines if len(each.get_xdata()) > 2
                and colors.to_hex(each.get_color()) == colors.to_hex(INK))  # fmt: skip
    assert np.interp(20, line.get_xdata(), line.get_ydata()) == pytest.approx(0)
    no_overlap(axes)
    plots.payback(5_000, 250, 1_000, [0.1])
    assert title(drawn["axes"]) == "None of these lifts is paid back within a year"


EVIDENCE = {
    "doubts": 0, "rows_kept": 0.9, "customers_judged": 1_200, "hits": 200, "worth_having": 0.02,
    "signal_low": 0.05, "signal_high": 0.07, "gain_low": 0.005, "gain_high": 0.04,
    "best_lift": 0.4, "smallest_lift": 0.3,
}  # fmt: skip


def test_the_answers_are_those_of_the_rule(answers):
    open_gates = memo.what_stops({"forbidden": 0})
    plots.memo_answers(memo.decide(EVIDENCE), EVIDENCE, open_gates)
    table = answers["table"]
    yes = [f"✓ yes: {each[-1]}" for each in decision._BOXES]
    assert list(table) == ["question", "our figure", "what it means"]
    assert table["what it means"].tolist() == yes and len(set(yes)) == 6
    assert {
        "1,200 customers",
        "gain up to +4, line 2",
        "gain +0.5 to +4",
        "12 weeks notice +30% in carts or more; the gain's best case: +40%",
    } <= set(table["our figure"])
    guessed = EVIDENCE | {"assumed": "an assumed line", "test_assumed": "assumed clicks"}
    plots.memo_answers(memo.decide(guessed), guessed, open_gates)
    says = answers["table"]["what it means"].tolist()
    assert says[2] == "✓ yes: it may pay, on an assumed line"
    assert says[4] == "✓ yes: a test may tell, on assumed clicks"
    assert says[:2] + says[3:4] + says[5:] == yes[:2] + yes[3:4] + yes[5:]
    rough = EVIDENCE | {"gain_low": -0.06, "gain_high": 0.015}
    plots.memo_answers(memo.decide(rough), rough, open_gates)
    says = answers["table"]["what it means"].tolist()
    assert says[2:4] == ["✓ yes: too rough for a no", "✗ no: not yet"]
    thin = EVIDENCE | {"hits": 3, "signal_low": -0.01, "signal_high": 0.01, "gain_high": 0.03}
    plots.memo_answers(memo.decide(thin), thin, open_gates)
    assert answers["table"]["our figure"].tolist()[1:4] == [
        "1,200 customers, 90% of rows, 3 with a hit in one list only",
        "gain up to +3, line 2, signal up to +1",
        "gain +0.5 to +3, signal −1 to +1",
    ]
    changed = EVIDENCE | {"gain_low": -0.03, "smallest_lift": None}
    plots.memo_answers(memo.decide(changed), changed, memo.what_stops({}))
    means = answers["table"]["what it means"].tolist()
    assert means == yes[:3] + ["✗ no: not yet"] + ["not asked any more"] * 2
    unknown = EVIDENCE | {"smallest_lift": None}
    plots.memo_answers(memo.decide(unknown), unknown, memo.what_stops({}))
    means = answers["table"]["what it means"].tolist()
    assert means == yes[:4] + ["? open: the start waits"] * 2
    nothing = dict.fromkeys(EVIDENCE) | {"doubts": 1}
    plots.memo_answers(memo.decide(nothing), nothing)
    told = answers["table"]["our figure"].tolist()
    assert told[0] == "1 doubt" and told.count("not known") == 4
    plots.memo_answers(memo.decide(EVIDENCE), EVIDENCE, memo.what_stops({"forbidden": 2}))
    assert answers["table"]["what it means"].tolist() == yes[:5] + ["✗ no: not yet"]


@pytest.mark.parametrize(
    ("weeks", "lift", "seen", "told"),
    [
        (4, 0.96, 0.3, "4 weeks notice +96% in carts, 12 weeks +30%; the gain's best case: +40%"),
        (1, 0.96, 0.3, "1 week notices +96% in carts, 12 weeks +30%; the gain's best case: +40%"),
        (12, 0.31, 0.3, "12 weeks notice +30% in carts or more; the gain's best case: +40%"),
        (12, 0.2, 0.3, "12 weeks notice +30% in carts or more; the gain's best case: +40%"),
        (None, 0.2, 0.3, "12 weeks notice +30% in carts or more; the gain's best case: +40%"),
        (None, 0.2, np.inf, "12 weeks notice no rise of carts; the gain's best case: +40%"),
    ],
)
def test_weeks_that_are_enough_for_the_lift_that_pays_are_told(weeks, lift, seen, told, answers):
    """The page asks for so many weeks: this row says where they come from."""
    read = EVIDENCE | {"smallest_lift": seen}
    stops = memo.what_stops({"forbidden": 0})
    plots.memo_answers(memo.decide(read), read, stops, {"weeks": weeks, "lift": lift})
    assert answers["table"]["our figure"].tolist()[4] == told


def test_the_boxes_drawn_and_answered_are_the_same_and_stand_for_all_questions(drawn, answers):
    plots.memo_rule()
    drawn_boxes = [text for text in written(drawn["axes"]) if text.endswith("?")]
    plots.memo_answers(memo.decide(EVIDENCE), EVIDENCE, memo.what_stops({"forbidden": 0}))
    says = {question: answer for question, answer, *_ in decision._BOXES}
    asked = [text.split(". ", 1) for text in answers["table"]["question"]]
    assert asked == [[str(place), box] for place, box in enumerate(drawn_boxes, start=1)]

    def first_no():
        said = answers["table"].loc[answers["table"]["what it means"].str.startswith("✗")]
        [(question, _, means)] = said.to_numpy().tolist()
        return question.split(". ", 1)[1], means.removeprefix("✗ no: ")

    for at, check in enumerate(memo.CHECKS):
        # whichever question fails, its box is named, and says what the rule says
        asked = memo.decide(EVIDENCE)
        checks = [each | {"passed": place != at} for place, each in enumerate(asked["checks"])]
        failed = asked | {"decision": check["otherwise"], "checks": checks}
        plots.memo_answers(failed, EVIDENCE, memo.what_stops({"forbidden": 0}))
        box, said = first_no()
        assert says[box] == check["otherwise"] == said
        # also beside another one of its box that nobody can answer
        unknown = [each | {"passed": None if each["passed"] else False} for each in checks]
        plots.memo_answers(asked | {"checks": unknown}, EVIDENCE, memo.what_stops({"forbidden": 0}))
        assert first_no() == (box, said)


def test_shops_are_pooled_by_what_there_is_to_gain():
    measured = pd.DataFrame(
        {"lift_worth_having": 0.2, "customers_judged": [100, 100, 100, 100, 300],
         "shops": [10, 30, 5, 5, 9], "gain": [-0.1, 0, 0.01, 0.05, -0.1], "worth_having": 0.02,
         "ship a test": [0.2, 0, 0.5, 0.8, 1], "not yet": [0.3, 0.5, 0.5, 0.2, 0],
         "don't": [0.5, 0.5, 0, 0, 0]}
    )  # fmt: skip
    found = memo.mistakes(measured, [100])
    assert found["truth"].tolist() == ["none", "enough"] and found["shops"].tolist() == [40, 5]
    assert found.index[0] == "line 20%,\n100 customers"
    assert np.allclose(found.iloc[0][["ship a test", "not yet", "don't"]].astype(float),
                       [2 / 40, 18 / 40, 20 / 40])  # fmt: skip
    assert found.iloc[1]["ship a test"] == 0.8
