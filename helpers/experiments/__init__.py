"""Lesson 08. Live tests: planning, dealing customers to arms, reading, deciding."""

from helpers.experiments.arms import HOLDOUT, assign_arms, fraction, sample_ratio_mismatch
from helpers.experiments.deals import dealt_anew, deviation_allowed, peeking_paths
from helpers.experiments.looks import peeking, spending_limits
from helpers.experiments.plan import (
    Traffic,
    plan_chances,
    plan_test,
    planned_noise,
    shop_history,
    smallest_lift,
    unevenness,
)
from helpers.experiments.readout import (
    by_customer,
    compare,
    confidence,
    describe_test,
    of_export,
    own_test,
    plain,
    read_test,
    sentence,
    words,
)
from helpers.experiments.rule import (
    CANNOT,
    EFFECTS,
    KEEP,
    SHIP,
    STOP,
    decide,
    decision_chances,
    rule_chances,
)
