"""The two loops that NumPy cannot express well, compiled: the best of a product of sparse tables.

Imported only for shops so large that the second it takes to load numba pays; the compiled form
is kept beside this file for the next time.
"""

from __future__ import annotations

import numba
import numpy as np

# One fixed form each: two lessons that compile at the same time then keep the same file. With
# several forms they could mix them up, since numba does not lock its cache.
_ROWS = "Tuple((i8[::1], u4[::1], f8[::1]))"
_BEST_OF_ROWS = (
    f"void({_ROWS}, {_ROWS}, Tuple((i8[::1], u4[::1])), i8, i8, i8, i8, i4[:, ::1], f8[:, ::1])"
)
_BEST_NEIGHBOURS = (
    "void(Tuple((i8[::1], i4[::1], i4[::1], f8[::1])), Tuple((u4[::1], f8[::1])), f8[::1], "
    "i8, i8, i4[:, ::1], f4[:, ::1])"
)


@numba.njit("void(i4[::1], f4[::1], i8, f4)", nogil=True, cache=True)
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


@numba.njit(_BEST_OF_ROWS, nogil=True, cache=True)
def best_of_rows(left, right, excluded, n_columns, first, last, n, columns, scores):
    """For rows `first` to `last` of ``left @ right``, write the n best columns and their scores.

    Parameters
    ----------
    left, right : tuple of (indptr, indices, data)
        Tables in CSR form; no data below zero.
    excluded : tuple of (indptr, indices)
        Cells that are left out.
    n_columns, first, last, n : int
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
                # written in any case and counted if new: cheaper than a branch
                touched[n_touched] = column
                n_touched += before == 0
                total[column] = before + weight * right_value[other]
        for at in range(excluded_start[row], excluded_start[row + 1]):
            total[excluded_index[at]] = 0
        best_score[:] = 0
        for at in range(n_touched):
            column = touched[at]
            # compared as float32: what differs by the order of adding only is equal
            score = np.float32(total[column])
            if score > 0 and score >= best_score[n - 1]:
                _keep(best_column, best_score, column, score)
        for place in range(n):
            if best_score[place] > 0:
                columns[row, place] = best_column[place]
                scores[row, place] = total[best_column[place]]
        for at in range(n_touched):
            total[touched[at]] = 0


@numba.njit(_BEST_NEIGHBOURS, nogil=True, cache=True)
def best_neighbours(by_product, baskets, inverse_length, worker, workers, columns, scores):
    """Each product's nearest ones, as far as this worker's share of the pairs goes.

    Being alike is mutual, so every pair of products is added up once: for a product, only what
    stands *behind* it in its buyers' baskets. Both products of the pair remember the result.

    Parameters
    ----------
    by_product : tuple of (indptr, begins, ends, data)
        For each product its purchases: where the rest of the buyer's basket begins and ends, and
        the purchase's weight.
    baskets : tuple of (indices, data)
        The purchases customer by customer, products in order; no data if all are 1.
    inverse_length : ndarray, shape (n_products,)
    worker, workers : int
        This one takes every `workers`-th product, beginning with number `worker`.
    columns, scores : ndarray, shape (n_products, n)
        Receive the neighbours, best first; unused places keep a score of 0.
    """
    start, begin, end, weight = by_product
    index, value = baskets
    n_products = len(inverse_length)
    total = np.zeros(n_products)
    touched = np.empty(n_products + 1, np.int32)
    bar = np.zeros(n_products, np.float32)  # what the last in a product's list has
    binary = len(value) == 0
    for product in range(worker, n_products, workers):
        n_touched = 0
        for at in range(start[product], start[product + 1]):
            for place in range(begin[at], end[at]):
                other = index[place]
                before = total[other]
                # written in any case and counted if new: cheaper than a branch
                touched[n_touched] = other
                n_touched += before == 0
                total[other] = before + (weight[at] if binary else weight[at] * value[place])
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
