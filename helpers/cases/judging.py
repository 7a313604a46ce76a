"""Answers to a case, judged part by part, without giving the key away."""

from __future__ import annotations

import pandas as pd

from helpers.cases.desk import desk, gauges, letter_of, points, what_fails
from helpers.cases.making import Case, gauges_of, kind_of, sentences_of, texts
from helpers.memo import GROUPS

PARTS = ("decision", "gauge", "sentence")
_LATER = "A check of the lists blocks, too. It comes later, but must be mended, too."
_NOT_SHOWN = "A check of the lists blocks, too, but nobody shows these lists now."
_LARGE = 0.02  # share of the rows that a reader may wonder at
_NO_WHERE = "Go through the routine once more: is there any no on this desk?"


def options(case: Case) -> dict[str, list[str]]:
    """What can be answered to each part of the form.

    Parameters
    ----------
    case : Case

    Returns
    -------
    dict of str to list of str
        ``decision``, ``gauge`` (of the desk) and ``sentence`` (letters).
    """
    known = texts()
    return {
        "decision": list(known["decisions"]),
        "gauge": [gauge for names in known["questions"].values() for gauge in names],
        "sentence": list(case.sentences),
    }


def key(case: Case | int) -> dict[str, str]:
    """The right answers of a case: for the instructor, and to be opened at the end.

    Parameters
    ----------
    case : Case or int
        A dealt shop, or the number of one: then nothing is dealt.

    Returns
    -------
    dict of str to str
        One answer for each part of the form.
    """
    kind = case.truth.kind if isinstance(case, Case) else kind_of(case)
    shop = case.shop if isinstance(case, Case) else case
    about = texts()["kinds"][kind]
    answers = (about["decision"], gauges_of(shop, kind)[0], sentences_of(shop, kind)[1])
    return dict(zip(PARTS, answers, strict=True))


def where_to_look() -> pd.DataFrame:
    """Where each fault shows on the desk, and which word follows: the routine in a table.

    Returns
    -------
    DataFrame
        ``fault``, ``look at`` (a gauge), ``what it reads`` and ``so we say``, in the order in which
        the routine meets them.
    """
    words = {each["fault"]: each["decision"] for each in texts()["kinds"].values()}
    words["leak"] = "score anew, go on"  # the fair score's word is the leak's
    table = [
        (fault, about["look"], about["reads"], words[fault])
        for fault, about in texts()["faults"].items()
    ]
    return pd.DataFrame(table, columns=["fault", "look at", "what it reads", "so we say"])


def folded(case: Case) -> str:
    """The answer to a case, folded away: code to paste, and what a missed clue would have cost.

    Parameters
    ----------
    case : Case

    Returns
    -------
    str
        Markdown.
    """
    lines = [f'{part} = "{answer}"' for part, answer in key(case).items()]
    code = "\n".join(["```python", *lines, "```"])
    others = [f"`{each}`" for each in case.truth.gauges[1:]]
    is_right = "is a right gauge" if len(others) == 1 else "are right gauges"
    also = f"\n\n{' and '.join(others)} {is_right}, too." * bool(others)
    reply = texts()["letters"][letter_of(case.shop, case.truth.kind)].get("reply")
    also += f"\n\n{reply}" if reply and case.truth.decision == "ship a test" else ""
    fault = "" if case.truth.fault == "none" else f"*{case.truth.fault.capitalize()}.* "
    answer = _in_two_sentences(case)
    why = "\n\n".join(_reasons(case))
    first = _first_no(case)
    told = f"{first}{fault}{why}{also}{_read(case, answer)}"
    told += f"\n\nIn two sentences, for example: {answer}"
    return f"<details><summary>Answer</summary>\n\n{code}\n\n{told}\n\n</details>"


def _first_no(case):
    """Where the way down the desk ends: the row, and what is a no."""
    if case.truth.fault == "none":
        return ""
    gauge = case.truth.gauges[0]
    gauge = "doubts" if gauge in texts()["questions"]["1 data right?"] else gauge
    no = desk(case, whole=True).set_index("gauge").loc[gauge, "a no if"]
    return f"The first no is *{gauge}*: {no}.\n\n"


def _reasons(case):
    """What to know of the right answer, and from which row on the desk can't change the word."""
    # what follows from it begins a paragraph
    clue, gauge = case.truth.clue.replace(". So ", ".\n\nSo "), case.truth.gauges[0]
    clue = [clue, *filter(None, [_aside(case)])]
    if gauge == "lift":
        first = "A test that decided speaks first, so questions 3 to 8 can only say why."
        return [first, *clue]
    if case.truth.fault == "one group":
        clue.append(_line_of_the_others(case))
    if case.truth.fault in ("none", "leak", "one group", "must not be shown"):
        return clue  # all rows were needed
    told = f"No row below question {_question(case)[0]} can change the word."
    if gauge == "gain":  # see `clear`
        told += " And no group could be tested alone."
    return [*clue, told]


def _line_of_the_others(case):
    """Whoever is tested without a group earns the whole cost: by the rule of lesson 11."""
    read = gauges(case)
    out, stay = (read["groups"][name] for name in GROUPS)
    together, line = out["customers"] + stay["customers"], read["score"]["line"]
    return (
        f"The others earn the whole cost alone. They are {stay['customers']:,} of {together:,} "
        f"judges, so their own line is {points(line)} × {together:,} ÷ {stay['customers']:,} = "
        f"{points(line * together / stay['customers'])}. Their interval, up to "
        f"{points(stay['gain_high'])}, reaches it."
    )


def _in_two_sentences(case):
    """What to say to whoever wrote the letter: a number and a day."""
    read, table = gauges(case), desk(case, whole=True).set_index("gauge")
    low, line = read["score"]["gain"][1], read["score"]["line"]
    is_beyond = round(low, 3) > round(line, 3)
    answers, gauge = texts()["answers"], case.truth.gauges[0]
    answer = answers.get(gauge) or answers.get(case.truth.fault) or answers[case.truth.decision]
    return answer.format(
        gauge=gauge,
        reads=table.loc[gauge, "reads"],
        beside=table.loc[gauge, "a no if"],
        off=f"{read['test']['off']:.0f}" if read["test"] else "",
        allowed=f"{read['test']['allowed']:.0f}" if read["test"] else "",
        gain=table.loc["gain", "reads"],
        lift=table.loc["lift", "reads"].split(";")[0],
        worth=f"{read['test']['worth_having']:.0%}" if read["test"] else "",
        judges=table.loc["judges", "reads"],
        how_far="and even its low end is beyond" if is_beyond else "above zero, and can reach",
        line=points(line),
        blocks="; ".join(what_fails(read["lists"]["failed"])),
    )


def _read(case, told):
    """What the answer's gauges read, without those whose number is told already."""
    reads = desk(case, whole=True).set_index("gauge")["reads"]
    left = [each for each in case.truth.gauges if reads[each].split(";")[0] not in told]
    others = "; ".join(f"*{each}* {reads[each]}" for each in left)
    return f"\n\nOn the desk: {others}." * bool(others)


def _clue(case):
    """What to know of the right answer, in one line."""
    return " ".join(filter(None, [case.truth.clue, _aside(case)]))


def _aside(case):
    """What to know of a second fault, or of what looks odd and is none."""
    if case.truth.later:
        return _NOT_SHOWN if case.truth.decision == "don't" else _LATER
    odd = _odd(gauges(case)) if case.truth.fault == "none" else []
    return f"Odd, but no reason to wait: {'; '.join(odd)}." if odd else ""


def _odd(read):
    """What only asks somebody to look."""
    odd, rows = what_fails(read["lists"]["asks"]), read["rows"]
    if rows["heaviest"] >= _LARGE:
        odd.append(
            f"one customer has {rows['heaviest']:.1%} of the rows, but the next one "
            f"{rows['next']:.1%}"
        )
    return odd


def keys(shops) -> str:
    """The key for several numbers, as a table for the instructor.

    Parameters
    ----------
    shops : iterable of int

    Returns
    -------
    str
        Markdown, a row per shop.
    """
    rows = [f"| {shop} | {' | '.join(key(shop).values())} |" for shop in shops]
    return "\n".join([f"| shop | {' | '.join(PARTS)} |", "| --- " * (1 + len(PARTS)) + "|", *rows])


def right(case: Case, part: str) -> tuple[str, ...]:
    """All answers to a part that are right: several gauges may show one fault."""
    return case.truth.gauges if part == "gauge" else (key(case)[part],)


def judge(case: Case, answer, tried: dict[str, set] | None = None) -> tuple[bool, str]:
    """Judge the filled-in form.

    Parameters
    ----------
    case : Case
    answer : tuple or dict
        Decision, gauge and sentence; ``...`` where nothing is filled in yet.
    tried : dict of str to set, optional
        Different wrong answers to each part so far; it is added to. From the second one on, the
        last line says where to look.

    Returns
    -------
    tuple of (bool, str)
        Whether all three are right, and a line on each. A last line says where to look, from the
        second different wrong answer to a part on, or, with all three right, what to know of it.
    """
    tried = {} if tried is None else tried
    if isinstance(answer, dict):
        answer = [answer.get(part, ...) for part in PARTS]
    if isinstance(answer, str) or not hasattr(answer, "__len__") or len(answer) != len(PARTS):
        return False, f"Three answers are asked for, in this order: {', '.join(PARTS)}."
    said, correct, lost = [], 0, False
    for part, given in zip(PARTS, answer, strict=True):
        if given is ...:
            said.append(f"{part}: not answered yet")
            continue
        text = _typed(given)
        known = {option.lower(): option for option in options(case)[part]}
        if text not in known:
            choose = ", ".join(map(repr, known.values()))
            said.append(f"{part}: choose one of {choose}")
            continue
        good, told = _judged(case, part, known[text])
        correct += good
        said.append(f"{part}: {told}")
        if not good:
            wrong = tried.setdefault(part, set())
            wrong.add(text)
            lost |= len(wrong) > 1
    if correct == len(PARTS):
        return True, "\n".join([*said, f"All three. {_clue(case)}"])
    return False, "\n".join([*said, _where(case)] if lost else said)


def form(case: Case) -> dict:
    """All that :func:`judge` would say, for a page on which nothing runs.

    Parameters
    ----------
    case : Case

    Returns
    -------
    dict
        ``parts``, each a name and its options with whether they are right and what is said to
        them; ``where`` to look after two wrong answers to a part; the ``clue`` after three right.
    """
    parts = [[part, [[option, *_judged(case, part, option)] for option in names]]
             for part, names in options(case).items()]  # fmt: skip
    return {"parts": parts, "where": _where(case), "clue": _clue(case)}


def _judged(case, part, option):
    if option in right(case, part):
        return True, "correct"
    return False, f"wrong. {hint(case, part, option)}"


def _typed(given):
    return str(given).strip().lower().replace("’", "'")


def hint(case: Case, part: str, wrong: str) -> str:
    """What to say to a wrong answer: what it would take, never what is right.

    Parameters
    ----------
    case : Case
    part, wrong : str
        Of the form, and one of its options.
    """
    known = texts()
    if part == "decision":
        told = known["decisions"][wrong]
    elif part == "gauge":
        row = desk(case, whole=True).set_index("gauge").loc[wrong]
        good_for = next(names[wrong] for names in known["questions"].values() if wrong in names)
        if case.truth.gauges[0] == "lift" and wrong in known["kinds"][case.truth.kind]["gauges"]:
            good_for = "that is true, but a question before it has a no already."
        told = f"“{wrong}” reads {row['reads']}: {good_for}"
    else:
        says = {each["sentence"]: fault for fault, each in known["faults"].items()}
        fault = says[case.sentences[wrong]]
        shows = known["faults"][fault]["shows"]
        if fault == case.truth.later:
            shows = "that is true of this shop, but a question before it has a no already."
        told = f"{wrong} goes with the fault “{fault}”: {shows}"
    return told[:1].upper() + told[1:]


def _where(case):
    """The question of the routine that gets the first no; nothing more."""
    if case.truth.fault == "none":
        return _NO_WHERE
    return f"On the desk, the first no stands at “{_question(case)}”."


def _question(case):
    """The question of the routine that the right gauge answers."""
    gauge = case.truth.gauges[0]
    return next(question for question, names in texts()["questions"].items() if gauge in names)
