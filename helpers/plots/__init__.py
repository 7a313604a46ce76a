"""The course's figures, by name: each is one call, and says in its title what it shows.

A file per lesson; ``general`` has figures for any table, ``style`` the look of all of them.
"""

from helpers.plots.general import (
    bars,
    calibration,
    heatmap,
    histogram,
    intervals,
    lines,
    product_map,
)
from helpers.plots.matrix import (
    bought_later,
    cells,
    drowned,
    hundred_cells,
    meanings,
    one_row,
    people_in_a_row,
    products_per_customer,
    purchases_into_matrix,
    two_shops,
    votes,
)
from helpers.plots.style import show
