"""Lesson 12. Your turn: unseen shops dealt from a number, a desk of gauges, and answers judged."""

from helpers.cases.dealing import clear, deal
from helpers.cases.desk import (
    desk,
    gauges,
    halves,
    health,
    laid_out,
    left_out,
    letter,
    letter_of,
    limit,
    one_row,
    rows,
    sums,
)
from helpers.cases.judging import (
    PARTS,
    folded,
    form,
    hint,
    judge,
    key,
    keys,
    options,
    right,
    where_to_look,
)
from helpers.cases.making import (
    KINDS,
    PLACES,
    TEST_DAYS,
    Case,
    Truth,
    gauges_of,
    has_large,
    has_test,
    kind_of,
    later_no,
    lift_decides,
    make,
    sentences_of,
    texts,
)
