"""The first pass with a network's heat in colour, as DICOM Secondary Captures: for viewers that know no parametric map.

They lie where their slices lie: the attributes of the image plane (DICOM PS3.3 C.7.6.2) are added to what a Secondary
Capture has. Nothing is written into the picture, so that nothing hides tissue.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import SecondaryCaptureImageStorage

from imaging.exam import PASSES
from imaging.kept_exam import Source
from nets.bundle import ROLES
from reports.codes import own_scheme
from reports.colours import overlay
from reports.errors import NoPositiveSlice
from reports.identity import Form, check_references, date, new_object, sources, time
from reports.orientation import edges
from reports.pictures import grey
from reports.planes import (
    body_part,
    derivation,
    frame_of_reference_module,
    heats,
    lossy_compression,
    measures,
    missing_geometry,
    orientation,
    position,
)
from reports.report import Report
from reports.words import about_heat, banner

FORMS = {
    role: Form(
        f"overlay of {role}",
        SecondaryCaptureImageStorage,
        "MR",
        9120 + place,
        f"BreastWise overlay, {role} network, research use only",
    )
    for place, role in enumerate(ROLES, start=1)
}
# Of the first pass in grey and heat, both (rows, columns) float32 of 0 to 1: (rows, columns, 3) uint8, RGB.
Paint = Callable[[np.ndarray, np.ndarray], np.ndarray]


def check_secondary_captures(report: Report) -> None:
    """Raises what ``secondary_captures`` does."""
    if not report.positive_slices:
        raise NoPositiveSlice
    check_references(report, report.positive_slices)


def secondary_captures(report: Report, role: str = "scantype", paint: Paint = overlay) -> Iterator[FileDataset]:
    """An image for each positive slice, in reading order, with the heat of the network ``role``.

    Raises NoInstanceUids or NoPositiveSlice, before the first is made.
    """
    check_secondary_captures(report)
    return _captures(report, role, paint)


def _captures(report: Report, role: str, paint: Paint) -> Iterator[FileDataset]:
    numbers = report.positive_slices
    slices = zip(numbers, sources(report, numbers), heats(report, role), strict=True)
    for place, (number, images, heat) in enumerate(slices, start=1):
        made = new_object(report, FORMS[role], place)
        made.update(_image(report, role, number, images))
        made.update(_pixels(paint(grey(report.exam, PASSES[0], number), heat)))
        yield made


def _image(report: Report, role: str, number: int, images: Sequence[Source]) -> Dataset:
    told, moment = Dataset(), report.analysed_at
    told.ConversionType, told.ImageType = "WSD", ["DERIVED", "SECONDARY"]
    told.DateOfSecondaryCapture, told.TimeOfSecondaryCapture = date(moment), time(moment)
    told.update(derivation(images))
    told.DerivationDescription = f"First pass, with the heat of the {role} network in colour"
    told.ImageComments = f"Slice {number}. {banner(report.cards)} {about_heat(role)}"
    told.BurnedInAnnotation, told.RecognizableVisualFeatures = "NO", "NO"
    told.update(body_part(report))
    told.update(lossy_compression(report))
    told.CodingSchemeIdentificationSequence = [own_scheme()]
    told.PatientOrientation = ""
    if not missing_geometry(report):
        sides = edges(report.exam.stack.image_orientation)
        told.PatientOrientation = [sides.right, sides.bottom]
        for part in (frame_of_reference_module(report), measures(report), orientation(report)):
            told.update(part)
        told.update(position(report, number))
    elif report.exam.stack.pixel_spacing is not None:
        told.update(measures(report))
    return told


def _pixels(painted: np.ndarray) -> Dataset:
    told = Dataset()
    told.Rows, told.Columns, told.SamplesPerPixel = *painted.shape[:2], 3
    told.PhotometricInterpretation, told.PlanarConfiguration = "RGB", 0
    told.BitsAllocated, told.BitsStored, told.HighBit, told.PixelRepresentation = 8, 8, 7, 0
    told.PixelData = _even(painted.astype(np.uint8).tobytes())
    told["PixelData"].VR = "OB"
    return told


def _even(content: bytes) -> bytes:
    """Of an even length (DICOM PS3.5 section 8.1.1)."""
    return content + b"\0" * (len(content) % 2)
