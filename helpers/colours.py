"""Colours by meaning: the same in all lessons, the memo and the slides."""
