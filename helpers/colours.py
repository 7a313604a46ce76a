"""Colours by meaning: the same in all lessons, the memo and the slides.

Taken from Okabe and Ito's palette, which survives colour blindness.
"""

BLUE, ORANGE, GREY, GREEN, PINK = "#0072B2", "#D55E00", "#B5B5B5", "#009E73", "#CC79A7"
# one meaning per colour, in lessons and memo alike
PERSONAL, POPULAR, CHANCE, ORACLE, WARNING = BLUE, "#6E6E6E", GREY, GREEN, ORANGE
OTHER = "#56B4E9"  # further methods beside a highlighted one
# what the lists are called, in figures and metrics, by how their names begin
_MEANING = {
    "personal list": PERSONAL,
    "our engine": PERSONAL,
    "item_based": PERSONAL,
    "most_popular": POPULAR,
    "best sellers": POPULAR,
    "homepage today": POPULAR,
    "random": CHANCE,
    "drawn by chance": CHANCE,
    "oracle": ORACLE,
}


def meaning(name, otherwise: str) -> str:
    """The colour of a list by its name; `otherwise`, if it is none of the lists with a meaning."""
    fits = (colour for start, colour in _MEANING.items() if str(name).startswith(start))
    return next(fits, otherwise)
