"""Lesson 09. Layers on the scored table: who they are, who is leaving, whom to offer what."""

from helpers.audiences.churn import (
    ChurnModel,
    calibration,
    churn_features,
    churn_risk,
    churn_window,
    correction_helps,
    gap_near,
    judge_calibration,
    judge_risk,
    recalibrate,
    recalibration_by_window,
)
from helpers.audiences.customers import (
    day_after,
    line_amounts,
    product_amounts,
    rfm,
    stayed_away,
)
from helpers.audiences.offers import (
    OfferRules,
    break_even_difference,
    break_even_risk,
    expected_profit,
    holdout_plan,
    in_holdout,
    is_private,
    offered_share,
    retention_offers,
    rules_for,
    smallest_visible,
    write_offers,
)
from helpers.audiences.segments import (
    SEGMENTS,
    quantile_scores,
    segment_by_scores,
)
from helpers.audiences.uplift import TwoModels, add_mailings, gain_curve, uplift_by_group
