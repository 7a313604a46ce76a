"""Lesson 10. The same six steps as SQL: on DuckDB inside this process, or on Apache Spark."""

from helpers.warehouse.agreement import (
    MISSING,
    OTHER,
    SAME,
    SCORES,
    TIES,
    compare_lists,
    in_common_with_a_stranger,
    rows_by_step,
    sorted_again,
    with_our_scores,
)
from helpers.warehouse.batch import (
    NO_CAP,
    STEPS,
    SciPy,
    Settings,
    choose_engine,
    part_of,
    prepare,
    purchases,
    read_lists,
    score,
)
from helpers.warehouse.caps import try_caps
from helpers.warehouse.engines import (
    DuckDB,
    EngineMissingError,
    Spark,
    placeholders,
    sql,
)
from helpers.warehouse.growth import (
    longest_histories,
    looked_that_day,
    pairs,
    purchases_that_fit,
    spread,
    tables,
    what_doubling_does,
    with_resellers,
    yearly_bill,
)
