"""The signs of print on a page."""

import re

import smartypants

# code stays as it is, or nobody could paste it; so does what stands inside a tag
_KEPT = r"(<(script|style|pre|code|kbd)\b.*?</\2>|<[^>]*>)"
_PERCENT = re.compile(rf"{_KEPT}|(?<=\d) %", flags=re.S)
# a line may end before such a sign, and not behind it
_SIGN = re.compile(
    rf"{_KEPT}|(?<= [×÷=]) (?=[-+−]?[\d√(.])|(?<=[\d)] [+−]) (?=[\d√(.])", flags=re.S
)


def curled(page: str) -> str:
    r"""A page with the signs of print: *"It's"* becomes *“It’s”*, and sums stay together.

    No line ends before *%*, or between a sign such as *×* and the number behind it.

    Parameters
    ----------
    page : str
        HTML. Code, scripts and attributes stay as they are.

    Returns
    -------
    str
    """
    kinds = smartypants.Attr.q | smartypants.Attr.w | smartypants.Attr.u
    page = smartypants.smartypants(page, kinds)
    page = _PERCENT.sub(lambda found: found[1] or "\xa0%", page)
    return _SIGN.sub(lambda found: found[1] or "\xa0", page)
