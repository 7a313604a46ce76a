"""Other people's recommenders behind one form, each run in an environment of its own.

    python peers.py NAME --matrix matrix.npz --out lists.npz [--k 10] [--customers FILE]

reads a customers x products matrix, fits, recommends ``k`` products to the customers asked for
(none bought before), writes the lists as positions of products (-1: no product), and prints one
line of JSON: seconds to fit and to recommend (medians), and the peak of memory in megabytes.
The libraries are imported in the functions, so that each needs only its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time

import numpy as np
from scipy import sparse

NEIGHBORS = 50


def as_lists(customers, row, column, k):
    """Rows and columns, best first, as one line per customer, filled up with -1."""
    lists = np.full((len(customers), k), -1)
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    lists[row, rank] = column
    return lists


def ours(matrix, seconds):
    import pandas as pd

    from helpers.matrix import InteractionMatrix
    from helpers.recommend import ItemBased

    named = InteractionMatrix(
        matrix, pd.RangeIndex(matrix.shape[0]), pd.RangeIndex(matrix.shape[1])
    )
    model = ItemBased(NEIGHBORS)
    with seconds("fit"):
        model.fit(named)

    def recommend(customers, k):
        row, column, _, _ = model._rank(customers, k, True)
        return as_lists(customers, row, column, k)

    return recommend


def ours_unscaled(matrix, seconds):
    import pandas as pd

    from helpers.matrix import InteractionMatrix
    from helpers.recommend import ItemBased

    named = InteractionMatrix(
        matrix, pd.RangeIndex(matrix.shape[0]), pd.RangeIndex(matrix.shape[1])
    )
    model = ItemBased(NEIGHBORS, scale_customers=False)
    with seconds("fit"):
        model.fit(named)

    def recommend(customers, k):
        row, column, _, _ = model._rank(customers, k, True)
        return as_lists(customers, row, column, k)

    return recommend


def sparse_dot_topn(matrix, seconds):
    """Cosine as one top-n sparse product, recommending as another."""
    from sparse_dot_topn import sp_matmul_topn

    values = sparse.csr_matrix(matrix)
    with seconds("fit"):
        length = np.sqrt(np.asarray(values.multiply(values).sum(axis=0))).ravel()
        scaled = sparse.csr_matrix(values @ sparse.diags(1 / np.maximum(length, 1e-9)))
        scaled = scaled.astype(np.float32)
        alike = sp_matmul_topn(
            scaled.T.tocsr(), scaled, NEIGHBORS + 1, threshold=0.0, sort=True, n_threads=2
        )
        # the product itself is among its neighbours; below zero it also hides what is owned
        alike = sparse.csr_matrix(alike - 1e4 * sparse.eye(matrix.shape[1], dtype=np.float32))

    def recommend(customers, k):
        rows = values if len(customers) == values.shape[0] else values[customers]
        best = sp_matmul_topn(rows, alike, k, threshold=0.0, sort=True, n_threads=2)
        row = np.repeat(np.arange(best.shape[0]), np.diff(best.indptr))
        return as_lists(customers, row, best.indices, k)

    return recommend


def implicit_cosine(matrix, seconds):
    from implicit.nearest_neighbours import CosineRecommender

    return _implicit(CosineRecommender(K=NEIGHBORS + 1), matrix, seconds)


def implicit_als(matrix, seconds):
    from implicit.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=64, regularization=0.05, alpha=10, iterations=15, random_state=0, num_threads=2
    )
    return _implicit(model, matrix, seconds)


def implicit_bpr(matrix, seconds):
    from implicit.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(factors=64, iterations=100, random_state=0, num_threads=2)
    return _implicit(model, matrix, seconds)


def _implicit(model, matrix, seconds):
    values = sparse.csr_matrix(matrix)
    with seconds("fit"):
        model.fit(values, show_progress=False)

    def recommend(customers, k):
        lists, scores = model.recommend(customers, values[customers], N=k)
        return np.where(scores > 0, lists, -1) if "Cosine" in type(model).__name__ else lists

    return recommend


def rectools_knn(matrix, seconds):
    from implicit.nearest_neighbours import CosineRecommender
    from rectools.models import ImplicitItemKNNWrapperModel

    return _rectools(
        ImplicitItemKNNWrapperModel(CosineRecommender(K=NEIGHBORS + 1)), matrix, seconds
    )


def rectools_ease(matrix, seconds):
    from rectools.models import EASEModel

    return _rectools(EASEModel(regularization=200), matrix, seconds)


def _rectools(model, matrix, seconds):
    import pandas as pd
    from rectools.dataset import Dataset

    coo = sparse.coo_matrix(matrix)
    table = pd.DataFrame(
        {"user_id": coo.row, "item_id": coo.col, "weight": 1.0, "datetime": "2024-01-01"}
    )
    dataset = Dataset.construct(table)
    with seconds("fit"):
        model.fit(dataset)

    def recommend(customers, k):
        found = model.recommend(customers, dataset, k=k, filter_viewed=True)
        order = np.lexsort((found["rank"], found["user_id"]))
        row = pd.Index(customers).get_indexer(found["user_id"].to_numpy()[order])
        return as_lists(customers, row, found["item_id"].to_numpy()[order], k)

    return recommend


def lenskit_knn(matrix, seconds):
    import pandas as pd
    from lenskit.batch import recommend as batch_recommend
    from lenskit.data import from_interactions_df
    from lenskit.knn import ItemKNNScorer
    from lenskit.pipeline import topn_pipeline

    coo = sparse.coo_matrix(matrix)
    table = pd.DataFrame({"user_id": coo.row, "item_id": coo.col})
    dataset = from_interactions_df(table)
    scorer = ItemKNNScorer(max_nbrs=NEIGHBORS, save_nbrs=NEIGHBORS, feedback="implicit")
    pipeline = topn_pipeline(scorer)
    with seconds("fit"):
        pipeline.train(dataset)

    def recommend(customers, k):
        found = batch_recommend(pipeline, customers.tolist(), k, n_jobs=1).to_df()
        order = np.lexsort((found["rank"], found["user_id"]))
        row = pd.Index(customers).get_indexer(found["user_id"].to_numpy()[order])
        return as_lists(customers, row, found["item_id"].to_numpy()[order], k)

    return recommend


def pandas_loop(matrix, seconds):
    """The way of a first notebook: a dense table and a loop over customers."""
    import pandas as pd

    with seconds("fit"):
        table = pd.DataFrame(matrix.toarray())
        alike = table.T @ table
        length = np.sqrt(np.diag(alike))
        alike = alike / np.outer(length, length)

    def recommend(customers, k):
        lists = np.full((len(customers), k), -1)
        for at, customer in enumerate(customers):
            bought = table.loc[customer]
            scores = (alike * bought).sum(axis=1)[bought == 0].nlargest(k)
            scores = scores[scores > 0]
            lists[at, : len(scores)] = scores.index
        return lists

    return recommend


PEERS = {
    function.__name__: function
    for function in (
        ours, ours_unscaled, sparse_dot_topn, implicit_cosine, implicit_als, implicit_bpr,
        rectools_knn, rectools_ease, lenskit_knn, pandas_loop,
    )
}  # fmt: skip


class Seconds:
    """``with seconds("fit"): ...`` notes how long the block took."""

    def __init__(self):
        self.taken = {}

    def __call__(self, name):
        self.name = name
        return self

    def __enter__(self):
        self.start = time.perf_counter()

    def __exit__(self, *exception):
        self.taken.setdefault(self.name, []).append(time.perf_counter() - self.start)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=PEERS)
    parser.add_argument("--matrix", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--customers", help="an .npy file of rows; everyone if left out")
    parser.add_argument("--repeats", type=int, default=1)
    arguments = parser.parse_args()
    matrix = sparse.csr_array(sparse.load_npz(arguments.matrix))
    customers = np.arange(matrix.shape[0], dtype=np.int32)
    if arguments.customers:
        customers = np.load(arguments.customers)
    seconds = Seconds()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(arguments.repeats):
        recommend = PEERS[arguments.name](matrix, seconds)
        with seconds("recommend"):
            lists = recommend(customers, arguments.k)
    np.savez(arguments.out, lists=lists)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    medians = {name: statistics.median(taken) for name, taken in seconds.taken.items()}
    print(json.dumps({**medians, "peak_mb": peak / 1024, "start_mb": before / 1024}))


if __name__ == "__main__":
    main()
