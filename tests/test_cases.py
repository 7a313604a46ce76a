"""Lesson 12's unseen shops: symptom, misleading figure, tool and decision, over many numbers.

A dealt shop takes about a second, so each is dealt once and asked everything.
"""

import ast
import copy
import functools
import itertools
import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from helpers import cases, data, evaluate, memo, trust
from helpers.cases.desk import points
from helpers.course import exercises, notebooks, runs, start, workshop
from helpers.plots.cases import ROUTINE
from tests.common import THOROUGH

# from far away, so that no shop of the lesson is among them
SEEDS = range(900, 920) if THOROUGH else range(900, 901)
DECISIONS = ["ship a test", "for this group only", "not yet", "don't", "fix the data first"]
FIX = {"turned dates", "one customer", "half a table", "broken split"}

each_kind = pytest.mark.parametrize("kind", cases.KINDS)


@functools.cache
def dealt(seed, kind):
    return cases.deal(seed, kind)


@pytest.fixture(params=[(seed, kind) for seed in SEEDS for kind in cases.KINDS],
                ids=lambda each: f"{each[1]}-{each[0]}")  # fmt: skip
def case(request):
    return dealt(*request.param)


# A learner who has nothing but the desk, and reads it by the routine


def numbers(text):
    found = re.findall(r"[+−-]?\d[\d,]*\.?\d*", text.replace("−", "-"))
    return [float(each.replace(",", "").replace("+", "")) for each in found]


def solve(desk):
    """Decision and fault, from what the table on the desk says in words and figures."""
    reads, beside = (desk.set_index("gauge")[name] for name in ("reads", "a no if"))
    if numbers(reads["doubts"])[0] > 0:
        heavy, lately = (
            numbers(reads["heaviest customer"])[0],
            numbers(reads["purchases lately"])[0],
        )
        if heavy > 10 * numbers(beside["heaviest customer"])[0] and heavy > 10:
            return "fix the data first", "one customer"
        usual, year_ago = numbers(beside["purchases lately"])
        few = lately < 0.3 * min(usual, year_ago)
        return "fix the data first", "half a table" if few else "turned dates"
    if reads["split"] != "no test":
        off, allowed = numbers(reads["split"])[0], numbers(beside["split"])[0]
        if off > allowed:
            return "fix the data first", "broken split"
    known, cut = (pd.Timestamp(text.split(" (")[0]) for text in (
        reads["events known until"], beside["events known until"]))  # fmt: skip
    leak = known >= cut
    if numbers(reads["judges"])[0] < 100:
        return "not yet", "too few"
    _, low, high = numbers(reads["gain"])
    assert not reads["low end"] or numbers(reads["low end"])[0] == low
    tells = numbers(reads["shuffle test"])[1] > 0
    if high < numbers(beside["gain"])[0]:
        return "don't", "leak" if leak else "last week" if tells else "no taste"
    if numbers(reads["low end"])[0] <= 0:
        return "not yet", "too few"
    if any(each.startswith("blocks") for each in reads["list checks"].split("; ")):
        return "not yet", "must not be shown"
    for group in memo.GROUPS:
        gain = numbers(reads[group])
        if len(gain) == 3 and gain[2] < numbers(beside[group])[0]:
            return "for this group only", "one group"
    return "ship a test", "none"


def test_the_routine_and_the_desk_solve_every_case(case):
    assert solve(cases.desk(case)) == (case.truth.decision, case.truth.fault)


def test_what_an_answer_calls_needless_is_needless(case):
    """Where it says that no row below a question can change the word, these may be blank."""
    desk, told = cases.desk(case), cases.folded(case)
    below = re.search(r"No row below question (\d) can change the word", told)
    needed = case.truth.fault in ("none", "leak", "one group", "must not be shown")
    assert bool(below) == (not needed and case.truth.gauges[0] != "lift")
    if below:
        later = desk["question"].str[0].between(str(int(below[1]) + 1), "8")
        desk.loc[later, ["reads", "a no if"]] = ""
        assert solve(desk)[0] == case.truth.decision and later.any()


def test_an_answer_begins_with_the_first_no(case):
    """The row, and what is a no: one that the first table has."""
    told = re.search(r"\n\nThe first no is \*(.*?)\*: (.*)[.]\n\n", cases.folded(case))
    assert bool(told) == (case.truth.fault != "none")
    if told:
        gauge, no = told.groups()
        row = cases.desk(case).set_index("gauge").loc[gauge]
        assert row["a no if"] == no and gauge in set(cases.laid_out(case)[0]["gauge"])
        assert f"“{row['question']}”" in cases.form(case)["where"]


def test_the_first_table_is_enough_for_the_word(case):
    """The second one only says why: its rows may be blank, and the word is the same."""
    first, more = cases.laid_out(case)
    whole, read = cases.desk(case).set_index("gauge"), cases.gauges(case)
    blank = {"heaviest customer": ("0", "1"), "purchases lately": ("1", "1, 1"),
             "shuffle test": ("0 (0 to 0)", "")}  # fmt: skip
    for name in more["gauge"]:
        whole.loc[name, ["reads", "a no if"]] = blank.get(name, ("", ""))
    assert solve(whole.reset_index())[0] == case.truth.decision
    assert len(first) == 9 + bool(read["test"])
    asked = first.loc[first["question"] != "", "question"]
    assert re.findall(r"\d", " ".join(asked)) == list("12345678")
    # nothing is lost but what would be said twice
    knew_more = read["score"]["known"] >= read["score"]["cut"]
    left = set(whole.index) - set(first["gauge"]) - set(more["gauge"])
    assert left - {"fair score"} == (set() if read["test"] else {"lift"})
    assert not (knew_more and "fair score" in left)
    assert set(case.truth.gauges) <= {*first["gauge"], *more["gauge"]}
    assert list(more.columns) == ["gauge", "reads", "beside it"]
    # whoever goes up from "as above" finds what the desk says
    told = first["a no if"].mask(first["a no if"] == "as above").ffill()
    desk = cases.desk(case).set_index("gauge")["a no if"]
    assert told.tolist() == desk[first["gauge"]].tolist()


def test_the_first_desk_begins_with_half_of_it(case):
    """Which half holds the first no gives nothing away: it is the same half for each shop."""
    answers, _ = cases.laid_out(case)
    shown, later = cases.halves(answers)
    assert pd.concat([shown, later]).equals(answers)
    asked = ["".join(re.findall(r"\d", " ".join(half["question"]))) for half in (shown, later)]
    assert asked == ["1234", "5678"] and len(later) == 5
    name = re.search(r"row \*(.*?)\*", cases.one_row(case))
    assert not name or name[1] in set(shown["gauge"])


def test_a_sound_test_never_says_another_word_than_the_key(case):
    read, lift = cases.gauges(case)["test"], cases.desk(case).set_index("gauge").loc["lift"]
    if not read or read["broken"]:
        return
    told, arms = lift["reads"].split("; ")
    _, low, high = numbers(told)
    decides = lift["a no if"]
    again = "today again" in arms
    worth = "ends below the plan's +10%"
    wanted = "never: here only the split counts" if again else worth
    assert low <= 0 <= high and decides == wanted
    if arms == "personal vs today" and high < 10:
        assert case.truth.decision in ("don't", "fix the data first")
    decided = case.truth.decision == "don't" and arms == "personal vs today"
    assert decided == (case.truth.gauges[0] == "lift")
    assert high < 10 or not decided


@pytest.mark.parametrize("kind", ["last week", "no taste", "leak"])
def test_a_test_that_decided_speaks_first(kind, capsys):
    """Some shops have one: it says don't, in its row, and the score says why."""
    shops = [shop for shop in range(900, 1000) if cases.lift_decides(shop, kind)]
    assert shops
    for shop in shops[: 12 if THOROUGH else 1]:
        case = dealt(shop, kind)
        lift = cases.desk(case).set_index("gauge").loc["lift"]
        told, arms = lift["reads"].split("; ")
        assert arms == "personal vs today" and numbers(told)[2] < numbers(lift["a no if"])[0]
        off, allowed = cases.gauges(case)["test"]["off"], cases.gauges(case)["test"]["allowed"]
        assert off < allowed
        assert solve(cases.desk(case)) == ("don't", case.truth.fault)
        assert cases.key(case)["gauge"] == "lift"
        # a later no is no right gauge; a row that only says why is one
        own, more = cases.texts()["kinds"][kind]["gauges"], set(cases.laid_out(case)[1]["gauge"])
        assert cases.right(case, "gauge")[1:] == tuple(each for each in own if each in more)
        for later in set(own) - more:
            assert "a question before it has a no already" in cases.hint(case, "gauge", later)
        wrong = [("ship a test", ..., ...), ("not yet", ..., ...)]
        said = [reply(case, each, capsys) for each in wrong][-1]
        assert "the first no stands at “if fair, can it pay?”" in said
        folded = cases.folded(case)
        assert told in folded.split("In two sentences")[1]
        assert "A test that decided speaks first" in folded
        read = cases.gauges(case)
        unsure = read | {"test": read["test"] | {"lift": (0.02, -0.07, 0.13)}}
        assert cases.clear(kind, read, case.truth.later)
        assert not cases.clear(kind, unsure, case.truth.later)


def test_some_shops_have_a_test_that_decides():
    decide = [cases.lift_decides(shop, cases.kind_of(shop)) for shop in range(1_200)]
    assert 0.05 < np.mean(decide) < 0.1 and any(decide[:12])


def test_a_wide_interval_around_zero_never_says_dont():
    """One rule from the first lesson to the last: narrow enough to have seen such a gain."""
    said = {(-0.08, 0.055): trust.CANNOT_TELL_YET, (-0.03, 0.05): trust.NOT_WORTH_IT,
            (-0.15, -0.01): trust.NOT_WORTH_IT, (0.01, 0.2): trust.WORTH_IT,
            (0.01, 0.05): trust.TOO_SMALL, (-0.01, 0.2): trust.CANNOT_TELL_YET}  # fmt: skip
    assert {ends: trust.outcome(*ends, 0.06) for ends in said} == said
    assert start.what_a_lead_says(-8, 5.5, 6) == start.CANNOT_TELL
    assert start.what_a_lead_says(-3, 5, 6) == start.NO_LEAD


def test_a_group_is_left_out_by_the_memo_s_rule():
    """One rule in lessons 05b, 11 and 12, whatever the interval."""
    rng = np.random.default_rng(12)
    seen = set()
    for low, width, line in zip(rng.uniform(-0.2, 0.1, 2_000), rng.uniform(0, 0.3, 2_000),
                                rng.uniform(0.01, 0.15, 2_000), strict=True):  # fmt: skip
        high = low + width
        group = {"customers": 200, "gain_low": low, "gain_high": high, "enough": True}
        out = memo.group_says({"low": low, "high": high}, line) == memo.RULED_OUT
        assert cases.left_out(group, line) == out == memo.too_little(low, high, line)
        assert not cases.left_out(group | {"enough": False}, line)
        assert (high < cases.limit(low, high, line)) == out, "one limit on the desk says as much"
        seen.add((out, high < 0))
    assert seen == {(True, True), (True, False), (False, False)}


def test_a_check_that_blocks_comes_before_a_losing_group(monkeypatch):
    """Lessons 11 and 12 say one word where both meet: new lists first, then the group."""
    case = dealt(SEEDS[0], "one group")
    assert solve(cases.desk(case))[0] == "for this group only"
    monkeypatch.setitem(
        cases.gauges(case)["lists"], "failed", {"nothing that must not be shown": "3 rows"}
    )
    assert solve(cases.desk(case))[0] == "not yet"
    words = [word for _, _, word in ROUTINE]
    assert words[-2:] == ["not yet", "for this group only"]
    sure = {"doubts": 0, "rows_kept": 0.9, "customers_judged": 200, "hits": 60, "signal_low": 0.05,
            "signal_high": 0.07, "gain_low": 0.03, "gain_high": 0.05, "worth_having": 0.02,
            "smallest_lift": 0.3, "best_lift": 0.4}  # fmt: skip
    asked = [memo.decide(sure | {"stops": memo.what_stops({"forbidden": many})}) for many in (0, 3)]
    # of a group, too: it is tested only where its own answer is this one
    assert [each["decision"] for each in asked] == [memo.SHIP, memo.NOT_YET]


@pytest.mark.parametrize("kind", ["last week", "no taste"])
def test_no_group_of_a_shop_without_a_gain_would_be_tested_alone(kind):
    read = copy.deepcopy(cases.gauges(dealt(SEEDS[0], kind)))
    line, (one, several) = read["score"]["line"], read["groups"].values()
    share = several["customers"] / (one["customers"] + several["customers"])
    several |= {"enough": True, "gain_low": 0.1 * line, "gain_high": 0.99 * line / share}
    later = "must not be shown" if read["lists"]["failed"] else ""
    assert cases.clear(kind, read, later), "its own line is out of reach"
    several["gain_high"] = 1.01 * line / share
    assert not cases.clear(kind, read, later)
    several["gain_low"] = -0.1 * line
    assert cases.clear(kind, read, later)


def test_who_is_tested_without_a_group_reaches_a_line_of_their_own():
    """Lesson 11's rule: a group is left out by the shop's line, and the others earn all cost."""
    case = dealt(SEEDS[0], "one group")
    told = re.search(r"They are (\S+) of (\S+) judges, so their own line is (\S+) × \2 ÷ \1 = "
                     r"(\S+)\. Their interval, up to (\S+), reaches it\.",
                     cases.folded(case))  # fmt: skip
    stay, together, line, own, high = (numbers(each)[0] for each in told.groups())
    assert own == pytest.approx(line * together / stay, abs=0.1) and line < own < high
    read = copy.deepcopy(cases.gauges(case))
    assert cases.clear("one group", read, case.truth.later)
    read["groups"][memo.GROUPS[1]]["gain_high"] = (own - 0.5) / 100
    read["groups"][memo.GROUPS[1]]["gain_low"] = 0.01
    assert not cases.clear("one group", read, case.truth.later)
    assert "their own line" not in cases.folded(dealt(SEEDS[0], "healthy"))


def test_what_looks_odd_and_is_no_fault_is_named():
    case = dealt(SEEDS[0], "healthy")
    read = cases.gauges(case)
    told = cases.folded(case)
    odd = bool(read["lists"]["asks"]) or read["rows"]["heaviest"] >= 0.02
    assert ("Odd, but no reason to wait: " in told) == odd
    for kind in ("one group", "last week"):
        assert "no reason to wait" not in cases.folded(dealt(SEEDS[0], kind))


def test_a_shop_for_all_has_no_group_that_the_memo_leaves_out():
    read = copy.deepcopy(cases.gauges(dealt(SEEDS[0], "healthy")))
    line, group = read["score"]["line"], read["groups"][memo.GROUPS[0]]
    group |= {"enough": True, "gain_low": -0.4 * line, "gain_high": 0.8 * line}
    assert not cases.clear("healthy", read)  # it holds zero, is narrow and ends below the line
    group["gain_low"] = -1.5 * line  # too wide to tell
    assert cases.clear("healthy", read)
    group |= {"gain_low": -0.4 * line, "gain_high": 1.2 * line}
    assert cases.clear("healthy", read)


def test_twelve_numbers_hold_every_fault():
    met = {cases.texts()["kinds"][cases.kind_of(shop)]["fault"] for shop in range(12)}
    assert met == set(cases.texts()["faults"])


def test_the_table_of_faults_agrees_with_the_key():
    """Which gauge, which word: as the answers have it, in the order of the routine."""
    table = cases.where_to_look().set_index("fault")
    said = cases.texts()
    for about in said["kinds"].values():
        row = table.loc[about["fault"]]
        assert row["look at"] in about["gauges"]
        if about["fault"] == "leak":
            assert row["so we say"] == "score anew, go on"
        else:
            assert row["so we say"] == about["decision"]
    assert set(table.index) == set(said["faults"]) and table.index[-1] == "none"
    words = list(dict.fromkeys(table["so we say"]))
    asked = list(dict.fromkeys(word for _, _, word in ROUTINE))
    assert words == [*asked[:3], "don't", "for this group only", "ship a test"]


def test_the_solver_needs_the_symptom():
    """A desk without its symptom gets another decision: the solver reads, it doesn't know."""
    for kind, gauge, well in [
        ("turned dates", "doubts", ("0 serious", "")),
        ("one customer", "doubts", ("0 serious", "")),
        ("half a table", "doubts", ("0 serious", "")),
        ("broken split", "split", ("5 off the half; 1,500 and 1,490", "over 90 off")),
        ("too few", "judges", ("812", "under 100")),
        ("last week", "gain", ("+21.0 (+18.0 to +24.0)", "ends below 6.0, the line")),
        ("one group", "one product", ("+3.0 (-2.0 to +8.0)", "ends below 6.0, the line")),
        ("sold out", "list checks", ("all pass", "10 that stop")),
        ("forbidden", "list checks", ("all pass", "10 that stop")),
    ]:
        desk = cases.desk(dealt(SEEDS[0], kind))
        desk.loc[desk["gauge"] == gauge, ["reads", "a no if"]] = well
        if kind == "too few":
            desk.loc[desk["gauge"] == "gain", "reads"] = "+21.0 (+18.0 to +24.0)"
        low = numbers(desk.loc[desk["gauge"] == "gain", "reads"].iloc[0])[1]
        desk.loc[desk["gauge"] == "low end", "reads"] = f"{low:+.1f}"
        assert solve(desk)[1] != cases.texts()["kinds"][kind]["fault"], kind


# Symptoms: there where they belong, and nowhere else


def symptoms(read):
    rows, score, test = read["rows"], read["score"], read["test"]
    return {
        name
        for name, there in {
            "doubt": bool(rows["doubts"]),
            "heavy": rows["heaviest"] > 0.1 and rows["heaviest"] > 10 * rows["next"],
            "collapse": rows["lately"] < 0.3 * min(rows["usual"], rows["year_ago"]),
            "split": bool(test) and test["off"] > test["allowed"],
            "leak": score["known"] >= score["cut"],
            "few": score["judges"] < 100,
            "forbidden": "nothing that must not be shown" in read["lists"]["failed"],
        }.items()
        if there
    }


SYMPTOMS = {"turned dates": {"doubt"}, "one customer": {"doubt", "heavy"},
            "half a table": {"doubt", "collapse"}, "broken split": {"split"}, "leak": {"leak"},
            "too few": {"few"}, "sold out": {"forbidden"},
            "forbidden": {"forbidden"}}  # fmt: skip


def test_a_shop_shows_its_own_symptoms_and_no_other(case):
    own = SYMPTOMS.get(case.truth.kind, set())
    assert symptoms(cases.gauges(case)) == own | ({"forbidden"} if case.truth.later else set())


def test_the_obvious_figure_misleads(case):
    """In each kind a number that stands alone points the other way."""
    read, kind = cases.gauges(case), case.truth.kind
    score, rates = read["score"], {
        name: rate[0] for name, rate in read["score"]["rates"].items()
    }  # fmt: skip
    handed, best = rates["our lists"], rates["best sellers"]
    if kind == "healthy":  # the only one in which it asks for a no
        assert score["judges"] < read["rows"]["customers"] / 3
        assert score["outcome"] == trust.WORTH_IT
    elif kind == "turned dates":
        assert read["rows"]["kept"] == read["rows"]["read"] and handed > best + 0.05
    elif kind == "one customer":
        assert read["rows"]["growth"] > 0.3
        (purchases, _), _ = data.read_shop(case.files)
        people = purchases.groupby("product_name")["customer_id"].nunique()
        assert people.rank(ascending=False)[read["rows"]["top"]] > 5, "hardly anybody's favourite"
    elif kind == "half a table":
        assert read["rows"]["lately"] < 0.2 * read["rows"]["usual"]
    elif kind == "broken split":
        assert read["test"]["lift"][1] > 0
        assert read["test"]["decision"] == "cannot tell"
    elif kind == "leak":
        fair, _ = rates["fair score"], score["gain"]
        assert handed > 1.5 * best and fair < handed - 0.2 and score["gain"][2] < score["line"]
    elif kind == "no taste":
        assert handed > rates["dice"] + 0.05 and read["lists"]["shared"] < 4
        assert score["gain"][2] < score["line"] and score["shuffle"][2] < score["line"]
    elif kind == "too few":
        assert handed >= best + 0.08
    elif kind == "last week":
        assert score["above best sellers"][1] > 0, "clearly above the rival that the letter names"
        assert score["gain"][2] < score["line"] and score["shuffle"][1] > 0
    elif kind == "one group":
        first, last = read["groups"].values()
        assert score["gain"][1] > 0 and first["gain_high"] < 0 < last["gain_low"]
    else:
        assert score["gain"][1] > 0 and read["lists"]["failed"]
        assert list(read["lists"]["failed"]) == ["nothing that must not be shown"]


# Neither letters nor oddities give a shop away


def test_no_letter_tells_the_kind():
    known = cases.texts()
    for name, about in known["letters"].items():
        faults = {known["kinds"][kind]["fault"] for kind in about["kinds"]}
        decisions = {known["kinds"][kind]["decision"] for kind in about["kinds"]}
        assert len(faults) >= 4 and len(decisions) >= 3, name
        assert about.get("asks", DECISIONS[0]) in DECISIONS
    sent = [(cases.kind_of(shop), cases.letter_of(shop)) for shop in range(-36, 600)]
    for kind in cases.KINDS:
        assert len({letter for own, letter in sent if own == kind}) >= 2, kind
    for letter in known["letters"]:
        assert len({kind for kind, own in sent if own == letter}) >= 3, letter
    for three in zip(sent, sent[1:], sent[2:], strict=False):
        assert len({letter for _, letter in three}) >= 2
    # guessing by the letter alone, with the whole key in mind, is right in less than half
    best = sum(
        max([kind for kind, own in sent if own == letter].count(each) for each in cases.KINDS)
        for letter in known["letters"]
    )
    assert best < 0.5 * len(sent)


def test_some_letters_ask_for_what_is_right():
    known = cases.texts()
    asked = [known["letters"][cases.letter_of(shop)].get("asks") ==
             known["kinds"][cases.kind_of(shop)]["decision"] for shop in range(600)]  # fmt: skip
    assert 0.1 < sum(asked) / len(asked) < 0.5


def test_later_noes_and_oddities_come_now_and_then():
    shops = [(shop, cases.kind_of(shop)) for shop in range(600)]
    later = [bool(cases.later_no(*each)) for each in shops]
    large = [cases.has_large(*each) for each in shops]
    assert 0.1 < sum(later) / 600 < 0.35 and 0.4 < sum(large) / 600 < 0.6
    for shop, kind in shops:
        if cases.later_no(shop, kind):
            sentences, right = cases.sentences_of(shop, kind)
            said = cases.texts()["faults"]
            wrong = [text for name, text in sentences.items() if name != right]
            assert said["must not be shown"]["sentence"] in wrong and len(sentences) == 4


def test_an_oddity_is_on_the_desk_and_no_fault(case):
    read = cases.gauges(case)
    first, nearly = read["rows"]["heaviest"], read["rows"]["next"]
    if cases.has_large(case.shop, case.truth.kind) and case.truth.kind != "one customer":
        assert 0.008 < nearly <= first < 0.1 and first < 3 * nearly
    assert all(check == "every list is full" or "half" in check for check in read["lists"]["asks"])
    test = read["test"]
    if test and case.truth.kind != "broken split":
        assert test["off"] < test["allowed"] and test["lift"][1] <= 0 <= test["lift"][2]
    for remark in read["rows"]["remarks"]:
        assert "1 customer may be a test:" in remark, remark


def test_what_only_asks_somebody_to_look_is_not_called_a_failure(case):
    read, said = cases.gauges(case)["lists"], cases.desk(case).set_index("gauge")["reads"]
    told = said["list checks"].split("; ")
    assert sum(each.startswith("blocks: ") for each in told) == len(read["failed"])
    asks = {} if read["failed"] else read["asks"]  # beside one that blocks, nobody needs them
    assert sum(each.startswith("doesn't block: ") for each in told) == len(asks)
    counts = [numbers(what)[0] for what in (read["failed"] | asks).values()]
    assert counts == [numbers(each)[0] for each in told if each != "all pass"]
    assert ("forbidden or sold-out product" in said["list checks"]) == bool(read["failed"])


def test_whoever_wants_a_signature_gets_an_answer():
    """Where a test is the word; elsewhere the word itself says no."""
    letters = cases.texts()["letters"]
    asks = {name for name, about in letters.items() if "Sign" in about["letter"]}
    assert asks == {name for name, about in letters.items() if "reply" in about} == {"vendor"}
    dealt_by_vendor = {}
    for shop in range(200):
        if cases.letter_of(shop) in asks:
            dealt_by_vendor.setdefault(cases.kind_of(shop), shop)
    for kind in ("healthy", "no taste"):
        told = cases.folded(cases.deal(dealt_by_vendor[kind]))
        assert ("we sign nothing before the test has ended" in told) == (kind == "healthy")


def test_a_shop_is_not_taken_for_one_of_another_kind():
    """The check before dealing knows what belongs to a kind, and what doesn't."""
    alike = [{"turned dates", "one customer", "half a table"}, {"sold out", "forbidden"}]
    for kind in cases.KINDS:
        one = dealt(SEEDS[0], kind)
        read, later = cases.gauges(one), one.truth.later
        assert cases.clear(kind, read, later)
        for other in cases.KINDS:
            if other != kind and not any({kind, other} <= pair for pair in alike):
                assert not cases.clear(other, read, later), (kind, other)


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("last week", ("score", "rival"), "last 30 days"),
        ("last week", ("score", "histories"), trust.NOTHING),
        ("last week", ("score", "above best sellers"), (0.02, -0.01, 0.05)),
        ("leak", ("score", "rates", "our lists"), (0.05,)),
        ("no taste", ("score", "rates", "our lists"), (0.05,)),
        ("no taste", ("score", "histories"), evaluate.CANNOT_TELL),
        ("too few", ("score", "rates", "our lists"), (0.05,)),
        ("one group", ("groups", memo.GROUPS[0], "gain_high"), 0.01),
        ("one group", ("groups", memo.GROUPS[1], "gain_low"), -0.01),
        ("broken split", ("test", "lift"), (0.1, -0.01, 0.21)),
        ("half a table", ("rows", "lately"), 400),
        ("one customer", ("rows", "heaviest"), 0.19),
        ("healthy", ("groups", memo.GROUPS[1], "gain_high"), -0.01),
        ("sold out", ("score", "outcome"), trust.TOO_SMALL),
    ],
)
def test_a_draw_that_hides_what_misleads_is_thrown_away(kind, path, value):
    case = dealt(SEEDS[0], kind)
    read = copy.deepcopy(cases.gauges(case))
    assert cases.clear(kind, read, case.truth.later)
    within = functools.reduce(dict.__getitem__, path[:-1], read)
    assert path[-1] in within
    within[path[-1]] = value
    assert not cases.clear(kind, read, case.truth.later)


def test_a_draw_with_a_lucky_test_or_without_its_later_no_is_thrown_away():
    sound = {"arms": ["today", "today again"], "broken": False}
    for lift, well in [((0.0, -0.1, 0.1), True), ((0.2, 0.1, 0.3), False),
                       ((-0.2, -0.3, -0.1), False)]:  # fmt: skip
        read = cases.gauges(dealt(SEEDS[0], "healthy")) | {"test": sound | {"lift": lift}}
        assert cases.clear("healthy", read) == well
    few = cases.gauges(dealt(SEEDS[0], "too few"))
    for failed in ({}, {"nothing that must not be shown": "1 product"}):
        read = few | {"lists": few["lists"] | {"failed": failed}}
        assert cases.clear("too few", read, "must not be shown") == bool(failed)
        assert cases.clear("too few", read) == (not failed)


def test_each_doubt_is_the_one_that_the_kind_is_about(case):
    words = {
        "turned dates": "day and month turned|days 1 to 12|none of .* orders falls",
        "one customer": "of the rows; the next one",
        "half a table": "the last .* days hold",
    }
    said = cases.gauges(case)["rows"]["doubts"]
    if case.truth.kind in words:
        assert re.search(words[case.truth.kind], said[0])
        assert said[0] in cases.health(case)


def test_the_letter_and_the_desk_say_no_verdict(case):
    letter, desk = cases.letter(case), cases.desk(case, whole=True)
    for answer in (case.truth.decision, case.truth.clue):
        assert answer not in letter and answer not in repr(case)
    assert case.truth.kind not in repr(case) and "{" not in letter and "nan" not in letter.split()
    assert 20 <= len(letter.split()) <= 70
    assert list(desk.columns) == [
        "question",
        "gauge",
        "reads",
        "a no if",
    ] and desk.notna().all(axis=None)
    assert desk["gauge"].tolist() == cases.options(case)["gauge"]
    # that all rows were read answers no question
    short = cases.desk(case)
    assert short.equals(desk[desk["gauge"] != "rows kept"].reset_index(drop=True))
    assert len(short) == 19
    # whatever a sentence about a wrong answer names stands on the page
    assert set(case.truth.gauges) <= set(short["gauge"])


def test_the_rows_are_counted_back_from_the_last_day():
    case = dealt(SEEDS[0], "broken split")
    (bought, _), _ = data.read_shop(case.files)
    days = bought["transaction_date"].dt.normalize()

    def sold(since, until):
        ago = days.max() - days
        return int(((ago >= pd.Timedelta(days=since)) & (ago < pd.Timedelta(days=until))).sum())

    read = cases.gauges(case)["rows"]
    assert (read["lately"], read["year_ago"]) == (sold(0, 30), sold(365, 395))
    assert read["usual"] == int(np.median([sold(30 * n, 30 * n + 30) for n in range(1, 13)]))
    assert read["growth"] == pytest.approx(sold(0, 365) / sold(365, 730) - 1)
    lines = bought["product_name"].value_counts()
    assert read["top"] == lines.index[0] and read["top_share"] == lines.iloc[0] / len(bought)
    first, second = bought["customer_id"].value_counts().iloc[:2] / len(bought)
    assert (read["heaviest"], read["next"]) == pytest.approx((first, second))


def looks(case):
    """What the three looks into the rows show, by the code that lesson 12 has in a fold."""
    lesson = nbformat.read(notebooks.FOLDER / "12_your_turn.ipynb", as_version=4)
    fold = next(cell.source for cell in lesson.cells if "three looks into the rows" in cell.source)
    told = re.search(r"three looks into the rows.*?```python\n(.*?)```", fold, flags=re.S)[1]
    names, shown = {"cases": cases, "first": case}, []
    for line in ast.parse(told).body:
        if isinstance(line, ast.Expr):
            shown.append(eval(ast.unparse(line), names))
        else:
            exec(ast.unparse(line), names)
    return shown


@pytest.mark.parametrize("kind", ["healthy", "last week", "forbidden", "turned dates",
                                  "half a table", "one customer"])  # fmt: skip
def test_the_three_looks_show_what_the_lesson_says(kind):
    heavy, late, weeks = looks(dealt(SEEDS[0], kind))
    months = late.iloc[1:-1]  # the first one opens late, the last one ends quietly
    turned = ((months < 0.53).rolling(3).sum() == 3).any() and (months > 0.67).any()
    assert (heavy.iloc[0] > 10 * heavy.iloc[1]) == (kind == "one customer")
    assert turned == (kind == "turned dates")
    many = cases.rows(dealt(SEEDS[0], kind))["transaction_date"].dt.to_period("M").value_counts()
    months = months[many[months.index] >= 200]  # in a small month, luck alone does as much
    if kind == "half a table":  # the month in which it stops has its first days only
        months = months.iloc[:-1]
    assert turned or months.between(0.5, 0.7).all()
    if kind != "turned dates":  # which also moves rows between weeks
        assert (weeks.min() < 0.2 * weeks.median()) == (kind == "half a table")
        assert kind == "half a table" or weeks.min() > 0.5 * weeks.median()


def test_a_letter_names_each_number_as_the_desk_has_it(monkeypatch):
    case = dealt(SEEDS[0], "broken split")
    about = cases.texts()["letters"][cases.letter_of(case.shop, case.truth.kind)]
    names = ["handed", "popular", "week", "dice", "judges", "days", "places"]
    form = " ".join(f"{{{name}}}" for name in names)
    monkeypatch.setitem(
        about, "letter", form + " {gone:.1%} {shared:.1f} {lift_low:+.0%} {lift_high:+.0%} {arms}"
    )
    read, desk = cases.gauges(case), cases.desk(case, whole=True).set_index("gauge")
    rates = ["our lists", "best sellers", "last 7 days", "dice"]
    reads = [numbers(desk.loc[name, "reads"])[0] for name in [*rates, "judges"]]
    people = read["rows"]["customers"]
    places = case.lists.groupby("customer_id")["product_id"].agg(set)
    some = places.sample(400, random_state=0).tolist()
    shared = np.mean([len(one & other) for one, other in itertools.combinations(some, 2)])
    told = numbers(cases.letter(case).split("“")[1])
    assert told[:8] == [*reads, 60, 5, round(100 - 100 * reads[-1] / people, 1)]
    assert told[8] == pytest.approx(shared, abs=0.1)
    assert told[9:] == numbers(desk.loc["lift", "reads"])[1:] and told[9] < told[10]
    assert "“personal” against “today”" in cases.letter(case)
    assert desk.loc["lift", "reads"].endswith("; personal vs today")
    assert desk.loc["lift", "a no if"] == "ends below the plan's +10%"
    # each arm stands beside its size: the smaller one is that of the new lists
    sizes = re.findall(r"([\d,]+)(?: customers)? \((.*?)\)", desk.loc["split", "reads"])
    assert [arm for _, arm in sizes] == ["today", "personal"]
    assert " customers (today) and " in desk.loc["split", "reads"], "it is said what is counted"
    assert numbers(sizes[0][0]) > numbers(sizes[1][0])


def test_the_row_that_is_read_aloud_is_a_yes_and_gives_nothing_away(case):
    told = cases.one_row(case)
    name = re.search(r"row \*(.*?)\*", told)
    assert told.endswith("Go down from the top:")
    if name:
        row = cases.desk(case).set_index("gauge").loc[name[1]]
        assert f"reads {row['reads']}. A no would be *{row['a no if']}*, so this is a yes." in told
        assert name[1] not in cases.texts()["kinds"][case.truth.kind]["gauges"]
    else:
        assert cases.gauges(case)["rows"]["doubts"]


def test_the_sums_give_what_the_desk_has(case):
    """Gain and line from counted judges: the fair score's, and the best plain list's."""
    told, (judges, ours, best, gain, many, points_of_gain, line, points_of_line) = sums_of(case)
    assert judges == many and ours - best == gain and "nan" not in told
    desk = cases.desk(case).set_index("gauge")["reads"]
    assert (
        numbers(desk["gain"])[0] == points_of_gain == pytest.approx(100 * gain / judges, abs=0.06)
    )
    assert line == best / 5 and points_of_line == pytest.approx(100 * line / judges, abs=0.06)
    limit = cases.desk(case).set_index("gauge").loc["gain", "a no if"]
    assert numbers(limit)[0] in (points_of_line, 0)
    rates = [numbers(desk[name])[0] for name in ("best sellers", "last 30 days", "last 7 days")]
    assert max(rates) == pytest.approx(100 * best / judges, abs=0.51)
    assert numbers(desk["fair score"])[0] == pytest.approx(100 * ours / judges, abs=0.51)


def sums_of(case):
    told = cases.sums(case)
    found = re.search(
        r"(\S+) of (\S+) judges find something in our lists, and (\S+) in the best plain list\."
        r"\n\n- \*Gain:\* \S+ − \S+ = (\S+) of (\S+), or (\S+) of a hundred\."
        r"\n- \*Line,\* a fifth: \S+ ÷ 5 = (\S+) of \S+, or (\S+) of a hundred\.$",
        told,
    )
    ours, judges, *others = (numbers(each)[0] for each in found.groups())
    return told, (judges, ours, *others)


@pytest.mark.parametrize(
    ("judges", "doubts", "name"),
    [(99, [], "doubts"), (100, ["odd"], "judges"), (99, ["odd"], None)],
)
def test_a_row_that_says_no_is_never_read_aloud(judges, doubts, name, monkeypatch):
    case = dealt(SEEDS[0], "healthy")
    monkeypatch.setitem(cases.gauges(case)["score"], "judges", judges)
    monkeypatch.setitem(cases.gauges(case)["rows"], "doubts", doubts)
    told = cases.one_row(case)
    assert (f"row *{name}*" in told) if name else "row *" not in told


# Numbers and kinds


def test_three_in_a_row_are_three_kinds_and_no_pattern_repeats():
    kinds = [cases.kind_of(shop) for shop in range(-36, 1_200)]
    faults = cases.texts()["kinds"]
    for at in range(len(kinds) - 2):
        three = kinds[at : at + 3]
        assert len(set(three)) == 3
        assert len({faults[kind]["fault"] for kind in three}) == 3
        assert three.count("healthy") <= 1
    assert {kind: kinds.count(kind) for kind in cases.KINDS} == dict.fromkeys(cases.KINDS, 103)
    blocks = [tuple(kinds[at : at + 12]) for at in range(0, len(kinds), 12)]
    assert len(set(blocks)) > 95 and all(len(set(block)) == 12 for block in blocks)


def test_the_same_number_is_the_same_shop():
    one, again = cases.make(7, "too few"), cases.make(7, "too few")
    assert one.sentences == again.sentences and one.truth == again.truth
    assert one.lists.equals(again.lists)
    assert repr(cases.gauges(one)) == repr(cases.gauges(again))
    for name in ("transactions_path", "events_path", "products_path"):
        texts = [Path(getattr(each.files, name)).read_text() for each in (one, again)]
        assert texts[0] == texts[1]
    assert not cases.make(7, "too few", attempt=1).lists.equals(one.lists)
    assert dealt(SEEDS[0], "too few") is cases.deal(SEEDS[0], "too few")


def test_an_odd_number_gets_a_sentence():
    for shop in ("3", 2.5, None, True):
        with pytest.raises(ValueError, match="whole number"):
            cases.deal(shop)
    with pytest.raises(ValueError, match="no kind"):
        cases.deal(3, "lovely")


# What is written about them


@each_kind
def test_a_kind_is_written_out(kind):
    about, known = cases.texts()["kinds"][kind], cases.texts()
    assert about["decision"] in DECISIONS == list(known["decisions"])
    assert about["fault"] in known["faults"]
    assert (about["decision"] == "fix the data first") == (kind in FIX)
    gauges = [gauge for names in known["questions"].values() for gauge in names]
    assert set(about["gauges"]) <= set(gauges)
    assert len({about["fault"], *about["beside"]}) == 4
    assert set(about["beside"]) <= set(known["faults"])
    assert kind == "healthy" or "none" in about["beside"], "the yes that the letter asks for"
    assert set(known["kinds"]) == set(cases.KINDS)
    sentences = [each["sentence"] for each in known["faults"].values()]
    assert len(set(sentences)) == len(sentences)


# The form


def reply(case, answer, capsys, name="12-1"):
    exercises.check(name, answer, case=case)
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def nobody_has_tried():
    exercises._TRIED.clear()


@each_kind
def test_the_key_is_right_and_each_wrong_answer_gets_its_hint(kind, capsys):
    case = dealt(SEEDS[0], kind)
    key = tuple(cases.key(case).values())
    said = reply(case, key, capsys)
    assert f"All three. {case.truth.clue}" in said
    assert ("blocks, too" in said) == bool(case.truth.later)
    if case.truth.later:  # lists that stay away need no mending
        assert ("must be mended, too" in said) == (case.truth.decision != "don't")
    assert cases.judge(case, dict(cases.key(case)))[0]
    also = re.findall(r"`([^`\n]+)`", cases.folded(case).replace("```", ""))
    assert tuple(also) == case.truth.gauges[1:]
    said = cases.texts()
    assert case.sentences[case.truth.sentence] == said["faults"][case.truth.fault]["sentence"]
    assert len(set(case.sentences.values())) == 4
    for place, part in enumerate(cases.PARTS):
        for option in cases.options(case)[part]:
            answer = [*key[:place], option, *key[place + 1 :]]
            lines = reply(case, answer, capsys).splitlines()
            exercises._TRIED.clear()
            if option in cases.right(case, part):
                assert lines[place] == f"{part}: correct" and len(lines) == 4
                continue
            assert len(lines) == 3 and lines[place].startswith(f"{part}: wrong. ")
            assert all(each.endswith(": correct") for at, each in enumerate(lines) if at != place)
            told = lines[place].lower()
            if part == "decision":
                assert said["decisions"][option].lower() in told
            elif part == "gauge":
                row = cases.desk(case, whole=True).set_index("gauge").loc[option]
                assert row["reads"].lower() in told
            else:
                fault = next(name for name, each in said["faults"].items()
                             if each["sentence"] == case.sentences[option])  # fmt: skip
                later = fault == case.truth.later
                shows = "a question before it" if later else said["faults"][fault]["shows"]
                assert f"goes with the fault “{fault}”" in told and shows.lower() in told
            assert len(set(lines)) == 3


@each_kind
def test_no_hint_gives_the_key_away(kind):
    case = dealt(SEEDS[0], kind)
    right = case.truth
    faults = cases.texts()["faults"]
    own = faults[right.fault]["shows"]
    for part in cases.PARTS:
        wrong = [each for each in cases.options(case)[part] if each not in cases.right(case, part)]
        for option in wrong:
            told = cases.hint(case, part, option)
            assert right.clue not in told and case.sentences[right.sentence] not in told
            assert f"“{right.decision}”" not in told and own not in told.lower()
            assert f"“{right.fault}”" not in told


def test_the_second_different_wrong_answer_says_once_where_to_look(capsys):
    case = dealt(SEEDS[0], "sold out")
    look = "On the desk, the first no stands at “7 may it be shown?”."
    for answer, more in [("don't", False), ("don't", False), ("ship a test", True)]:
        lines = reply(case, (answer, ..., ...), capsys).splitlines()
        assert lines[1:3] == [f"{part}: not answered yet" for part in cases.PARTS[1:]]
        assert lines[3:] == ([look] if more else [])
    said = reply(case, ("fix the data first", "dice", ...), capsys)
    assert said.count(look) == 1
    assert look not in reply(case, ("don't", ..., ...), capsys, "12-2")
    for answer in ("don't", "not yet"):
        said = reply(dealt(SEEDS[0], "healthy"), (answer, ..., ...), capsys)
    assert said.endswith("is there any no on this desk?\n")


def test_who_names_a_later_no_hears_that_one_comes_before():
    shop = next(shop for shop in range(900, 1000) if cases.later_no(shop, "too few"))
    case = cases.make(shop, "too few")
    own = cases.texts()["faults"][case.truth.later]["sentence"]
    letter = next(name for name, text in case.sentences.items() if text == own)
    said = cases.judge(case, (..., ..., letter))[1]
    assert "a question before it has a no already" in said
    assert "comes later" in cases.folded(case)


class Odd:
    def __str__(self):
        raise RuntimeError


def test_an_odd_form_gets_a_sentence(capsys):
    case = dealt(SEEDS[0], "too few")
    blank = reply(case, (...,) * 3, capsys)
    assert blank.splitlines() == [f"{part}: not answered yet" for part in cases.PARTS]
    for odd in (..., None, 3, "don't", [], ("don't",), {"decision": "don't"}, ([], {}, 3.5),
                ("DON’T", "?", "E"), (Odd(), 1, 2), ("’",) * 4):  # fmt: skip
        said = reply(case, odd, capsys)
        assert said and "Traceback" not in said and "All three" not in said
    curly = reply(case, ("Not Yet", " JUDGES ", case.truth.sentence.lower()), capsys)
    assert "All three" in curly
    exercises.check("12-1", (...,) * 3)
    assert "exercise 12-1 needs case" in capsys.readouterr().out
    exercises.check("12-1", (...,) * 3, case=None)
    assert "not to blame" in capsys.readouterr().out


def test_the_answers_stored_in_the_lesson_are_right(capsys):
    """The folded answers are computed; pasted into the form, each is right for its shop."""
    [path] = notebooks.FOLDER.glob("12_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    forms = [at for at, cell in enumerate(cells) if "case=" in cell.source and "exercise" in
             cell.metadata.get("tags", [])]  # fmt: skip
    names = dict(zip(("first", "second", "third"), map(cases.deal, (1, 2, 3)), strict=True))
    assert len(forms) == 3
    for at in forms:
        [told] = cells[at + 1].outputs
        assert notebooks.ANSWER in cells[at + 1].metadata["tags"]
        answer = re.search(r"```python\n(.*?)```", told.data["text/markdown"], flags=re.S)[1]
        blank, call = cells[at].source.rsplit("\n", 1)
        assert blank.splitlines() == [f"{part} = ..." for part in cases.PARTS]
        exec(f"{answer}\n{call}", {"check": exercises.check, **names})
        assert "All three." in capsys.readouterr().out


def test_learners_get_no_key_and_instructors_get_it_for_many_shops(tmp_path, monkeypatch):
    [path] = notebooks.FOLDER.glob("12_*.ipynb")
    learner = workshop.learner_notebook(nbformat.read(path, as_version=4))
    assert "cases.folded" not in "".join(cell.source for cell in learner.cells)
    table = cases.keys(range(1, 37))
    for shop in (1, 20, 36):
        key = cases.key(shop)
        assert f"| {shop} | {' | '.join(key.values())} |" in table
    assert cases.key(2) == cases.key(cases.deal(2))  # dealt for the test before
    two = [next(notebooks.FOLDER.glob("11_*.ipynb")), path]
    monkeypatch.setattr(workshop, "lessons", lambda: two)
    monkeypatch.setattr(workshop, "write_slides", lambda out: None)
    workshop.write_workshop(tmp_path)
    told = {each.relative_to(tmp_path).as_posix() for each in tmp_path.glob("*/*.ipynb")
            if table in "".join(cell.source for cell in nbformat.read(each, 4).cells)}  # fmt: skip
    assert told == {f"instructor/{path.name}"}


def test_a_run_leaves_the_lesson_out_and_says_so():
    assert "12" not in [notebooks.number(path) for path in runs.select_lessons(())]
    for name in ("12", "12_your_turn"):
        with pytest.raises(runs.RunError, match="deals made-up shops .* a run leaves it out"):
            runs.select_lessons((name,))
    with pytest.raises(runs.RunError, match="no lesson '13'"):
        runs.select_lessons(("13",))
    chosen = runs.select_lessons(("1",))
    assert [notebooks.number(path) for path in chosen] == ["10", "11"]


def testpoints_have_no_zero_with_a_sign():
    assert [points(share, "+") for share in (0.123, -0.05, -0.0001)] == ["+12.3", "−5.0", "0.0"]


def test_an_answer_can_be_said_in_two_sentences_with_a_number_and_a_day(case, monkeypatch):
    told = cases.folded(case).split("In two sentences, for example: “")[1].split("”")[0]
    assert len(re.findall(r"[.]( |$)", told)) == 2 and "{" not in told and "nan" not in told
    assert "1 March" in told or "By Friday" in told or "on the day that" in told
    # the answer to start a test says no less than the desk
    if cases.key(case)["decision"] == "ship a test":
        row = cases.desk(case, whole=True).set_index("gauge").loc["gain"]
        is_beyond = numbers(row["reads"])[1] > numbers(row["a no if"])[0]
        assert ("even its low end is beyond our line" in told) == is_beyond
        assert ("above zero, and can reach our line" in told) != is_beyond
    # its number is the one that decides, as the desk has it
    reads, key = cases.desk(case, whole=True).set_index("gauge")["reads"], cases.key(case)
    by_fault = {"too few": "judges", "must not be shown": "gain"}
    by_word = {"don't": "gain", "ship a test": "gain"}
    decides = by_fault.get(case.truth.fault) or by_word.get(key["decision"], key["gauge"])
    decides = "lift" if key["gauge"] == "lift" else decides
    assert reads[decides].split(";")[0] in told.replace(" points", "").replace("the gain is ", "")
    if case.truth.fault == "must not be shown":
        assert "forbidden or sold-out product" in told and "shorter than" not in told
        monkeypatch.setitem(
            cases.gauges(case)["lists"], "asks", {"every list is full": "3 shorter"}
        )
        checks = cases.desk(case).set_index("gauge")["reads"]["list checks"]
        assert checks.startswith("blocks: ") and "3 lists" not in checks
        assert "3 lists" not in cases.folded(case).split("In two sentences")[1]
        monkeypatch.setitem(cases.gauges(case)["lists"], "failed", {})
        checks = cases.desk(case).set_index("gauge")["reads"]["list checks"]
        assert checks.startswith("doesn't block: 3 lists are shorter")


@pytest.mark.parametrize(("low", "high", "said"), [(-1.5, 0.9, True), (-0.5, 0.9, False),
                                                   (0.1, 2.9, False)])  # fmt: skip
def test_the_desk_says_where_an_interval_around_zero_is_too_wide(low, high, said, monkeypatch):
    """In lines: wider than two of them, it could hardly have seen one."""
    case = dealt(SEEDS[0], "healthy")
    score = cases.gauges(case)["score"]
    line = score["line"]
    monkeypatch.setitem(score, "gain", ((low + high) / 2 * line, low * line, high * line))
    beside = cases.desk(case).set_index("gauge").loc["gain", "a no if"]
    told = points(line)
    wanted = f"ends below 0 (too wide for {told})" if said else f"ends below {told}, the line"
    assert beside == wanted


def test_the_desk_has_conditions_and_a_fold_their_reasons(case):
    """When is it a no? At a glance; why, and what to do then, is said once for all shops."""
    first, _ = cases.laid_out(case)
    assert first["a no if"].str.split().str.len().max() <= 7
    told = first["a no if"][~first["a no if"].str.startswith("never: ")]
    assert not told.str.contains("[:;]| so | because ").any()
    lesson = nbformat.read(notebooks.FOLDER / "12_your_turn.ipynb", as_version=4)
    [fold] = re.findall(r"easily misread on the desk\?</summary>(.*?)</details>",
                        "\n".join(cell.source for cell in lesson.cells), flags=re.S)  # fmt: skip
    for no, why in [("*Events known until* the cut or later", "the lists saw the answer"),
                    ("*Ends below 0*", "too wide for the line")]:  # fmt: skip
        [said] = [line for line in fold.splitlines() if no in line]
        assert why in said


def test_no_shop_sells_more_than_the_lesson_lets_pass_without_a_reason(case):
    """A rise is a fault beyond twice the usual and twice last year's: no dealt shop has one."""
    rows = cases.gauges(case)["rows"]
    assert rows["lately"] <= 2 * max(rows["usual"], rows["year_ago"])


def test_pages_have_the_forms_of_the_shops_that_the_lesson_dealt():
    [path] = notebooks.FOLDER.glob("12_*.ipynb")
    name = exercises.WORKED_OUT
    outputs = [output for cell in nbformat.read(path, as_version=4).cells
               for output in cell.get("outputs", [])]  # fmt: skip
    stored = [each.metadata[name] for each in outputs if name in each.get("metadata", {})]
    assert stored == [cases.form(cases.deal(shop)) for shop in (1, 2, 3)]
    for form in stored:
        assert [part for part, _ in form["parts"]] == list(cases.PARTS)
        assert all(any(good for _, good, _ in each) for _, each in form["parts"])
