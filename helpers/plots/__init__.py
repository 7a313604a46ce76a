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
)
from helpers.plots.similarity import (
    buyers_needed,
    circles,
    in_common,
    pages_per_product,
    product_map,
    trail,
)
from helpers.plots.style import show
