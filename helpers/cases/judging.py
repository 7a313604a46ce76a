"""Answers to a case, judged part by part, without giving the key away."""

from __future__ import annotations

from helpers.cases.dealing import kind_of
from helpers.cases.desk import desk
from helpers.cases.making import Case, sentences_of, texts

PARTS = ("decision", "fault", "number", "sentence")
# which part of the desk holds the first no, by the gauge that shows it
_NO_WHERE = "Go through the routine once more: is there any no on this desk?"


def options(case: Case) -> dict[str, list[str]]:
    """What can be answered to each part of the form.

    Parameters
    ----------
    case : Case

    Returns
    -------
    dict of str to list of str
        ``decision``, ``fault``, ``number`` (the desk's gauges) and ``sentence`` (letters).
    """
    known = texts()
    return {
        "decision": list(known["decisions"]),
        "fault": list(known["faults"]),
        "number": [gauge for names in known["parts"].values() for gauge in names],
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
    answers = (about["decision"], about["fault"], about["numbers"][0], sentences_of(shop, kind)[1])
    return dict(zip(PARTS, answers, strict=True))


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
    others = [f"`{each}`" for each in case.truth.numbers[1:]]
    also = f" (The number may also be {' or '.join(others)}.)" * bool(others)
    return f"<details><summary>Answer</summary>\n\n{code}\n\n{case.truth.clue}{also}\n\n</details>"


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
    return "\n".join([f"| shop | {' | '.join(PARTS)} |", "| --- " * 5 + "|", *rows])


def right(case: Case, part: str) -> tuple[str, ...]:
    """All answers to a part that are right: several gauges may show one fault."""
    return case.truth.numbers if part == "number" else (key(case)[part],)


def judge(case: Case, answer, tried: dict[str, set] | None = None) -> tuple[bool, str]:
    """Judge the filled-in form.

    Parameters
    ----------
    case : Case
    answer : tuple or dict
        Decision, fault, number and sentence; ``...`` where nothing is filled in yet.
    tried : dict of str to set, optional
        Different wrong answers to each part so far; it is added to. From the second one on, the
        hint says where to look.

    Returns
    -------
    tuple of (bool, str)
        Whether all four are right, and a line on each; the last line, with all four right, is what
        a missed clue would have cost.
    """
    tried = {} if tried is None else tried
    if isinstance(answer, dict):
        answer = [answer.get(part, ...) for part in PARTS]
    if isinstance(answer, str) or not hasattr(answer, "__len__") or len(answer) != len(PARTS):
        return False, f"Four answers are asked for, in this order: {', '.join(PARTS)}."
    said, correct = [], 0
    for part, given in zip(PARTS, answer, strict=True):
        if given is ...:
            said.append(f"{part}: not answered yet")
            continue
        text = str(given).strip().lower().replace("’", "'")
        known = {option.lower(): option for option in options(case)[part]}
        if text not in known:
            choose = ", ".join(map(repr, known.values()))
            said.append(f"{part}: choose one of {choose}")
        elif known[text] in right(case, part):
            correct += 1
            said.append(f"{part}: correct")
        else:
            wrong = tried.setdefault(part, set())
            wrong.add(text)
            said.append(f"{part}: not yet. {hint(case, part, known[text], len(wrong))}")
    if correct == len(PARTS):
        return True, "\n".join([*said, f"All four. {case.truth.clue}"])
    return False, "\n".join(said)


def hint(case: Case, part: str, wrong: str, attempt: int = 1) -> str:
    """What to say to a wrong answer: at first what it would take, later also where to look.

    Parameters
    ----------
    case : Case
    part, wrong : str
        Of the form, and one of its options.
    attempt : int
        How many different wrong ones there were, this one included.
    """
    known = texts()
    if part == "decision":
        first = known["decisions"][wrong]
    elif part == "fault":
        first = known["faults"][wrong]["shows"]
    elif part == "number":
        row = desk(case).set_index("gauge").loc[wrong]
        first = f"It reads {row['reads']}; beside it: {row['beside']}. Is that what decides?"
    else:
        says = {each["sentence"]: fault for fault, each in known["faults"].items()}
        fault = says[case.sentences[wrong]]
        first = f"That sentence tells of another case: {known['faults'][fault]['shows']}"
    first = first[:1].upper() + first[1:]
    return first if attempt < 2 else f"{first} {_where(case)}"


def _where(case):
    """Where the first no stands; nothing more."""
    if case.truth.fault == "none":
        return _NO_WHERE
    parts = texts()["parts"]
    part = next(part for part, names in parts.items() if case.truth.numbers[0] in names)
    return f"The first no stands in the part “{part}” of the desk."
