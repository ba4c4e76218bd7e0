"""Two networks' decisions -> one decision a slice."""

from collections.abc import Sequence


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
