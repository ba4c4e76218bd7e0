"""Two networks' decisions -> one decision a slice."""

from collections.abc import Sequence

import numpy as np


def average_results(single_results: Sequence[int], scantype_results: Sequence[int]) -> list[int]:
    """The fused decision of each slice, 1 positive and 0 negative, from the two networks' decisions in slice order.

    Both 1: positive. Both 0: negative. They disagree: positive exactly when a slice directly before or after is one on
    which both say 1. Only such agreed slices count as neighbours, so the answer does not depend on the direction in
    which the stack is read. Raises ValueError when the lengths differ.
    """
    agreed = [bool(one and other) for one, other in zip(single_results, scantype_results, strict=True)]
    return [
        int(both or (bool(one) != bool(other) and any(agreed[max(i - 1, 0) : i + 2])))
        for i, (one, other, both) in enumerate(zip(single_results, scantype_results, agreed, strict=True))
    ]


def fused_scores(single_scores: np.ndarray, scantype_scores: np.ndarray, exams: np.ndarray) -> np.ndarray:
    """For each slice the highest threshold at which the rule still says positive, the same for both networks; (N,).

    ``exams`` (N,) tells slices of one exam, which stand together in slice order, from those of another. A network's
    decision that is held whatever the threshold is a score of infinity (1) or minus infinity (0).
    """
    agreed = np.minimum(single_scores, scantype_scores)
    beside = np.full(len(agreed), -np.inf)
    same = exams[1:] == exams[:-1]
    beside[1:] = np.where(same, agreed[:-1], -np.inf)
    beside[:-1] = np.maximum(beside[:-1], np.where(same, agreed[1:], -np.inf))
    return np.maximum(agreed, np.minimum(np.maximum(single_scores, scantype_scores), beside))
