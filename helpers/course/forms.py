"""An exercise as a form on a page, where a script judges an answer as ``check`` does."""

from __future__ import annotations

import html
import json
import re

from helpers.course import exercises
from helpers.course.signs import curled
from helpers.telling import typeset

_CALL = re.compile(r'\bcheck\("([\w-]+)"')


def form(source: str, known: dict) -> str:
    """The form of an exercise as HTML, which a script on the page brings to life.

    Parameters
    ----------
    source : str
        The exercise's cell.
    known : dict
        What ``check`` left with its output, see :func:`helpers.course.exercises.worked_out`.

    Returns
    -------
    str
        Empty where an answer takes code, or where a run's lesson left nothing.
    """
    name = _CALL.search(source)[1]
    text = exercises.texts()[name]
    if "options" in text:
        said = [[option, option == text["right"], why] for option, why in text["options"].items()]
        asked = {"parts": [["Your answer", said]]}
    elif "right" in text:
        right, hints = exercises.solution(name, {})
        asked = {"right": right, "wrong": hints}
    else:
        asked = known
    if not asked:
        return ""
    if "right" in asked:
        tolerance = text.get("tolerance", exercises.TOLERANCE)
        asked = asked | {"because": text["because"], "tolerance": tolerance}
    # a "</script>" in a text would end the data
    data = json.dumps(_readable({"name": name} | asked)).replace("</", "<\\/")
    return f'<div class="answer-form"><script type="application/json">{data}</script></div>'


def _readable(asked):
    """All texts as HTML: what a printed line can only mark with stars is set apart."""
    match asked:
        case str():
            escaped = curled(typeset(html.escape(asked, quote=False)))
            escaped = re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)
            return re.sub(r"\*([^*\s](?:[^*]*[^*\s])?)\*", r"<em>\1</em>", escaped)
        case list() | tuple():
            return [_readable(each) for each in asked]
        case dict():
            return {name: _readable(each) for name, each in asked.items()}
        case _:
            return asked
