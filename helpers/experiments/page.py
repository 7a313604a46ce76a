"""One page on a live test: what was planned, what happened, what is decided, what nobody knows."""

from __future__ import annotations

import math
import re
from pathlib import Path

import jinja2
import numpy as np
import pandas as pd
from markupsafe import Markup

from helpers import colours
from helpers.data import IN_SEVERAL_ARMS, HealthReport
from helpers.experiments.arms import HOLDOUT, MISMATCH, assign_arms
from helpers.experiments.readout import MEASURES, percent
from helpers.experiments.rule import KEEP, SHIP, STOP, rule_chances
from helpers.reading.parameters import LiveTest
from helpers.telling import typeset

#: What a shop should look at beside a list, and what no export of a test counts.
NEVER_COUNTED = "returns, unsubscribes and the speed of the page"
_POWER = 0.8
_ONE = {"clicked": "click", "carted": "cart", "bought": "purchase", "visits": "visit",
        "revenue": "revenue"}  # fmt: skip
#: Fewer customers than this share stand where the plan deals them: somebody else has dealt them.
_OURS = 0.9


def page(
    read: dict,
    report: HealthReport,
    plan: LiveTest | None = None,
    rows: pd.DataFrame | None = None,
    rehearsed: bool = False,
) -> str:
    """One page of HTML that loads nothing from elsewhere: mail it, print it.

    Parameters
    ----------
    read : dict
        From :func:`helpers.experiments.read_test`, or :func:`helpers.experiments.describe_test`
        without a plan.
    report : HealthReport
        Of the export.
    plan : LiveTest, optional
    rows : DataFrame, optional
        Of the export, to see whether customers stand where the plan deals them to.
    rehearsed : bool
        Whether it was played on the made-up shop; the page says so.

    Returns
    -------
    str
    """
    here = Path(__file__).parent
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"count": "{:,}".format, "percent": percent, "amount": _amount}
    shades = {"personal": colours.PERSONAL, "warning": colours.WARNING}
    # looks like the memo: one style for both pages
    memo = (here.parent / "memo.html.j2").read_text(encoding="utf-8")
    style = re.search(r"<style>\n(.*?)</style>", memo, flags=re.S)[1]
    style = environment.from_string(style).render(colours=shades)
    template = environment.from_string((here / "readout.html.j2").read_text(encoding="utf-8"))
    base, *new = plan.arms if plan else [read["base"], *_others(read)]
    # with a broken split, or a broken export, nothing of what happened may be compared
    comparable = read["readable"]
    table = read["comparisons"] if comparable else read["comparisons"].iloc[:0]
    text = template.render(
        style=Markup(style),
        read=read,
        report=report,
        plan=plan,
        base=base,
        new=new,
        one=_ONE[plan.metric.split(" per ")[0]] if plan else "",
        several=len(new) > 1,
        colours={
            "better": colours.PERSONAL,
            "worse": colours.WARNING,
            "worth": colours.ORACLE,
            "may be chance": "#8a8a8a",
        },
        rehearsed=rehearsed,
        mismatch=MISMATCH,
        holdout=HOLDOUT,
        dealt=_as_dealt(rows, plan) if plan and rows is not None else None,
        comparable=comparable,
        compared=_drawn(table, plan),
        decisions=_decisions(read, plan),
        chances=_chances(read, plan) if plan and comparable else None,
        unknown=_unknown(read, plan, report) if plan else _remarks(read),
        SHIP=SHIP,
    )
    return typeset(text)


def _as_dealt(rows, plan):
    """How many customers stand in the arm that `course arms` deals them to by this plan."""
    seen = rows.drop_duplicates("customer_id")[["customer_id", "arm"]]
    dealt = assign_arms(seen["customer_id"], plan.arms, plan.name, plan.holdout)
    dealt = seen.merge(dealt, on="customer_id", how="left", suffixes=("", "_dealt"))
    names = {arm.strip().lower(): arm for arm in [*plan.arms, HOLDOUT]}
    same = dealt["arm"].str.strip().str.lower().map(names) == dealt["arm_dealt"]
    return {"customers": len(seen), "same": int(same.sum()), "ours": same.mean() >= _OURS}


def _others(read):
    return [arm for arm in read["split"]["customers"] if arm != read["base"]]


def _drawn(table, plan):
    """Comparisons as texts and as places in a picture from 0 to 100, by role."""
    rows = table.to_dict("records")
    worth = plan.worth_having if plan else 0.0
    lifts = [row for row in rows if math.isfinite(row["lift_low"])]
    # an end far away must not squeeze the intervals that decide
    bottom = min([row["lift_low"] for row in lifts], default=0)
    wide = max([row["lift_high"] for row in lifts if row["role"] == "decides"], default=0)
    wide = min(wide, 10 * worth) if plan else 1.5 * max([row["lift"] for row in lifts], default=0)
    top = min(max([row["lift_high"] for row in lifts], default=0), max(1, 3 * worth, wide))
    top, bottom = max(top, worth, 0.01) * 1.05, min(bottom, 0) * 1.05 - 0.01

    def place(value):
        return round(100 * (np.clip(value, bottom, top) - bottom) / (top - bottom), 2)

    found: dict[str, list] = {"decides": [], "guardrail": [], "beside": []}
    for row in rows:
        metric, unit = row["metric"].split(" per ")
        times, per = (100, "100 visits") if unit == "visit" else (1, "customer")
        text = {"arm": row["arm"], "metric": f"{metric} per {per}", "state": None,
                "base": _amount(times * row["base"]), "value": _amount(times * row["value"]),
                "difference": "nothing to compare", "lift": "", "verdict": "",
                "plot": None, "level": row["level"]}  # fmt: skip
        if row["role"] == "guardrail" and plan:
            text |= {"state": row["state"], "tolerated": plan.guardrails[row["metric"]]}
        if math.isfinite(row["low"]):
            ends = [_amount(times * row[name], "+") for name in ("difference", "low", "high")]
            text["difference"] = "{} [{}, {}]".format(*ends)
            text["verdict"] = (
                "better" if row["low"] > 0 else "worse" if row["high"] < 0 else "may be chance"
            )
        if math.isfinite(row["lift_low"]):
            ends = [row[name] for name in ("lift", "lift_low", "lift_high")]
            text["lift"] = "{} [{}, {}]".format(*map(percent, ends))
            text["plot"] = {"at": place(ends[0]), "low": place(ends[1]), "high": place(ends[2])}
        text["decides"] = row["role"] == "decides"
        found[row["role"]].append(text)
    cut = any(row["lift_high"] > top for row in lifts)
    return found | {"cut": cut, "zero": place(0), "worth": place(worth) if plan else None}


def _amount(number, sign=""):
    """A number with three digits that mean something."""
    if not math.isfinite(number):
        return "not known"
    if abs(number) < 100:
        return f"{number:{sign}.3g}"
    return f"{float(f'{number:.3g}'):{sign},.0f}"


def _deciding(read, plan):
    """The comparison that decides on each new arm, if it may be looked at and can be read."""
    if not plan or not read["readable"]:
        return {}
    table = read["comparisons"]
    table = table[(table["role"] == "decides") & (table["base_error"] > 0) & (table["base"] > 0)]
    return {row["arm"]: row for row in table.to_dict("records")}


def _precision(row, read, plan):
    """Standard error in units of what is worth having, and the limit in standard errors.

    Were the lift exactly worth having, the new arm would vary as today's does, only larger by it:
    the variance of rare counts grows with their mean.
    """
    from scipy.stats import norm

    sizes = read["split"]["customers"]
    times = sizes[next(iter(plan.arms))] / sizes[row["arm"]] * (1 + plan.worth_having)
    error = row["base_error"] * math.sqrt(1 + times)
    return error / (plan.worth_having * row["base"]), norm.isf((1 - row["level"]) / 2)


def _decisions(read, plan):
    """By new arm: the decision, why, and what to do now."""
    if not plan:
        return {}
    base = next(iter(plan.arms))
    return {
        arm: {**found, "now": _now(arm, found["decision"], base, read, plan)}
        for arm, found in read["decisions"].items()
    }


def _now(arm, decision, base, read, plan):
    from scipy.stats import norm

    window = read["window"]
    if decision == SHIP:
        rest = "but those who are held out" if plan.holdout else "but a small share"
        later = f"they stay with {base} and tell later whether the effect lasts."
        if not (doubtful := _doubtful(arm, read, plan)):
            return f"Show {arm} to everybody {rest}; {later}"
        return (
            f"Show {arm} in steps, since {' and '.join(doubtful)}: to a fifth of the customers, "
            "then to half, reading split, guardrails and money between two steps; at last to "
            f"everybody {rest}; {later}{_likeliest(arm, read, plan)}"
        )
    if decision == KEEP:
        end = window["first"] + pd.Timedelta(days=7 * plan.weeks)
        when = "after the next whole week" if plan.looks == "weekly" else f"on {end:%Y-%m-%d}"
        return f"Change nothing, and read it again {when}."
    if decision == STOP:
        return f"Keep {base}."
    if read["split"]["broken"]:
        return (
            "Ask whether each arm's visits are logged in the same way, whether a list was slow or "
            "failed, and whether somebody moved customers. The new test needs another name."
        )
    mend = " ".join(doubt["mend"] for doubt in read["doubts"] if doubt["stops"])
    if mend:
        return mend
    row = _deciding(read, plan).get(arm)
    if row and window["weeks"] and row["high"] >= 0:
        error, limit = _precision(row, read, plan)
        weeks = math.ceil(window["weeks"] * (error * (limit + norm.isf(1 - _POWER))) ** 2)
        if weeks > window["weeks"]:
            return (
                f"Keep {base}, or plan a longer test: to find {percent(plan.worth_having, '')} "
                f"four times in five, it takes at least {weeks:,} weeks of such traffic."
            )
    return f"Keep {base}."


def _likeliest(arm, read, plan):
    """A warning where even the middle of the interval, the likeliest lift, doesn't pay."""
    table, money = read["comparisons"], read["money"].get(arm, {})
    row = table[(table["arm"] == arm) & (table["role"] == "decides")].iloc[0]
    pays = row["lift"] >= plan.worth_having
    if "cost" in money:
        pays = money["difference"] >= money["cost"]
    if pays:
        return ""
    return (
        " Not even the middle of the interval pays, so the likeliest year is a loss: take the "
        "first step only, until more is known."
    )


def _doubtful(arm, read, plan):
    """Why an arm that is to be shipped goes out in steps: what this test leaves open."""
    table, money = read["comparisons"], read["money"].get(arm, {})
    table = table[table["arm"] == arm]
    low = table.loc[table["role"] == "decides", "lift_low"].item()
    pays = money["low"] > money["cost"] if "cost" in money else low > plan.worth_having
    unsure = table.loc[(table["role"] == "guardrail") & (table["state"] == "not sure"), "metric"]
    reasons = [] if pays else ["the low end of its interval does not pay"]
    if len(unsure):
        reasons.append(f"the test is not sure about {' and '.join(unsure)}")
    return reasons


def _chances(read, plan):
    """How often the rule is wrong, in tests as precise as this one.

    Before the end it is that of tests as planned: what a look finds is not what the last one will.
    """
    from scipy.stats import norm

    ended = read["window"]["ended"]
    rows, power = list(_deciding(read, plan).values()) if ended else [], _POWER
    if rows:
        error, limit = max(_precision(row, read, plan) for row in rows)
        power = float(norm.sf(limit - 1 / error))
    alpha = 0.05 / (len(plan.arms) - 1)
    # the simulation takes tests that find more often than they give false alarms
    half, worth, twice = (percent(times * plan.worth_having) for times in (0.5, 1, 2))
    effects = {percent(-plan.worth_having): -1, "no effect": 0, half: 0.5,
               f"{worth}, exactly worth having": 1, twice: 2}  # fmt: skip
    looks = 1 if plan.looks == "end" else plan.weeks
    power_at = float(np.clip(power, alpha, 0.999))
    table = rule_chances(looks, plan.worth_having, power_at, alpha, effects)
    return {"table": table.to_dict("index"), "measured": bool(rows)}


def _unknown(read, plan, report):
    """Sentences on what this test can't tell."""
    window, table, said = read["window"], read["comparisons"], []
    counted = [name for name in MEASURES if name in read["means"]]
    if not window["ended"]:
        weeks = plan.weeks - window["weeks"]
        said.append(f"It is not over: {weeks:,} of {plan.weeks:,} planned weeks are to come.")
    elif window["first"] is None:
        said.append("The export has no dates: whether it has the planned weeks, and only those.")
    if window["ended"] and read["readable"]:
        later = "Those who are held out will tell." if plan.holdout else "Nobody was held out."
        weeks = f"{plan.weeks:,} week{'s' if plan.weeks > 1 else ''}"
        said.append(f"Whether the effect lasts: what comes after {weeks} was not seen. {later}")
    if plan.starts is None and window["after"]:
        said.append(
            f"Whether {window['first']:%Y-%m-%d} was the first day: the plan names none (starts)."
        )
    said += _remarks(read)
    if not read["readable"]:
        what = "with a broken split" if read["split"]["broken"] else "before that is mended"
        return [*said, f"What the lists do: {what} nothing of it can be compared."]
    states = table[table["role"] == "guardrail"]
    states = states[states["state"] == "not sure"]
    unsure = [f"{row.metric} ({row.arm})" for row in states.itertuples()]
    if unsure and read["shown"]:
        said.append(
            f"Whether it harms {', '.join(unsure)}: the interval reaches below what is tolerated."
        )
    if not plan.guardrails:
        said.append("Whether it harms something else: no guardrail was planned.")
    beside = int((table["role"] == "beside").sum())
    if beside:
        said.append(
            f"Why: {beside} further comparison{'s stand' if beside > 1 else ' stands'} beside the "
            "one that decides. They give ideas for the next test, no proof."
        )
    if len(plan.arms) > 2:
        said.append(f"Which new list is the best: each was compared with {next(iter(plan.arms))} "
                    "only.")  # fmt: skip
    said += _winners_curse(read, plan)
    if not read["money"] and not plan.value and read["shown"]:
        said.append("What it is worth: no value of one more was named (value).")
    if plan.metric.startswith("revenue") and not plan.value:
        said.append("What remains of the revenue: no share of it was named (value).")
    missing = [name for name in MEASURES if name not in counted] if read["shown"] else []
    said.append(
        "What was not counted: "
        + (f"{', '.join(missing)} (not in the export, or not of each arm), " if missing else "")
        + f"{NEVER_COUNTED}, and customers who never came, unless the export has them."
    )
    if read["blank"]:
        blank = ", ".join(f"{name} {n:,}" for name, n in read["blank"].items())
        said.append(f"Whether blank means zero; it was read so: {blank}.")
    if several := report.findings.get("customers in several arms"):
        some = f"{several:,} customers" if several > 1 else "customer"
        said.append(
            f"What the {some} did who stand{'s' * (several == 1)} in several arms: "
            f"{report.rejected.get(IN_SEVERAL_ARMS, 0):,} rows, left out."
        )
    return said


def _remarks(read):
    """Doubts that stop nothing."""
    return [doubt["seen"] for doubt in read["doubts"] if not doubt["stops"]]


def _winners_curse(read, plan):
    """By how much tests that are this small overstate what they ship."""
    from scipy.stats import norm

    said = []
    for arm, row in _deciding(read, plan).items():
        if read["decisions"][arm]["decision"] != SHIP:
            continue
        error, limit = _precision(row, read, plan)
        least = limit - 1 / error
        mean = 1 + error * norm.pdf(least) / norm.sf(least)
        said.append(
            f"How large the lift of {arm} is: estimates of winners run high. If the truth were "
            f"{percent(plan.worth_having, '')}, tests as precise as this one that end above zero "
            f"would say {percent(mean * plan.worth_having, '')} on average."
        )
    return said
