"""What a scan says: a row a slice, and what belongs to the exam as a whole."""

from dataclasses import dataclass

from detection.sources import SliceSource
from nets.bundle import Card


@dataclass(frozen=True)
class SliceResult:
    """One slice: ``number`` counts from 1 in reading order; probabilities are of tumour; decisions are 0 or 1."""

    number: int
    single_probability: float
    single_decision: int
    scantype_probability: float
    scantype_decision: int
    fused: int


@dataclass(frozen=True)
class ScanResult:
    """What an exam's slices hold and where they come from, slice for slice; what was odd about the exam; and which
    networks said so."""

    slices: tuple[SliceResult, ...]
    sources: tuple[SliceSource, ...]
    warnings: tuple[str, ...]
    networks: tuple[Card, Card]

    @property
    def positive_slices(self) -> list[int]:
        """Numbers, from 1, of the slices in which a tumour is seen."""
        return [each.number for each in self.slices if each.fused]
