"""The course's figures, by name: each is one call, and says in its title what it shows.

A file per lesson; ``general`` has figures for any table, ``style`` the look of all of them.
"""

from helpers.plots.general import (
    bars,
    calibration,
    cells,
    heatmap,
    histogram,
    intervals,
    lines,
    product_map,
)
from helpers.plots.style import show
from helpers.plots.trust import (
    dice_on_four_customers,
    exposure_loop,
    false_alarms,
    four_outcomes,
    from_hit_to_sale,
    gain_against_line,
    gain_by_group,
    own_or_stranger,
    ruler,
    two_futures,
    whose_history,
)
