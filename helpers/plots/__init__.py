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
from helpers.plots.loading import (
    customer_trail,
    funnel,
    lists_beside,
    months_moved,
    platform_bar,
    sales_tail,
    six_rows,
    ten_views,
    the_rule,
    two_readings,
    two_tables,
)
from helpers.plots.style import show
