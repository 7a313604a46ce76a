"""Lesson 03's computations against slow plain versions, and on shops that are odd."""

from bisect import bisect_right

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import data
from helpers.matrix import InteractionMatrix, build_interaction_matrix
from helpers.similarity import (
    _dealt,
    beside_the_rival,
    bought_later,
    bought_later_on_all_pages,
    bought_later_without_tastes,
    buyers_for_a_row,
    common_buyers,
    enough_buyers,
    first_page,
    lift_that_melts,
    nearest_in_same_category,
    nearest_without_tastes,
    neighbours_beside_chance,
    pages,
    pages_that_differ,
    pair_settings,
    product_affinity,
    product_groups,
    product_similarity,
    resting_on_few,
    row_by_buyers,
    rows_of_first_buyers,
    shared_with_nearest,
    similar_products,
    somebody_who_bought,
    usual_times_chance,
)
from tests.common import purchases


@st.composite
def matrices(draw):
    """Small tables of 0 and 1; some customers and products have nothing."""
    shape = draw(st.integers(1, 9)), draw(st.integers(1, 7))
    bits = draw(st.lists(st.booleans(), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
    customers = [f"c{n}" for n in range(shape[0])]
    products = [f"p{n}" for n in range(shape[1])]
    table = pd.DataFrame(np.reshape(bits, shape).astype(int), customers, products)
    return InteractionMatrix.from_frame(table)


def counts_of(matrix):
    """All common buyers, with zeros on the diagonal."""
    table = matrix.values.toarray().astype(int)
    common = table.T @ table
    np.fill_diagonal(common, 0)
    return common


def best(values, n):
    """Positions of the n largest values above zero; ties go to the smaller position."""
    return [place for place in sorted(range(len(values)), key=lambda p: (-values[p], p))
            if values[place] > 0][:n]  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(matrices(), st.integers(1, 5))
def test_common_buyers_and_pages(matrix, n):
    common = counts_of(matrix)
    counted = common_buyers(matrix, n)
    shown = [best(row, n) for row in common]
    for place, product in enumerate(matrix.products):
        row = similar_products(counted, product, n)
        assert row["product_id"].tolist() == matrix.products[shown[place]].tolist()
        assert row["similarity"].tolist() == common[place][shown[place]].tolist()
    flat = [place for row in shown for place in row]
    expected = [flat.count(place) for place in range(len(common))]
    assert pages(counted, n).tolist() == expected


def test_pages_looks_at_the_n_best_of_more(bundled_matrix):
    few, many = product_similarity(bundled_matrix, 4), product_similarity(bundled_matrix)
    pd.testing.assert_series_equal(pages(few), pages(many))
    assert pages(many).sum() == 4 * bundled_matrix.shape[1]


@settings(max_examples=60, deadline=None)
@given(matrices(), st.integers(1, 4), st.integers(1, 3))
def test_pages_that_differ_and_places_that_rest_on_few(matrix, n, most):
    common, cosine = counts_of(matrix), product_similarity(matrix).values.toarray()
    rows = [best(row, n) for row in cosine]
    counted = [best(row, n) for row in common]
    expected = {
        product for product, a, b in zip(matrix.products, rows, counted, strict=True)
        if set(a) != set(b)
    }  # fmt: skip
    similarity = product_similarity(matrix)
    assert pages_that_differ(similarity, common_buyers(matrix, n), n) == expected
    behind = [common[place, other] for place, row in enumerate(rows) for other in row]
    found = resting_on_few(matrix, similarity, most, n)
    if behind:
        assert found == pytest.approx(np.mean(np.array(behind) <= most))
    else:
        assert np.isnan(found)


def test_neighbours_beside_chance_by_hand(small_matrix):
    table = neighbours_beside_chance(small_matrix, product_similarity(small_matrix), "C")
    assert table["product_id"].tolist() == ["A", "D", "B"]
    first = table.iloc[0]
    assert (first["buyers"], first["common"]) == (3, 2)
    assert first["by_chance"] == 3 * 3 / 4
    assert first["times_chance"] == pytest.approx(2 / (9 / 4))
    assert first["similarity"] == pytest.approx(2 / 3)
    # the same as what bought-together pairs call lift
    pairs = product_affinity(small_matrix).set_index(["product_id", "other_product_id"])["lift"]
    assert table["times_chance"].tolist() == pytest.approx(pairs["C"][table["product_id"]].tolist())


def test_the_nearest_in_the_same_category(small_matrix):
    # nearest: A-C, B-D, C-A, D-B
    similarity = product_similarity(small_matrix)

    def shares(categories, n=1):
        return nearest_in_same_category(
            similarity, pd.DataFrame({"product_category": categories}, list("ABCD")), 2_000, n
        )

    # of the three ways to pair four products, one is the neighbours' own: all or nothing
    noise = (1 / 3 * 2 / 3) ** 0.5
    assert shares(["x", "y", "x", "y"]) == pytest.approx((1, 1 / 3, noise), abs=0.02)
    assert shares(["x", "x", "y", "y"])[:2] == pytest.approx((0, 1 / 3))
    # A is not asked without a category, and its neighbour C is not confirmed by it
    assert shares([None, "y", "x", "y"])[:2] == pytest.approx((2 / 3, (1 / 3 + 0 + 1 / 3) / 3))
    # A: C, then B; B: D, then A or C; C: A, then D; D: B, then C
    assert shares(["x", "y", "x", "y"], 2)[:2] == pytest.approx((1 / 2, 1 / 3))
    assert shares(["x", None, "x", "y"], 2)[:2] == pytest.approx((2 / 6, (1 / 3 + 1 / 3 + 0) / 3))
    assert shares(["x"] * 4) is None
    assert shares([None] * 4) is None


@settings(max_examples=60, deadline=None)
@given(matrices())
def test_what_any_two_products_share_in_times_chance(matrix):
    common = counts_of(matrix)
    buyers = matrix.values.toarray().sum(axis=0)
    by_chance = np.outer(buyers, buyers) / matrix.shape[0]
    np.fill_diagonal(by_chance, 0)
    found = usual_times_chance(matrix)
    if by_chance.sum() == 0:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(common.sum() / by_chance.sum())


def test_any_two_share_more_where_some_customers_buy_a_lot():
    rng = np.random.default_rng(0)
    for owned, low, high in [([6] * 2_000, 0.8, 0.9), ([1, 1, 1, 1, 26] * 400, 3.5, 4)]:
        rows = [(f"c{c}", f"p{p}") for c, many in enumerate(owned)
                for p in rng.choice(40, many, replace=False)]  # fmt: skip
        assert low < usual_times_chance(build_interaction_matrix(purchases(*rows))) < high


def test_a_product_without_neighbours_is_not_asked():
    matrix = build_interaction_matrix(purchases(("1", "a"), ("1", "b"), ("2", "c")))
    products = pd.DataFrame({"product_category": ["x", "x", "y"]}, list("abc"))
    assert nearest_in_same_category(product_similarity(matrix), products)[:2] == (1, 1 / 2)


@settings(max_examples=60, deadline=None)
@given(matrices())
def test_what_two_share(matrix):
    filled = matrix.values.toarray().astype(int)
    filled = filled[filled.any(axis=1)][:, filled.any(axis=0)]
    if not filled.size:
        return
    ids = [pd.Index(range(length)) for length in filled.shape]
    from scipy import sparse

    found = shared_with_nearest(InteractionMatrix(sparse.csr_array(filled), *ids))
    for name, table in [("customers", filled), ("products", filled.T)]:
        common = table @ table.T
        size = common.diagonal().copy()
        np.fill_diagonal(common, 0)
        n = len(table)
        triples = []
        for place in range(n):
            cosine = [round(common[place, o] / (size[place] * size[o]) ** 0.5, 9) for o in range(n)]
            nearest = int(np.argmax(cosine))
            triples.append((common[place, nearest], size[place], size[nearest]))
        row = found.loc[name]
        assert row["how_many"] == n
        # each number has a median of its own: nobody's name decides what is typical
        medians = np.ceil(np.median(triples, axis=0)).tolist()
        assert medians[:2] == [row["shared"], row["own"]]
        assert row["shared"] <= min(row["own"], row["nearest_own"])


def test_what_two_share_of_a_part_is_the_same_every_time(bundled_matrix):
    one, other = (shared_with_nearest(bundled_matrix, most=200) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)
    whole = shared_with_nearest(bundled_matrix, most=10_000)
    assert abs(one.loc["customers", "shared"] - whole.loc["customers", "shared"]) <= 1


VISITS = purchases(
    ("1", "page", "2024-01-01"), ("1", "a", "2024-01-02"), ("1", "b", "2024-01-03"),
    ("2", "page", "2024-01-05"), ("2", "a", "2024-01-05"), ("2", "b", "2024-01-09"),
    ("3", "a", "2024-01-01"), ("3", "page", "2024-01-02"), ("3", "a", "2024-01-08"),
    ("4", "a", "2024-01-01"), ("4", "b", "2024-01-02"),
)  # fmt: skip


def test_bought_later_is_on_a_later_day_for_the_first_time():
    later = bought_later(VISITS, "page", {"one": ["a", "b"], "two": ["a"], "three": ["unsold"]})
    assert later.index.tolist() == ["1", "2", "3"]
    assert later["one"].tolist() == [2, 1, 0]
    assert later["two"].tolist() == [1, 0, 0]
    assert later["three"].tolist() == [0, 0, 0]
    assert somebody_who_bought(VISITS, "page", ["a", "b"]) == ("1", 2, 0)
    assert somebody_who_bought(VISITS, "page", ["b"]) == ("1", 1, 0)  # the first among equals
    # 1 bought both, so 2 is the one to show
    assert somebody_who_bought(VISITS, "page", ["b"], ["a"]) == ("2", 1, 0)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_over_all_pages_it_is_the_sum_of_the_pages(seed):
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 200, 60), unit="h")
    who, what = (rng.integers(0, most, 60).astype(str) for most in (9, 7))
    table = purchases(*zip(who, what, days.astype(str), strict=True))
    matrix = build_interaction_matrix(table)
    proposals = common_buyers(matrix, 3), product_similarity(matrix, 3)
    found = bought_later_on_all_pages(table, matrix, *proposals, n=2)
    expected = pd.DataFrame(0, matrix.customers, ["one", "other"])
    for page in matrix.products:
        one, other = (set(similar_products(each, page, n=2)["product_id"]) for each in proposals)
        part = bought_later(table, page, {"one": one - other, "other": other - one})
        expected = expected.add(part, fill_value=0)
    assert found.sort_index().equals(expected.astype(int).sort_index())


def test_the_plain_count_leads_where_nobody_has_a_taste_but_some_products_sell_more():
    rng = np.random.default_rng(0)

    def lead(popular):
        bought = [
            (f"c{customer}", f"p{product:02d}", f"2024-{month:02d}-01")
            for customer in range(600)
            for month, product in enumerate(rng.choice(20, 4, replace=False, p=popular), start=1)
        ]
        table = purchases(*bought)
        return bought_later_without_tastes(table, build_interaction_matrix(table))

    weights = 1 / np.arange(1, 21)
    uneven, even = lead(weights / weights.sum()), lead(np.full(20, 0.05))
    assert uneven.shape == even.shape == (5, 2)
    assert (uneven["one"] > uneven["other"]).all()
    assert abs(even.sum().diff().iloc[1]) < 2 * even.to_numpy().sum() ** 0.5


@pytest.mark.parametrize("n_products", [1, 2, 3])
def test_a_shop_of_hardly_any_products_is_dealt_anew_as_well(n_products):
    table = purchases(*[(f"c{c}", f"p{c % n_products}", "2024-01-01") for c in range(9)])
    dealt = bought_later_without_tastes(table, build_interaction_matrix(table), shops=2)
    assert dealt.to_numpy().tolist() == [[0, 0]] * 2


def test_days_are_dealt_within_a_customer(shop):
    transactions = shop[0]
    matrix = build_interaction_matrix(transactions)
    some = bought_later_without_tastes(transactions, matrix, n_products=20, shops=1)
    assert (some > 0).all(axis=None)
    one_day = transactions.assign(transaction_date=transactions["transaction_date"].min())
    assert (bought_later_without_tastes(one_day, matrix, shops=1) == 0).all(axis=None)


def test_the_first_page_is_found_by_a_rule(shop):
    # 1 begins with the page; a tenth of the best seller's buyers is one
    assert first_page(VISITS) == ("1", "page")
    # of the pages that are worth a look, if somebody began with one
    assert first_page(VISITS, {"a"}) == ("2", "a")
    assert first_page(VISITS, {"b"}) == ("1", "page")
    # nobody came back: the best seller (a and page have 4 and 3 buyers) and its first buyer
    one_day = VISITS.assign(transaction_date=pd.Timestamp("2024-01-01"))
    assert first_page(one_day) == ("1", "a")
    # a product that hardly anybody has is no page for a lesson
    crowd = purchases(*[(f"x{n:02d}", "hit") for n in range(30)])
    rare = purchases(("0", "rare", "2024-01-01"), ("0", "hit", "2024-01-02"))
    back = purchases(("1", "hit", "2024-01-01"), ("1", "rare2", "2024-01-02"))
    assert first_page(pd.concat([crowd, rare, back])) == ("1", "hit")
    assert first_page(shop[0].sample(frac=1, random_state=0)) == first_page(shop[0])


class Slow:
    """The same rows, one product at a time, with sets and sorted lists."""

    def __init__(self, transactions, matrix, products):
        self.bought = transactions.groupby("customer_id")["product_id"].agg(set)
        self.buyers = transactions.groupby("product_id")["customer_id"].agg(set).map(len)
        self.ids = list(matrix.products)
        self.category = products["product_category"]
        first = transactions.groupby(["product_id", "customer_id"])["transaction_date"].min()
        first = first.reset_index()
        self.first = first.sort_values(["transaction_date", "customer_id"])
        days = sorted(first["transaction_date"])
        self.launch = days[(len(days) - 1) // 3]
        self.days_of = first.groupby("product_id")["transaction_date"].agg(sorted)
        self.known = first.set_index(["customer_id", "product_id"])["transaction_date"].to_dict()

    def asked(self, least):
        """Products with enough buyers after the launch, these in order of time, and their days."""
        for product in self.ids:
            mine = self.first.query("product_id == @product and transaction_date > @self.launch")
            if len(mine) >= least:
                yield product, mine["customer_id"].tolist(), mine["transaction_date"].tolist()

    def row(self, product, people, n, least=1, damp=0, day=pd.Timestamp.max):
        score = []
        for other in self.ids:
            common = sum(self.known.get((who, other), pd.Timestamp.max) <= day
                         for who in people if other in self.bought[who])  # fmt: skip
            buyers = max(1, self.sold(other, day))
            cosine = common / (len(people) * buyers) ** 0.5
            kept = other != product and common >= least
            score.append(cosine * common / max(1, common + damp) if kept else 0)
        return {self.ids[place] for place in best(np.float32(score), n)}

    def sold(self, product, day):
        """Buyers of a product by the end of a day."""
        return bisect_right(self.days_of[product], day)

    def best_sellers(self, product, n, by_category):
        rivals = [other for other in self.ids if other != product]
        own = self.category[product]
        sold = {other: self.sold(other, self.launch) for other in rivals}
        rivals.sort(key=lambda o: (by_category and self.category[o] != own, -sold[o], o))
        return rivals[:n]

    def of_the_month(self, product, n, by_category, day):
        rivals = [other for other in self.ids if other != product]
        own = self.category[product]
        before = day - pd.Timedelta(days=30)
        sold = {other: self.sold(other, day) - self.sold(other, before) for other in rivals}
        related = {other: by_category and self.category[other] == own for other in rivals}
        rivals = [other for other in rivals if sold[other] or related[other]]
        rivals.sort(key=lambda other: (not related[other], -sold[other], other))
        return rivals[:n]

    def bought_after(self, product, people, row):
        """Of a row, how many products one of these buyers bought on a later day than the page's."""
        day = {who: self.known[who, product] for who in people}
        hits = [self.known.get((who, each), day[who]) > day[who] for who in people for each in row]
        return sum(hits) / len(people)


def test_a_row_from_few_buyers_against_the_slow_version(shop):
    part = shop[0][shop[0]["customer_id"] < "CUST00600"]
    matrix, products = build_interaction_matrix(part), data.product_table(part)
    counts = [1, 3, 10]
    for categories in (products["product_category"], pd.Series("x", products.index)):
        known = products.assign(product_category=categories)
        table = row_by_buyers(part, matrix, known, [*counts, 1_000])
        slow = Slow(part, matrix, known)
        found = []
        for product, people, days in slow.asked(20):
            late = slow.row(product, people[len(people) // 2 :], 4)
            rows = {
                count: slow.row(product, people[:count], 4, day=days[count - 1]) for count in counts
            }
            rows["half"] = slow.row(product, people[: len(people) // 2], 4)
            rows["category"] = set(slow.best_sellers(product, 4, True))
            rows["shop"] = set(slow.best_sellers(product, 4, False))
            found.append({name: len(row & late) / 4 for name, row in rows.items()})
            half = people[len(people) // 2 :]
            for count in counts:
                day = days[count - 1]
                shown = {"own": rows[count]}
                for by_category in ("category", "shop"):
                    month = slow.of_the_month(product, 4, by_category == "category", day)
                    shown[by_category] = set(month)
                for name, row in shown.items():
                    found[-1][f"{name} bought", count] = slow.bought_after(product, half, row)
        found = pd.DataFrame(found)
        assert table.index.tolist() == counts
        assert table.attrs["products"] == len(found) >= 10
        assert table.attrs["half"] == pytest.approx(found["half"].mean())
        rival = max(["category", "shop"], key=lambda name: found[name].mean())
        if categories.nunique() == 1:
            rival = "shop"
        assert table.attrs["rival"].startswith(f"the {rival}")
        assert table.attrs["popular"] == pytest.approx(found[rival].mean())
        assert table.attrs["chance"] == pytest.approx(4 / (matrix.shape[1] - 1))
        for count in counts:
            ahead = found[count] - found[rival]
            assert table.loc[count, "same"] == pytest.approx(found[count].mean())
            assert table.loc[count, "ahead"] == pytest.approx(ahead.mean())
            assert table.loc[count, "error"] == pytest.approx(ahead.std() / len(ahead) ** 0.5)
            own, others = (found[f"{name} bought", count] for name in ("own", rival))
            assert table.loc[count, "bought"] == pytest.approx(own.mean())
            assert table.loc[count, "best_bought"] == pytest.approx(others.mean())
            lead = own - others
            assert table.loc[count, "lead"] == pytest.approx(lead.mean())
            assert table.loc[count, "lead_error"] == pytest.approx(lead.std() / len(lead) ** 0.5)
            assert table.loc[count, "reached"] == (slow.buyers >= count).mean()
            took = [
                (days[count - 1] - max(slow.launch, slow.days_of[product][0])).days / 7
                for product, _, days in slow.asked(count)
            ]
            assert table.loc[count, "weeks"] == pytest.approx(np.median(took))


def test_a_shops_slow_beginning_is_no_wait():
    # a buyer a month in its first two years, then a buyer a day
    days = [*pd.date_range("2020-01-01", periods=24, freq="30D"),
            *pd.date_range("2022-01-01", periods=60)]  # fmt: skip
    rows = [(f"c{c} {n}", f"p{n}") for n in range(10) for c in range(len(days))]
    table = purchases(*rows).assign(transaction_date=days * 10)
    found = row_by_buyers(
        table, build_interaction_matrix(table), data.product_table(table), [7, 14]
    )
    assert found["weeks"].tolist() == pytest.approx([1, 2], abs=1 / 6)


def test_the_better_rival_is_taken():
    # everybody has the hits of the shop; the category's other products say nothing
    rng = np.random.default_rng(0)
    rows = [(f"c{c}", f"hit{n}") for c in range(200) for n in range(5) if rng.random() < 0.9]
    rows += [(f"c{c}", f"rare{rng.integers(10)}") for c in range(200)]
    table = purchases(*rows)
    products = data.product_table(table).assign(
        product_category=lambda t: np.where(t.index.str.startswith("hit"), "hits", "others")
    )
    row = row_by_buyers(table, build_interaction_matrix(table), products, [1, 3])
    assert row.attrs["rival"] == "the shop's best sellers"


def test_a_row_knows_nothing_of_what_came_later():
    """Ten hits, with buyers who came back for other things when the row had long been made."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=80)
    rows = [(f"c{c}", f"hit{c % 10}", days[c % 60].isoformat()) for c in range(600)]
    rows += [(f"c{c}", f"extra{c % 10}", days[70].isoformat()) for c in range(600)]
    table = purchases(*[rows[place] for place in rng.permutation(len(rows))])
    row = row_by_buyers(table, build_interaction_matrix(table), data.product_table(table), [1, 3])
    # the extras know the hits; the hits do not know them yet
    assert row["same"].tolist() == [0.125, 0.125] and row.attrs["half"] == 0.25


def test_what_a_pair_minimum_costs_and_gains(shop):
    part = shop[0][shop[0]["customer_id"] < "CUST00600"]
    matrix, products = build_interaction_matrix(part), data.product_table(part)
    table = pair_settings(part, matrix, products, 8, [1, 2, 3], damping=7)
    assert table.index.tolist() == [1, 2, 3, "damping"]
    slow = Slow(part, matrix, products)
    filled, confirmed, whole = [], [], []
    for product, people, days in slow.asked(16):
        late = slow.row(product, people[len(people) // 2 :], 4)
        day = days[7]
        rows = {least: slow.row(product, people[:8], 4, least, day=day) for least in [1, 2, 3]}
        rows["damping"] = slow.row(product, people[:8], 4, damp=7, day=day)
        filled.append({name: len(row) / 4 for name, row in rows.items()})
        confirmed.append(
            {name: len(row & late) / len(row) if row else np.nan for name, row in rows.items()}
        )
        sellers = slow.best_sellers(product, 8, True)
        full = {
            name: row | set([each for each in sellers if each not in row][: 4 - len(row)])
            for name, row in rows.items()
        }
        assert all(len(row) == 4 for row in full.values())
        whole.append({name: len(row & late) / 4 for name, row in full.items()})
    whole = pd.DataFrame(whole)
    confirmed = pd.DataFrame(confirmed)
    assert table["filled"].to_dict() == pytest.approx(pd.DataFrame(filled).mean().to_dict())
    assert table["confirmed"].to_dict() == pytest.approx(confirmed.mean().to_dict())
    assert table["whole"].to_dict() == pytest.approx(whole.mean().to_dict())
    for name in table.index:
        gain = whole[name] - whole[1]
        assert table.loc[name, "gain"] == pytest.approx(gain.mean())
        assert table.loc[name, "error"] == pytest.approx(gain.std() / gain.count() ** 0.5)
    assert table["filled"][3] < table["filled"][1] == table["filled"]["damping"]


def test_rows_of_one_product_are_those_of_the_chart(shop):
    part = shop[0][shop[0]["customer_id"] < "CUST00600"]
    matrix, products = build_interaction_matrix(part), data.product_table(part)
    row = row_by_buyers(part, matrix, products, [1, 8])
    same = []
    for product, *_ in Slow(part, matrix, products).asked(2 * row.index[-1]):
        rows = rows_of_first_buyers(part, matrix, product, row.index)
        late = set(rows["later"].dropna())
        assert late and rows.columns.tolist() == [*row.index, "later"]
        same.append([rows[count].isin(late).sum() / 4 for count in row.index])
    assert np.mean(same, axis=0) == pytest.approx(row["same"].to_numpy())
    # and the table about pairs speaks of the same products
    many = row.index[-1]
    none = pair_settings(part, matrix, products, many, [1], of=many)
    assert none["filled"][1] == 1
    assert none["whole"][1] == pytest.approx(row["same"][many])
    few = rows_of_first_buyers(part, matrix, matrix.products[0], [3, 10_000])
    assert few.columns.tolist() == [3, "later"]


def test_a_row_where_there_is_little_to_tell_from(small_shop):
    matrix, products = build_interaction_matrix(small_shop), data.product_table(small_shop)
    table = row_by_buyers(small_shop, matrix, products)
    assert table.index.tolist() == [1] and table.attrs["rival"] == "the shop's best sellers"
    single = purchases(("1", "a"), ("2", "b"))
    matrix = build_interaction_matrix(single)
    empty = row_by_buyers(single, matrix, data.product_table(single))
    assert empty.empty and enough_buyers(empty) is None
    assert rows_of_first_buyers(single, matrix, "a").columns.tolist() == ["later"]
    assert pair_settings(single, matrix, data.product_table(single), 1)["confirmed"].isna().all()


def test_enough_buyers_holds_for_every_larger_count():
    row = pd.DataFrame(
        {"same": [0.2, 0.3, 0.3, 0.5], "ahead": [0.1, 0.02, 0.1, 0.3], "error": 0.04},
        index=[1, 3, 10, 30],
    )
    row.attrs["chance"] = 0.05
    assert enough_buyers(row) == 10  # 1 is ahead as well, but 3 is not
    assert enough_buyers(row, errors=0) == 3  # one person's purchases are no row
    assert enough_buyers(row, errors=10) is None
    row.attrs["chance"] = 0.2  # ahead of the rival is not enough, where chance does nearly as well
    assert enough_buyers(row) == 30


def test_behind_by_no_more_than_luck_is_not_behind():
    row = pd.DataFrame(
        {"same": [0.2, 0.3, 0.3, 0.5, 0.09], "ahead": [-0.1, -0.03, 0.03, 0.3, 0.2], "error": 0.04},
        index=[1, 3, 10, 30, 100],
    )
    row.attrs["chance"] = 0.05
    states = ["behind", "can't tell", "can't tell", "ahead", "near chance"]
    assert beside_the_rival(row).tolist() == states
    assert beside_the_rival(row, errors=0).tolist()[1:3] == ["behind", "ahead"]


def test_with_ten_buyers_the_bundled_shop_cannot_tell():
    shop = data.load_shop("", "", {}, {}, "%d-%m-%Y", {}, {})[0]
    row = row_by_buyers(shop, build_interaction_matrix(shop), data.product_table(shop))
    assert row["ahead"][10] < 0 and beside_the_rival(row)[10] == "can't tell"
    assert beside_the_rival(row)[3] == "behind" and enough_buyers(row) == 30


def test_a_row_may_be_tried_where_others_do_not_clearly_buy_less_of_it():
    row = pd.DataFrame(
        {"same": 0.5, "ahead": 0.3, "error": 0.04, "lead": [-0.3, -0.1, 0.01, 0.2],
         "lead_error": 0.04},
        index=[1, 3, 10, 30],
    )  # fmt: skip
    row.attrs["chance"] = 0.05
    assert enough_buyers(row) == 3  # that judge is a row itself
    assert buyers_for_a_row(row) == 10
    row["lead_error"] = 0.1  # behind, but not clearly
    assert buyers_for_a_row(row) == 3
    row["lead"] = -0.3
    assert buyers_for_a_row(row) is None
    row["ahead"] = 0.0
    assert buyers_for_a_row(row) is None


def tasteful(n_customers, tastes, seed=0):
    """Customers of several tastes buy of their own taste's products mostly."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(n_customers):
        own = customer % tastes
        for _ in range(6):
            taste = own if rng.random() < 0.8 else rng.integers(tastes)
            rows.append((f"c{customer:04d}", f"t{taste}_{rng.integers(8)}"))
    return build_interaction_matrix(purchases(*rows))


@pytest.mark.parametrize("tastes", [2, 3, 5])
def test_groups_are_found_where_they_are(tastes):
    groups = product_groups(tasteful(600, tastes))
    assert groups.attrs["clear"]
    planted = groups.index.str[:2]
    assert pd.crosstab(planted, groups["group"]).gt(0).to_numpy().sum() == tastes
    # and a product's neighbour on the map is of its own group
    places = groups[["x", "y"]].to_numpy()
    away = np.linalg.norm(places[:, None] - places[None], axis=2) + np.diag([np.inf] * len(places))
    assert (groups["group"].to_numpy()[away.argmin(axis=1)] == groups["group"]).mean() >= 0.9


@pytest.mark.parametrize(
    ("n_customers", "n_products", "share"), [(2_000, 30, 0.05), (3_000, 60, 0.2)]
)
def test_no_groups_are_found_where_nearly_everybody_buys_once(n_customers, n_products, share):
    for seed in range(2):
        rng = np.random.default_rng(seed)
        weight = 1 / np.arange(1, n_products + 1) ** 0.5
        rows = [
            (f"c{customer}", f"p{product:02d}")
            for customer in range(n_customers)
            for product in rng.choice(
                n_products, 2 if rng.random() < share else 1, False, weight / weight.sum()
            )
        ]
        groups = product_groups(build_interaction_matrix(purchases(*rows)))
        assert not groups.attrs["clear"]


def test_a_shop_without_tastes_keeps_who_buys_how_much(bundled_matrix):
    real = bundled_matrix.values
    dealt = _dealt(real, np.random.default_rng(0))
    assert dealt.data.tolist() == [1] * real.nnz and dealt.has_canonical_format
    for axis in (0, 1):
        assert (dealt.sum(axis=axis) == real.sum(axis=axis)).all()
    assert (dealt * real).sum() < 0.3 * real.nnz  # and little else


def test_no_groups_are_found_where_there_are_none():
    found = [product_groups(tasteful(400, 1, seed)).attrs["clear"] for seed in range(4)]
    rng = np.random.default_rng(0)
    rows = [(f"c{c}", f"p{p:02d}") for c in range(400) for p in rng.integers(0, 40, 1 + c % 9)]
    found.append(product_groups(build_interaction_matrix(purchases(*rows))).attrs["clear"])
    assert not any(found)


@pytest.mark.parametrize("n_products", [1, 2, 3, 4])
def test_groups_of_hardly_any_products(n_products):
    bought = data.miniature()
    matrix = build_interaction_matrix(bought[bought["product_id"] < "ABCDE"[n_products]])
    groups = product_groups(matrix)
    assert not groups.attrs["clear"] and len(groups) == (0 if n_products == 1 else n_products)
    assert np.isfinite(groups[["x", "y"]].to_numpy(float)).all()


def test_the_map_draws_the_products_with_most_buyers(bundled_matrix):
    groups = product_groups(bundled_matrix, n_products=20)
    buyers = pd.Series(bundled_matrix.values.sum(axis=0), bundled_matrix.products)
    assert set(groups.index) == set(buyers.nlargest(20).index)
    pd.testing.assert_frame_equal(groups, product_groups(bundled_matrix, n_products=20))


def test_the_lift_that_melts_by_hand():
    dates = ["2024-01-01"] * 4 + ["2024-06-01"] * 4
    table = purchases(*zip("11223344", "abacabab", dates, strict=True))
    melted = lift_that_melts(table, [1, 2], share=0.4)
    # early: two customers, a with b and a with c, one each; since then a with b twice
    assert melted.index.tolist() == [1]
    early = melted.loc[1]
    assert early["customers"] == 1 and early["pairs"] == early["top"] == 2
    assert early["lift"] == 1  # a is bought by everybody
    assert early["lift_later"] == 0.5  # a and b 1; a and c, bought by nobody since, 0
    assert early["lift_that_stayed"] == 0.5 and early["never_again"] == 1


def test_strangers_do_not_make_an_old_lift_stay():
    """Two people once bought both; everybody since buys something else."""
    early = [(f"{who}", product, "2024-01-01") for who in range(2) for product in "ab"]
    other = [(f"early {who}", "c", "2024-01-01") for who in range(4)]
    since = [(f"late {who}", product, "2024-06-01") for who in range(50) for product in "cd"]
    melted = lift_that_melts(purchases(*early, *other, *since), [1], share=0.05)
    assert melted.loc[1, "lift"] == 3
    assert melted.loc[1, "lift_later"] == 0 and melted.loc[1, "never_again"] == 1


def test_the_lift_melts_in_the_shop(shop):
    melted = lift_that_melts(shop[0])
    assert melted.index.tolist() == [1, 3, 5, 10]
    assert melted["lift_that_stayed"].is_monotonic_increasing
    assert melted["lift"].is_monotonic_decreasing
    assert melted["pairs"].is_monotonic_decreasing and (melted["top"] == 10).all()
    for least, row in melted.iterrows():  # what is drawn pair by pair has these means
        pairs = melted.attrs["each"][least]
        assert np.allclose(np.mean(pairs, axis=0), [row["lift"], row["lift_later"]])
        assert len(pairs) == row["top"]


def test_tastes_stand_out_from_what_noise_alone_gives():
    told = nearest_without_tastes(tasteful(400, 4, 0))
    assert told["clear"].mean() > 0.9
    assert (told["clear"] == (told["nearest"] > told.attrs["highest_by_chance"])).all()
    rng = np.random.default_rng(0)
    rows = [(f"c{c}", f"p{p:02d}") for c in range(400) for p in rng.integers(0, 40, 1 + c % 9)]
    noise = nearest_without_tastes(build_interaction_matrix(purchases(*rows)))
    assert noise["clear"].mean() < 0.1


def test_the_noise_of_hardly_any_products():
    for n_products in (1, 2, 3):
        rows = [(f"c{c}", f"p{c % n_products}") for c in range(9)]
        told = nearest_without_tastes(build_interaction_matrix(purchases(*rows)))
        assert not told["clear"].any()
        assert len(told) == (n_products if n_products > 1 else 0)
