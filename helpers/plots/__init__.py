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
from helpers.plots.recommendations import (
    bought_again,
    score_drawing,
    score_parts,
    steps,
    two_metrics,
    unknown_id,
    what_followed,
    who_leads,
)
from helpers.plots.style import show
