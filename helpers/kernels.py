"""The machinery under lessons 03 and 04: the best columns of products of sparse tables.

Each task has two forms that differ in speed only. Dense blocks in NumPy serve small shops. Large
ones get a compiled loop: loading numba takes a second, so that happens at the first use, and the
compiled form is kept beside this file for the next time.
"""

from __future__ import annotations

import functools
import itertools
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from scipy import sparse

from helpers import handover

# From so many multiplications and cells on, loading the compiled loop pays.
_MANY = 25_000_000

#: A block of a dense table holds about so many numbers (8 bytes each). Larger ones are no faster,
#: and what is made from a block takes its memory several times.
BLOCK = 1_000_000


def top_n(scores: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The n best columns of each row.

    Parameters
    ----------
    scores : ndarray, shape (n_rows, n_columns)
    n : int

    Returns
    -------
    rows, columns, ranks : ndarray
        Positions of the survivors, row by row, best first. Scores are compared as float32, so
        that what differs by the order of adding only is equal; ties go to the smaller column;
        scores of zero or less, and those that are no number, never survive. Ranks count from 1.
    """
    n_rows, n_columns = scores.shape
    n = min(n, n_columns)
    # one whole number for score and column: the bits of a float32 above zero grow with it, and a
    # smaller column makes the number larger; so all differ, and plain sorting settles ties
    strength = np.fmax(scores, 0).astype(np.float32)  # NaN becomes 0
    key = (strength.view(np.int32).astype(np.int64) << 32) - np.arange(n_columns)
    if n < n_columns:
        key.partition(n_columns - n, axis=1)
    key = np.sort(key[:, n_columns - n :], axis=1)[:, ::-1]
    column = -key & 0xFFFFFFFF
    # a score of zero leaves nothing but the column
    rows, places = np.nonzero(key > 0)
    return rows, column[rows, places], places + 1


def top_n_of_product(
    left: sparse.csr_array,
    right: sparse.csr_array,
    n: int,
    excluded: sparse.csr_array | None = None,
    n_jobs: int = 2,
    compiled: bool | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The n best columns of each row of ``left @ right``, which is never formed as a whole.

    Parameters
    ----------
    left : csr_array, shape (n_rows, n_causes)
    right : csr_array, shape (n_causes, n_columns)
        Stored zeros say nothing; what is not a number (NaN) makes the scores that it has a part
        in NaN.
    n : int
    excluded : csr_array, shape (n_rows, n_columns), optional
        Cells stored in it are left out of the answer.
    n_jobs : int
        Threads; -1 is one per processor. The result does not depend on it.
    compiled : bool, optional
        Use the compiled loop or dense blocks in NumPy. They differ in
        speed only; chosen by the amount of work if left out.

    Returns
    -------
    rows, columns, ranks, scores : ndarray
        Row by row, best first; ranks count from 1. Scores are compared as float32, ties go to
        the smaller column, and zero and NaN never survive.
    """
    left, right = _tidy(left), _tidy(right)
    n = min(n, right.shape[1])
    right = right.astype(np.float64, copy=False)
    if excluded is None:
        excluded = sparse.csr_array((left.shape[0], right.shape[1]))
    if compiled is None:
        work = left.nnz * right.nnz / max(right.shape[0], 1)
        compiled = work + left.shape[0] * right.shape[1] > _MANY
    if compiled:
        return _top_n_compiled(left, right, n, excluded, n_jobs)
    return _top_n_dense(left, right, n, excluded)


def _top_n_dense(left, right, n, excluded):
    """Blocks of the dense product, one after the other."""
    # a full table would also multiply its zeros, and infinity times zero is no number
    if right.shape[0] < 500 and np.isfinite(left.data).all():
        right = right.toarray()
    step = max(1, BLOCK // max(right.shape[1], 1))
    parts = []
    for start in range(0, max(left.shape[0], 1), step):
        block = left[start : start + step] @ right
        block = block.toarray() if sparse.issparse(block) else block
        hidden = excluded[start : start + step]
        block[np.repeat(np.arange(len(block)), np.diff(hidden.indptr)), hidden.indices] = 0
        row, column, rank = top_n(block, n)
        parts.append((row + start, column, rank, block[row, column]))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def _top_n_compiled(left, right, n, excluded, n_jobs):
    """Ranges of rows with about the same number of entries, in threads."""
    n_jobs = _threads(n_jobs)
    n_rows, n_columns = excluded.shape
    columns = np.full((n_rows, n), -1, dtype=np.int32)
    scores = np.zeros((n_rows, n))
    shares = np.linspace(0, left.nnz, 16 * n_jobs + 1)[1:-1].astype(left.indptr.dtype)
    edges = np.unique([0, *np.searchsorted(left.indptr, shares), n_rows])
    tables = [_plain(left), _plain(right), _plain(excluded)[:2]]
    best_of_rows = _loops()[0]
    rising = _all_above_zero(left.data, right.data)

    def solve(first, last):
        best_of_rows(*tables, n_columns, rising, first, last, n, columns, scores)

    with ThreadPoolExecutor(n_jobs) as pool:
        list(pool.map(solve, edges[:-1], edges[1:]))
    found = columns >= 0
    row, place = np.nonzero(found)
    return row, columns[found], place + 1, scores[found]


def _once_in_a_run(nearest):
    """Several lessons of a run ask for the neighbours in the same table."""

    @functools.wraps(nearest)
    def asked(values, n, row_weight, n_jobs=2, compiled=None):
        def find():
            found = nearest(values, n, row_weight, n_jobs, compiled)
            table = dict(zip(("column", "other", "cosine"), found, strict=True))
            return handover.Found({"found": pd.DataFrame(table, copy=False)})

        if not handover.in_a_run():
            return nearest(values, n, row_weight, n_jobs, compiled)
        parts = (values.data, values.indices, values.indptr, row_weight)
        made_of = [handover.fingerprint(*parts), list(values.shape), int(n)]
        table = handover.shared(find, "nearest columns", made_of).tables["found"]
        return tuple(column.to_numpy() for _, column in table.items())

    return asked


@_once_in_a_run
def nearest_columns(
    values: sparse.csr_array,
    n: int,
    row_weight: np.ndarray,
    n_jobs: int = 2,
    compiled: bool | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each column, the n others with the highest cosine.

    Parameters
    ----------
    values : csr_array, shape (n_rows, n_columns)
    n : int
    row_weight : ndarray, shape (n_rows,)
        How much each row counts.
    n_jobs : int
        Threads; -1 is one per processor. The result does not depend on it.
    compiled : bool, optional
        Use the compiled loop or dense blocks in NumPy; chosen by the amount of work if left out.

    Returns
    -------
    columns, others, cosines : ndarray
        Column by column, best first; ties go to the smaller column, and zero and NaN never
        survive.
    """
    values = _tidy(values)
    n_columns = values.shape[1]
    squares = np.repeat(row_weight, np.diff(values.indptr))
    if not _only_ones(values):
        squares *= values.data.astype(np.float64) ** 2
    squares = np.bincount(values.indices, squares, minlength=n_columns)
    # counted first and scaled once, so that equal cosines stay equal
    inverse_length = 1 / np.sqrt(np.where(squares > 0, squares, 1))
    entries = np.diff(values.indptr).astype(np.int64)
    if compiled is None:
        compiled = (entries**2).sum() + n_columns**2 > _MANY and n < n_columns
    if n >= n_columns and not compiled:
        return _all_pairs(values, row_weight, inverse_length)
    if compiled and _all_above_zero(row_weight, values.data, values.data):
        return _nearest_compiled(values, row_weight, inverse_length, n, n_jobs)
    return _nearest_dense(values, row_weight, inverse_length, n)


def _all_pairs(values, row_weight, inverse_length):
    """Every pair with an entry in common: nothing to choose, so the empty cells are not touched."""
    together = sparse.csr_array(values.T @ sparse.diags_array(row_weight) @ values)
    n_products, other = together.shape[0], together.indices
    column = np.repeat(np.arange(n_products, dtype=other.dtype), np.diff(together.indptr))
    cosine = together.data * (inverse_length[column] * inverse_length[other])
    cosine = cosine.astype(np.float32)
    kept = (column != other) & (cosine > 0)
    column, other, cosine = column[kept], other[kept], cosine[kept]
    # one whole number for cosine and product, as in top_n; each product's are sorted on their own
    key = (-cosine.view(np.int32).astype(np.int64) << 32) + other
    for first, last in itertools.pairwise(np.searchsorted(column, np.arange(n_products + 1))):
        key[first:last].sort()
    cosine = (-(key >> 32)).astype(np.int32).view(np.float32)
    return column, (key & 0xFFFFFFFF).astype(other.dtype), cosine


def _nearest_dense(values, row_weight, inverse_length, n):
    """Blocks of rows of the table of all pairs, one after the other."""
    weighted = sparse.csr_array(sparse.diags_array(row_weight) @ values)
    by_product = values.T.tocsr()
    n_products = len(inverse_length)
    step = max(1, BLOCK // n_products)
    parts = []
    for start in range(0, n_products, step):
        block = (by_product[start : start + step] @ weighted).toarray()
        row = np.arange(len(block))
        block[row, row + start] = 0
        block *= np.outer(inverse_length[row + start], inverse_length)
        row, column, _ = top_n(block, n)
        cosine = block[row, column].astype(np.float32)
        parts.append(((row + start).astype(np.int32), column.astype(np.int32), cosine))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def _nearest_compiled(values, row_weight, inverse_length, n, n_jobs):
    """All pairs of products that share a buyer, spread over threads; then the best of each."""
    n_jobs, n_products = _threads(n_jobs), len(inverse_length)
    # where each purchase stands in the histories, product by product
    position = np.arange(values.nnz, dtype=np.int32)
    position = sparse.csr_array((position, values.indices, values.indptr), values.shape)
    position = position.T.tocsr()
    by_product = (
        _as(position.indptr, np.int64),
        _as(position.data, np.int32),
        _as(position.indices, np.int32),
    )
    data = values.data[:0] if _only_ones(values) else values.data
    histories = (_as(values.indptr, np.int64), _unsigned(values.indices), _as(data, np.float64))
    columns = np.zeros((n_jobs, n_products, n), dtype=np.int32)
    scores = np.zeros((n_jobs, n_products, n), dtype=np.float32)

    best_neighbours = _loops()[1]

    def solve(worker):
        best_neighbours(
            by_product,
            histories,
            row_weight,
            inverse_length,
            worker,
            n_jobs,
            columns[worker],
            scores[worker],
        )

    with ThreadPoolExecutor(n_jobs) as pool:
        list(pool.map(solve, range(n_jobs)))
    # one list per worker and product: put them side by side
    columns, scores = (np.hstack(list(part)) for part in (columns, scores))
    order = np.lexsort((columns, -scores))[:, :n]
    columns, scores = (np.take_along_axis(part, order, axis=1) for part in (columns, scores))
    row, place = np.nonzero(scores)
    return row, columns[row, place], scores[row, place]


def scale_rows(values: sparse.csr_array) -> sparse.csr_array:
    """Scale each row to length 1; empty rows stay empty."""
    length = np.sqrt(row_sums_of_squares(values))
    scaled = values.data / np.repeat(length, np.diff(values.indptr))
    return sparse.csr_array((scaled, values.indices, values.indptr), shape=values.shape)


def row_sums_of_squares(values: sparse.csr_array) -> np.ndarray:
    """The sum of squares of each row: its length, squared."""
    if _only_ones(values):
        return np.diff(values.indptr).astype(np.float64)
    row = np.repeat(np.arange(values.shape[0]), np.diff(values.indptr))
    return np.bincount(row, values.data.astype(np.float64) ** 2, minlength=values.shape[0])


def _only_ones(values):
    return (values.data == 1).all()


def _threads(n_jobs):
    return os.cpu_count() if n_jobs == -1 else n_jobs


def _tidy(table):
    """The same table with every cell stored once, columns in order, and zeros not at all."""
    if table.has_canonical_format and table.data.all():
        return table
    table = table.copy()  # the caller's stays as it is
    table.sum_duplicates()
    table.eliminate_zeros()
    return table


def _all_above_zero(*factors):
    """Whether every product of these numbers is above zero, so that totals can only rise.

    The loops then note a column when its total leaves zero, and have room to do so once. A product
    of zero, even one that is merely too small for a float, would have it noted again and again.
    """
    smallest = [factor.min(initial=1) for factor in factors]
    return np.min(smallest) > 0 and np.prod(smallest) > 0


def _plain(table):
    """A sparse table's arrays, in the types that the compiled loop knows."""
    return _as(table.indptr, np.int64), _unsigned(table.indices), _as(table.data, np.float64)


def _unsigned(indices):
    """Positions that cannot be negative: no check for it in the innermost loop."""
    return _as(indices, np.int32).view(np.uint32)


def _as(array, dtype):
    return np.require(array, dtype, ["C_CONTIGUOUS", "WRITEABLE"])


# One fixed form each: two lessons that compile at the same time then keep the same file. With
# several forms they could mix them up, since numba does not lock its cache.
_ROWS = "Tuple((i8[::1], u4[::1], f8[::1]))"
_BEST_OF_ROWS = (
    f"void({_ROWS}, {_ROWS}, Tuple((i8[::1], u4[::1])), i8, b1, i8, i8, i8, i4[:, ::1], f8[:, ::1])"
)
_BEST_NEIGHBOURS = (
    f"void(Tuple((i8[::1], i4[::1], i4[::1])), {_ROWS}, f8[::1], f8[::1], "
    "i8, i8, i4[:, ::1], f4[:, ::1])"
)


# Measured: with it, finding neighbours takes a tenth less time in a large shop.
_AT_ONCE = 16


def load_loops() -> None:
    """Load the compiled loops ahead, e.g. before a process is forked that will need them."""
    _loops()


def loops_are_loaded() -> bool:
    """Whether this process has needed them."""
    return _loops.cache_info().currsize > 0


@functools.cache
def _loops():
    """Both loops, compiled, or as kept on the disk from an earlier time."""
    import numba
    from numba.extending import register_jitable

    register_jitable(_keep)
    compile_as = functools.partial(numba.njit, nogil=True, cache=True)
    return compile_as(_BEST_OF_ROWS)(_best_of_rows), compile_as(_BEST_NEIGHBOURS)(_best_neighbours)


def _keep(columns, scores, column, score):
    """Put a candidate into a sorted list, if it is better than the last one there."""
    place = len(scores) - 1
    if score == scores[place] and column > columns[place]:
        return
    # the list stays sorted: what is worse moves down, and the last one out
    while place > 0 and (
        scores[place - 1] < score or (scores[place - 1] == score and columns[place - 1] > column)
    ):
        scores[place] = scores[place - 1]
        columns[place] = columns[place - 1]
        place -= 1
    scores[place] = score
    columns[place] = column


def _best_of_rows(left, right, excluded, n_columns, rising, first, last, n, columns, scores):
    """For rows `first` to `last` of ``left @ right``, write the n best columns and their scores.

    Parameters
    ----------
    left, right : tuple of (indptr, indices, data)
        Tables in CSR form.
    excluded : tuple of (indptr, indices)
        Cells that are left out.
    n_columns : int
    rising : bool
        Whether totals can only rise (see :func:`_all_above_zero`): the columns that a row has to do
        with are noted then. Otherwise all are gone through.
    first, last, n : int
    columns, scores : ndarray, shape (n_rows, n)
        Receive the answer, best first; ties go to the smaller column. What is not written to
        stays as it was.
    """
    left_start, left_index, left_value = left
    right_start, right_index, right_value = right
    excluded_start, excluded_index = excluded
    total = np.zeros(n_columns)
    touched = np.empty(n_columns + 1, np.int32)
    best_score = np.empty(n, np.float32)
    best_column = np.empty(n, np.int32)
    for row in range(first, last):
        n_touched = 0
        for at in range(left_start[row], left_start[row + 1]):
            cause, weight = left_index[at], left_value[at]
            for other in range(right_start[cause], right_start[cause + 1]):
                column = right_index[other]
                before = total[column]
                if rising:
                    # written in any case and counted if new: cheaper than a branch
                    touched[n_touched] = column
                    n_touched += before == 0
                total[column] = before + weight * right_value[other]
        for at in range(excluded_start[row], excluded_start[row + 1]):
            total[excluded_index[at]] = 0
        best_score[:] = 0
        for at in range(n_touched if rising else n_columns):
            column = touched[at] if rising else np.int32(at)
            # compared as float32: what differs by the order of adding only is equal
            score = np.float32(total[column])
            if score > 0 and score >= best_score[n - 1]:
                _keep(best_column, best_score, column, score)
        for place in range(n):
            if best_score[place] > 0:
                columns[row, place] = best_column[place]
                scores[row, place] = total[best_column[place]]
        if rising:
            for at in range(n_touched):
                total[touched[at]] = 0
        else:
            total[:] = 0


def _best_neighbours(
    by_product, histories, row_weight, inverse_length, worker, workers, columns, scores
):
    """Each product's nearest ones, as far as this worker's share of the pairs goes.

    Being alike is mutual, so every pair of products is added up once: for a product, only what
    stands *behind* it in its buyers' histories. Both products of the pair remember the result.

    Parameters
    ----------
    by_product : tuple of (indptr, places, customers)
        For each product its purchases: where they stand in the histories, and whose they are.
    histories : tuple of (indptr, indices, data)
        The purchases customer by customer, products in order; no data if all are 1.
    row_weight : ndarray, shape (n_customers,)
    inverse_length : ndarray, shape (n_products,)
    worker, workers : int
        This one takes every `workers`-th product, beginning with number `worker`.
    columns, scores : ndarray, shape (n_products, n)
        Receive the neighbours, best first; unused places keep a score of 0.
    """
    start, where, who = by_product
    history, index, value = histories
    n_products = len(inverse_length)
    total = np.zeros(n_products)
    touched = np.empty(n_products + 1, np.int32)
    bar = np.zeros(n_products, np.float32)  # what the last in a product's list has
    binary = len(value) == 0
    asked = np.int64(0)
    for product in range(worker, n_products, workers):
        n_touched = 0
        stop = start[product + 1]
        for first in range(start[product], stop, _AT_ONCE):
            last = min(first + _AT_ONCE, stop)
            # histories lie scattered in memory: asked for together, they arrive together
            for at in range(first, last):
                asked += index[where[at]] + history[who[at] + 1]
            for at in range(first, last):
                weight = row_weight[who[at]]
                if not binary:
                    weight *= value[where[at]]
                for place in range(where[at] + 1, history[who[at] + 1]):
                    other = index[place]
                    before = total[other]
                    # written in any case and counted if new: cheaper than a branch
                    touched[n_touched] = other
                    n_touched += before == 0
                    total[other] = before + (weight if binary else weight * value[place])
        for at in range(n_touched):
            other = touched[at]
            cosine = np.float32(total[other] * (inverse_length[product] * inverse_length[other]))
            total[other] = 0
            if cosine > 0 and cosine >= bar[product]:
                _keep(columns[product], scores[product], other, cosine)
                bar[product] = scores[product, -1]
            if cosine > 0 and cosine >= bar[other]:
                _keep(columns[other], scores[other], product, cosine)
                bar[other] = scores[other, -1]
    touched[0] = asked  # or the compiler would see that nobody needs it, and not ask
