"""Lesson 06. From a fitted recommender to something that serves customers every day."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from helpers import __version__, evaluate
from helpers.data import product_table
from helpers.matrix import build_interaction_matrix
from helpers.recommend import ItemBased, MostPopular, WithFallback
from helpers.similarity import ProductSimilarity
from helpers.writing import replacing

POPULAR_DAYS = 30
_FORMAT = 1


class EngineError(ValueError):
    """A saved engine that cannot be used. The message says why and what to do."""


@dataclass
class Engine:
    """A fitted recommender with everything that serving needs.

    Attributes
    ----------
    model : ItemBased
    popular : MostPopular
        For customers we know nothing about, and to fill short lists.
    names : Series
        Product names by product id.
    trained_until : Timestamp
        Date of the newest purchase it has learned from.
    fingerprint : str
        Of the data it has learned from; see :func:`data_fingerprint`.
    version : str
        Of the course's helpers.
    """

    model: ItemBased
    popular: MostPopular
    names: pd.Series
    trained_until: pd.Timestamp
    fingerprint: str
    version: str = __version__

    def recommend(self, customers=None, n: int = 5, exclude_purchased: bool = True):
        """Rank products for customers, with the fallback to popularity.

        Parameters
        ----------
        customers : list of ids, optional
            Everyone known, if left out. Unknown ones get the popularity list.
        n : int
        exclude_purchased : bool

        Returns
        -------
        DataFrame
            ``customer_id``, ``rank``, ``product_id``, ``score``, ``source`` ("purchases",
            "intent" or "popularity").
        """
        lists = WithFallback({"purchases": self.model, "popularity": self.popular})
        table = lists.recommend(customers, n, exclude_purchased)
        at = self.model.customers_.get_indexer(table["customer_id"])
        no_purchase = np.diff(self.model.purchases_.indptr)[at] == 0
        table.loc[no_purchase & (table["source"] == "purchases"), "source"] = "intent"
        return table

    def explain(
        self, recommendations: pd.DataFrame, n_reasons: int = 2, shares: bool = True
    ) -> pd.Series:
        """Put the reason for each recommendation into words.

        Parameters
        ----------
        recommendations : DataFrame
            From :meth:`recommend`.
        n_reasons : int
            How many of the causes are named, strongest first.
        shares : bool
            Say each cause's share of the score after its name.

        Returns
        -------
        Series of str
            In the order of `recommendations`.
        """
        table = recommendations.reset_index(drop=True)
        reasons = pd.Series(f"popular in the last {POPULAR_DAYS} days", index=table.index)
        scored = table[table["source"] != "popularity"]
        if len(scored):
            parts = self.model.contributions(scored)
            pair = ["customer_id", "product_id"]
            of_one = parts.groupby(pair, sort=False)["contribution"]
            parts = parts.assign(share=parts["contribution"] / of_one.transform("sum"))
            place = of_one.cumcount()
            wanted = pd.MultiIndex.from_frame(scored[pair])
            sentence = pd.Series("", index=wanted)
            for number in range(n_reasons):
                cause = parts[place == number].set_index(pair)
                if cause.empty:  # nobody has so many
                    break
                name = self.names.reindex(cause["because_of"]).to_numpy()
                text = cause["how"] + " " + name
                if shares:
                    text += " (" + cause["share"].map("{:.0%}".format) + ")"
                text = text.reindex(wanted)
                sentence += (", " + text if number else text).fillna("")
            reasons[scored.index] = sentence.to_numpy()
        return reasons

    def recommend_products(
        self, customer_id, n_recommendations: int = 5, include_reasoning: bool = False
    ) -> list | dict:
        """Answer one request: the function that engineering calls.

        Parameters
        ----------
        customer_id : str
        n_recommendations : int
        include_reasoning : bool

        Returns
        -------
        list of product ids, or dict
            With reasoning: ``customer_id``, ``recommendations`` and ``reasoning``, one sentence
            for each recommendation. An unknown customer gets what sells best, and the reasoning
            says that the id is unknown.
        """
        table = self.recommend([customer_id], n_recommendations)
        products = table["product_id"].tolist()
        if not include_reasoning:
            return products
        reasons = self.explain(table)
        if customer_id not in self.model.customers_:
            looks = self.model.customers_[0]
            reasons = f"nothing is known of {customer_id!r} (ids look like {looks!r}); " + reasons
        return {
            "customer_id": customer_id,
            "recommendations": products,
            "reasoning": reasons.tolist(),
        }


def build_engine(
    transactions: pd.DataFrame, events: pd.DataFrame | None = None, model: ItemBased | None = None
) -> Engine:
    """Fit an engine on all data.

    Parameters
    ----------
    transactions, events : DataFrame
        From :mod:`helpers.data`.
    model : ItemBased, optional
        With the settings that lesson 05 chose; the default settings if left out, and 30 days of
        intent where there are events.

    Returns
    -------
    Engine
    """
    matrix = build_interaction_matrix(transactions)
    model = model or ItemBased(intent_days=None if events is None else 30)
    popular = MostPopular(POPULAR_DAYS).fit(matrix, transactions)
    return Engine(
        model.fit(matrix, transactions, events),
        popular,
        product_table(transactions)["product_name"],
        transactions["transaction_date"].max(),
        data_fingerprint(transactions, events),
    )


def shop_engine(
    transactions: pd.DataFrame,
    events: pd.DataFrame | None = None,
    test_days: int = 60,
    n_recommendations: int = 5,
    output_dir="",
) -> Engine:
    """The one engine of a run: settings chosen on the validation window, learned from all data.

    Every lesson, table and memo asks here, so that all of them speak of the same lists. In a run
    the engine lies in its folder and is loaded; in class (no folder) it is built anew.

    Parameters
    ----------
    transactions, events : DataFrame
        From :mod:`helpers.data`.
    test_days, n_recommendations : int
        What the settings are chosen for; see :func:`helpers.evaluate.settings_for`.
    output_dir : path-like
        The run's folder; empty: none.

    Returns
    -------
    Engine
    """
    kept = Path(output_dir) / "engine.zip" if output_dir else None
    if kept and kept.exists():
        engine = load_engine(kept)
        if engine.fingerprint == data_fingerprint(transactions, events):
            return engine
    settings = evaluate.settings_for(transactions, events, test_days, n_recommendations)
    engine = build_engine(transactions, events, settings)
    if kept:
        save_engine(engine, kept)
    return engine


def data_fingerprint(*tables: pd.DataFrame | None) -> str:
    """Sixteen characters that change when any value of the tables changes, not their order."""
    total = hashlib.sha256()
    for table in tables:
        if table is None:
            continue
        rows = pd.util.hash_pandas_object(table[sorted(table)], index=False).to_numpy()
        total.update(np.sort(rows).tobytes())
    return total.hexdigest()[:16]


def save_engine(engine: Engine, path) -> Path:
    """Save an engine as one zip file of plain tables and arrays, without pickle.

    Parameters
    ----------
    engine : Engine
    path : path-like
        For example ``engine.zip``. An existing file is replaced at the very end.

    Returns
    -------
    Path
    """
    model = engine.model
    members = {
        "similarity.npz": _npz(model.similarity_.values),
        "purchases.npz": _npz(model.purchases_),
        "customers.parquet": _parquet(pd.DataFrame({"customer_id": model.customers_})),
        "products.parquet": _parquet(
            pd.DataFrame(
                {
                    "product_id": model.products_,
                    "product_name": engine.names.reindex(model.products_).to_numpy(),
                    "trend": model.trend_,
                    "recent_buyers": engine.popular.buyers_,
                }
            )
        ),
    }
    if model.intent_ is not None:
        members["intent.npz"] = _npz(model.intent_)
    settings = ["n_neighbors", "scale_customers", "trend_days", "intent_days"]
    manifest = {
        "format": _FORMAT,
        "version": engine.version,
        "fingerprint": engine.fingerprint,
        "trained_until": engine.trained_until.isoformat(),
        "settings": {name: getattr(model, name) for name in settings},
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in members.items()},
    }
    members["manifest.json"] = json.dumps(manifest, indent=2).encode()
    with replacing(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return Path(path)


def load_engine(path) -> Engine:
    """Load a saved engine.

    Raises
    ------
    EngineError
        If the file is missing, incomplete, changed since it was saved, or of another format.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            if manifest["format"] != _FORMAT:
                raise EngineError(
                    f"{path.name} has format {manifest['format']}, this is format {_FORMAT}. "
                    "Build the engine again."
                )
            members = {name: archive.read(name) for name in manifest["sha256"]}
        for name, content in members.items():
            if hashlib.sha256(content).hexdigest() != manifest["sha256"][name]:
                raise EngineError(f"{path.name}: {name} was changed since it was saved.")
        customers = pd.read_parquet(io.BytesIO(members["customers.parquet"]))
        products = pd.read_parquet(io.BytesIO(members["products.parquet"]))
        arrays = {
            name.removesuffix(".npz"): sparse.csr_array(sparse.load_npz(io.BytesIO(content)))
            for name, content in members.items()
            if name.endswith(".npz")
        }
        product_ids = pd.Index(products["product_id"])
        model = ItemBased.restore(
            manifest["settings"],
            pd.Index(customers["customer_id"]),
            ProductSimilarity(arrays["similarity"], product_ids),
            products["trend"].to_numpy(),
            arrays["purchases"],
            arrays.get("intent"),
        )
        popular = MostPopular(POPULAR_DAYS)
        popular.customers_, popular.products_ = model.customers_, product_ids
        popular.purchases_ = model.purchases_
        popular.buyers_ = products["recent_buyers"].to_numpy()
        names = products.set_index("product_id")["product_name"]
        trained_until = pd.Timestamp(manifest["trained_until"])
    except FileNotFoundError:
        raise EngineError(f"There is no engine at {path}. Save one first.") from None
    except EngineError:
        raise
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        raise EngineError(
            f"{path.name} is not a complete engine ({type(error).__name__}). Build it again."
        ) from None
    return Engine(
        model, popular, names, trained_until, manifest["fingerprint"], manifest["version"]
    )


def score_everyone(
    engine: Engine, n: int = 5, batch_size: int = 1_000, progress: bool = False
) -> pd.DataFrame:
    """Make the table that channels use: everyone's recommendations, each with its reason.

    Parameters
    ----------
    engine : Engine
    n : int
    batch_size : int
        Customers at a time; bounds the memory.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        ``customer_id``, ``rank``, ``product_id``, ``product_name``, ``score``, ``source``,
        ``reason``.
    """
    customers = engine.model.customers_
    batches = [customers[at : at + batch_size] for at in range(0, len(customers), batch_size)]
    if progress:
        from tqdm import tqdm

        # without clock times, and drawn at every step: the same text on every run
        batches = tqdm(
            batches,
            file=sys.stdout,
            ascii=True,
            mininterval=0,
            bar_format="{l_bar}{bar:30}| {n_fmt} of {total_fmt} batches of customers",
        )
    parts = []
    for batch in batches:
        table = engine.recommend(batch, n)
        parts.append(table.assign(reason=engine.explain(table)))
    table = pd.concat(parts, ignore_index=True)
    table.insert(3, "product_name", engine.names.reindex(table["product_id"]).to_numpy())
    return table


def health_checks(engine: Engine, table: pd.DataFrame, n: int = 5) -> pd.DataFrame:
    """Check a scored table before it goes out: would anyone notice if it were wrong?

    Parameters
    ----------
    engine : Engine
    table : DataFrame
        From :func:`score_everyone`.
    n : int
        The length that was asked for.

    Returns
    -------
    DataFrame
        One row per check: ``check``, ``passed``, ``detail``.
    """
    lists = table.groupby("customer_id")
    pairs = pd.MultiIndex.from_frame(table[["customer_id", "product_id"]])
    at = engine.model.customers_.get_indexer(table["customer_id"])
    column = engine.model.products_.get_indexer(table["product_id"])
    bought = np.asarray(engine.model.purchases_[at, column]).ravel() > 0
    first = table.loc[table["rank"] == 1, "product_id"].value_counts(normalize=True)
    short = int((lists.size() < n).sum())
    without = len(engine.model.customers_) - lists.ngroups
    within = (table["customer_id"] == table["customer_id"].shift()) & (
        table["source"] == table["source"].shift()
    )
    rising = int((within & (table["score"] > table["score"].shift())).sum())
    coverage = table["product_id"].nunique() / len(engine.model.products_)
    checks = [
        ("every known customer has a list", without == 0, f"{without} without"),
        ("every list is full", short == 0, f"{short} shorter than {n}"),
        (
            "no product twice in a list",
            not pairs.has_duplicates,
            f"{pairs.duplicated().sum()} twice",
        ),
        ("nothing that was already bought", not bought.any(), f"{int(bought.sum())} rows"),
        ("scores are numbers", bool(np.isfinite(table["score"]).all()), ""),
        ("best score first", rising == 0, f"{rising} rows out of order"),
        (
            "no product leads more than half of the lists",
            bool(first.iloc[0] <= 0.5),
            f"{first.index[0]} leads {first.iloc[0]:.0%}",
        ),
        ("a fifth of the catalogue is shown", coverage >= 0.2, f"{coverage:.0%} is shown"),
    ]
    return pd.DataFrame(checks, columns=["check", "passed", "detail"])


def drift(engine: Engine, transactions: pd.DataFrame, warn_above: float = 0.2) -> pd.DataFrame:
    """Compare new purchases with what the engine has learned from: is it still up to date?

    Parameters
    ----------
    engine : Engine
    transactions : DataFrame
        Purchases since.
    warn_above : float
        Share above which a row asks for attention.

    Returns
    -------
    DataFrame
        One row per sign: ``sign``, ``value`` (a share, 0 to 1), ``look_into_it``.
    """
    new_customer = ~transactions["customer_id"].isin(engine.model.customers_)
    new_product = ~transactions["product_id"].isin(engine.model.products_)
    before = pd.Series(
        np.asarray((engine.model.purchases_ > 0).sum(axis=0)).ravel(), engine.model.products_
    )
    pairs = transactions[["customer_id", "product_id"]].drop_duplicates()
    now = pairs["product_id"].value_counts()
    shares = pd.concat([before / before.sum(), now / now.sum()], axis=1).fillna(0)
    # total variation distance: the share of purchases that moved to other products
    moved = shares.iloc[:, 0].sub(shares.iloc[:, 1]).abs().sum() / 2
    signs = {
        "purchases by customers it does not know": new_customer.mean(),
        "purchases of products it does not know": new_product.mean(),
        "popularity that moved to other products": moved,
    }
    table = pd.DataFrame({"sign": list(signs), "value": list(signs.values())})
    return table.assign(look_into_it=table["value"] > warn_above)


def _npz(array):
    buffer = io.BytesIO()
    sparse.save_npz(buffer, array, compressed=False)
    return buffer.getvalue()


def _parquet(table):
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()
