"""How work grows with the shop: what lesson 09 draws."""

from __future__ import annotations

import numpy as np
import pandas as pd

_SIZE_OF = {"customers": "customers", "products": "products", "history": "purchases"}


def growth(measured: pd.DataFrame) -> pd.DataFrame:
    """Exponents of the power laws seconds = a x size^b, by least squares on the logarithms.

    Parameters
    ----------
    measured : DataFrame
        ``what`` grows, its sizes, and seconds to ``fit`` and to ``recommend``; from
        ``tests/benchmarks/scale.py``.

    Returns
    -------
    DataFrame
        One row per quantity: *b* of ``fit`` and of ``recommend``. A history's size is counted in
        purchases.
    """
    rows = {}
    for what, column in _SIZE_OF.items():
        points = measured[measured["what"] == what]
        rows[what] = {
            step: np.polyfit(np.log(points[column]), np.log(points[step]), 1)[0]
            for step in ("fit", "recommend")
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("what grows")


def growth_curves(measured: pd.DataFrame) -> pd.DataFrame:
    """Seconds to fit, in those of the smallest size, by times the smallest size.

    Points of the three quantities lie at different sizes; between them it is interpolated.
    """
    curves = {}
    for what, column in _SIZE_OF.items():
        points = measured[measured["what"] == what]
        times = (points[column] / points[column].min()).round(1)
        curves[what] = pd.Series((points["fit"] / points["fit"].iloc[0]).to_numpy(), times)
    return pd.DataFrame(curves).interpolate(method="index", limit_area="inside")
