"""The signs of print on a page."""

import re

import smartypants

# code stays as it is, or nobody could paste it
_PERCENT = re.compile(r"(<(script|style|pre|code|kbd)\b.*?</\2>)|(?<=\d) %", flags=re.S)


def curled(page: str) -> str:
    r"""A page with the signs of print: *"It's"* becomes *“It’s”*, and no line ends before *%*.

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
    return _PERCENT.sub(lambda found: found[1] or "\xa0%", page)
