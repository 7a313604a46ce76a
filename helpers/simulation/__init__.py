"""The made-up shop, whose truth is known: its world, visits, campaigns and feedback rounds."""

from helpers.simulation.campaigns import layered_campaigns, simulate_campaigns
from helpers.simulation.feedback import retraining_rounds, variety, variety_rounds
from helpers.simulation.visits import (
    BOUGHT_OF_CARTS,
    CART_RATE,
    CLICK_RATE,
    VISITS_PER_WEEK,
    Choice,
    Homepage,
    acceptance,
    fit_choice,
    live_test,
    prepare_homepage,
    react,
    true_liking,
    visits_per_week,
)
from helpers.simulation.world import World, make_world
