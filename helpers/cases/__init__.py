"""Lesson 12. Your turn: unseen shops dealt from a number, a desk of gauges, and answers judged."""

from helpers.cases.dealing import clear, deal, kind_of
from helpers.cases.desk import desk, gauges, health, letter
from helpers.cases.judging import PARTS, folded, hint, judge, key, keys, options, right
from helpers.cases.making import KINDS, PLACES, TEST_DAYS, Case, Truth, make, texts
