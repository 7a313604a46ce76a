"""Lesson 10. The decision memo: the facts of one shop, a rule written down before, and the page.

:func:`collect` finds the facts, :func:`decide` applies the rule, :func:`page` puts both on one
page that can be mailed, printed and read aloud in a meeting.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path

import jinja2
import numpy as np
import pandas as pd

from helpers import channels, evaluate, experiments, production
from helpers.data import HealthReport, product_table
from helpers.recommend import ItemBased, MostPopular, Random

SHIP, NOT_YET, DONT = "ship a test", "not yet", "don't"

# The rule. Asked in this order; the first question with the answer no gives the recommendation.
CHECKS = [
    {
        "question": "Was at least half of the purchase file usable?",
        "passes": lambda evidence: evidence["rows_kept"] >= 0.5,
        "otherwise": NOT_YET,
        "answer": "{rows_kept:.0%} of the rows were kept",
        "what_to_do": "Find out why so many rows were rejected, and export again.",
    },
    {
        "question": "Can we judge by at least 100 customers?",
        "passes": lambda evidence: evidence["customers_judged"] >= 100,
        "otherwise": NOT_YET,
        "answer": "{customers_judged:,} customers bought before and after the cut",
        "what_to_do": "Collect more purchases, or export a longer period.",
    },
    {
        "question": "Do histories tell anything (the shuffle test)?",
        "passes": lambda evidence: evidence["signal_low"] > 0,
        "otherwise": DONT,
        "answer": "own minus a stranger's NDCG: {signal_low:+.3f} to {signal_high:+.3f}",
        "what_to_do": "Show what is popular; personal lists would be decoration.",
    },
    {
        "question": "Are the lists no worse than the best sellers?",
        "passes": lambda evidence: evidence["gain_high"] > 0,
        "otherwise": DONT,
        "answer": "NDCG above the best sellers': {gain_low:+.3f} to {gain_high:+.3f}",
        "what_to_do": "Keep the best sellers, and say over which days they are counted.",
    },
    {
        "question": "Are they surely better?",
        "passes": lambda evidence: evidence["gain_low"] > 0,
        "otherwise": NOT_YET,
        "answer": "the lower end of that interval is {gain_low:+.3f}",
        "what_to_do": "The interval holds zero: wait for more purchases, or try other options.",
    },
    {
        "question": "Can the test be over within twelve weeks?",
        "passes": lambda evidence: evidence["days_of_test"] <= 84,
        "otherwise": NOT_YET,
        "answer": "it takes {days_of_test:,} days",
        "what_to_do": "Look for a larger lift, or test where more people click.",
    },
]


def decide(evidence) -> dict:
    """Apply the rule: the first question with the answer no gives the recommendation.

    Parameters
    ----------
    evidence : mapping
        ``rows_kept`` (share of the purchase file, 0 to 1), ``customers_judged``, ``signal_low``
        and ``signal_high`` (interval of the shuffle test), ``gain_low`` and ``gain_high``
        (interval of the NDCG above the best popularity list's), ``days_of_test``. What is missing
        counts as no.

    Returns
    -------
    dict
        ``decision`` ("ship a test", "not yet" or "don't"), ``because`` (the question that gave
        it), ``what_to_do``, and ``checks``: a list of ``question``, ``answer``, ``passed``.
    """
    evidence = {name: value for name, value in dict(evidence).items() if _is_known(value)}
    checks, failed = [], None
    for check in CHECKS:
        try:
            answer, passed = check["answer"].format(**evidence), bool(check["passes"](evidence))
        except KeyError:
            answer, passed = "not known", False
        checks.append({"question": check["question"], "answer": answer, "passed": passed})
        if not passed and failed is None:
            # where the figure is missing, nobody knows that it is bad
            otherwise = NOT_YET if answer == "not known" else check["otherwise"]
            failed = {**check, "otherwise": otherwise}
    if failed is None:
        because, to_do = "All questions of the rule have the answer yes.", "Start the test below."
        return {"decision": SHIP, "because": because, "what_to_do": to_do, "checks": checks}
    return {
        "decision": failed["otherwise"],
        "because": f"The first question with the answer no: {failed['question']}",
        "what_to_do": failed["what_to_do"],
        "checks": checks,
    }


def _is_known(value):
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def collect(
    transactions: pd.DataFrame,
    events: pd.DataFrame | None,
    report: HealthReport,
    test_days: int = 60,
    n: int = 5,
    cart_rate: float = 0.08,
    lift: float = 0.10,
    clicks_per_day: float = 1_000,
    consent_path="",
    made_up_consent: bool = False,
) -> dict:
    """Find all facts that the memo speaks of.

    Parameters
    ----------
    transactions, events : DataFrame
        From :mod:`helpers.data`.
    report : HealthReport
        Of the purchases.
    test_days, n : int
        As in lesson 05: days held out, length of a list.
    cart_rate, lift, clicks_per_day : float
        For the plan of the test: share of recommendation clicks that reach the cart today, the
        smallest relative improvement worth finding, and clicks on recommendations on a day.
    consent_path : path-like
        As in :func:`helpers.channels.consent_list`.
    made_up_consent : bool
        For the bundled shop: everybody agreed but each tenth.

    Returns
    -------
    dict
        Plain numbers and texts: ``data``, ``quality`` (None where nothing can be held out; then
        ``quality_missing`` says why), ``signal``, ``examples``, ``served``, ``channels``,
        ``plan``, ``evidence`` and ``decision``.
    """
    facts = {"data": _data_facts(transactions, events, report)}
    try:
        facts |= _judge(transactions, events, test_days, n)
    except ValueError as error:
        facts |= {"quality": None, "signal": None, "quality_missing": str(error)}
    quality, signal = facts["quality"], facts["signal"]

    trend_days = quality["trend_days"] if quality else None
    intent_days = None if events is None else 30
    model = ItemBased(trend_days=trend_days, intent_days=intent_days)
    engine = production.build_engine(transactions, events, model)
    candidates = production.score_everyone(engine, 3 * n)
    lists = candidates[candidates["rank"] <= n]
    facts["examples"] = _examples(transactions, lists, engine)
    facts["served"] = served(lists)
    everyone = engine.model.customers_ if made_up_consent else None
    consent = channels.consent_list(consent_path, everyone)
    placements = channels.placements(engine, candidates, transactions, events, n, consent)
    facts["channels"] = {
        name: int(table.iloc[:, 0].nunique()) for name, table in placements.items()
    }

    needed = experiments.visitors_per_arm(cart_rate, lift)
    facts["plan"] = {
        "cart_rate": cart_rate,
        "lift": lift,
        "clicks_per_arm": needed,
        "clicks_per_day": clicks_per_day,
        "days": experiments.test_days(needed, clicks_per_day),
    }
    facts["evidence"] = {
        "rows_kept": report.kept / max(report.read, 1),
        "customers_judged": quality["customers"] if quality else None,
        "signal_low": signal["low"] if signal else None,
        "signal_high": signal["high"] if signal else None,
        "gain_low": quality["gain"]["low"] if quality else None,
        "gain_high": quality["gain"]["high"] if quality else None,
        "days_of_test": facts["plan"]["days"],
    }
    facts["decision"] = decide(facts["evidence"])
    return facts


def _data_facts(transactions, events, report):
    date = transactions["transaction_date"]
    return {
        "read": report.read,
        "kept": report.kept,
        "rejected": dict(report.rejected),
        "from": f"{date.min():%Y-%m-%d}",
        "to": f"{date.max():%Y-%m-%d}",
        "customers": transactions["customer_id"].nunique(),
        "products": transactions["product_id"].nunique(),
        "events": None if events is None else len(events),
    }


def _judge(transactions, events, test_days, n):
    """Quality against chance and against the popularity list that does best, and the signal."""
    split = evaluate.split_by_time(transactions, events, test_days)
    improved = evaluate.choose_item_based(split, n)
    popular = {
        "best sellers ever": MostPopular(),
        "best sellers of 30 days": MostPopular(30),
        "best sellers of 7 days": MostPopular(7),
    }
    # the window that does best on the very days we judge by: a rival that is hard to beat
    table = evaluate.compare(popular, split, n)
    rival = table["ndcg"].idxmax()
    methods = {"drawn by chance": Random(), "personal list": improved}
    table = pd.concat([table.loc[[rival]], evaluate.compare(methods, split, n)])
    table = table.loc[["personal list", rival, "drawn by chance"]]
    figures = ["hit_rate", "hit_rate_low", "hit_rate_high", "ndcg", "ndcg_low", "ndcg_high"]
    quality = {
        "k": n,
        "test_days": split.test_days,
        "test_start": f"{split.test_start:%Y-%m-%d}",
        "customers": int(table["customers"].iloc[0]),
        "rival": rival,
        "methods": table[figures].to_dict("index"),
        "gain": evaluate.paired_difference(improved, popular[rival], split, k=n),
        "trend_days": improved.trend_days,
    }
    return {"quality": quality, "signal": evaluate.shuffle_test(split, n)}


def served(lists: pd.DataFrame) -> dict[str, int]:
    """Count customers by what their list rests on.

    Parameters
    ----------
    lists : DataFrame
        From :func:`helpers.production.score_everyone`.

    Returns
    -------
    dict
        ``purchases``: a full list from own purchases. ``filled up``: too little of it, best
        sellers come after. ``behaviour``: no purchase, but views or carts. ``best sellers``:
        nothing known that helps. Together these are all customers in `lists`.
    """
    first = lists.drop_duplicates("customer_id").set_index("customer_id")["source"]
    mixed = lists["source"].eq("popularity").groupby(lists["customer_id"]).any()
    mixed = mixed.reindex(first.index)
    return {
        "purchases": int(((first == "purchases") & ~mixed).sum()),
        "filled up": int(((first == "purchases") & mixed).sum()),
        "behaviour": int((first == "intent").sum()),
        "best sellers": int((first == "popularity").sum()),
    }


def _examples(transactions, lists, engine, n_customers=5, n_products=3):
    """Customers with few and with many purchases: what they bought last, and what they would get.

    They stand at even steps in the order of how much they bought, so nobody picked the pretty ones.
    """
    personal = lists.loc[lists["source"] == "purchases", "customer_id"].unique()
    bought = transactions[transactions["customer_id"].isin(personal)]
    counts = bought.groupby("customer_id")["product_id"].nunique().sort_values(kind="stable")
    steps = (np.arange(n_customers) + 0.5) / n_customers * len(counts)
    names = product_table(transactions)["product_name"]
    examples = []
    for customer in dict.fromkeys(counts.index[steps.astype(int)] if len(counts) else []):
        own = bought[bought["customer_id"] == customer].sort_values(
            "transaction_date", ascending=False, kind="stable"
        )
        rows = lists[lists["customer_id"] == customer].head(n_products)
        rows = rows.assign(because=engine.explain(rows, n_reasons=1, shares=False).to_numpy())
        examples.append(
            {
                "customer_id": customer,
                "n_bought": int(counts[customer]),
                "bought": names[own["product_id"].drop_duplicates().head(3)].tolist(),
                "products": rows[["product_name", "because"]].to_dict("records"),
            }
        )
    return examples


def page(
    facts: dict | None,
    title: str,
    metrics: dict | None = None,
    outcomes: Collection = (),
    files: Collection[str] = (),
) -> str:
    """One page of HTML that loads nothing from elsewhere: mail it, print it.

    Parameters
    ----------
    facts : dict or None
        From :func:`collect`; None where lesson 10 did not run.
    title : str
        Of the shop or the run.
    metrics : dict, optional
        What the lessons of a run recorded; for the appendix.
    outcomes, files : collection
        The lessons of a run, and the names of the files beside the page; for the appendix.

    Returns
    -------
    str
    """
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["percent"] = lambda share, digits=0: f"{share:.{digits}%}"
    environment.filters["count"] = "{:,}".format
    environment.filters["about"] = lambda share: f"{100 * share:.0f}"
    template = environment.from_string(
        Path(__file__).with_name("memo.html.j2").read_text(encoding="utf-8")
    )
    metrics = metrics or {}
    return template.render(
        facts=facts,
        title=title,
        channels=channels.CHANNELS,
        failed=metrics.get("failed"),
        reports=metrics.get("data", {}),
        outcomes=outcomes,
        files=files,
    )
