"""What can be played with computes what the helpers compute, by keyboard too."""

import html
import json
import re
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from helpers import data, evaluate, experiments, explorables, telling
from helpers import similarity as alike
from helpers.matrix import build_interaction_matrix
from helpers.plots.similarity import _wait
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

    opened.page = watched.page
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
    lift = page.get_by_label("Break-even")
    lift.fill("60")
    assert "a lift of 60\xa0%" in said.inner_text()
    rows = page.locator("tr:not([aria-hidden])").all_inner_texts()[1:]
    assert [len(row.split("\t")) for row in rows] == [4, 4, 4]
    page.get_by_label("Visits").fill("400")
    assert said.inner_text().startswith("No week up to 26 finds a lift of 60\xa0%")
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


def test_letters_are_large_enough_on_a_phone(play):
    play.page.set_viewport_size({"width": 360, "height": 740})
    page = play(explorables.peeking, experiments.spending_limits(range(1, 22)))
    sizes = """[...document.querySelectorAll("svg text, .explorable p, .explorable p *")].map(
        each => parseFloat(getComputedStyle(each).fontSize) * (each.getScreenCTM?.().a ?? 1))"""
    assert len(sizes := page.evaluate(sizes)) > 3 and min(sizes) > 11
    assert page.get_by_text("wide limits").first.is_visible()


CONTRASTS = """() => {
    const rgb = (colour) => {
        const canvas = document.createElement("canvas").getContext("2d");
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(value => value / 255);
    };
    const light = (colour) => 0.05 + rgb(colour)
        .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
        .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
    const ground = light(getComputedStyle(document.body).backgroundColor);
    const far = (colour) => Math.max(light(colour) / ground, ground / light(colour));
    const lines = ["dasharray", "width='2'", "width='1.2'"].map(each => `polyline[stroke-${each}]`);
    const drawn = ["text", "circle", ...lines].join();
    return [...document.querySelectorAll("svg")].flatMap(svg => [...svg.querySelectorAll(drawn)])
        .map(each => getComputedStyle(each))
        .map(({ fill, stroke }) => far(fill === "none" ? stroke : fill));
}"""


@pytest.mark.parametrize(("words", "ground"), [("#222", "#fff"), ("#cfd0d0", "#131416")])
def test_charts_follow_a_dark_page(play, words, ground):
    hits = {name: np.eye(9, dtype=bool) for name in ("ours", "best sellers", "dice")}
    limits = experiments.spending_limits(range(1, 22))
    for shown in [(explorables.peeking, limits), (explorables.list_length, hits, 5)]:
        page = play(*shown)
        page.add_style_tag(content=f"body {{ color: {words}; background: {ground}; }}")
        ground_of = "svg => getComputedStyle(svg).backgroundColor"
        assert page.locator("svg").first.evaluate(ground_of) == "rgba(0, 0, 0, 0)"
        contrasts = page.evaluate(CONTRASTS)
        assert len(contrasts) >= 4 and min(contrasts) > 3, contrasts


def test_names_cannot_leave_the_fragment(play):
    name = "\"'></div><script>window.hacked=1</script>"
    table = small().rename(columns={"A": name})
    page = play(explorables.puzzle, table, "customer 4")
    assert page.evaluate("window.hacked") is None
    assert page.get_by_text(name, exact=True).count() == 1


def facts_of(*shown):
    return json.loads(html.unescape(re.search(r'data-facts="([^"]*)"', fragment(*shown))[1]))


def random_hits(rng, places=20):
    """Lists of three kinds, the first ones better, before the same judges; dice rolled thrice."""
    judges = rng.integers(1, 60)
    return {name: rng.random((judges * rolls, places)) < rng.random() * most
            for name, most, rolls in [("ours", 0.5, 1), ("best sellers", 0.2, 1), ("dice", 0.1, 3)]
            }  # fmt: skip


def test_list_length_agrees_with_the_metrics_on_200_lists(play):
    rng = np.random.default_rng(0)
    page = play(explorables.list_length, random_hits(rng), 5)
    for _ in range(70):
        hits = random_hits(rng, int(rng.integers(2, 21)))
        facts = facts_of(explorables.list_length, hits, 5)
        table = page.evaluate(
            """({lists, longest}) => lists.map(({hits, judges}) =>
                 Array.from({length: longest}, (_, place) =>
                     Object.values(listLength).map(metric => metric(hits, judges, place + 1))))""",
            facts,
        )
        for each, ours in zip(hits.values(), table, strict=True):
            for k, pair in enumerate(ours, start=1):
                asked = each[:, :k], np.ones(len(each))
                means = [
                    metric(*asked).mean() for metric in (evaluate.hit_rate, evaluate.precision)
                ]
                assert pair == pytest.approx(means, abs=1e-12)


def test_numbers_of_100_are_rounded_as_in_the_lessons(play):
    page = play(explorables.list_length, random_hits(np.random.default_rng(0)), 5)
    shares = [
        0.125,
        0.375,
        0.0625,
        0.545,
        0,
        1,
        *np.random.default_rng(1).uniform(0.002, 0.998, 200),
    ]
    shown = page.evaluate("shares => shares.map(share => explorable.of100([share])[0])", shares)
    assert [f"{each}%" for each in shown] == [telling.percent(share) for share in shares]
    # side by side with as many digits, so that their difference is the one that is told
    assert page.evaluate("explorable.of100([0.5444, 0.0462])") == ["54.4", "4.6"]
    assert page.evaluate("explorable.less('54.4', '4.6')") == "49.8"


def test_list_length_moves_by_keyboard_and_shows_the_lead_over_dice(play):
    ours, rival, dice = (np.zeros((10, 4), dtype=bool) for _ in range(3))
    ours[:5, 0] = ours[5:8, 3] = rival[:2, 1] = dice[0, 2] = True
    page = play(explorables.list_length, {"ours": ours, "best sellers": rival, "dice": dice}, 5)
    slider, said = page.get_by_role("slider"), page.locator("p[aria-live]")
    assert page.locator("output").inner_text() == "4 places", "the shop allows no five"
    assert "80 find something in ours, 70 more than with dice, 60 more than" in said.inner_text()
    slider.focus()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "1 place"
    assert "50 find something in ours, 50 more than with dice" in said.inner_text()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "2 places"
    rows = [row.all_inner_texts() for row in (r.locator("td") for r in page.locator("tr").all())]
    assert rows[1:] == [["50", "25"], ["20", "10"], ["0", "0"]]


def with_tastes(rng):
    """Customers of five tastes, strong or weak, in products of two categories by chance."""
    customer = np.repeat(np.arange(300), rng.integers(1, 6, 300))
    own = rng.random(len(customer)) < rng.random()
    taste = np.where(own, customer % 5, rng.integers(0, 5, len(customer)))
    product = rng.integers(0, 4, len(customer)) * 5 + taste
    category = rng.choice(["a", "b"], 20)
    days = pd.to_timedelta(rng.integers(0, 400, len(customer)), unit="D")
    return pd.DataFrame(
        {
            "customer_id": [f"c{each:03}" for each in customer],
            "product_id": [f"p{each:02}" for each in product],
            "product_name": [f"Product {each}" for each in product],
            "product_category": category[product],
            "transaction_date": pd.Timestamp("2024-01-01") + days,
        }
    )


def rows_to_move(transactions, counts, start=3, names=None):
    matrix, products = build_interaction_matrix(transactions), data.product_table(transactions)
    row = alike.row_by_buyers(transactions, matrix, products, counts)
    page = matrix.products[0]
    example = alike.rows_of_first_buyers(transactions, matrix, page, counts)
    names = products["product_name"] if names is None else names
    return row, (row, example, names, page, start)


def test_buyers_needed_agrees_with_the_helper_on_200_minimums(play):
    rng = np.random.default_rng(0)
    counts, asked, decided = [1, 2, 3, 5, 8, 12], 0, set()
    page = play(explorables.buyers_needed, *rows_to_move(with_tastes(rng), counts)[1])
    while asked < 200:
        shop = with_tastes(rng)
        row, arguments = rows_to_move(shop, counts)
        facts = facts_of(explorables.buyers_needed, *arguments)
        found = page.evaluate(
            """({steps, confirmed, chance}) => steps.map(({buyers, weeks}) =>
                 ({...buyersNeeded.compare(confirmed, buyers, chance),
                   wait: buyersNeeded.wait(weeks)}))""",
            facts,
        )
        found = pd.DataFrame(found, index=row.index)
        assert np.allclose(found[["same", "ahead", "error"]], row[["same", "ahead", "error"]])
        assert np.allclose(found["popular"], row.attrs["popular"])
        words = {"behind": "clearly less", "ahead": "clearly more"}
        assert found["state"].tolist() == alike.beside_the_rival(row).replace(words).tolist()
        waits = ["on the day" if w < 1 / 7 else f"within {_wait(w)}" for w in row["weeks"]]
        assert found["wait"].tolist() == waits
        buyers = shop.groupby("product_id")["customer_id"].nunique()
        waiting = [each["waiting"] for each in facts["steps"]]
        assert waiting == [(buyers < count).sum() for count in row.index]
        asked, decided = asked + len(row), decided | {alike.enough_buyers(row)}
    assert None in decided and len(decided) > 2


def test_buyers_needed_moves_by_keyboard_and_shows_the_row(play):
    row, arguments = rows_to_move(with_tastes(np.random.default_rng(3)), [1, 3, 5])
    page = play(explorables.buyers_needed, *arguments)
    slider, said = page.get_by_role("slider"), page.locator("p[aria-live]")
    assert said.inner_text().startswith("From 3 buyers: later buyers confirm")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "5"
    shares = [row["same"][5], row.attrs["popular"]]
    mine, theirs = re.findall(r"(?:confirm|and) (\d+)", said.inner_text())
    assert [f"{mine}%", f"{theirs}%"] == [telling.percent(share) for share in shares]
    example, names = arguments[1], arguments[2]
    kept = [names[one] + " ✓" * (one in set(example["later"])) for one in example[5].dropna()]
    assert page.get_by_text(f"from its first 5 buyers: {', '.join(kept)}.").count() == 1


def test_names_cannot_leave_what_is_moved(play):
    name = "\"'></div><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"
    shop = with_tastes(np.random.default_rng(0))
    names = pd.Series(name, sorted(shop["product_id"].unique()))
    arguments = rows_to_move(shop, [1, 3, 5], names=names)[1]
    page = play(explorables.buyers_needed, *arguments)
    assert page.evaluate("window.hacked") is None
    shown = page.get_by_text(name).last.inner_text().count(name)
    assert shown == 1 + arguments[1][3].notna().sum(), "the page and its row"
    hits = random_hits(np.random.default_rng(0))
    page = play(
        explorables.list_length, {"ours": hits["ours"], name: hits["dice"], "dice": hits["dice"]}, 5
    )
    assert page.evaluate("window.hacked") is None
    assert page.get_by_role("rowheader", name=name, exact=True).count() == 1


def test_where_nothing_can_be_computed_nothing_is_shown():
    nobody, one_place = np.zeros((0, 20), dtype=bool), np.ones((3, 1), dtype=bool)
    few = with_tastes(np.random.default_rng(0)).head(12)
    with mock.patch.object(telling, "display") as displayed:
        for hits in (nobody, one_place):
            explorables.list_length(dict.fromkeys(["ours", "best sellers", "dice"], hits), 5)
        explorables.buyers_needed(*rows_to_move(few, [1, 3])[1])
    assert not displayed.called
