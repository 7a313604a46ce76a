"""How far a simulated lift depends on what was assumed about the customers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from helpers.experiments import assign_arms, by_customer, compare
from helpers.simulation.visits import prepare_homepage, two_lists
from helpers.simulation.world import World, make_world


def sensitivity(
    plan,
    make_arms: Callable[[pd.DataFrame], dict] = two_lists,
    world: World | None = None,
    slopes: Sequence[float] = (0.25, 0.5, 2.0),
    taste_strengths: Sequence[float] = (0.5, 0.25, 0.0),
    seeds: Sequence[int] = (1, 2),
) -> pd.DataFrame:
    """The same test in other made-up shops: one assumption changed at a time.

    Parameters
    ----------
    plan : LiveTest
        With two arms. Each shop runs one such test.
    make_arms : callable
        Receives a world's purchases, returns fitted recommenders by arm, today's first.
    world : World, optional
        The one that the others are compared with; the bundled one, if left out.
    slopes : sequence of float
        Of the response curve, in that world; it is 1 otherwise.
    taste_strengths : sequence of float
        Of worlds with the bundled seed; it is 1 otherwise.
    seeds : sequence of int
        Of worlds with other customers.

    Returns
    -------
    DataFrame
        One row per shop: ``true_lift``, without dice, and what one test reads: ``lift`` with its
        95 % interval, ``lift_low`` and ``lift_high``.
    """
    world = world or make_world()
    shops = {"as it is": (world, 1.0)}
    shops |= {f"curve {slope:g}": (world, slope) for slope in slopes}
    rows = {name: _one_test(plan, make_arms, *shop) for name, shop in shops.items()}
    for strength in taste_strengths:
        other = make_world(taste_strength=strength)
        rows[f"tastes {strength:g}"] = _one_test(plan, make_arms, other)
    for seed in seeds:
        rows[f"other customers {seed}"] = _one_test(plan, make_arms, make_world(seed))
    return pd.DataFrame.from_dict(rows, orient="index")


def _one_test(plan, make_arms, world, slope=1.0):
    base, variant = plan.arms
    home = prepare_homepage(world, make_arms(world.transactions), slope=slope)
    assigned = assign_arms(home.customers, plan.arms, plan.name)
    visits = home.visits(assigned, *([plan.starts] if plan.starts else []), weeks=plan.weeks)
    read = compare(by_customer(visits), plan.metric, base, variant)
    true = home.expected_lift(variant, plan.metric.split(" per ")[0])
    return {"true_lift": true} | {name: read[name] for name in ("lift", "lift_low", "lift_high")}
