"""Intervals of live tests by gbstats: reads sums of two arms as JSON, prints 95 % intervals.

Run by ``live_tests.py`` in an environment that has gbstats. An arm is [customers, sum, sum of
squares], and for a ratio also [..., sum of the divisor, of its squares, of the products].
"""

import json
import sys

from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
from gbstats.models.statistics import RatioStatistic, SampleMeanStatistic


def statistic(n, *sums):
    top = SampleMeanStatistic(n=n, sum=sums[0], sum_squares=sums[1])
    if len(sums) == 2:
        return top
    below = SampleMeanStatistic(n=n, sum=sums[2], sum_squares=sums[3])
    return RatioStatistic(n=n, m_statistic=top, d_statistic=below, m_d_sum_of_products=sums[4])


def interval(sides):
    config = FrequentistConfig(difference_type="absolute", alpha=0.05)
    return list(TwoSidedTTest(*(statistic(*side) for side in sides), config).compute_result().ci)


print(json.dumps([[float(end) for end in interval(sides)] for sides in json.load(sys.stdin)]))
