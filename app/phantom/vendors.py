"""The habits of two makers of scanners in their headers, as seen in the Duke cohort."""

from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

PHASES = 4


@dataclass(frozen=True)
class Vendor:
    """``descriptions``: SeriesDescription of pre and each pass when each has a series; ``dynamic``: of the one series
    of all. ``counts_phases``: TemporalPositionIdentifier and TriggerTime tell the phases apart, and all of them carry
    the AcquisitionTime of the first."""

    manufacturer: str
    transfer_syntax: UID
    image_type: tuple[str, ...]
    sequence_variant: tuple[str, ...]
    scan_options: tuple[str, ...]
    descriptions: tuple[str, ...]
    dynamic: str
    counts_phases: bool


VENDORS = {
    "SIEMENS": Vendor(
        "SIEMENS",
        ImplicitVRLittleEndian,
        ("ORIGINAL", "PRIMARY", "M", "ND"),
        ("SP", "OSP"),
        ("PFP", "FS"),
        ("ax dyn pre", "ax dyn 1st pass", "ax dyn 2nd pass", "ax dyn 3rd pass"),
        "ax dynamic",
        counts_phases=False,
    ),
    "GE": Vendor(
        "GE MEDICAL SYSTEMS",
        ExplicitVRLittleEndian,
        ("ORIGINAL", "PRIMARY", "OTHER"),
        ("SS", "SP", "SK"),
        ("FAST_GEMS", "FILTERED_GEMS", "ACC_GEMS", "FS"),
        ("ax 3d dyn", "Ph1/ax 3d dyn", "Ph2/ax 3d dyn", "Ph3/ax 3d dyn"),
        "Ax Vibrant MultiPhase",
        counts_phases=True,
    ),
}


def phase_tags(vendor: Vendor, k: int, times: list[float]) -> Dataset:
    """What tells phase ``k`` (0 is pre) apart from the others besides AcquisitionTime; ``times`` in s."""
    tags = Dataset()
    if vendor.counts_phases:
        tags.TemporalPositionIdentifier, tags.NumberOfTemporalPositions = k + 1, PHASES
        tags.TriggerTime = f"{1000 * (times[k] - times[0]):.0f}"
    return tags
