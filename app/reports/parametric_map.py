"""Where a network looked, as a DICOM Parametric Map (PS3.3 A.75): a frame of float values for each positive slice."""

import io
from collections.abc import Sequence

import numpy as np
from highdicom.pm import RealWorldValueMapping
from pydicom.dataset import Dataset, FileDataset
from pydicom.sr.codedict import codes
from pydicom.tag import Tag
from pydicom.uid import ParametricMapStorage

from imaging.kept_exam import Source
from imaging.lazy_file import LazyFile
from nets.bundle import ROLES
from reports.codes import ONE, own_scheme
from reports.errors import NoGeometry, NoPositiveSlice
from reports.identity import Form, check_references, form_uid, new_object, sources
from reports.planes import (
    AT_ONCE,
    body_part,
    derivation,
    frame_of_reference_module,
    heat_of,
    lossy_compression,
    measures,
    missing_geometry,
    orientation,
    position,
    referenced_series,
)
from reports.report import Report
from reports.words import about_heat, banner

FORMS = {
    role: Form(
        f"heat of {role}",
        ParametricMapStorage,
        "MR",
        9110 + place,
        f"BreastWise heat, {role} network, research use only",
    )
    for place, role in enumerate(ROLES, start=1)
}
PIXEL = np.dtype("<f4")
IMAGE_TYPE = ["DERIVED", "PRIMARY", "VOLUME", "QUANTITY"]


def check_parametric_map(report: Report) -> None:
    """Raises what ``parametric_map`` does, which takes longer."""
    if not report.positive_slices:
        raise NoPositiveSlice
    if missing := missing_geometry(report):
        raise NoGeometry(missing)
    check_references(report, report.positive_slices)


def parametric_map(report: Report, role: str = "scantype") -> FileDataset:
    """Heat of the network ``role`` in the positive slices, 0 to 1, with their own matrix and place in the patient.

    Frames are in reading order; their pixels are a buffer that asks for heat when it is read. Raises NoInstanceUids,
    NoPositiveSlice or NoGeometry.
    """
    check_parametric_map(report)
    numbers, form = report.positive_slices, FORMS[role]
    rows = sources(report, numbers)
    made = new_object(report, form)
    made.update(frame_of_reference_module(report))
    made.update(_image(role))
    made.update(body_part(report))
    made.update(lossy_compression(report))
    made.CodingSchemeIdentificationSequence = [own_scheme()]
    made.ReferencedSeriesSequence = referenced_series(rows)
    made.update(_dimensions(form_uid(report, form, "dimensions")))
    made.SharedFunctionalGroupsSequence = [_shared(report)]
    frames = enumerate(zip(numbers, rows, strict=True), start=1)
    made.PerFrameFunctionalGroupsSequence = [_frame(report, role, place, *each) for place, each in frames]
    made.Rows, made.Columns, made.NumberOfFrames = report.exam.stack.rows, report.exam.stack.columns, len(numbers)
    made.FloatPixelData = _pixels(report, role)
    return made


def _pixels(report: Report, role: str) -> io.BufferedReader:
    numbers, stack = report.positive_slices, report.exam.stack
    frame = stack.rows * stack.columns * PIXEL.itemsize

    def frames(portion: int) -> bytes:
        return heat_of(report, role, numbers[portion * AT_ONCE :][:AT_ONCE]).astype(PIXEL).tobytes()

    return io.BufferedReader(LazyFile(frames, AT_ONCE * frame, len(numbers) * frame))


def _image(role: str) -> Dataset:
    """DICOM PS3.3 C.8.32.2, parametric map image."""
    told = Dataset()
    told.ImageType, told.ContentQualification = IMAGE_TYPE, "RESEARCH"
    told.SamplesPerPixel, told.PhotometricInterpretation, told.BitsAllocated = 1, "MONOCHROME2", 32
    told.PixelPresentation, told.PresentationLUTShape = "MONOCHROME", "IDENTITY"
    told.BurnedInAnnotation, told.RecognizableVisualFeatures = "NO", "NO"
    told.ContentLabel, told.ContentCreatorName = "HEAT", ""
    told.ContentDescription = f"Where the {role} network looked; research use only"
    told.AcquisitionContextSequence = []
    return told


def _dimensions(organization: str) -> Dataset:
    """Frames are indexed by their place in the stack (DICOM PS3.3 C.7.6.17)."""
    told, index, organized = Dataset(), Dataset(), Dataset()
    index.DimensionOrganizationUID = organized.DimensionOrganizationUID = organization
    index.DimensionIndexPointer = Tag("InStackPositionNumber")
    index.FunctionalGroupPointer = Tag("FrameContentSequence")
    index.DimensionDescriptionLabel = "In-Stack Position Number"
    told.DimensionOrganizationSequence, told.DimensionIndexSequence = [organized], [index]
    return told


def _shared(report: Report) -> Dataset:
    told, unchanged, window, kind = Dataset(), Dataset(), Dataset(), Dataset()
    unchanged.RescaleIntercept, unchanged.RescaleSlope, unchanged.RescaleType = 0, 1, "US"
    window.WindowCenter, window.WindowWidth, window.VOILUTFunction = "0.5", "1", "LINEAR_EXACT"
    kind.FrameType = IMAGE_TYPE
    told.PixelMeasuresSequence = [measures(report)]
    told.PlaneOrientationSequence = [orientation(report)]
    told.PixelValueTransformationSequence = [unchanged]
    told.FrameVOILUTSequence = [window]
    told.RealWorldValueMappingSequence = [
        RealWorldValueMapping(
            lut_label="HEAT",
            lut_explanation="Where the network looked, 1 where it looked most in the slice",
            unit=ONE,
            value_range=(0.0, 1.0),
            slope=1.0,
            intercept=0.0,
            quantity_definition=codes.DCM.Saliency,
        )
    ]
    told.ParametricMapFrameTypeSequence = [kind]
    return told


def _frame(report: Report, role: str, place: int, number: int, images: Sequence[Source]) -> Dataset:
    """Functional groups of frame ``place``, from 1, which shows slice ``number``."""
    told, content = Dataset(), Dataset()
    content.StackID, content.InStackPositionNumber, content.DimensionIndexValues = "1", place, place
    content.FrameLabel = f"Slice {number}"
    content.FrameComments = f"{banner(report.cards)} {about_heat(role)}"
    told.FrameContentSequence = [content]
    told.PlanePositionSequence = [position(report, number)]
    told.DerivationImageSequence = [derivation(images)]
    return told
