"""What every form of a result is made from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from detection.findings import Finding
from detection.results import SliceResult
from imaging.kept_exam import KeptExam
from nets.bundle import Card

# Heat of slices by their numbers, from 1: (N, 2, rows, columns) float32 in the geometry of the slices, of the single
# and the scantype network, 0 to 1, the largest of each slice 1 or all 0.
HeatOf = Callable[[Sequence[int]], np.ndarray]


@dataclass(frozen=True)
class Report:
    """One result. ``study`` is its id, ``analysed_at`` when it was made, ``slices`` has a row a slice with ``reasons``
    in words; ``networks`` has role, name, version and sha256 of the two networks, the single one first, and ``cards``
    the cards of those that are still at hand; ``exam`` and ``heat`` show the pictures; ``version`` is BreastWise's.

    Equal reports make equal files, UIDs and dates included.
    """

    study: str
    analysed_at: datetime
    slices: Sequence[SliceResult]
    reasons: Sequence[str]
    findings: Sequence[Finding]
    warnings: Sequence[str]
    networks: Sequence[Mapping[str, str]]
    cards: Sequence[Card]
    exam: KeptExam
    heat: HeatOf
    version: str = "unknown"

    @property
    def positive_slices(self) -> list[int]:
        return [each.number for each in self.slices if each.fused]
