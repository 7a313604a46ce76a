"""Helpers of the recommender course: one module per lesson, data flowing one way."""

__version__ = "0.1.0"
