"""What can be played with computes what the helpers compute, by keyboard too."""

import re
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from helpers import data, experiments, explorables, telling
from helpers.matrix import build_interaction_matrix
from helpers.reading.parameters import LiveTest
from helpers.recommend import ItemBased
from helpers.similarity import product_similarity


def fragment(show, *arguments):
    with mock.patch.object(telling, "display") as displayed:
        show(*arguments)
    return displayed.call_args.args[0]["text/html"]


@pytest.fixture
def play(watched, serve, tmp_path):
    """Open a fragment in a page of its own."""

    def opened(*shown):
        page = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8">{fragment(*shown)}</html>'
        (tmp_path / "index.html").write_text(page, encoding="utf-8")
        watched.page.goto(serve(tmp_path))
        return watched.page

    yield opened
    assert watched.elsewhere == [] and watched.errors == []


def small():
    return build_interaction_matrix(data.miniature()).to_frame().astype(int)


def test_the_puzzle_agrees_with_the_helpers_on_200_tables(play):
    page = play(explorables.puzzle, small(), "customer 4")
    rng = np.random.default_rng(0)
    n = 0
    while n < 200:
        bought = rng.integers(0, 2, (4, 4))
        if not bought.any(axis=0).all() or not bought.any(axis=1).all():
            continue  # the helpers know bought products and buyers only
        n += 1
        rows = [(f"c{i}", f"p{j}") for i, j in zip(*bought.nonzero(), strict=True)]
        purchases = pd.DataFrame(rows, columns=["customer_id", "product_id"]).assign(
            transaction_date=pd.Timestamp("2024-01-01")
        )
        matrix = build_interaction_matrix(purchases)
        pairs, scores = page.evaluate(
            """b => [b.map((_, i) => b.map((_, j) => puzzle.similarity(b, i, j))),
                     b.map((_, j) => puzzle.score(b, 3, j))]""",
            bought.tolist(),
        )
        assert np.allclose(pairs, product_similarity(matrix).to_frame(), atol=1e-6)
        model = ItemBased(n_neighbors=None, scale_customers=False).fit(matrix)
        ours = model.recommend(["c3"], n=4).set_index("product_id")["score"]
        for product, score in ours.items():
            assert scores[int(product[1])] == pytest.approx(score, abs=1e-5)


def test_the_puzzle_moves_by_keyboard_and_shows_the_sum(play):
    page = play(explorables.puzzle, small(), "customer 4")
    first = page.locator("p.first")
    assert first.inner_text().startswith("B: 0.41 + 0.41 = 0.82")
    cell = page.get_by_label("customer 3 bought A")
    cell.focus()
    page.keyboard.press("Space")
    assert cell.get_attribute("aria-pressed") == "true"
    assert not first.inner_text().startswith("B: 0.41 + 0.41")
    for product in "AC":
        page.get_by_label(f"customer 4 bought {product}").click()
    assert "owns nothing" in page.locator("[aria-live]").inner_text()


def planned(worth=0.3):
    plan = LiveTest(worth_having=worth, weeks=8)
    return plan, experiments.planned_noise(plan, experiments.Traffic(20_000), range(1, 27))


def test_the_planner_agrees_with_the_helpers_on_200_plans(play):
    plan, noise = planned()
    page = play(explorables.planner, plan, noise)
    z = np.linspace(-6, 6, 241)
    assert np.allclose(page.evaluate("z => z.map(planner.normal)", z.tolist()), norm.cdf(z),
                       rtol=0, atol=1e-6)  # fmt: skip
    rng = np.random.default_rng(0)
    needed = set()
    for _ in range(200):
        worth, times = rng.uniform(0.01, 1.5), 10 ** rng.uniform(-1, 3)
        week = int(rng.integers(1, 27))
        ours = experiments.plan_chances(
            plan.model_copy(update={"worth_having": worth}), noise, week, times
        )
        theirs = page.evaluate(
            """([worth, times, week]) => {
                const place = document.querySelector("[data-facts]");
                return planner.plan(JSON.parse(place.dataset.facts), worth, times, week - 1);
            }""",
            [worth, times, week],
        )
        assert theirs["error"] == pytest.approx(ours["error"], rel=1e-6)
        assert theirs["needed"] == ours["needed"]
        for row, chances in zip(theirs["chances"], ours["chances"].to_dict("records"), strict=True):
            assert row == pytest.approx(chances, abs=2e-6)
        needed.add(ours["needed"])
    assert None in needed and len(needed) > 10


def test_the_planner_moves_by_keyboard_and_says_what_changed(play):
    page = play(explorables.planner, *planned())
    said, weeks = page.locator("[aria-live]"), page.get_by_label("Weeks")
    before = said.inner_text()
    assert "After 8 weeks" in before
    weeks.focus()
    page.keyboard.press("ArrowRight")
    assert "After 9 weeks" in said.inner_text()
    assert weeks.get_attribute("aria-valuetext") == "9 weeks"
    lift = page.get_by_label("Smallest lift")
    lift.fill("60")
    assert "a lift of 60 %" in said.inner_text()
    rows = page.locator("tr:not([aria-hidden])").all_inner_texts()[1:]
    assert [len(row.split("\t")) for row in rows] == [4, 4, 4]
    page.get_by_label("Visits").fill("400")
    assert said.inner_text().startswith("No week up to 26 finds a lift of 60 %")
    lift.fill("")
    assert said.inner_text().startswith("It takes") and not page.locator("table tr").count()


def test_nothing_is_planned_where_the_chances_would_be_others():
    plan, noise = planned()
    with mock.patch.object(telling, "display") as displayed:
        explorables.planner(plan.model_copy(update={"looks": "weekly"}), noise)
        explorables.planner(plan, noise.assign(today=np.nan))
    assert not displayed.called


def test_peeking_finds_the_first_look_beyond_the_limits_as_numpy_does(play):
    limits = experiments.spending_limits(range(1, 22))
    page = play(explorables.peeking, limits)
    shown = np.round(limits, 4)
    for seed in range(10):
        paths = experiments.peeking_paths(21, n_tests=20, random_state=seed)
        beyond = np.abs(paths) > shown
        first = np.where(beyond.any(axis=1), beyond.argmax(axis=1), -1)
        found = page.evaluate("([p, l]) => p.map(each => peeking.first(each, l))",
                              [paths.tolist(), shown.tolist()])  # fmt: skip
        assert found == first.tolist()
    page.get_by_role("button").focus()
    for _ in range(40):
        page.keyboard.press("Enter")
    said = page.locator("[aria-live]").inner_text()
    daily, wide, once = (float(each) for each in re.findall(r"([\d.]+) of 100(?=[;.])", said))
    truth = experiments.peeking(21)["at any look"] * 100
    assert abs(daily - truth) < 4 and abs(once - 5) < 2 and wide < 8
    assert page.locator("polyline").count() == 104


def test_names_cannot_leave_the_fragment(play):
    name = "\"'></div><script>window.hacked=1</script>"
    table = small().rename(columns={"A": name})
    page = play(explorables.puzzle, table, "customer 4")
    assert page.evaluate("window.hacked") is None
    assert page.get_by_text(name, exact=True).count() == 1
