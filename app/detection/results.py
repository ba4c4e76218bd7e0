"""What a scan says of a slice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SliceResult:
    """One slice: ``number`` counts from 1 in reading order; probabilities are of tumour; decisions are 0 or 1."""

    number: int
    single_probability: float
    single_decision: int
    scantype_probability: float
    scantype_decision: int
    fused: int
