"""Lesson 10. The same six steps as SQL: on DuckDB inside this process, or on Apache Spark."""

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
from helpers.warehouse.engines import (
    DuckDB,
    EngineMissingError,
    Spark,
    placeholders,
    sql,
)
from helpers.warehouse.growth import (
    bill,
    disk,
    doubled,
    growth,
    growth_curves,
    pairs,
    spread,
    tables,
    with_resellers,
)
