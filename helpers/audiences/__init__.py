"""Lesson 08. Layers on the scored table: who is worth it, who is leaving, what to offer them."""

from helpers.audiences.churn import (
    ChurnModel,
    calibration,
    churn_features,
    churn_risk,
    churn_window,
    judge_risk,
)
from helpers.audiences.customers import (
    day_after,
    line_amounts,
    product_amounts,
    rfm,
    spent_after,
    stayed_away,
)
from helpers.audiences.offers import (
    OfferRules,
    at_the_top,
    expected_profit,
    judge_value,
    lifetime_value,
    retention_offers,
    rules_for,
    write_offers,
)
from helpers.audiences.segments import (
    SEGMENTS,
    compare_segmentations,
    describe_segments,
    quantile_scores,
    segment_by_kmeans,
    segment_by_scores,
)
