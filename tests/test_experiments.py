"""Test plans against textbook values, read-outs, and the live test with and without tastes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from helpers import data, experiments, simulation
from helpers.matrix import build_interaction_matrix
from helpers.recommend import ItemBased, MostPopular, WithFallback


def arms(world):
    matrix = build_interaction_matrix(world.transactions)
    popular = MostPopular().fit(matrix)
    made = {"popular": popular}
    for name, model in {"textbook": ItemBased(None, False), "improved": ItemBased()}.items():
        made[name] = WithFallback({"purchases": model.fit(matrix), "popularity": popular})
    return made


def test_visitors_per_arm():
    # Lehr's rule of thumb: 16 p (1 - p) / difference squared
    needed = experiments.visitors_per_arm(0.08, 0.10)
    assert needed == pytest.approx(16 * 0.084 * 0.916 / 0.008**2, rel=0.03)
    assert experiments.visitors_per_arm(0.08, 0.20) < needed / 3.5
    assert experiments.visitors_per_arm(0.08, 0.10, power=0.9) > 1.3 * needed
    with pytest.raises(ValueError, match="lift of 0"):
        experiments.visitors_per_arm(0.08, 0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        experiments.visitors_per_arm(0.8, 0.5)


def test_tests_run_for_whole_weeks():
    assert experiments.days_needed(10_000, 1_000) == 21
    assert experiments.days_needed(10_000, 20_000) == 7
    with pytest.raises(ValueError, match="never ends"):
        experiments.days_needed(10, 0)


def test_peeking_raises_false_alarms():
    alarms = experiments.false_alarms(0.08, 20_000, looks=20)
    assert alarms["at the end"] == pytest.approx(0.05, abs=0.015)
    # Armitage, McPherson and Rowe (1969): 0.248 for twenty looks
    assert alarms["at any look"] == pytest.approx(0.248, abs=0.03)
    once = experiments.false_alarms(0.08, 20_000, looks=1)
    assert once["at the end"] == once["at any look"]


def test_read_out():
    better = experiments.read_out((800, 10_000), (1_000, 10_000))
    assert better["difference"] == pytest.approx(0.02) and better["lift"] == pytest.approx(0.25)
    assert 0.011 < better["low"] < 0.02 < better["high"] < 0.029
    assert "better; the interval is above zero" in better["words"]
    assert "worse" in experiments.read_out((1_000, 10_000), (800, 10_000))["words"]
    assert "includes zero" in experiments.read_out((80, 1_000), (90, 1_000))["words"]


@given(*[st.tuples(st.integers(0, 50), st.integers(1, 50)).map(sorted)] * 2)
def test_words_claim_what_the_interval_shows(base, variant):
    result = experiments.read_out(base, variant)
    assert ("better" in result["words"]) == (result["low"] > 0)
    assert ("worse" in result["words"]) == (result["high"] < 0)
    assert "not by chance" not in result["words"], "one in twenty is by chance"


@pytest.mark.parametrize(
    ("base", "variant", "sentence"),
    [
        ((0, 0), (1, 100), "'base' has 0 visitors"),
        ((1, 100), (0, 0), "'variant' has 0 visitors"),
        ((1, 100), (0, -5), "'variant' has -5 visitors"),
        ((-1, 100), (1, 100), "'base' has -1 successes"),
        ((1, 100), (101, 100), "'variant' has 101 successes of 100"),
        ((float("nan"), 100), (1, 100), "'base' has nan successes"),
    ],
)
def test_an_arm_that_cannot_be_read_is_named(base, variant, sentence):
    with pytest.raises(ValueError, match=sentence):
        experiments.read_out(base, variant)


def test_intervals_cover_the_truth():
    rng = np.random.default_rng(1)
    pairs = rng.binomial(4_000, [0.08, 0.10], size=(400, 2))
    reads = [experiments.read_out((int(a), 4_000), (int(b), 4_000)) for a, b in pairs]
    covered = np.mean([r["low"] <= 0.02 <= r["high"] for r in reads])
    assert covered == pytest.approx(0.95, abs=0.035)


def test_sample_ratio_mismatch():
    assert experiments.sample_ratio_mismatch([5_000, 5_050])["words"] == "as planned"
    assert "broken" in experiments.sample_ratio_mismatch([5_000, 5_500])["words"]
    assert experiments.sample_ratio_mismatch([9_000, 1_010], [0.9, 0.1])["words"] == "as planned"


def split_looks_broken(seed, shares=None):
    arm_of = simulation.deal(4_290, 3, np.random.default_rng(seed), shares)
    visitors = np.bincount(arm_of, minlength=3)
    return "broken" in experiments.sample_ratio_mismatch(visitors)["words"]


def test_the_sample_ratio_check_fires_when_the_split_is_broken_and_else_hardly_ever():
    assert np.mean([split_looks_broken(seed) for seed in range(2_000)]) < 0.01
    # every fifth customer of two arms is lost on the way
    assert all(split_looks_broken(seed, [1, 0.8, 0.8]) for seed in range(300))


def test_the_choice_model_is_calibrated_on_todays_list_only():
    rng = np.random.default_rng(0)
    liking = rng.normal(0, 2, size=(500, 5))
    liking[:50, 4] = -np.inf  # a short list
    choice = simulation.fit_choice(liking)
    click, cart = choice.chances(liking)
    assert click.sum(axis=1).mean() == pytest.approx(0.10)
    assert (click * cart).sum() / click.sum() == pytest.approx(0.08)
    assert (click[:50, 4] == 0).all()
    visits = simulation.simulate_visits(choice, liking, 200_000, rng)
    assert (visits["clicked"] >= 0).mean() == pytest.approx(0.10, abs=0.003)
    carts = visits["carted"].sum() / (visits["clicked"] >= 0).sum()
    assert carts == pytest.approx(0.08, abs=0.006)
    assert not visits.loc[visits["clicked"] < 0, "carted"].any()


def live_tests(world, seeds, **options):
    """Every arm but the first, of one live test per seed."""
    made = arms(world)
    results = [simulation.live_test(world, made, random_state=s, **options) for s in seeds]
    return pd.concat([result.iloc[1:] for result in results]), results


def test_live_test_finds_taste_in_every_world():
    for seed in (1, 2, 3):
        new, (result,) = live_tests(simulation.make_world(seed), [seed])
        assert (new["low"] > 0).all()
        assert new["carts_per_visit"].min() > 1.5 * result["carts_per_visit"].iloc[0]


def test_live_test_finds_nothing_without_taste():
    new = pd.concat(
        live_tests(simulation.make_world(seed, taste_strength=0), range(5))[0] for seed in (1, 2)
    )
    includes_zero = (new["low"] <= 0) & (new["high"] >= 0)
    # less often than 19 times in 20: visits of one customer are not independent
    assert includes_zero.mean() >= 0.7
    assert abs(new["difference"].mean()) < 0.001 and new["difference"].abs().max() < 0.004


def test_a_live_test_deals_customers_and_its_check_can_fail():
    world = simulation.make_world(taste_strength=0)
    popular = MostPopular().fit(build_interaction_matrix(world.transactions))
    two = {"A": popular, "B": popular}
    results = [simulation.live_test(world, two, 2_000, random_state=seed) for seed in range(5)]
    customers = pd.DataFrame([result["customers"] for result in results])
    visits = pd.DataFrame([result["visits"] for result in results])
    assert (customers.sum(axis=1) == world.transactions["customer_id"].nunique()).all()
    assert (visits.sum(axis=1) == 4_000).all()
    assert customers["A"].nunique() > 1 and visits["A"].nunique() > 1, "dealt evenly"
    broken = simulation.live_test(world, two, 2_000, shares=[0.55, 0.45])
    for column in ("customers", "visits"):
        assert "broken" in experiments.sample_ratio_mismatch(broken[column])["words"]


def test_owned_products_are_liked_less():
    world = simulation.make_world()
    pair = world.transactions[["customer_id", "product_id"]].iloc[[0]].assign(rank=1)
    customer = pair["customer_id"].iloc[0]
    truth = world.preference.loc[customer, pair["product_id"].iloc[0]]
    liking = simulation.true_liking(world, pair, pair.set_index("customer_id").index, 2)
    assert liking[0, 0] < truth and liking[0, 1] == -np.inf


def test_retraining_rounds_measure_variety():
    world = simulation.make_world()
    newest = []

    def best_sellers(table):
        newest.append(table["transaction_date"].max())
        return MostPopular().fit(build_interaction_matrix(table))

    rounds = simulation.retraining_rounds(world, best_sellers, 2, 5_000)
    assert (newest[1] - newest[0]).days == 30, "what was put into the cart was bought a month later"
    assert rounds.index.tolist() == [1, 2]
    assert rounds["carts"].gt(0).all() and rounds["categories"].between(1, 5).all()
    assert rounds["coverage"].max() < 0.6


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
        "counts nothing (clicked, carted" in found["words"] and not found["figures"]["differences"]
    )


def test_what_one_arm_does_not_count_is_not_compared(tmp_path):
    """The new list's clicks are logged, today's are not: that is no difference."""
    rows = ["c1,A,,,1", "c2,A,,,2", "c3,B,,1,1", "c4,B,,,2"]
    found = experiments.own_test(own_export(tmp_path, rows))
    assert "clicked is not counted in A, so it is not compared." in found["words"]
    assert "clicked" not in found["means"] and "clicked per customer" not in found["words"]
    assert list(found["figures"]["differences"]["B"]) == ["revenue"]


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=30),
       st.lists(st.integers(0, 9), min_size=2, max_size=30))  # fmt: skip
def test_the_interval_of_means_is_scipys(base, variant):
    read = experiments.difference_of_means(base, variant)
    assert read["difference"] == pytest.approx(np.mean(variant) - np.mean(base))
    if np.ptp(base) and np.ptp(variant):
        interval = stats.ttest_ind(variant, base, equal_var=False).confidence_interval()
        assert (read["low"], read["high"]) == pytest.approx((interval.low, interval.high))
    elif not np.ptp(base) and not np.ptp(variant):
        assert read["low"] == read["high"] == read["difference"]


def test_alike_arms_seldom_differ_however_many_visits_a_customer_makes():
    """By visits, the same data would look significant far too often."""
    draw, alarms, by_visit = np.random.default_rng(0), 0, 0
    for _ in range(200):
        readiness, visits = draw.beta(0.3, 3, 120), draw.integers(1, 40, 120)
        rows = pd.DataFrame(
            {
                "customer_id": np.arange(120).astype(str),
                "arm": np.where(draw.permutation(120) % 2, "A", "B"),
                "visits": visits,
                "clicked": draw.binomial(visits, readiness),
            }
        )
        table = experiments.by_customer(rows)
        sides = [table.loc[table["arm"] == arm, "clicked"] for arm in "AB"]
        read = experiments.difference_of_means(*sides)
        alarms += not read["low"] <= 0 <= read["high"]
        counts = [table.loc[table["arm"] == arm, ["clicked", "visits"]].sum() for arm in "AB"]
        naive = experiments.read_out(*(tuple(map(int, each)) for each in counts))
        by_visit += not naive["low"] <= 0 <= naive["high"]
    assert 2 <= alarms <= 20 and by_visit > 40, "a twentieth of 200 is 10"


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
