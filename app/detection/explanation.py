"""Why each slice is positive or not, in words."""

from collections.abc import Sequence

from detection.results import SliceResult

WORDS = {0: "negative", 1: "positive"}


def reasons(slices: Sequence[SliceResult]) -> list[str]:
    """For each slice, in reading order, what both networks say and how that makes the fused decision
    (``detection.fusion.average_results``)."""
    agreed = [bool(each.single_decision and each.scantype_decision) for each in slices]
    return [_reason(each, _beside(place, agreed)) for place, each in enumerate(slices)]


def _beside(place: int, agreed: Sequence[bool]) -> list[int]:
    """Numbers, from 1, of the slices directly before and after ``place`` on which both networks say yes."""
    return [other + 1 for other in (place - 1, place + 1) if 0 <= other < len(agreed) and agreed[other]]


def _reason(slice_: SliceResult, beside: list[int]) -> str:
    single = f"single {slice_.single_probability:.2f} {WORDS[slice_.single_decision]}"
    scantype = f"scantype {slice_.scantype_probability:.2f} {WORDS[slice_.scantype_decision]}"
    neighbours = "" if slice_.single_decision == slice_.scantype_decision else f"; {_neighbours(beside)}"
    return f"{single}, {scantype}{neighbours}: {WORDS[slice_.fused]}"


def _neighbours(beside: list[int]) -> str:
    if not beside:
        return "no slice beside it is positive in both"
    if len(beside) == 1:
        return f"slice {beside[0]} beside it is positive in both"
    return f"slices {beside[0]} and {beside[1]} beside it are positive in both"
