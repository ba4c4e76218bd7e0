"""Figures with 95 % intervals, bootstrapped over patients (Efron and Tibshirani, An Introduction to the Bootstrap,
1993, chapter 13).

A figure is a function of how often each patient counts, so that a thousand resamples are one matrix product: slices
and exams of one patient stay together and are never drawn apart.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

RESAMPLES, SEED = 1000, 0
DIGITS = 4

# (resamples, patients) how often each patient counts -> (resamples,) the figure, NaN where it has no value
Statistic = Callable[[np.ndarray], np.ndarray]


def figure(statistic: Statistic, patients: int) -> dict:
    """``value`` and ``interval_95``, the 2.5th and 97.5th percentile over the resamples in which there is a value.

    Both None where there is no value; no interval for fewer than two patients.
    """
    value = float(statistic(np.ones((1, patients)))[0])
    if np.isnan(value):
        return {"value": None, "interval_95": None}
    return {"value": round(value, DIGITS), "interval_95": _interval(statistic, patients) if patients > 1 else None}


def _interval(statistic: Statistic, patients: int) -> list[float]:
    low, high = np.nanpercentile(statistic(drawn(patients)), [2.5, 97.5])
    return [round(float(low), DIGITS), round(float(high), DIGITS)]


@cache
def drawn(patients: int) -> np.ndarray:
    """(RESAMPLES, patients) how often each patient is drawn when as many as there are are drawn with replacement.

    The same for equal numbers of patients, so that two networks are compared on the same draws.
    """
    rng = np.random.default_rng(SEED)
    return rng.multinomial(patients, np.full(patients, 1 / patients), RESAMPLES).astype(float)


def ratio(part: np.ndarray, whole: np.ndarray, patients: np.ndarray, count: int) -> Statistic:
    """The share of rows in ``whole`` (N,) bool that are in ``part`` too; ``patients`` (N,) is whose each row is."""
    parts = np.bincount(patients, part & whole, count)
    wholes = np.bincount(patients, whole, count)
    return lambda counts: _divided(counts @ parts, counts @ wholes)


def mean(values: np.ndarray, patients: np.ndarray, count: int) -> Statistic:
    """The mean of ``values`` (N,); ``patients`` (N,) is whose each is."""
    sums, rows = np.bincount(patients, values, count), np.bincount(patients, minlength=count)
    return lambda counts: _divided(counts @ sums, counts @ rows)


def auc(scores: np.ndarray, labels: np.ndarray, patients: np.ndarray, count: int) -> Statistic:
    """The share of pairs of a positive and a negative row whose scores are in the right order; ties count a half
    (Mann-Whitney; Hanley and McNeil, Radiology 1982;143:29). ``labels`` (N,) bool."""
    wins = np.zeros((count, count))  # [p, q]: pairs of a positive of patient p and a negative of patient q
    found, owners = scores[labels], patients[labels]
    for other in range(count):
        against = np.sort(scores[~labels & (patients == other)])
        won = (np.searchsorted(against, found, "left") + np.searchsorted(against, found, "right")) / 2
        wins[:, other] = np.bincount(owners, won, count)
    positives, negatives = np.bincount(patients, labels, count), np.bincount(patients, ~labels, count)
    return lambda counts: _divided(((counts @ wins) * counts).sum(axis=1), (counts @ positives) * (counts @ negatives))


def _divided(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
