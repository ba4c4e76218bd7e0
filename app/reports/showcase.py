"""The forms of one result that docs/results.md shows, as files."""

from collections.abc import Iterator

from nets.bundle import ROLES
from reports.document import document
from reports.montage import montage
from reports.pictures import PROJECTION, picture, png
from reports.report import Report

#: Those of ``pictures.KINDS`` that look different enough to be shown.
SHOWN = ("1st_pass", "1st_subtraction", PROJECTION, "initial_rise", "curve_types", "signal_enhancement_ratio")
TILES = 4


def files(report: Report) -> Iterator[tuple[str, bytes]]:
    """Name and content of each: the best slice of the first finding, the montage, the document. Without a finding it is
    the middle slice."""
    best = [each.best_slice for each in report.findings[:1]]
    number = best[0] if best else (len(report.slices) + 1) // 2
    for kind in SHOWN:
        yield f"{kind}.png", png(picture(report, number, kind, legend=True))
    for network in ROLES:
        yield f"heat_{network}.png", png(picture(report, number, heat=network, legend=True))
    yield "montage.png", png(montage(report, TILES))
    yield "report.pdf", document(report)
