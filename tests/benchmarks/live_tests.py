"""Are live tests read right? Thousands of tests on the made-up shop, whose truth is known.

    uv run --extra test python tests/benchmarks/live_tests.py [NUMBER OF TESTS]

1. Two *equal* lists: how often an interval excludes zero, where customers are counted and where
   visits are taken as independent.
2. Different lists: how often an interval includes the truth.
3. A list whose lift is just the smallest that the plan says it finds: how often it is found; and
   what the rule says to that list, to one without an effect, half of it, twice it.
4. Looks after every week, at equal lists: how often any of them ships.
5. The largest difference to an independent implementation (gbstats, in its own environment).
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from environments import python_of

from helpers import experiments, simulation
from helpers.matrix import build_interaction_matrix
from helpers.reading.parameters import LiveTest
from helpers.recommend import ItemBased, MostPopular, ladder

WEEKS = 4
HALVES = {"today": 0.5, "new": 0.5}
METRICS = ["clicked per visit", "carted per visit", "carted per customer", "revenue per customer"]


def play(home, seed, weeks=WEEKS):
    """The rows of one test, of customers dealt anew."""
    assigned = experiments.assign_arms(home.customers, HALVES, f"test {seed}")
    return home.visits(assigned, weeks=weeks, random_state=seed)


def excludes(read, truth=0.0, names=("low", "high")):
    """Whether an interval leaves a value out."""
    return not read[names[0]] <= truth <= read[names[1]]


def visits_alone(customers, metric):
    """The interval of two shares, as if each visit were another customer's."""
    sums = customers.groupby("arm")[[metric.split(" ")[0], "visits"]].sum()
    share = sums.iloc[:, 0] / sums["visits"]
    half = 1.96 * np.sqrt((share * (1 - share) / sums["visits"]).sum())
    difference = share["new"] - share["today"]
    return {"low": difference - half, "high": difference + half}


def alike(home, n_tests):
    """False alarms of tests of two equal lists: one row per metric."""
    found = {metric: np.zeros(3) for metric in METRICS}
    for seed in range(n_tests):
        customers = experiments.by_customer(play(home, seed))
        for metric in METRICS:
            read = experiments.compare(customers, metric, "today", "new")
            found[metric] += [
                excludes(read),
                excludes(read, 0, ("lift_low", "lift_high")),
                "visit" in metric.split()[2] and excludes(visits_alone(customers, metric)),
            ]
    columns = ["false alarms", "by the lift", "visits as independent"]
    table = pd.DataFrame.from_dict(found, orient="index", columns=columns) / n_tests
    table.loc[table.index.str.endswith("customer"), columns[-1]] = np.nan
    return table


def truths(home):
    """True metric of every arm, per visit and per customer who comes at all."""
    expected = home.expected()
    came = (1 - np.exp(-home.visits_per_week * WEEKS)).sum()
    per_customer = expected * home.visits_per_week.sum() * WEEKS / came
    return {
        f"{name} per {unit}": table[name]
        for name in expected for unit, table in (("visit", expected), ("customer", per_customer))
    }  # fmt: skip


def coverage(home, n_tests):
    """Share of the intervals that include the truth, of tests of two different lists."""
    truth, inside = truths(home), {metric: np.zeros(2) for metric in METRICS}
    for seed in range(n_tests):
        customers = experiments.by_customer(play(home, seed))
        for metric in METRICS:
            today, new = truth[metric]["today"], truth[metric]["new"]
            read = experiments.compare(customers, metric, "today", "new")
            inside[metric] += [
                not excludes(read, new - today),
                not excludes(read, new / today - 1, ("lift_low", "lift_high")),
            ]
    columns = ["difference", "lift"]
    return pd.DataFrame.from_dict(inside, orient="index", columns=columns) / n_tests


def lifted(home, lift):
    """The same list in both arms, but in the new one a click reaches the cart more often."""
    return replace(home, cart=home.cart | {"new": home.cart["today"] * (1 + lift)})


def planned(home, n_tests):
    """Of tests of the planned size, by the true lift: what the rule says, and the power."""
    log = home.visits(first_day="2024-01-01", weeks=WEEKS, random_state=1)
    smallest = experiments.plan_test(LiveTest(), log, [WEEKS])["smallest_lift"].item()
    plan = LiveTest(worth_having=smallest, weeks=WEEKS)
    rows = {}
    for name, part in {"no effect": 0, "half of it": 0.5, "worth having": 1, "twice": 2}.items():
        shop = lifted(home, part * smallest)
        said, found = [], 0
        for seed in range(n_tests):
            customers = play(shop, seed)
            read = experiments.read_test(customers, plan)
            said.append(read["decision"])
            row = read["comparisons"].query("role == 'decides'").iloc[0]
            found += row["low"] > 0
        rows[f"{name} ({part * smallest:.0%})"] = {
            "found": found / n_tests,
            **{each: said.count(each) / n_tests for each in ("ship", "stop", "cannot tell")},
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def weekly(home, n_tests, weeks=6):
    """How often any of the weekly looks at two equal lists says ship."""
    plan = LiveTest(looks="weekly", weeks=weeks, worth_having=0.01)
    shipped = peeked = 0
    for seed in range(n_tests):
        rows = play(home, seed, weeks)
        said, naive = [], []
        for week in range(1, weeks + 1):
            until = rows[rows["date"] < rows["date"].min() + pd.Timedelta(days=7 * week)]
            read = experiments.read_test(until, plan)
            said.append(read["decision"])
            customers = experiments.by_customer(until)
            naive.append(experiments.compare(customers, plan.metric, "today", "new")["low"] > 0)
        shipped += "ship" in said
        peeked += any(naive)
    return {"with the limits": shipped / n_tests, "without": peeked / n_tests}


def of_gbstats(home, n_tests=20):
    """The largest difference of an interval's ends to gbstats', in parts of the interval."""
    from helpers.experiments.readout import columns_of

    asked, ours = [], []
    for seed in range(n_tests):
        customers = experiments.by_customer(play(home, seed))
        for metric in METRICS:
            read = experiments.compare(customers, metric, "today", "new")
            ours.append([read["low"], read["high"]])
            numerator, denominator = columns_of(metric, customers)
            sides = []
            for arm in HALVES:
                part = customers[customers["arm"] == arm]
                top, below = part[numerator].astype(float), part[denominator or numerator]
                sums = [top.sum(), (top**2).sum()]
                if denominator:
                    sums += [below.sum(), (below**2).sum(), (top * below).sum()]
                sides.append([len(part), *map(float, sums)])
            asked.append(sides)
    script = Path(__file__).with_name("gbstats_intervals.py")
    done = subprocess.run([*python_of("gbstats"), str(script)], input=json.dumps(asked),
                          capture_output=True, text=True, check=True)  # fmt: skip
    theirs = np.array(json.loads(done.stdout.strip().splitlines()[-1]))
    ours = np.array(ours)
    return float((np.abs(ours - theirs).max(axis=1) / np.ptp(ours, axis=1)).max())


def main(n_tests: int = 2_000) -> None:
    world = simulation.make_world()
    matrix = build_interaction_matrix(world.transactions)
    popular = MostPopular().fit(matrix)
    personal = ladder(ItemBased().fit(matrix), popular)
    for name, model in {"popular": popular, "item-based": personal}.items():
        home = simulation.prepare_homepage(world, {"today": model, "new": model})
        print(f"\n{n_tests:,} tests of two equal {name} lists\n", alike(home, n_tests).round(3))
    home = simulation.prepare_homepage(world, {"today": popular, "new": personal})
    print("\nintervals that include the truth\n", coverage(home, n_tests).round(3))
    same = simulation.prepare_homepage(world, {"today": popular, "new": popular})
    print("\ntests of the planned size\n", planned(same, n_tests // 4).round(3))
    print("\nweekly looks at equal lists that ship:", weekly(same, n_tests // 4))
    print(f"\nlargest difference to gbstats: {of_gbstats(home):.1e} of an interval's width")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
