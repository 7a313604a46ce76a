"""The desk: one table of gauges for an unseen shop, read with the tools of the lessons.

Nothing here looks at what a case hides: the tables are read from its files, as any shop's.
"""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers import data, evaluate, experiments, production, trust
from helpers.cases.making import (
    CART_DAYS,
    PLACES,
    SALT,
    TEST_DAYS,
    Case,
    engine_of,
    has_large,
    has_test,
    kind_of,
    texts,
)
from helpers.memo import BETTER, GROUPS, RULED_OUT, group_says
from helpers.recommend import ItemBased, MostPopular
from helpers.telling import typeset

RIVALS = {"best sellers": "most_popular", "last 30 days": "most_popular_30_days",
          "last 7 days": "most_popular_7_days"}  # fmt: skip
#: What no question is asked of.
_ASIDE = ("rows kept",)
#: The rows that answer the routine's questions; the others say why, and where a letter's number is.
_ANSWERS = ("doubts", "split", "lift", "events known until", "judges", "gain", "low end", *GROUPS,
            "list checks")  # fmt: skip
#: A check of the lists that fails, as its count says it.
_FOUND = {
    "nothing that must not be shown": lambda rows: (
        f"{rows.replace('row', 'place')} with a forbidden or sold-out product"
    ),
    "every list is full": lambda short: short.replace("shorter", "lists are shorter"),
}


def gauges(case: Case) -> dict:
    """Read a shop with the tools of the lessons.

    Parameters
    ----------
    case : Case

    Returns
    -------
    dict
        Plain numbers, by block: ``rows`` (lesson 01: read, kept, doubts, the heaviest customer,
        purchases lately), ``score`` (05a and 05b: who knew what until when, hit rates with
        intervals, gain, line, shuffle test), ``groups`` (05b), ``lists`` (06: failed checks),
        ``test`` (08: split and lift, None without a test).
    """
    if not case._read:
        case._read.update(_gauges(case))
    return case._read


def _gauges(case):
    (transactions, report), (events, _) = data.read_shop(case.files)
    split = evaluate.split_by_time(transactions, events, TEST_DAYS, report.undone)
    scored, ours, rival = _score(case, split, transactions, events)
    matrix, _ = split.training()
    several = trust.groups_by_purchases(matrix, ours.index).cat.codes > 0
    group = pd.Categorical.from_codes(several.astype(int), GROUPS)
    by_group = evaluate.compare_groups(ours, rival, pd.Series(group, ours.index))
    return {
        "rows": _rows(transactions, report),
        "score": scored,
        "groups": by_group[["customers", "gain", "gain_low", "gain_high", "enough"]].to_dict(
            "index"
        ),
        "lists": _checks(case, transactions, events),
        "test": _test(case),
    }


def _rows(transactions, report):
    day = transactions["transaction_date"].dt.normalize()
    of_customers = transactions["customer_id"].value_counts(normalize=True)
    ago = (day.max() - day).dt.days
    lately = (ago // 30).value_counts().reindex(range(13), fill_value=0)
    year = ago // 365
    months = day.dt.to_period("M").value_counts().sort_index()
    names = data.display_names(data.product_table(transactions))
    top = transactions["product_id"].value_counts(normalize=True)
    return {
        "read": report.read,
        "kept": report.kept,
        "doubts": [doubt.seen for doubt in report.doubts if doubt.stops],
        "remarks": [doubt.seen for doubt in report.doubts if not doubt.stops],
        "heaviest": float(of_customers.iloc[0]),
        "next": float(of_customers.iloc[1]),
        "lately": int(lately[0]),
        "usual": int(lately[1:].median()),
        "year_ago": int(ago.between(365, 394).sum()),
        "growth": float((year == 0).sum() / max((year == 1).sum(), 1) - 1),
        "customers": int(transactions["customer_id"].nunique()),
        "top": str(names[top.index[0]]),
        "top_share": float(top.iloc[0]),
        "months": {str(month): int(count) for month, count in months.items()},
    }


def _score(case, split, transactions, events):
    """Hit rates as handed in and with all tables cut at the same day, gain and shuffle test."""
    with_carts = ItemBased(intent_days=CART_DAYS)  # the engine of the lists that were handed in
    methods = {"most_popular": MostPopular(), "most_popular_30_days": MostPopular(30),
               "most_popular_7_days": MostPopular(7), "ours": with_carts}  # fmt: skip
    results, scores, _ = evaluate.judge(methods, split, PLACES)
    known = case.known_until["events"]
    handed, knew_more = results.loc["ours"], known >= split.test_start
    if knew_more:
        # as the colleague measured it: purchases cut, events not
        seen = replace(split, train_events=events[events["event_date"] <= known])
        handed = evaluate.compare({"ours": with_carts}, seen, PLACES).iloc[0]
    best = evaluate.best_of(results)
    ours, rival = scores["ours"]["hit_rate"], scores[best]["hit_rate"]
    gain = _with_interval(ours, rival)
    line = evaluate.WORTH_HAVING * results.loc[best, "hit_rate"]
    pairs, found = evaluate.own_and_stranger(split, PLACES)
    own, stranger = (each.any(axis=1).astype(float) for each in found.values())
    shuffled = _with_interval(own, stranger)
    matrix, _ = split.training()
    hits = int(max(own.sum(), stranger.sum()))
    taken = trust.places_taken(matrix, pairs, PLACES)
    thin = evaluate.thin(results.loc[["ours", best]])
    scored = {
        "cut": split.test_start,
        "known": known,
        "judges": len(ours),
        "rates": {
            "dice": (float(trust.chance_per_customer(split, PLACES).mean()),),
            **{name: _rate(results.loc[method]) for name, method in RIVALS.items()},
            "our lists": _rate(handed),
            "fair score": _rate(results.loc["ours"]),
        },
        "rival": next(name for name, method in RIVALS.items() if method == best),
        "gain": gain,
        "line": float(line),
        "above best sellers": _with_interval(ours, scores["most_popular"]["hit_rate"]),
        "shuffle": shuffled,
        "histories": trust.histories(*shuffled[1:], line, hits, len(pairs), taken),
        "outcome": trust.CANNOT_TELL_YET if thin else trust.outcome(*gain[1:], line),
    }
    return scored, ours, rival


def _with_interval(ours, theirs):
    return tuple(evaluate.difference_of(ours, theirs).values())


def _rate(row):
    return tuple(float(row[name]) for name in ("hit_rate", "hit_rate_low", "hit_rate_high"))


def left_out(group: dict, line: float) -> bool:
    """Is a group left out of a test? By the rule of lessons 05b and 11.

    Parameters
    ----------
    group : dict
        One of ``groups`` of :func:`gauges`.
    line : float
        The smallest gain worth having.

    Returns
    -------
    bool
        As :func:`helpers.memo.group_says` has it: a gain worth having is ruled out.
    """
    return group_says(_ends(group), line) == RULED_OUT


def gains_alone(group: dict, line: float, share: float) -> bool:
    """Could a group be tested alone after a no to all together? By the rule of lesson 11.

    Parameters
    ----------
    group : dict
        One of ``groups`` of :func:`gauges`.
    line : float
        The smallest gain worth having, for all together.
    share : float
        Of the judges, how many are in the group: the same cost is to be earned by them alone.

    Returns
    -------
    bool
        As :func:`helpers.memo.group_says` has it: surely above zero, and its own line is reached.
    """
    return group_says(_ends(group), line / share) == BETTER


def _ends(group):
    return {"low": group["gain_low"], "high": group["gain_high"]} if group["enough"] else None


def limit(low: float, high: float, line: float) -> float:
    """Below which a gain's interval has to end, so that a gain worth having is ruled out.

    Parameters
    ----------
    low, high : float
        95 % interval of a gain.
    line : float
        The smallest gain worth having.

    Returns
    -------
    float
        The line; 0 where the interval includes zero and is wider than twice the line, as it could
        hardly have seen such a gain. So one limit says what :func:`helpers.memo.too_little` says.
    """
    too_wide = low <= 0 <= high and not evaluate.narrow_enough(low, high, line)
    return 0.0 if too_wide else line


def _ends_below(low, high, line):
    if limit(low, high, line):
        return f"ends below {points(line)}, the line"
    return f"ends below 0 (too wide for {points(line)})"


def _checks(case, transactions, events):
    """The lists that were handed in, by the checks of lesson 06 and the shop's catalogue."""
    engine = engine_of(transactions, events, case.files)
    checks = production.health_checks(engine, case.lists, PLACES)
    stops, asks = (checks[~checks["passed"] & (checks["stops"] == stop)] for stop in (True, False))
    return {
        "failed": dict(zip(stops["check"], stops["detail"], strict=True)),
        "asks": dict(zip(asks["check"], asks["detail"], strict=True)),
        "shared": float(PLACES * (1 - evaluate.personalization(case.lists))),
    }


def _test(case):
    rows, report = data.read_test_results(case.files)
    if rows is None:
        return None
    read = experiments.of_export(rows, report, case.files.live_test)
    sizes = list(read["split"]["customers"].values())
    result = read["comparisons"].set_index("role").loc["decides"]
    return {
        "arms": list(case.files.live_test.arms),
        "sizes": [int(size) for size in sizes],
        "off": abs(sizes[0] - sizes[1]) / 2,
        "allowed": float(experiments.deviation_allowed(sum(sizes))),
        "broken": bool(read["split"]["broken"]),
        "lift": tuple(float(result[name]) for name in ("lift", "lift_low", "lift_high")),
        "worth_having": float(case.files.live_test.worth_having),
        "decision": read["decision"],
    }


def desk(case: Case, whole: bool = False) -> pd.DataFrame:
    """One table of gauges: what each reads, and when that is a no.

    Parameters
    ----------
    case : Case
    whole : bool
        With the rows kept, too.

    Returns
    -------
    DataFrame
        ``question`` (of the routine, by its number), ``gauge``, ``reads``, ``a no if``: texts.
        It gives no verdict.
    """
    read = gauges(case)
    rows, score, groups, lists, test = (
        read[name] for name in ("rows", "score", "groups", "lists", "test")
    )
    # length, variety and a common first place only ask somebody to look, where nothing blocks
    found = [f"blocks: {each}" for each in what_fails(lists["failed"])]
    found = found or [f"doesn't block: {each}" for each in what_fails(lists["asks"])]
    said = {
        **dict.fromkeys(GROUPS, ("–", "–")),
        "rows kept": (f"{rows['kept']:,} of {rows['read']:,}", "–"),
        "doubts": (f"{len(rows['doubts'])} serious", "one or more"),
        "heaviest customer": (
            f"{rows['heaviest']:.1%} of the rows",
            f"ten times the next one ({rows['next']:.1%}) or more",
        ),
        "purchases lately": (
            f"{rows['lately']:,} in 30 days",
            f"next to nothing; usual: {rows['usual']:,}, a year ago: {rows['year_ago']:,}",
        ),
        "events known until": (
            f"{score['known']:%d %b %Y}",
            f"{score['cut']:%d %b %Y} (the cut) or later",
        ),
        "judges": (f"{score['judges']:,}", f"fewer than {evaluate.MIN_CUSTOMERS}"),
        **{name: (_of_100(*rate), "–") for name, rate in score["rates"].items()},
        "gain": (_span(*score["gain"]), _ends_below(*score["gain"][1:], score["line"])),
        "low end": (points(score["gain"][1], "+"), "zero or less"),
        "shuffle test": (
            _span(*score["shuffle"]),
            "never; it says why, after a no to 5",
        ),
        **{
            name: (
                _span(each["gain"], each["gain_low"], each["gain_high"])
                if each["enough"]
                else f"{each['customers']:,} judges: too few",
                _ends_below(each["gain_low"], each["gain_high"], score["line"])
                if each["enough"]
                else f"never: fewer than {evaluate.MIN_CUSTOMERS}",
            )
            for name, each in groups.items()
        },
        "list checks": (
            "; ".join(found) or "all pass",
            "one or more block",
        ),
    }
    if test:
        units = (" customers", "")  # the first number says what is counted
        named = zip(test["sizes"], units, test["arms"], strict=True)
        sizes = " and ".join(f"{size:,}{unit} ({arm})" for size, unit, arm in named)
        said["split"] = (
            f"{test['off']:.0f} off the half; {sizes}",
            f"more than the {test['allowed']:.0f} that chance allows",
        )
        lift = "{:+z.0%} ({:+z.0%} to {:+z.0%})".format(*test["lift"]).replace("-", "−")
        arms = " vs ".join(reversed(test["arms"]))
        decides = f"ends below the plan's +{test['worth_having']:.0%}"
        if "today again" in test["arms"]:
            decides = "never: here only the split counts"
        said["lift"] = (f"{lift}; {arms}", decides)
    table = [
        (question, gauge, *said.get(gauge, ("no test", "–")))
        for question, names in texts()["questions"].items()
        for gauge in names
        if whole or gauge not in _ASIDE
    ]
    return pd.DataFrame(table, columns=["question", "gauge", "reads", "a no if"])


def laid_out(case: Case) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The desk in two tables: what answers the routine's questions, and what else it knows.

    Parameters
    ----------
    case : Case

    Returns
    -------
    tuple of DataFrame
        Rows of :func:`desk`, without those that would say one thing twice. The first one has each
        question once, and alone is enough for the word. The second one has ``gauge``, ``reads``
        and ``beside it``: it says why, where a letter's numbers stand, and how many a test had.
    """
    table = desk(case)
    reads = table.set_index("gauge")["reads"]
    twice = [name for name, like in (("fair score", "our lists"), ("lift", "split"))
             if reads[name] == reads[like]]  # fmt: skip
    table = table[~table["gauge"].isin(twice)]
    answers = table["gauge"].isin(_ANSWERS)
    first, more = table[answers].copy(), table.loc[~answers, ["gauge", "reads", "a no if"]]
    first["question"] = first["question"].mask(first["question"].duplicated(), "")
    again = first["a no if"].eq(first["a no if"].shift()) & first["a no if"].ne("–")
    first["a no if"] = first["a no if"].mask(again, "as above")
    # none of these is a no of its own
    beside = {"heaviest customer": f"the next one: {gauges(case)['rows']['next']:.1%}",
              "shuffle test": "if above zero, histories do tell something"}  # fmt: skip
    more["a no if"] = [
        beside.get(name, told.removeprefix("next to nothing; "))
        for name, told in zip(more["gauge"], more["a no if"], strict=True)
    ]
    more = more.rename(columns={"a no if": "beside it"})
    off, *sizes = reads["split"].split("; ")
    if sizes:
        first["reads"] = first["reads"].mask(first["gauge"] == "split", off)
        more.loc[more.index.max() + 1] = ["people in the test", sizes[0], "–"]
    return first, more


def halves(answers: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Half of the first table of :func:`laid_out`, and the other half, in the routine's order.

    Parameters
    ----------
    answers : DataFrame

    Returns
    -------
    tuple of DataFrame
        Questions 1 to 4 (may the gain be read?), and 5 to 8 (are the lists good enough?).
    """
    later = answers["question"].str.startswith("5").cummax()
    return answers[~later], answers[later]


def one_row(case: Case) -> str:
    """Read one row of the desk aloud: a yes, so that it gives no fault away.

    Parameters
    ----------
    case : Case

    Returns
    -------
    str
        Its gauge, what it reads, when that would be a no, and its answer; and where to begin.
    """
    read, table, told = gauges(case), desk(case).set_index("gauge"), ""
    is_yes = {
        "doubts": not read["rows"]["doubts"],
        "judges": read["score"]["judges"] >= evaluate.MIN_CUSTOMERS,
    }
    if gauge := next((name for name in is_yes if is_yes[name]), None):
        reads, no = table.loc[gauge, ["reads", "a no if"]]
        told = f"The row *{gauge}* reads {reads}. A no would be *{no}*, so this is a yes. "
    return f"{told}Go down from the top:"


def sums(case: Case) -> str:
    """How the gain and the line of a shop come about, to be followed with a pencil.

    Parameters
    ----------
    case : Case
        One that is decided: the sums tell what its gain reads.

    Returns
    -------
    str
        How many judges find something, and the two sums, which give what the desk has.
    """
    score = gauges(case)["score"]
    many, rates = score["judges"], score["rates"]
    ours, best = (round(many * rates[name][0]) for name in ("fair score", score["rival"]))
    part = round(1 / evaluate.WORTH_HAVING)
    more = f"{ours - best:,}".replace("-", "−")
    fifth, line = f"{best / part:,g} of {many:,}", points(score["line"])
    return (
        f"In {case.what} {case.shop}, {ours:,} of {many:,} judges find something in our lists, and "
        f"{best:,} in the best plain list.\n\n"
        f"- *Gain:* {ours:,} − {best:,} = {more} of {many:,}, or {points(score['gain'][0])} of a "
        f"hundred.\n"
        f"- *Line,* a fifth: {best:,} ÷ {part} = {fifth}, or {line} of a hundred."
    )


def what_fails(checks: dict[str, str]) -> list[str]:
    """Checks of the lists that fail, each as its count says it.

    Parameters
    ----------
    checks : dict of str to str
        ``failed`` or ``asks`` of the ``lists`` of :func:`gauges`: a check, and what it found.
    """
    return [
        _FOUND[check](what) if check in _FOUND else f"{check} ({what})"
        for check, what in sorted(checks.items())
    ]


def points(share: float, sign: str = "") -> str:
    """A share in points: of a hundred, with one digit."""
    told = f"{100 * share:{sign}.1f}"
    return told.replace("-", "−") if float(told) else "0.0"


def _span(middle, low, high):
    return f"{points(middle, '+')} ({points(low, '+')} to {points(high, '+')})"


def _of_100(rate, low=None, high=None):
    told = f"{100 * rate:.0f}"
    told += "" if low is None else f" ({100 * low:.0f} to {100 * high:.0f})"
    return f"{told} of 100"


@functools.cache
def letter_of(shop: int, kind: str | None = None) -> str:
    """Which letter lies on the desk of a shop, by its name in ``cases.yaml``.

    Parameters
    ----------
    shop : int
    kind : str, optional
        Another one than the number's.

    Returns
    -------
    str
        No two in three numbers in a row have the same. Each letter is sent by shops of several
        kinds, so that none tells what the matter is.
    """
    before = {letter_of(shop - back) for back in (1, 2) if shop % 60 >= back}
    own = kind or kind_of(shop)
    known = [
        name
        for name, about in texts()["letters"].items()
        if own in about["kinds"]
        and (name != "live test" or has_test(shop, own))
        and (name != "largest" or own == "one customer" or has_large(shop, own))
    ]
    order = np.random.default_rng([SALT, shop % 2**32, 3]).permutation(len(known))
    new = [known[at] for at in order if known[at] not in before]
    return (new or known)[0]


def letter(case: Case) -> str:
    """The letter on the desk: who writes, what they claim, and their numbers.

    Parameters
    ----------
    case : Case

    Returns
    -------
    str
        Two or three sentences.
    """
    read = gauges(case)
    about = texts()["letters"][letter_of(case.shop, case.truth.kind)]
    score, test = read["score"], read["test"]
    rates = {name: round(100 * rate[0]) for name, rate in score["rates"].items()}
    known = {
        **read["rows"],
        "judges": score["judges"],
        "days": TEST_DAYS,
        "gone": 1 - score["judges"] / read["rows"]["customers"],
        "handed": rates["our lists"],
        "popular": rates["best sellers"],
        "week": rates["last 7 days"],
        "dice": rates["dice"],
        "shared": read["lists"]["shared"],
        "places": PLACES,
        "a_test": "another live test" if test else "a live test",
    }
    if test:
        known |= dict(zip(("lift", "lift_low", "lift_high"), test["lift"], strict=True))
        known["arms"] = " against ".join(f"“{arm}”" for arm in reversed(test["arms"]))
    return typeset(f"From {about['from']}: “{about['letter'].format(**known)}”")


def rows(case: Case) -> pd.DataFrame:
    """A shop's purchases, as the course reads them, to look into.

    Parameters
    ----------
    case : Case
    """
    (transactions, _), _ = data.read_shop(case.files)
    return transactions


def health(case: Case) -> list[str]:
    """What the health report doubts, in its own sentences: those that stop, then remarks.

    Parameters
    ----------
    case : Case
    """
    rows = gauges(case)["rows"]
    return rows["doubts"] + rows["remarks"]
