"""The made-up shop, whose truth is known: its world, visits, campaigns and feedback rounds."""

from helpers.simulation.campaigns import layered_campaigns, sensitivity, simulate_campaigns
from helpers.simulation.feedback import retraining_rounds, variety, variety_rounds
from helpers.simulation.persuasion import (
    People,
    compare_targeting,
    make_people,
    past_campaign,
    risk_against_uplift,
)
from helpers.simulation.visits import (
    Choice,
    acceptance,
    deal,
    fit_choice,
    live_test,
    simulate_visits,
    true_liking,
)
from helpers.simulation.world import World, make_world
