"""How often the memo's rule says what, in made-up shops whose tastes are known.

``python tests/benchmarks/memo_rule.py`` writes ``data/memo_rule.csv``, which lesson 11 reads. Each
world is made anew and cut into shops of about 100, 300 and 1,000 customers to judge by; a shop's
lists learn from its own customers only. About a minute a world.
"""

from __future__ import annotations

import sys
from dataclasses import asdict

import numpy as np
import pandas as pd

from helpers import data, evaluate, memo
from helpers.simulation.world import N_CUSTOMERS, make_world

OUT = data.PROJECT / "data" / "memo_rule.csv"
STRENGTHS = [0, 0.25, 0.5, 0.75, 1]
#: Lifts worth having: the memo's own fifth, and three fifths.
LIFTS = [0.2, 0.6]
#: Customers to judge by: into how many shops a world is cut, and how many of them are asked.
SHOPS = {100: (9, 3), 300: (3, 3), 1_000: (1, 1)}


def shops(seed):
    """The facts that the rule is asked of, shop by shop."""
    for strength in STRENGTHS:
        world = make_world(1_000 + seed, strength)
        everyone = np.array([f"CUST{number:05d}" for number in range(1, N_CUSTOMERS + 1)])
        everyone = np.random.default_rng(seed).permutation(everyone)
        for size, (parts, asked) in SHOPS.items():
            for part in range(asked):
                some = set(everyone[part::parts])
                tables = [table[table["customer_id"].isin(some)]
                          for table in (world.transactions, world.events)]  # fmt: skip
                split = evaluate.split_by_time(*tables)
                judged = memo._judge(evaluate.settings_for(*tables), split, 5)
                yield {"strength": strength, "size": size, **judged}


def plan_for(lift):
    """A plan in which neither the data nor the traffic stand in the way."""

    def plan(groups):
        return asdict(hits_are_sales) | {
            "more_hits": lift, "lift_from": "lift", "smallest_lift": lift, "floor_lift": lift,
            "share": 1, "customers": 1, "sizes": {}, "earns": None, "currency": "",
        }  # fmt: skip

    hits_are_sales = memo.Assumptions(visits_per_week=1, lift=lift, exchange_rate=1)
    plan.smallest_lift = lambda visits, share: lift
    return plan


def answers(seed):
    """One row per shop and lift worth having."""
    rows = []
    for shop in shops(seed):
        for lift in LIFTS:
            fine = {"doubts": 0, "rows_kept": 1}
            found = memo._recommend(shop["quality"], shop["signal"], plan_for(lift), fine)
            rows.append(
                {
                    "lift_worth_having": lift,
                    "taste_strength": shop["strength"],
                    "customers_judged": shop["size"],
                    "gain": shop["quality"]["gain"]["difference"],
                    "worth_having": memo._worth_having(shop["quality"], lift),
                    "decision": found["decision"]["decision"],
                }
            )
    return pd.DataFrame(rows)


def main(worlds=22):
    asked = pd.concat([answers(seed) for seed in range(worlds)])
    summary(asked).to_csv(OUT, index=False, lineterminator="\n")


def summary(asked):
    """Shares of decisions, beside the mean gain and the mean of what is worth having."""
    by = ["lift_worth_having", "taste_strength", "customers_judged"]
    table = asked.groupby(by)[["gain", "worth_having"]].mean().round(4)
    table.insert(0, "shops", asked.groupby(by).size())
    for decision in (memo.SHIP, memo.NOT_YET, memo.DONT):
        said = (asked["decision"] == decision).groupby([asked[name] for name in by])
        table[decision] = said.mean().round(3)
    return table.reset_index()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
