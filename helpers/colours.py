"""Colours by meaning: the same in all lessons, the memo and the slides.

Taken from Okabe and Ito's palette, which survives colour blindness; the one for warnings is dark,
so that it also differs from the orange beside it.
"""

BLUE, ORANGE, GREY, GREEN, PINK = "#0072B2", "#D55E00", "#8A8A8A", "#009E73", "#CC79A7"
INK = "#222222"  # people, purchases and words in a drawing
# one meaning per colour, in lessons and memo alike
PERSONAL, POPULAR, CHANCE, ORACLE, WARNING = BLUE, ORANGE, GREY, GREEN, "#A3003D"
OTHER = "#56B4E9"  # further methods beside a highlighted one
# what the lists are called, in figures and metrics, by how their names begin
_MEANING = {
    "personal list": PERSONAL,
    "our engine": PERSONAL,
    "item-based": PERSONAL,
    "item_based": PERSONAL,
    "most popular": POPULAR,
    "most_popular": POPULAR,
    "best sellers": POPULAR,
    "rule-based": POPULAR,
    "random": CHANCE,
    "dice": CHANCE,
    "drawn by dice": CHANCE,
    "by chance": CHANCE,
    "oracle": ORACLE,
}


def meaning(name, otherwise: str) -> str:
    """The colour of a list by its name; `otherwise`, if it is none of the lists with a meaning."""
    fits = (colour for start, colour in _MEANING.items() if str(name).startswith(start))
    return next(fits, otherwise)
