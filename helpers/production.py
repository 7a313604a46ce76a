"""Lesson 06. From a fitted recommender to something that serves customers every day."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from helpers import __version__, evaluate, handover
from helpers.catalogue import NewProducts, Rules, rules_for
from helpers.data import product_table
from helpers.matrix import build_interaction_matrix
from helpers.recommend import HOW, INTENT_DAYS, Blend, ItemBased, MostPopular, ladder
from helpers.similarity import ProductSimilarity
from helpers.writing import replacing

POPULAR_DAYS = 30
#: The days that tell what is usual for a shop.
USUAL_DAYS = 60
#: What :func:`drift` looks at.
SIGNS = [
    "customers it does not know",
    "purchases of products it does not know",
    "popularity that moved to other products",
]
#: The recommenders that an engine may have; its file says which.
RECOMMENDERS = {kind.__name__: kind for kind in (ItemBased, Blend)}
_FORMAT = 4
_ROWS_AT_ONCE = 250_000
_DIGEST_LENGTH = 64  # a SHA-256 in hexadecimal digits
# A packed engine is a fifth of its plain size or more; far beyond that, somebody wants to fill
# the memory.
_MOST_UNPACKED = 100
# In a catalogue or an audience smaller than this, one product may well lead most lists.
_PRODUCTS_TO_JUDGE, _LISTS_TO_JUDGE = 20, 100
#: What speaks against a product is said beside its reasons from here on, as a share of these.
WORTH_SAYING = 0.1
#: How far a table may be from the last one before somebody hears of it, as a share.
ALLOWED_CHANGE = 0.1
#: How many purchases, as a share, may be lost since the last table before the new one waits; and
#: how many of the products that were forbidden may be let in again.
ALLOWED_LOSS, ALLOWED_AGAIN = 0.2, 0.5
# What a newest day or week is held against, and how far it may lie below, in standard deviations.
_USUAL_WEEKS, _MOST_STRAYS = 8, 3
#: When the export is there, and when the page reads the table.
EXPORT_BY, TABLE_BY = "2 am", "6 am"
#: How long before the judged weeks an engine stopped learning, in days: see :func:`lists_by_age`.
AGES = [0, 1, 7, 30, 60, 90, 180]
# More baskets would tell hardly more of drift, and take long.
_MOST_BASKETS = 20_000


class EngineError(ValueError):
    """A saved engine that cannot be used. The message says why and what to do."""


@dataclass
class Engine:
    """A fitted recommender with everything that serving needs.

    Attributes
    ----------
    model : ItemBased
        Or a :class:`~helpers.recommend.Blend`, which is one, too.
    popular : MostPopular
        For customers we know nothing about, and to fill short lists.
    rules : Rules
        What may be shown to whom. A list is filled from further down where they leave gaps.
    trained_until : Timestamp
        Date of the newest purchase it has learned from.
    fingerprint : str
        Of the data it has learned from; see :func:`data_fingerprint`.
    version : str
        Of the course's helpers.
    """

    model: ItemBased
    popular: MostPopular
    rules: Rules
    trained_until: pd.Timestamp
    fingerprint: str
    version: str = __version__

    @property
    def names(self) -> pd.Series:
        """Product names by product id."""
        return self.rules.products["product_name"]

    @cached_property
    def may_show(self) -> np.ndarray:
        """For each product of the model, whether it may be shown."""
        return self.rules.shown(self.model.products_)

    @cached_property
    def shown_model(self) -> ItemBased:
        """The model, among products that may be shown."""
        return self.model if self.may_show.all() else self.model.showing(self.may_show)

    @cached_property
    def shown_popular(self) -> MostPopular:
        """The best sellers, among products that may be shown."""
        return self.popular if self.may_show.all() else self.popular.showing(self.may_show)

    @cached_property
    def _new(self):
        return NewProducts(self.rules.products).beside(self.model)

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
            "intent", "popularity", or "new" in places for products that nobody has bought).
            Nothing that the rules forbid; whoever wants no personal list gets best sellers.
        """
        everyone = self.model.customers_ if customers is None else pd.Index(customers).unique()
        alone = everyone.isin(self.rules.no_personal_list)
        steps = ladder(self.shown_model, self.shown_popular)
        table = steps.recommend(everyone[~alone], n, exclude_purchased)
        if alone.any():
            some = self.shown_popular.recommend(everyone[alone], n, exclude_purchased)
            table = _in_order([table, some.assign(source="popularity")], everyone, n)
        at = self.model.customers_.get_indexer(table["customer_id"])
        no_purchase = np.diff(self.model.purchases_.indptr)[at] == 0
        table.loc[no_purchase & (table["source"] == "purchases"), "source"] = "intent"
        places = min(self.rules.places_for_new, n - 1)
        if places and len(self._new.products_):
            new = self._new.recommend(everyone[~alone], places, False).assign(source="new")
            table = _in_order([with_new(table, new, n)], everyone, n)
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
            Say after each cause's name its share of all that speaks for the product; and what
            speaks against it most, where that takes a tenth of this away or more.

        Returns
        -------
        Series of str
            In the order of `recommendations`.
        """
        table = recommendations.reset_index(drop=True)
        reasons = pd.Series(f"popular in the last {self.popular.days} days", index=table.index)
        reasons[(table["source"] == "popularity") & (table["score"] < 1)] = "popular before that"
        new = table["source"] == "new"
        if new.any():
            reasons[new] = self._new.explain(table[new].reset_index(drop=True), self.rules,
                                             self.names).to_numpy()  # fmt: skip
        scored = table[(table["source"] != "popularity") & ~new]
        if len(scored):
            reasons[scored.index] = self._reasons(scored, n_reasons, shares)
        return reasons

    def _reasons(self, scored, n_reasons, shares):
        """The sentences of :meth:`explain` where a customer's own purchases and looks speak."""
        at, cause, how, size = self.model.causes(scored)
        sentence = np.full(len(scored), "", dtype=object)
        if not len(at):
            return sentence
        for_it = np.bincount(at, np.maximum(size, 0), len(scored))
        names = self.names.reindex(self.model.products_).to_numpy(dtype=object)
        # the causes of one recommendation lie together
        begins = np.diff(at, prepend=-1) > 0
        first, group = np.flatnonzero(begins), np.cumsum(begins) - 1
        key = cause * np.int64(len(HOW)) + how  # where two say as much, the smaller one goes first

        def strongest(size):
            """The place of the largest number of each recommendation that has one above zero."""
            largest = np.maximum.reduceat(size, first)
            tied = np.flatnonzero((size == largest[group]) & (size > 0))
            tied = tied[np.lexsort((key[tied], at[tied]))]
            return tied[np.diff(at[tied], prepend=-1) > 0]

        def say(places, before):
            texts = before + HOW[how[places]].astype(object) + " " + names[cause[places]]
            if shares:
                share = size[places] / for_it[at[places]]
                texts += np.array([f" ({each:.0%})" for each in share], dtype=object)
            sentence[at[places]] += texts

        # what must not be named counts for the score, and stays behind the others
        named = self.rules.named(self.model.products_)[cause]
        best, left = strongest(size), np.where(named, size, 0)
        silent = np.setdiff1d(at[best], at[strongest(left)])
        best = best[np.isin(at[best], silent)]
        sentence[silent] = HOW[how[best]].astype(object) + " something that goes with it"
        for number in range(n_reasons):
            say(places := strongest(left), ", " if number else "")
            left[places] = 0
        if shares:  # the score is what is left of them
            against = np.flatnonzero(named & (size <= -WORTH_SAYING * for_it[at]))
            against = against[np.lexsort((key[against], -size[against], at[against]))]
            say(against[np.diff(at[against], append=-1) != 0], ", although you ")
        return sentence

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
    transactions: pd.DataFrame,
    events: pd.DataFrame | None = None,
    model: ItemBased | None = None,
    rules: Rules | None = None,
) -> Engine:
    """Fit an engine on all data.

    Parameters
    ----------
    transactions, events : DataFrame
        From :mod:`helpers.data`.
    model : ItemBased, optional
        With the settings that lesson 05 chose; the default settings if left out, and
        :data:`helpers.recommend.INTENT_DAYS` of intent where there are events.
    rules : Rules, optional
        From :func:`helpers.catalogue.shop_rules`; everything may be shown, if left out.

    Returns
    -------
    Engine
    """
    matrix = build_interaction_matrix(transactions)
    model = model or ItemBased(intent_days=None if events is None else INTENT_DAYS)
    popular = MostPopular(POPULAR_DAYS).fit(matrix, transactions)
    # what nobody bought lately follows, by its buyers ever and below a single buyer: where the
    # best sellers are out of stock, a list is filled from further down
    ever = np.asarray((matrix.values > 0).sum(axis=0)).ravel()
    popular.buyers_ = np.where(popular.buyers_ > 0, popular.buyers_, ever / (ever.max() + 1))
    return Engine(
        model.fit(matrix, transactions, events),
        popular,
        rules or rules_for(product_table(transactions)),
        transactions["transaction_date"].max(),
        data_fingerprint(transactions, events),
    )


def shop_engine(
    transactions: pd.DataFrame,
    events: pd.DataFrame | None = None,
    test_days: int = 60,
    n_recommendations: int = 5,
    output_dir="",
    rules: Rules | None = None,
    undone: pd.DataFrame | None = None,
) -> Engine:
    """The one engine of a run: settings chosen on the validation window, learned from all data.

    Every lesson, table and memo asks here, so that all of them speak of the same lists. In a run
    the engine lies in its folder and is loaded; in class (no folder), or where the one that lies
    there has learned from other data or can't be read, it is built anew.

    Parameters
    ----------
    transactions, events : DataFrame
        From :mod:`helpers.data`.
    test_days, n_recommendations : int
        What the settings are chosen for; see :func:`helpers.evaluate.settings_for`.
    output_dir : path-like
        The run's folder; empty: none.
    rules : Rules, optional
        From :func:`helpers.catalogue.shop_rules`. Left out: those of the engine in the folder, or
        none. The settings are chosen without them, since nobody knows what was in stock then.
    undone : DataFrame, optional
        ``HealthReport.undone``, so that settings are chosen by the past as it was known then.

    Returns
    -------
    Engine
    """
    kept = Path(output_dir) / "engine.zip" if output_dir else None
    if kept and kept.exists():
        with suppress(EngineError):
            engine = load_engine(kept)
            if engine.fingerprint == data_fingerprint(transactions, events):
                # rules apply where products are ranked: nothing has to be learned anew for them
                return replace(engine, rules=rules) if rules else engine
    settings = evaluate.settings_for(transactions, events, test_days, n_recommendations, undone)
    engine = build_engine(transactions, events, settings, rules)
    if kept:
        save_engine(engine, kept)
    return engine


def data_fingerprint(*tables: pd.DataFrame | None) -> str:
    """Sixteen characters for what the tables say: column names and rows, in whatever order."""
    total = hashlib.sha256()
    for table in tables:
        if table is None:
            continue
        total.update(json.dumps(sorted(table)).encode())
        table, parts = table[sorted(table)], []
        for start in range(0, max(len(table), 1), _ROWS_AT_ONCE):  # texts are copied on the way
            some = table.iloc[start : start + _ROWS_AT_ONCE]
            parts.append(pd.util.hash_pandas_object(some, index=False).to_numpy())
        total.update(np.sort(np.concatenate(parts)).tobytes())
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
                    "trend": model.trend_,
                    "recent_buyers": engine.popular.buyers_,
                }
            )
        ),
        "rules.parquet": _parquet(engine.rules.products.reset_index()),
    }
    if model.pairs_ is not model.similarity_.values:
        members["pairs.npz"] = _npz(model.pairs_)
    if model.intent_ is not None:
        members["intent.npz"] = _npz(model.intent_)
    manifest = {
        "format": _FORMAT,
        "version": engine.version,
        "fingerprint": engine.fingerprint,
        "trained_until": engine.trained_until.isoformat(),
        "popular_days": engine.popular.days,
        "recommender": type(model).__name__,
        "settings": model.settings(),
        "rules": engine.rules.settings(),
    }
    members["manifest.json"] = json.dumps(manifest, indent=2).encode()
    with replacing(path) as part:
        part.write_bytes(_packed(members))
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
        members = _unpacked(path.read_bytes(), path.name)
        manifest = json.loads(members["manifest.json"])
        customers = pd.read_parquet(io.BytesIO(members["customers.parquet"]))
        products = pd.read_parquet(io.BytesIO(members["products.parquet"]))
        arrays = {
            name.removesuffix(".npz"): sparse.csr_array(sparse.load_npz(io.BytesIO(content)))
            for name, content in members.items()
            if name.endswith(".npz")
        }
        product_ids = pd.Index(products["product_id"])
        model = RECOMMENDERS[manifest["recommender"]].restore(
            manifest["settings"],
            pd.Index(customers["customer_id"]),
            ProductSimilarity(arrays["similarity"], product_ids),
            products["trend"].to_numpy(),
            arrays["purchases"],
            arrays.get("intent"),
            arrays.get("pairs"),
        )
        popular = MostPopular(manifest["popular_days"])
        popular.customers_, popular.products_ = model.customers_, product_ids
        popular.purchases_ = model.purchases_
        popular.buyers_ = products["recent_buyers"].to_numpy()
        rules = pd.read_parquet(io.BytesIO(members["rules.parquet"])).set_index("product_id")
        rules = Rules.restore(rules, manifest["rules"])
        trained_until = pd.Timestamp(manifest["trained_until"])
        return Engine(
            model, popular, rules, trained_until, manifest["fingerprint"], manifest["version"]
        )
    except FileNotFoundError:
        raise EngineError(f"There is no engine at {path}. Save one first.") from None
    except EngineError:
        raise
    except Exception as error:  # a damaged zip raises whatever its damage happens to touch
        raise EngineError(
            f"{path.name} is not a complete engine ({type(error).__name__}). Build it again."
        ) from None


def _packed(members):
    """One zip file of all members; its comment is the checksum of every byte before it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)  # without the time of day: same engine, same bytes
            info.external_attr = 0o644 << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
        archive.comment = b"0" * _DIGEST_LENGTH
    plain = buffer.getvalue()[:-_DIGEST_LENGTH]
    return plain + hashlib.sha256(plain).hexdigest().encode()


def _unpacked(packed, name):
    """The members by name, once format, checksum and size are found to be right."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        size = sum(member.file_size for member in archive.infolist())
        if size > _MOST_UNPACKED * len(packed):
            raise EngineError(
                f"{name} would unpack to {size:,} bytes, so this is no engine. Build it again."
            )
        # the format comes first: an engine of an older course has another kind of checksum
        found = json.loads(archive.read("manifest.json"))["format"]
        if found != _FORMAT:
            raise EngineError(
                f"{name} has format {found}, this is format {_FORMAT}. Build the engine again."
            )
        plain, digest = packed[:-_DIGEST_LENGTH], packed[-_DIGEST_LENGTH:]
        if hashlib.sha256(plain).hexdigest().encode() != digest:
            raise EngineError(f"{name} was changed since it was saved. Build the engine again.")
        return {member.filename: archive.read(member) for member in archive.infolist()}


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
    if progress or not handover.in_a_run():
        return _scored(engine, n, batch_size, progress)

    def find():
        return handover.Found({"lists": _scored(engine, n, batch_size)})

    return handover.shared(find, "everyone's lists", [_says(engine), n]).tables["lists"]


def _says(engine):
    """All of an engine that decides what it recommends, and why."""
    model, popular, rules = engine.model, engine.popular, engine.rules
    ids = (model.customers_, model.products_)
    ids = [pd.DataFrame({"": each}) for each in ids]
    products = rules.products.reset_index()
    arrays = [model.weights_, model.similarity_.values, model.purchases_, model.trend_]
    if model.intent_ is not None:
        arrays += [model.intent_, model._weights_with_self]
    # whose purchases the best sellers leave out, the model says, too
    found = handover.fingerprint(*ids, products, *arrays, popular.buyers_)
    return [type(model).__name__, model.settings(), popular.days, rules.settings(), found]


def _scored(engine, n, batch_size, progress=False):
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


def with_new(table: pd.DataFrame, new: pd.DataFrame, n: int) -> pd.DataFrame:
    """Lists of n whose last places are for new products; never the first one.

    Parameters
    ----------
    table : DataFrame
        Best first within a customer, customers together.
    new : DataFrame
        The same of new products.
    n : int

    Returns
    -------
    DataFrame
        Customers in the order of their ids, ranks as they were.
    """
    new = new[new.groupby("customer_id").cumcount() < n - 1]
    taken = new["customer_id"].value_counts().reindex(table["customer_id"], fill_value=0)
    place = table.groupby("customer_id", dropna=False).cumcount()  # a visitor may have no id
    table = table[place < n - taken.to_numpy()]
    both = pd.concat([table, new[new["customer_id"].isin(table["customer_id"])]])
    return both.sort_values("customer_id", kind="stable", ignore_index=True)


def _in_order(tables, customers, n):
    """Several tables of lists as one, customers in the order asked for, ranks anew."""
    table = pd.concat(tables, ignore_index=True)
    table = table.iloc[np.argsort(customers.get_indexer(table["customer_id"]), kind="stable")]
    table = table.assign(rank=table.groupby("customer_id", dropna=False).cumcount() + 1)
    return table[table["rank"] <= n].reset_index(drop=True)


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
        One row per check: ``check``, ``passed``, ``stops`` (a table that fails it is not
        published; the others only ask somebody to look) and ``detail``.

    Notes
    -----
    A list cannot be longer than what may be shown and its customer has not bought, and where
    nothing is left to recommend, no list is missing. Which product leads is counted over personal
    lists: best sellers lead with the same one by design. One that leads more than half may be the
    hit of the season; one that leads more than nine in ten is a bug (lesson 04's led 96 %), except
    in a shop too small to judge by, where that check does not stop.
    """
    model, shown = engine.model, engine.may_show
    at = model.customers_.get_indexer(table["customer_id"])
    column = model.products_.get_indexer(table["product_id"])
    strangers = table.loc[at < 0, "customer_id"].nunique(dropna=False)
    left_out = model.customers_[~np.isin(np.arange(len(model.customers_)), at)]
    without = engine.recommend(left_out, 1)["customer_id"].nunique() if len(left_out) else 0
    unknown = ~table["product_id"].isin(engine.rules.products.index)
    forbidden = ~unknown & ~engine.rules.shown(table["product_id"])
    forbidden |= table["customer_id"].isin(engine.rules.no_personal_list) & (
        table["source"] != "popularity"
    )
    unknown = table.loc[unknown, "product_id"].nunique(dropna=False)
    twice = int(table.duplicated(["customer_id", "product_id"]).sum())

    known = (at >= 0) & (column >= 0)
    bought = int(model.purchases_.astype(bool)[at[known], column[known]].sum())
    # of what may be shown; the last row is the unknown customer
    owned = (model.purchases_[:-1] > 0) @ shown.astype(int)
    length = np.bincount(at[at >= 0], minlength=len(owned))
    short = int(((length > 0) & (length < np.minimum(n, shown.sum() - owned))).sum())

    # as float32, in which scores are ranked: what differs by the order of adding only is a tie
    score = pd.to_numeric(table["score"], errors="coerce").astype(np.float32)
    no_number = int((~np.isfinite(score)).sum())
    same_list = (table["customer_id"] == table["customer_id"].shift()) & (
        table["source"] == table["source"].shift()
    )
    rising = int((same_list & (score > score.shift())).sum())
    personal = table[(table["rank"] == 1) & (table["source"] != "popularity")]
    first = personal["product_id"].value_counts(normalize=True)
    leads = first.iloc[0] if len(first) else 0
    lead = f"{first.index[0]} leads {leads:.0%}" if len(first) else "there is no personal list"
    large = shown.sum() >= _PRODUCTS_TO_JUDGE and len(personal) >= _LISTS_TO_JUDGE
    coverage = table.loc[column >= 0, "product_id"].nunique() / max(1, shown.sum())
    covered = f"shown: {coverage:.0%}" if shown.any() else "nothing may be shown"

    checks = [
        ("the table has rows", len(table) > 0, True, f"{len(table):,} rows"),
        ("every known customer has a list", without == 0, True, f"{without:,} without"),
        ("every customer is known", strangers == 0, True, f"{strangers:,} unknown"),
        ("every product is known", unknown == 0, True, f"{unknown:,} unknown"),
        ("no product twice in a list", twice == 0, True, f"{twice:,} rows"),
        ("nothing that was already bought", bought == 0, True, f"{bought:,} rows"),
        ("nothing that must not be shown", not forbidden.any(), True, f"{forbidden.sum():,} rows"),
        ("scores are numbers", no_number == 0, True, f"{no_number:,} rows are not"),
        ("best score first", rising == 0, True, f"{rising:,} rows out of order"),
        ("no product leads nearly all lists", bool(leads <= 0.9), large, lead),
        ("no product leads more than half of the lists", bool(leads <= 0.5), False, lead),
        ("every list is full", short == 0, False, f"{short:,} shorter than {n}"),
        ("a fifth of the catalogue is shown", coverage >= 0.2, False, covered),
    ]
    return pd.DataFrame(checks, columns=["check", "passed", "stops", "detail"])


def stopped_by(checks: pd.DataFrame) -> list[str]:
    """The checks for which a table must not go out: those that failed and stop publication.

    Parameters
    ----------
    checks : DataFrame
        From :func:`health_checks`.
    """
    return checks.loc[~checks["passed"] & checks["stops"], "check"].tolist()


def learned_anew(
    engine: Engine, transactions: pd.DataFrame, events: pd.DataFrame | None = None
) -> Engine:
    """An engine with the same settings and rules that has learned from other tables.

    Parameters
    ----------
    engine : Engine
    transactions, events : DataFrame
        For example those of the day before, or without a customer who asked to be forgotten.

    Returns
    -------
    Engine
    """
    return build_engine(transactions, events, engine.model.with_settings(), engine.rules)


def night_before(
    engine: Engine, transactions: pd.DataFrame, events: pd.DataFrame | None = None
) -> Engine:
    """The engine of the night before: it has not seen the last day with purchases.

    Returns
    -------
    Engine
        Where all purchases are of one day, `engine` itself.
    """
    day = transactions["transaction_date"].max().normalize()
    earlier = transactions["transaction_date"] < day
    if not earlier.any():
        return engine
    known = None if events is None else events[events["event_date"] < day]
    return learned_anew(engine, transactions[earlier], known)


def beside_last_time(
    engine: Engine, table: pd.DataFrame, last: Engine, last_table: pd.DataFrame
) -> pd.DataFrame:
    """Compare a table with the last good one: a table can be right in itself, and half.

    Parameters
    ----------
    engine, last : Engine
        Tonight's, and that of the last table.
    table, last_table : DataFrame
        From :func:`score_everyone`.

    Returns
    -------
    DataFrame
        As of :func:`health_checks`.

    Notes
    -----
    Three losses stop: of customers, since yesterday's lists serve the lost ones better; of so many
    purchases that the lists know less than yesterday's; of the list of the forbidden. A few
    purchases or all events less may be as it should, as after a pause or in a shorter export, so
    somebody looks. An export of yesterday makes yesterday's lists: to hold them back would change
    nothing.
    """
    now, then = (_at_a_glance(each) for each in (table, last_table))
    learned = [_learned_from(each) for each in (engine, last)]
    newer = engine.fingerprint != last.fingerprint
    popular = now["best sellers"] - then["best sellers"]
    score = now["score"] / then["score"] if then["score"] > 0 and now["score"] > 0 else 1.0
    shares = f"{now['best sellers']:.0%}, last time {then['best sellers']:.0%}"
    checks = [
        kept_customers(table, last_table),
        kept_purchases(engine, last),
        kept_forbidden(engine, last),
        *(kept_rows(what, *(each[what] for each in learned)) for what in learned[0]),
        ("other data than last time", newer, False, f"until {engine.trained_until:%d %b %Y}"),
        ("no more best sellers than usual", bool(popular <= ALLOWED_CHANGE), False, shares),
        ("scores as high as usual", bool(abs(score - 1) <= ALLOWED_CHANGE), False,
         f"{score:.2f} times last time's"),
    ]  # fmt: skip
    return pd.DataFrame(checks, columns=["check", "passed", "stops", "detail"])


def kept_customers(table: pd.DataFrame, last_table: pd.DataFrame) -> tuple[str, bool, bool, str]:
    """The check that nine in ten customers of the last good table are in this one, too.

    Parameters
    ----------
    table, last_table : DataFrame
        With a column ``customer_id``.

    Returns
    -------
    tuple of str, bool, bool and str
        A row of :func:`beside_last_time`: ``check``, ``passed``, ``stops``, ``detail``.
    """
    now, then = (set(each["customer_id"]) for each in (table, last_table))
    enough = len(now & then) >= (1 - ALLOWED_CHANGE) * len(then)  # ids: as many others don't count
    detail = f"{len(then - now):,} of {len(then):,} lost"
    return "nine in ten customers are still there", enough, True, detail


def kept_rows(what: str, now: int, then: int, stops: bool = False) -> tuple[str, bool, bool, str]:
    """The check that nine in ten rows of a source are still there, or four in five.

    Parameters
    ----------
    what : str
        Of what the rows are: ``"purchases"``.
    now, then : int
        How many there are, and were.
    stops : bool
        Whether it stops a table; then four in five are enough.

    Returns
    -------
    tuple of str, bool, bool and str
        A row of :func:`beside_last_time`.
    """
    part, share = ("four in five", ALLOWED_LOSS) if stops else ("nine in ten", ALLOWED_CHANGE)
    enough = now >= (1 - share) * then
    return f"{part} {what} are still there", enough, stops, f"{now:,}, last time {then:,}"


def kept_purchases(engine: Engine, last: Engine) -> tuple[str, bool, bool, str]:
    """The check that four in five purchases of the last table are still there; it stops this one.

    Parameters
    ----------
    engine, last : Engine

    Returns
    -------
    tuple of str, bool, bool and str
        A row of :func:`beside_last_time`.
    """
    counts = (_learned_from(each)["purchases"] for each in (engine, last))
    return kept_rows("purchases", *counts, stops=True)


def kept_forbidden(engine: Engine, last: Engine) -> tuple[str, bool, bool, str]:
    """The check that most products which were forbidden are so still, which stops a table.

    A list of the forbidden that did not arrive forbids nothing, and every list looks right in
    itself. Whoever lifts half of it on purpose says so once, with ``--publish-anyway``.

    Parameters
    ----------
    engine, last : Engine

    Returns
    -------
    tuple of str, bool, bool and str
        A row of :func:`beside_last_time`. It fails where of the products that were forbidden and
        are still known half or more may be shown now. What is sold out does not count: it comes
        back every day.
    """
    forbidden, before = (each.rules.products["is_forbidden"] for each in (engine, last))
    then = before.index[before].intersection(forbidden.index)
    again = int((~forbidden[then]).sum())
    kept = again < ALLOWED_AGAIN * len(then) or not len(then)
    check = "most of what was forbidden still is"
    return check, kept, True, f"{again:,} of {len(then):,} let in again"


def newest_days(transactions: pd.DataFrame) -> tuple[str, bool, bool, str]:
    """The check that the newest day and week have about as many purchases as those before.

    A source that dries up from now on hardly changes the total of a long history: half of a single
    day is missing there at first. So the newest day is held against the same weekday of eight weeks
    before, and the newest seven days against the eight weeks before.

    Parameters
    ----------
    transactions : DataFrame

    Returns
    -------
    tuple of str, bool, bool and str
        A row as of :func:`beside_last_time`; it does not stop a table. It fails below the mean of
        the eight minus three times their standard deviation (of the root of the mean, where that is
        more, as for counts that differ by luck alone). With fewer than nine weeks it passes, and
        says so.
    """
    check = "the newest days are as full as usual"
    days = transactions["transaction_date"].dt.normalize().value_counts()
    every = pd.date_range(days.index.min(), days.index.max()) if len(days) else days.index
    counts = days.reindex(every, fill_value=0).to_numpy()
    if len(counts) < 7 * (_USUAL_WEEKS + 1):
        return check, True, False, "too few weeks to say"
    passed, said = True, []
    for span, name in ((1, "day"), (7, "week")):
        ends = len(counts) - 7 * np.arange(_USUAL_WEEKS + 1)
        now, *before = (int(counts[end - span : end].sum()) for end in ends)
        usual = np.mean(before)
        strays = _MOST_STRAYS * max(np.std(before, ddof=1), usual**0.5)
        passed &= bool(now >= usual - strays)
        least = max(0, np.ceil(usual - strays))
        said.append(f"{name} {now:,} (at least {least:,.0f})")
    return check, passed, False, ", ".join(said)


def _learned_from(engine):
    """How many pairs of a customer and a product an engine knows, of each source."""
    intent = engine.model.intent_
    return {
        "purchases": int(engine.model.purchases_.count_nonzero()),
        "recent events": 0 if intent is None else int(intent.count_nonzero()),
    }


def _at_a_glance(table):
    first = table[table["rank"] == 1]
    personal = first["source"] != "popularity"
    return {
        "best sellers": float((~personal).mean()) if len(first) else 0.0,
        "score": float(first.loc[personal, "score"].mean()) if personal.any() else 0.0,
    }


def fire_drill(
    engine: Engine,
    table: pd.DataFrame,
    last: Engine,
    last_table: pd.DataFrame,
    transactions: pd.DataFrame,
    events: pd.DataFrame | None = None,
    n: int = 5,
) -> pd.DataFrame:
    """Break a night on purpose, and see which checks notice.

    Parameters
    ----------
    engine, last : Engine
        Tonight's, and that of the night before.
    table, last_table : DataFrame
        What they made.
    transactions, events : DataFrame
        What `engine` has learned from.
    n : int
        Length of a list.

    Returns
    -------
    DataFrame
        One row per check of :func:`health_checks`, :func:`beside_last_time` and
        :func:`newest_days`: ``check``,
        ``stops``, ``beside`` (whether it needs the last table), and a column per night, True where
        the check passed: ``tonight``; ``half the table`` (the job died after half of the
        customers); ``one list for all`` (as in lesson 04, crudely); ``half the export`` (half of
        the customers never arrived); ``half the rows`` (every second purchase is lost, and all
        events); ``half of a day`` (every second purchase of the newest day is lost); ``same export
        again``. :func:`newest_days` is among the checks that need an earlier night.
    """
    customers = table["customer_id"].unique()
    half = table[table["customer_id"].isin(customers[: len(customers) // 2])]
    products = engine.model.products_[engine.may_show][::-1]
    alike = table.assign(product_id=products[table["rank"].clip(upper=len(products)) - 1])
    buyers = transactions["customer_id"].drop_duplicates().sort_values()
    arrived = set(buyers[: max(1, len(buyers) // 2)])
    rows, looks = (
        None if each is None else each[each["customer_id"].isin(arrived)]
        for each in (transactions, events)
    )
    day = transactions["transaction_date"].dt.normalize()
    newest = np.flatnonzero((day == day.max()).to_numpy())
    thin_day = transactions.iloc[np.setdiff1d(np.arange(len(transactions)), newest[1::2])]
    thinned = transactions.iloc[::2]
    no_events = None if events is None else events[:0]

    def anew(purchases, looked):
        made_by = learned_anew(engine, purchases, looked)
        return made_by, score_everyone(made_by, n), purchases

    # made when their turn comes: five engines at once would fill the memory of a large shop
    nights = {
        "tonight": lambda: (engine, table, transactions),
        "half the table": lambda: (engine, half, transactions),
        "one list for all": lambda: (engine, alike, transactions),
        "half the export": lambda: anew(rows, looks),
        "half the rows": lambda: anew(thinned, no_events),
        "half of a day": lambda: anew(thin_day, events),
        "same export again": lambda: (last, last_table, transactions[day < day.max()]),
    }
    drill = pd.DataFrame()
    for night, broken in nights.items():
        made_by, made, learned_from = broken()
        own = health_checks(made_by, made, n).assign(beside=False)
        beside = beside_last_time(made_by, made, last, last_table)
        beside.loc[len(beside)] = newest_days(learned_from)
        beside = beside.assign(beside=True)
        checks = pd.concat([own, beside], ignore_index=True)
        if drill.empty:
            drill = checks[["check", "stops", "beside"]]
        drill = drill.assign(**{night: checks["passed"]})
        del made_by, made
    return drill


def lists_that_differ(table: pd.DataFrame, other: pd.DataFrame) -> float:
    """Share of the customers of both tables whose lists are not the same, rank by rank.

    Parameters
    ----------
    table, other : DataFrame
        From :func:`score_everyone`.

    Returns
    -------
    float
        NaN where no customer is in both.
    """
    lists = [
        each.sort_values(["customer_id", "rank"])
        .groupby("customer_id")["product_id"]
        .agg(lambda products: tuple(map(str, products)))
        for each in (table, other)
    ]
    both = lists[0].index.intersection(lists[1].index)
    return float((lists[0][both] != lists[1][both]).mean()) if len(both) else float("nan")


def lists_by_age(
    transactions: pd.DataFrame,
    events: pd.DataFrame | None = None,
    settings: ItemBased | None = None,
    k: int = 5,
    undone: pd.DataFrame | None = None,
    ages=AGES,
    days: int = 28,
) -> pd.DataFrame:
    """What old lists lose: engines that stopped learning some days ago, judged by the same people.

    Everyone is judged who had bought before the last `days` days and bought something new in them.
    An engine of age 30 stopped learning thirty days before those days began, and learns nothing
    in them; nor does one of age 0. What a single night costs, :func:`missed_night` measures.

    Parameters
    ----------
    transactions, events : DataFrame
        From :mod:`helpers.data`.
    settings : ItemBased, optional
        Its settings are used; it stays as it is.
    k : int
        Length of a list.
    undone : DataFrame, optional
        ``HealthReport.undone``.
    ages : list of int
        In days, 0 first. Those that leave less than half of the past to learn from are left out.
    days : int
        To be judged by; fewer, where that would be more than a quarter of all days.

    Returns
    -------
    DataFrame
        By age in days: ``hit_rate`` of lists that are so old; ``low`` and ``high``, an interval of
        what they lose or win beside those of age 0, customer by customer (95 % for all ages
        together); ``old_pairs``, ``pairs_low`` and ``pairs_high``, the same where only the
        similarities are so old and everybody's purchases are fresh; ``above_low``, the least that
        lists of that age find more than fresh best sellers (of an interval as wide); ``unknown``,
        the share of the judged customers whom an engine of that age does not know. In ``attrs``:
        ``customers``, ``days``, ``best_sellers``, the hit rate of fresh best sellers, and
        ``lead_low`` and ``lead_high``, a 95 % interval of what fresh lists find more than those.
        Empty where too little time is covered, or nobody came back.
    """
    columns = ["hit_rate", "low", "high", "old_pairs", "pairs_low", "pairs_high", "above_low",
               "unknown"]  # fmt: skip
    nothing = pd.DataFrame([], pd.Index([], name="age"), columns, dtype=float)
    covered = (transactions["transaction_date"].max() - transactions["transaction_date"].min()).days
    try:
        split = evaluate.split_by_time(transactions, events, min(days, covered // 4), undone)
    except evaluate.TooShortError:
        return nothing
    past = split.train
    if covered < 8 or past.empty or evaluate.relevant_products(split).empty:
        return nothing
    settings = settings or ItemBased()
    began = past["transaction_date"].min()
    rows, fresh, fresh_scores, judged = {}, None, None, None
    for age in ages:
        day = split.test_start - pd.Timedelta(days=age)
        if day - began < (split.test_start - began) / 2:
            continue
        known = evaluate.as_known_on(past, split.undone, day)
        if known.empty:
            continue
        engine = mixed = None  # the last one goes before the next is learned
        engine = _learned_until(day, known, split, settings)
        scores = _hits(engine.model, engine.popular, split, k)
        if age == 0:
            fresh, fresh_scores, judged = engine, scores, scores.index
            sold = evaluate.per_customer(engine.popular, split, k)[0]["hit_rate"]
            lead = evaluate.interval(scores - sold)
        if fresh is None or judged.empty:
            return nothing
        mixed = _with_similarity_of(engine.model, fresh.model)
        of_mixed = _hits(mixed, fresh.popular, split, k)
        changes = [each - fresh_scores for each in (scores, of_mixed)]
        (low, high), (pairs_low, pairs_high) = (
            evaluate.interval(change, max(1, len(ages) - 1)) for change in changes
        )
        rows[age] = {
            "hit_rate": scores.mean(),
            "low": low,
            "high": high,
            "old_pairs": of_mixed.mean(),
            "pairs_low": pairs_low,
            "pairs_high": pairs_high,
            "above_low": evaluate.interval(scores - sold, len(ages))[0],
            "unknown": float((~judged.isin(known["customer_id"].unique())).mean()),
        }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("age")
    table.attrs = {"customers": len(judged), "best_sellers": float(sold.mean())}
    table.attrs |= {"lead_low": lead[0], "lead_high": lead[1], "days": split.test_days}
    return table


def missed_night(
    transactions: pd.DataFrame,
    events: pd.DataFrame | None = None,
    settings: ItemBased | None = None,
    k: int = 5,
    undone: pd.DataFrame | None = None,
    days: int = 28,
    rows: int = 1_500_000,
) -> dict:
    """What one missed night costs: day by day, yesterday's lists beside those of the morning.

    In :func:`lists_by_age` all lists, fresh ones too, stay as they are for weeks, so a day more
    hardly shows there. Here each of the newest days is judged by itself, by those who had bought
    before and bought something new on it.

    Parameters
    ----------
    transactions, events, settings, k, undone
        As in :func:`lists_by_age`.
    days : int
        To be judged, one engine each; fewer, where that would be more than a quarter of all days.
    rows : int
        Purchases that all engines together may learn from: where there are many, fewer days are
        judged, and each has many customers. At least one day is.

    Returns
    -------
    dict
        ``change``: customers with a hit, of yesterday's lists less those of the morning; ``low``
        and ``high``, its 95 % interval, customer by customer; ``fresh``, the hit rate of the
        morning's lists; ``two_nights``: change, low and high of lists two nights old, NaN if there
        are none; ``judged``: customers, each counted on every day on which she is judged;
        ``few``: too little to tell, see :func:`helpers.evaluate.too_few_to_compare`. Empty where
        nobody is judged.
    """
    purchased = transactions["transaction_date"]
    last, covered = purchased.max().normalize(), (purchased.max() - purchased.min()).days
    settings, engines, found = settings or ItemBased(), {}, []
    days = min(days, max(1, rows // len(transactions)), covered // 4)
    for back in range(days):
        until = last - pd.Timedelta(days=back - 1)
        looks = None if events is None else events[events["event_date"] < until]
        split = None  # one copy of the purchases at a time
        try:
            split = evaluate.split_by_time(transactions[purchased < until], looks, 1, undone)
        except evaluate.TooShortError:
            continue
        if evaluate.relevant_products(split).empty:
            continue
        hits = {}
        for age in (0, 1, 2):
            day = split.test_start - pd.Timedelta(days=age)
            if day not in engines:
                known = evaluate.as_known_on(split.train, split.undone, day)
                engines[day] = None
                if len(known):
                    engines[day] = _learned_until(day, known, split, settings)
            if engines[day] is not None:
                hits[age] = _hits(engines[day].model, engines[day].popular, split, k)
            if age == 0:  # no earlier day asks for it again
                engines = {each: engines[each] for each in engines if each < day}
        if {0, 1} <= set(hits) and len(hits[0]):  # somebody may have bought, but nobody known
            found.append(pd.DataFrame(hits))
    if not found:
        return {}
    each = pd.concat(found)
    (change, low, high), two = (
        _change(each[age] - each[0]) if age in each else (np.nan,) * 3 for age in (1, 2)
    )
    return {"change": change, "low": low, "high": high, "two_nights": two,
            "fresh": float(each[0].mean()), "judged": len(each),
            "few": evaluate.too_few_to_compare(each[0], each[1])}  # fmt: skip


def _change(hits):
    """The mean of what each customer wins or loses on a day, and its interval."""
    hits = hits.dropna()
    changes = hits.groupby(level=0).sum()  # a customer may be judged on many days
    low, high = evaluate.interval(changes)
    often = len(hits) / len(changes) if len(changes) else np.nan
    return float(changes.mean() / often), low / often, high / often


def _learned_until(day, known, split, settings):
    """The engine of that morning, of the purchases known and of earlier looks."""
    looks = split.train_events
    looks = None if looks is None else looks[looks["event_date"] < day]
    intent_days = settings.intent_days if looks is not None and len(looks) else None
    return build_engine(known, looks, settings.with_settings(intent_days=intent_days))


def _hits(model, popular, split, k):
    return evaluate.per_customer(ladder(model, popular), split, k)[0]["hit_rate"]


def _with_similarity_of(old, fresh):
    """The fresh model with the similarities that an old one had learned; trends are fresh."""
    at = old.products_.get_indexer(fresh.products_)
    known = np.flatnonzero(at >= 0)
    shape = (len(fresh.products_), len(old.products_))
    place = sparse.csr_array((np.ones(len(known)), (known, at[known])), shape)
    values, pairs = (
        sparse.csr_array(place @ each @ place.T) for each in (old.similarity_.values, old.pairs_)
    )
    similarity = ProductSimilarity(values, fresh.products_)
    return type(fresh).restore(fresh.settings(), fresh.customers_, similarity, fresh.trend_,
                               fresh.purchases_, fresh.intent_, pairs)  # fmt: skip


def the_contract(
    checks: Sequence[pd.DataFrame],
    rules,
    oldest: str,
    clock: dict[str, str],
    phone: str,
    kept: bool = True,
) -> list[pd.DataFrame]:
    """The lines that product and engineering sign, filled in as far as a run can.

    Parameters
    ----------
    checks : sequence of DataFrame
        The checks of a night, with ``stops``: those of the table alone, and those beside an
        earlier night if there was one.
    rules : helpers.catalogue.Rules
    oldest, phone : str
        Up to which age a list is shown, and when somebody is called.
    clock : dict of str to str
        How often ``customers`` are learned, and ``similarities``.
    kept : bool
        Whether yesterday's table is shown after a stop. Otherwise best sellers are.

    Returns
    -------
    list of DataFrame of str
        A table for each side: ``you sign`` or ``engineering signs``, and ``what it says``.
    """
    hidden = len(rules.not_shown())
    never = "bought, forbidden, sold out; a name for each list"
    if hidden:
        never = "what was bought, and "
        never += f"{hidden:,} product{'' if hidden == 1 else 's'} by our rules"
    sooner = {"retraining": "if an alarm keeps ringing or finds fall: by one named person"}
    if all(often.startswith("every night") for often in clock.values()):
        sooner = {}  # it happens every night
    wheres = ["checks on the table", "beside earlier nights"]
    stop = [f"by {part['stops'].sum()} of the {len(part)} {where}"
            for part, where in zip(checks, wheres, strict=False)]  # fmt: skip
    lines = {
        "the stop": ", and ".join(stop),
        "overruling it": "by one named person, in writing, once the cause is known",
        "the oldest age": oldest,
        **{f"the clock: {what}": often for what, often in clock.items()},
        "the export": f"by {EXPORT_BY}; whom to call if it is late",
        "changes to it": "announced a week ahead",
        "the rules": f"never shown: {never}",
        "reports and alarms": "read by one named person",
        **sooner,
        "taking a version back": "by one named person",
        "forgetting (with legal)": "source, copies, engine learned anew: owner, last day for each",
    }
    theirs = {
        "the table": f"by {TABLE_BY}; a list for everybody; without a row, best sellers",
        "yesterday's table": "shown after a stop, without what was bought, sold out or forbidden "
        "since"
        if kept
        else "not shown: after a stop, best sellers",
        "the phone": f"of the engineer on duty rings {phone}",
        "a new version": "thirty nights unseen beside the old one; going back takes minutes",
    }
    sides = {"you sign": lines, "engineering signs": theirs}
    return [pd.DataFrame(part.items(), columns=[who, "what it says"])
            for who, part in sides.items()]  # fmt: skip


def oldest_age(by_age: pd.DataFrame) -> int | None:
    """Up to which age lists clearly find more than fresh best sellers; None, if fresh ones don't.

    Parameters
    ----------
    by_age : DataFrame
        From :func:`lists_by_age`.

    Notes
    -----
    Lists that have lost can still be far better than best sellers, so they are shown on while
    somebody mends the night.
    """
    better = (by_age["above_low"] > 0).to_numpy()
    ages = by_age.index[np.logical_and.accumulate(better)]
    return int(ages[-1]) if len(ages) else None


def quiet_gauges(
    gauges: int = 20, nights: int = 30, chance: float = 0.05, random_state: int = 6
) -> np.ndarray:
    """Gauges that measure nothing but noise, and ring with a known chance.

    Parameters
    ----------
    gauges, nights : int
    chance : float
        Of a gauge to ring in one night.
    random_state : int

    Returns
    -------
    ndarray of bool, shape (gauges, nights)
    """
    return np.random.default_rng(random_state).random((gauges, nights)) < chance


def drift(
    engine: Engine,
    transactions: pd.DataFrame,
    before: pd.DataFrame,
    chance: float = 0.01,
    n_draws: int = 299,
    random_state: int = 0,
) -> pd.DataFrame:
    """Compare new purchases with what is usual for this shop: is the engine still up to date?

    A night's purchases are few, and few purchases stray by chance. So the night's baskets (what
    one customer bought on one day) are mixed with those of the last :data:`USUAL_DAYS` days
    before, and as many are drawn at random, again and again: what these reach is noise.

    Parameters
    ----------
    engine : Engine
    transactions : DataFrame
        Purchases since, of a night or of some days.
    before : DataFrame
        All purchases before these, as the engine has learned from them.
    chance : float
        Share of nights on which noise alone may ask for attention, all signs taken together.
    n_draws : int
        As many as it takes for `chance` to be met: at least three for each night in
        ``1 / chance``, less one.
    random_state : int

    Returns
    -------
    DataFrame
        One row per sign: ``sign``; ``value`` (a share, 0 to 1); ``usual``, in the days before, for
        an engine built as often as `transactions` are long (for popularity: what so few purchases
        reach by chance, on average); ``noise_reaches``, which
        chance alone exceeds no more often than promised; ``look_into_it``: `value` is above it.
        Without purchases `value` is NaN, and with too few of them before, nothing is asked.

    Notes
    -----
    A permutation test (Good, 2005, *Permutation, Parametric and Bootstrap Tests of Hypotheses*) of
    whole baskets, since what stands in one basket is not independent; exact where nights are
    alike. Several signs mean several chances of a false alarm, so each gets its part of `chance`
    (Bonferroni). Moved popularity is a total variation distance: the share of purchases that
    would have to be of other products. Of very many baskets a sample is taken.
    """
    model = engine.model
    now, usual = _basket_lines(transactions), _basket_lines(before)
    bought = np.diff(model.purchases_.indptr) > 0  # the last row, -1, is the unknown customer
    now["new_customer"] = ~bought[model.customers_.get_indexer(now["customer_id"])]
    now["new_product"] = model.products_.get_indexer(now["product_id"]) < 0
    # an engine knows fewer of a week's customers than of a night's: compare like with like
    days = 1 if now.empty else (now["day"].max() - now["day"].min()).days + 1
    usual = _marked_when_new(usual, days)
    usual = usual[usual["day"] > usual["day"].max() - pd.Timedelta(days=USUAL_DAYS)]
    return _beside_noise(now, usual, chance, n_draws, np.random.default_rng(random_state))


def nightly_drift(
    transactions: pd.DataFrame,
    nights: int = 60,
    chance: float = 0.01,
    n_draws: int = 299,
    random_state: int = 0,
    without_leaders: bool = False,
) -> pd.DataFrame:
    """:func:`drift` of each of the last nights, against an engine built the night before.

    Parameters
    ----------
    transactions : DataFrame
    nights : int
        Days with purchases, counted back from the last. The first day has none before it and is
        left out.
    chance, n_draws, random_state
        As in :func:`drift`.
    without_leaders : bool
        Break each night on purpose: the quarter of the products that usually sells best is lost.

    Returns
    -------
    DataFrame
        ``night``, and the columns of :func:`drift`.
    """
    lines = _marked_when_new(_basket_lines(transactions))
    generator = np.random.default_rng(random_state)
    tables = []
    for night in np.sort(lines["day"].unique())[1:][-nights:]:
        since = night - pd.Timedelta(days=USUAL_DAYS)
        usual = lines[(lines["day"] >= since) & (lines["day"] < night)]
        now = lines[lines["day"] == night]
        if without_leaders:
            sold = usual["product_id"].value_counts().index
            now = now[~now["product_id"].isin(sold[: -(-len(sold) // 4)])]
        tables.append(_beside_noise(now, usual, chance, n_draws, generator).assign(night=night))
    columns = ["night", "sign", "value", "usual", "noise_reaches", "look_into_it"]
    return (
        pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame([], [], columns)
    )


def _basket_lines(transactions):
    """Each product once for a customer and day: what lies in one basket is one decision or few."""
    day = transactions["transaction_date"].dt.normalize()
    lines = transactions[["customer_id", "product_id"]].assign(day=day)
    return lines.drop_duplicates(ignore_index=True)


def _marked_when_new(lines, days=1):
    """Mark what an engine built anew every so many days would not have known."""
    # periods of so many days, 0 for the last: new is what is bought for the first time in one
    lines = lines.assign(period=(lines["day"].max() - lines["day"]).dt.days // days)
    first = {name: lines.groupby(name)["period"].transform("max")
             for name in ("customer_id", "product_id")}  # fmt: skip
    return lines.assign(
        new_customer=lines["period"] == first["customer_id"],
        new_product=lines["period"] == first["product_id"],
    )


def _beside_noise(now, usual, chance, n_draws, generator):
    """The table of :func:`drift` from marked lines of the time in question and of the time before.

    Returns
    -------
    DataFrame
        As of :func:`drift`.
    """
    parts = [_baskets(part, generator) for part in (now, usual)]
    n_now, n_usual = (part["basket"].nunique() for part in parts)
    table = pd.DataFrame({"sign": SIGNS})
    if not n_now or not n_usual:
        return table.assign(value=np.nan, usual=np.nan, noise_reaches=np.nan, look_into_it=False)
    parts[1]["basket"] += n_now
    lines = pd.concat(parts, ignore_index=True)
    basket = lines["basket"].to_numpy()
    column, products = pd.factorize(lines["product_id"])
    shape = (n_now + n_usual, len(products))
    counts = sparse.csr_array((np.ones(len(lines)), (basket, column)), shape)
    new_customer = np.zeros(shape[0])
    new_customer[basket] = lines["new_customer"]
    new_products = np.bincount(basket, lines["new_product"], shape[0])

    sold = counts.sum(axis=0)

    def signs_of(rows):
        """The three signs of several draws of baskets, each beside the baskets left."""
        chosen = sparse.csr_array(
            (np.ones(rows.size), rows.ravel(), np.arange(len(rows) + 1) * rows.shape[1]),
            (len(rows), shape[0]),
        )
        inside = sparse.coo_array(chosen @ counts)
        (draw, product), here = inside.coords, inside.data
        size = inside.sum(axis=1)
        rest = sold.sum() - size
        # most products lie in none of the baskets: their part of the distance is known at once
        elsewhere = sold[product] / rest[draw]
        apart = np.abs(here / size[draw] - (sold[product] - here) / rest[draw]) - elsewhere
        moved = (np.bincount(draw, apart, len(rows)) + sold.sum() / rest) / 2
        return np.column_stack(
            [new_customer[rows].mean(axis=1), new_products[rows].sum(axis=1) / size, moved]
        )

    block = max(1, 1_000_000 // n_now)
    draws = []
    for start in range(0, n_draws, block):
        many = min(block, n_draws - start)
        rows = [generator.choice(shape[0], n_now, replace=False) for _ in range(many)]
        draws.append(signs_of(np.array(rows)))
    draws = np.sort(np.concatenate(draws), axis=0)
    observed = signs_of(np.arange(n_now)[None])[0]
    typical = signs_of(np.arange(n_now, shape[0])[None])[0]
    typical[2] = draws[:, 2].mean()
    # so many of all draws, ours among them, may be above
    above = int(chance / len(SIGNS) * (n_draws + 1) + 1e-9)
    reach = draws[-above] if above else np.full(len(SIGNS), np.inf)
    return table.assign(
        value=observed, usual=typical, noise_reaches=reach, look_into_it=observed > reach + 1e-9
    )


def _baskets(lines, generator):
    """Number the baskets; of very many, a random part tells as much."""
    basket = lines.groupby(["day", "customer_id"]).ngroup().to_numpy()
    n_baskets = len(np.unique(basket))
    if n_baskets > _MOST_BASKETS:
        chosen = np.zeros(n_baskets, dtype=bool)
        chosen[generator.choice(n_baskets, _MOST_BASKETS, replace=False)] = True
        lines, basket = lines[chosen[basket]], (chosen.cumsum() - 1)[basket[chosen[basket]]]
    return lines.assign(basket=basket)


def _npz(array):
    buffer = io.BytesIO()
    sparse.save_npz(buffer, array, compressed=False)
    return buffer.getvalue()


def _parquet(table):
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()
