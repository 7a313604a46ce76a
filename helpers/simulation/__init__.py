"""The made-up shop, whose truth is known: its world, visits, offers and feedback rounds."""

from helpers.simulation.exposure import two_futures
from helpers.simulation.feedback import retraining_rounds, variety
from helpers.simulation.persuasion import (
    REGULARS,
    People,
    compare_targeting,
    layers_added,
    make_people,
    past_campaign,
)
from helpers.simulation.sensitivity import sensitivity
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
    two_lists,
    visits_per_week,
)
from helpers.simulation.world import World, make_world
