"""The simulated live test, its feedback rounds, and the export of a test of one's own."""

import itertools

import numpy as np
import pandas as pd
import pytest

from helpers import data, experiments, simulation
from helpers.experiments.readout import sentence
from helpers.reading.parameters import LiveTest


def test_sample_ratio_mismatch():
    assert experiments.sample_ratio_mismatch([5_000, 5_050])["words"] == "as planned"
    assert "broken" in experiments.sample_ratio_mismatch([5_000, 5_500])["words"]
    assert experiments.sample_ratio_mismatch([9_000, 1_010], [0.9, 0.1])["words"] == "as planned"


@pytest.fixture(scope="module")
def world():
    return simulation.make_world()


@pytest.fixture(scope="module")
def lists(world):
    return simulation.two_lists(world.transactions)


HALVES = {"popular": 0.5, "improved": 0.5}


def dealt(home, salt="a test", shares=HALVES, holdout=0.0):
    return experiments.assign_arms(home.customers, shares, salt, holdout)


def test_the_choice_model_is_calibrated_on_todays_list_only():
    rng = np.random.default_rng(0)
    liking = rng.normal(0, 2, size=(500, 5))
    liking[:50, 4] = -np.inf  # a short list
    for slope in (0, 0.5, 2):
        choice = simulation.fit_choice(liking, slope=slope)
        click, cart = choice.chances(liking)
        assert click.sum(axis=1).mean() == pytest.approx(0.10)
        assert (click * cart).sum() / click.sum() == pytest.approx(0.08)
        assert (click[:50, 4] == 0).all() and (cart[:50, 4] == 0).all()
    many = rng.integers(0, 500, 200_000)
    place, carted = simulation.react(click[many], cart[many], rng)
    assert (place >= 0).mean() == pytest.approx(0.10, abs=0.003)
    assert carted.sum() / (place >= 0).sum() == pytest.approx(0.08, abs=0.006)
    assert not carted[place < 0].any()


def test_a_steeper_response_curve_takes_the_liked_sooner():
    liking = np.array([[2.0, 0.0, -2.0]])
    flat, steep = (simulation.Choice(1.0, 1.0, slope).chances(liking) for slope in (0, 2))
    for chances in flat:
        assert np.ptp(chances) == 0
    for chances in steep:
        assert (np.diff(chances) < 0).all()


def test_a_live_test_is_an_export_that_our_reader_takes(world, lists, tmp_path):
    home = simulation.prepare_homepage(world, lists)
    assigned = dealt(home, holdout=0.1)
    rows = simulation.live_test(world, lists, assigned, "2025-03-03", weeks=2)
    pd.testing.assert_frame_equal(rows, home.visits(assigned, "2025-03-03", weeks=2))
    assert rows["date"].between("2025-03-03", "2025-03-16").all()
    assert rows["date"].dt.normalize().nunique() == 14
    arm_of = assigned.set_index("customer_id")["arm"]
    assert (rows["arm"] == rows["customer_id"].map(arm_of)).all()
    prices = world.products["price"].to_list()
    assert rows.loc[rows["bought"] == 1, "revenue"].isin(prices).all()
    assert (rows.loc[rows["bought"] == 0, "revenue"] == 0).all()
    assert (rows["bought"] <= rows["carted"]).all() and (rows["carted"] <= rows["clicked"]).all()
    rows.to_csv(tmp_path / "test.csv", index=False)
    parameters = data.shop_parameters(
        reading={"test_results_path": str(tmp_path / "test.csv"), "test_date_format": "%Y-%m-%d"}
    )
    read, report = data.read_test_results(parameters)
    assert report.kept == len(rows) and not any(report.rejected.values())
    pd.testing.assert_frame_equal(
        experiments.by_customer(read), experiments.by_customer(rows), check_dtype=False
    )


def test_visits_belong_to_customers_and_not_to_arms(world, lists):
    home = simulation.prepare_homepage(world, lists)
    assigned = dealt(home)
    swapped = assigned.assign(
        arm=assigned["arm"].map({"popular": "improved", "improved": "popular"})
    )
    one, other = home.visits(assigned), home.visits(swapped)
    same = ["customer_id", "date"]
    pd.testing.assert_frame_equal(one[same], other[same])
    assert not one["clicked"].equals(other["clicked"])
    often = home.visits_per_week
    assert often.mean() == pytest.approx(simulation.VISITS_PER_WEEK, rel=0.05)
    assert np.sort(often)[-len(often) // 5 :].sum() / often.sum() == pytest.approx(0.52, abs=0.03)
    came = one.groupby("customer_id").size().reindex(home.customers, fill_value=0)
    assert np.corrcoef(came, often)[0, 1] > 0.8
    again = home.visits(assigned, "2025-06-02")
    assert not again["customer_id"].equals(one["customer_id"]), "a log and the test after it differ"


def test_the_holdout_sees_todays_list_and_who_is_not_dealt_does_not_come(world, lists):
    home = simulation.prepare_homepage(world, lists)
    everybody = pd.DataFrame({"customer_id": home.customers, "arm": "popular"})
    log = home.visits()
    held = home.visits(everybody.assign(arm="holdout"))
    assert set(log["arm"]) == {"popular"} and set(held["arm"]) == {"holdout"}
    columns = ["customer_id", "clicked", "carted", "revenue"]
    pd.testing.assert_frame_equal(log[columns], held[columns])
    pd.testing.assert_frame_equal(log, home.visits(everybody))
    few = everybody.iloc[:100]
    assert set(home.visits(few)["customer_id"]) <= set(few["customer_id"])


def test_who_can_not_be_in_a_test_is_said(world, lists):
    home = simulation.prepare_homepage(world, lists)
    assigned = dealt(home)
    with pytest.raises(
        ValueError, match="No list for novel; there are lists for popular, improved"
    ):
        home.visits(assigned.replace("improved", "novel"))
    with pytest.raises(ValueError, match="one arm only"):
        home.visits(pd.concat([assigned, assigned.iloc[:1]]))
    with pytest.raises(ValueError, match="have bought something.*: 1 of"):
        home.visits(pd.concat([assigned, assigned.iloc[:1].assign(customer_id="stranger")]))


def test_what_is_expected_is_what_many_visits_come_to(world, lists):
    home = simulation.prepare_homepage(world, lists)
    expected = home.expected()
    today = expected.loc["popular"]
    assert today["clicked"] == pytest.approx(0.10) and today["carted"] == pytest.approx(0.008)
    everybody = pd.DataFrame({"customer_id": home.customers, "arm": "improved"})
    many = home.visits(everybody, weeks=100)
    for name in ("clicked", "carted", "bought", "revenue"):
        assert many[name].mean() == pytest.approx(expected.loc["improved", name], rel=0.05), name
    lift = expected.loc["improved", "carted"] / today["carted"] - 1
    assert home.expected_lift("improved") == pytest.approx(lift)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_live_test_finds_taste_in_every_world_and_none_where_there_is_none(seed):
    plan = LiveTest(name=f"test {seed}", arms=HALVES, weeks=8)
    tests = simulation.sensitivity(
        plan, world=simulation.make_world(seed), slopes=[0], taste_strengths=[0], seeds=[]
    )
    assert list(tests.index) == ["as it is", "curve 0", "tastes 0"]
    assert tests.loc["as it is", "lift_low"] > 0 and tests.loc["as it is", "true_lift"] > 0.5
    # customers who take anything as soon as anything else make no list better
    assert tests.loc["curve 0", "true_lift"] == pytest.approx(0)
    assert tests.loc["tastes 0", "true_lift"] < 0.05
    assert tests.loc["tastes 0", "lift_low"] < 0
    covered = tests["true_lift"].between(tests["lift_low"], tests["lift_high"])
    assert covered.sum() >= 2


def test_the_check_of_the_split_fires_when_it_is_broken_and_else_hardly_ever(world, lists):
    home = simulation.prepare_homepage(world, lists)
    log = home.visits(weeks=4)
    came = pd.Series(log["customer_id"].unique())

    def broken(assigned, lost=()):
        arm = came[~came.isin(lost)].map(assigned.set_index("customer_id")["arm"])
        return experiments.sample_ratio_mismatch(arm.value_counts()[[*HALVES]])["broken"]

    assert sum(broken(dealt(home, f"test {number}")) for number in range(100)) <= 2
    for number in range(20):
        assigned = dealt(home, f"test {number}")
        new = assigned.loc[assigned["arm"] == "improved", "customer_id"]
        assert broken(assigned, new[new.str.endswith(("3", "7"))])


def test_owned_products_are_liked_less():
    world = simulation.make_world()
    pair = world.transactions[["customer_id", "product_id"]].iloc[[0]].assign(rank=1)
    customer = pair["customer_id"].iloc[0]
    truth = world.preference.loc[customer, pair["product_id"].iloc[0]]
    liking = simulation.true_liking(world, pair, pair.set_index("customer_id").index, 2)
    assert liking[0, 0] < truth and liking[0, 1] == -np.inf


def test_retraining_rounds_learn_from_what_was_bought(world):
    newest, bought = [], []

    def best_sellers(table):
        newest.append(table["transaction_date"].max())
        bought.append(len(table))
        return simulation.two_lists(table)["popular"]

    rounds = simulation.retraining_rounds(world, {"today": best_sellers}, 2).loc["today"]
    assert (newest[1] - newest[0]).days == 28, "what was paid for was bought four weeks later"
    carts = rounds["carts"].iloc[0]
    share = simulation.BOUGHT_OF_CARTS
    assert 0.15 * carts < bought[1] - bought[0] < 2 * share * carts
    assert rounds.index.tolist() == [1, 2]
    assert rounds["categories"].between(1, 5).all() and rounds["coverage"].max() < 0.6
    # calibrated on these lists: 8 % of 10 % of the visits
    visits = 4 * simulation.visits_per_week(pd.Index(world.transactions["customer_id"].unique()))
    assert rounds["expected_carts"].iloc[0] == pytest.approx(0.008 * visits.sum())


@pytest.mark.parametrize("seed", range(3))
def test_carts_fall_because_people_own_what_was_shown(world, seed):
    """A list that does not learn is the control: it falls as well, so learning is not to blame."""
    rounds = simulation.retraining_rounds(world, n_rounds=3, random_state=seed)
    expected = rounds["expected_carts"].unstack("arm")
    assert (expected.diff().dropna() < 0).all(axis=None)
    learns, never = expected["improved"], expected["improved, never learns"]
    assert learns[1] == never[1]
    assert learns[3] == pytest.approx(never[3], rel=0.05)


def test_where_nothing_is_bought_nothing_falls(world, lists, monkeypatch):
    monkeypatch.setattr(simulation.feedback, "BOUGHT_OF_CARTS", 0)
    expected = simulation.retraining_rounds(world, {"today": lambda _: lists["improved"]}, 3)
    assert expected["expected_carts"].nunique() == 1


# A test of one's own


def own_export(folder, rows, header="customer_id,arm,date,clicked,revenue"):
    path = folder / "test.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return {"test_results_path": str(path), "test_date_format": "%Y-%m-%d"}


def test_without_a_file_there_is_no_test_of_ones_own():
    assert experiments.own_test({}) is None and experiments.own_test() is None


def test_an_own_test_is_read_per_customer_not_per_visit(tmp_path):
    """Two customers in each arm by hand; one in both arms, one without an arm, one below zero."""
    rows = ["c1,A,2024-03-01,yes,1.0", "c1,A,2024-03-01,yes,1.0", "c1,A,2024-03-02,no,",
            "c2,A,2024-03-01,No,0", "c3,B,2024-03-01,TRUE,4", "c4,B,2024-03-09,true,2",
            "c4,B,2024-03-10,2,2", "c5,A,2024-03-01,1,9", "c5,B,2024-03-02,1,9",
            "c6,,2024-03-01,1,1", "c3,B,2024-03-05,-1,1"]  # fmt: skip
    found = experiments.own_test(own_export(tmp_path, rows))
    assert found["figures"]["rows"]["rejected"] == {
        "no arm": 1, "clicked below zero": 1, "customer in several arms": 2,
    }  # fmt: skip
    assert found["means"].to_dict("index") == {
        "A": {"customers": 2, "clicked": 1.0, "revenue": 1.0, "visits": 2.0},
        "B": {"customers": 2, "clicked": 2.0, "revenue": 4.0, "visits": 1.5},
    }
    assert "2 customers in A, 2 customers in B" in found["words"]
    assert "Customers who stand in several arms, left out: 1." in found["words"]
    assert "B above A, clicked per customer: +1 (" in found["words"]


def test_an_own_test_per_customer_has_no_visits_and_its_arms_are_one_whatever_their_case(tmp_path):
    rows = ["c1,Control,,ja,1", "c2,control,,nein,2", "c3,control,,да,3", "c4,New,,0,4",
            "c5,new ,,oui,5", "c5,NEW,,1,1", "c6,new,,1,3"]  # fmt: skip
    found = experiments.own_test(own_export(tmp_path, rows[:5] + rows[6:]))
    assert found["means"]["customers"].to_dict() == {"control": 3, "new": 3}
    assert found["means"]["clicked"].to_dict() == {"control": 2 / 3, "new": 2 / 3}
    assert "visits" not in found["means"] and "several arms" not in found["words"]
    found = experiments.own_test(own_export(tmp_path, rows))
    assert found["means"]["visits"].to_dict() == {"control": 1, "new": 4 / 3}
    bare = [row.rsplit(",", 3)[0] for row in rows[:5]]
    found = experiments.own_test(own_export(tmp_path, bare, "customer_id,arm"))
    assert (
        "counts nothing (clicked, carted" in found["words"] and not found["figures"]["comparisons"]
    )


def test_what_one_arm_does_not_count_is_not_compared(tmp_path):
    """The new list's clicks are logged, today's are not: that is no difference."""
    rows = ["c1,A,,,1", "c2,A,,,2", "c3,B,,1,1", "c4,B,,,2"]
    found = experiments.own_test(own_export(tmp_path, rows))
    assert "clicked is not counted in A, so it is not compared." in found["words"]
    assert "clicked" not in found["means"] and "clicked per customer" not in found["words"]
    metrics = [row["metric"] for row in found["figures"]["comparisons"]]
    assert metrics == ["revenue per customer"]


def test_an_own_test_with_a_plan_gets_a_decision(world, lists, tmp_path):
    home = simulation.prepare_homepage(world, lists)
    rows = home.visits(dealt(home, "own"), "2025-03-03", weeks=8)
    rows.to_csv(tmp_path / "test.csv", index=False)
    plan = {"name": "own", "arms": HALVES, "starts": "2025-03-03", "weeks": 8}
    reading = {"test_results_path": str(tmp_path / "test.csv"), "test_date_format": "%Y-%m-%d",
               "live_test": plan}  # fmt: skip
    found = experiments.own_test(reading)
    assert "Decision on improved: ship." in found["words"]
    del reading["live_test"]
    assert "nothing is decided" in experiments.own_test(reading)["words"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["c1,A,2024-03-01,1,1", "c2,A,2024-03-01,1,1"], "the column of arms has 1: A \\(2\\)"),
        ([f"c{n},{n},2024-03-01,1,1" for n in range(40)], "the column of arms has 40: "),
        (["c1,,2024-03-01,1,1"], "none of the 1 rows of the live test could be used"),
        (["c1,A,01.03.2024,1,1", "c2,B,02.03.2024,1,1"], "do not fit the format '%Y-%m-%d'"),
        (["c1,A,2024-03-01,maybe,1", "c2,B,2024-03-01,perhaps,1"], "are not numbers"),
    ],
)
def test_a_test_that_cannot_be_read_is_a_sentence(rows, words, tmp_path):
    with pytest.raises(data.DataError, match=words):
        experiments.own_test(own_export(tmp_path, rows))


def test_an_own_test_needs_no_date_and_may_be_parquet(tmp_path):
    table = pd.DataFrame({"Kunde": [17, 18, 19, 20], "Gruppe": ["neu", "alt"] * 2,
                          "bought": [True, False, True, True]})  # fmt: skip
    table.to_parquet(tmp_path / "test.parquet")
    reading = {"test_results_path": str(tmp_path / "test.parquet"),
               "test_columns": {"Kunde": "customer_id", "Gruppe": "arm"}}  # fmt: skip
    found = experiments.own_test(reading)
    assert found["means"]["bought"].to_dict() == {"alt": 0.5, "neu": 1.0}


# What dealing alone does


def test_each_deal_of_a_few_is_what_compare_says_of_it():
    few = pd.DataFrame({"customer_id": list("123456"), "visits": [6, 2, 4, 5, 4, 3],
                        "carted": [0, 0, 3, 4, 0, 2]})  # fmt: skip
    deals = experiments.dealt_anew(few, in_b=2)
    assert len(deals) == 15
    ways = itertools.combinations(range(6), 2)
    for (_, deal), in_b in zip(deals.iterrows(), ways, strict=True):
        arms = few.assign(arm=["B" if place in in_b else "A" for place in range(6)])
        read = experiments.compare(arms, "carted per visit", "A", "B")
        assert deal["difference"] == pytest.approx(read["difference"])
        assert deal["by_customers"] == pytest.approx(read["error"])


def test_counting_customers_keeps_its_promise_and_counting_visits_does_not():
    rng = np.random.default_rng(0)
    n = 400
    likes = rng.beta(0.4, 2, n)  # some nearly always, many hardly ever
    visits = 1 + rng.poisson(9, n)
    customers = pd.DataFrame({"visits": visits, "carted": rng.binomial(visits, likes)})
    deals = experiments.dealt_anew(customers, n_deals=3_000)
    alarms = {way: (deals["difference"].abs() > 1.96 * deals[way]).mean()
              for way in ("by_customers", "by_visits")}  # fmt: skip
    assert 0.035 < alarms["by_customers"] < 0.065 and alarms["by_visits"] > 0.2
    assert deals.equals(experiments.dealt_anew(customers, n_deals=3_000))
    assert deals["difference"].std() == pytest.approx(deals["by_customers"].mean(), rel=0.05)


def test_paths_are_those_that_peeking_counts():
    paths = experiments.peeking_paths(6, n_tests=5_000)
    found = experiments.peeking(6, n_tests=5_000)
    assert (np.abs(paths) > 1.96).any(axis=1).mean() == found["at any look"]


@pytest.mark.parametrize(("customers", "share"), [(4_000, 0.5), (300, 0.5), (50_000, 0.1)])
def test_a_split_is_broken_beyond_the_deviation_that_is_allowed(customers, share):
    allowed = experiments.deviation_allowed(customers, share)
    for off, broken in ((np.floor(allowed), False), (np.ceil(allowed), True)):
        sizes = [customers * share + off, customers * (1 - share) - off]
        assert experiments.sample_ratio_mismatch(sizes, [share, 1 - share])["broken"] == broken


def test_a_fall_that_the_plan_bears_is_said_beside_the_guardrail():
    """A guardrail below zero that stops nothing must not read as if it did."""
    row = {"metric": "visits per customer", "difference": -0.2, "low": -0.38, "high": -0.02,
           "lift": -0.04, "lift_low": -0.07, "lift_high": -0.004}  # fmt: skip
    said = "worse; the interval is below zero"
    within = ", within the fall that the plan tolerates"
    assert sentence(row | {"role": "guardrail", "state": "fine"}).endswith(said + within)
    assert sentence(row | {"role": "guardrail", "state": "harmed"}).endswith(said)
    assert sentence(row | {"role": "decides", "state": ""}).endswith(said)
