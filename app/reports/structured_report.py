"""A result as a DICOM Structured Report: Comprehensive 3D SR after template TID 1500, Measurement Report (PS3.16).

Comprehensive 3D SR and not Comprehensive SR, because a finding's place is told in patient coordinates (SCOORD3D). The
templates are highdicom's; the document around them is ``identity.new_object``'s, so that highdicom, which warns of
names that it finds odd, sees nothing of the patient.
"""

import uuid
from collections.abc import Sequence

from highdicom.sr import (
    CodeContentItem,
    ContainerContentItem,
    ContentItem,
    DeviceObserverIdentifyingAttributes,
    ImageContentItem,
    MeasurementReport,
    NumContentItem,
    ObservationContext,
    ObserverContext,
    RelationshipTypeValues,
    TextContentItem,
    UIDRefContentItem,
)
from pydicom.dataset import Dataset, FileDataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import UID, Comprehensive3DSRStorage

from imaging.kept_exam import Source
from reports.codes import WARNING, own_scheme
from reports.identity import (
    MANUFACTURER,
    NAME_SPACE,
    Form,
    by_series,
    check_references,
    form_uid,
    frame_of_reference,
    new_object,
    sources,
)
from reports.measurement_groups import Context, finding_group, slice_group
from reports.report import Report
from reports.sentences import answer
from reports.words import banner

FORM = Form("structured report", Comprehensive3DSRStorage, "SR", 9101, "BreastWise report, research use only")
CONTAINS, ACQUIRED = RelationshipTypeValues.CONTAINS, RelationshipTypeValues.HAS_ACQ_CONTEXT


def check_structured_report(report: Report) -> None:
    """Raises what ``structured_report`` does, which takes longer."""
    check_references(report, _numbers(report))


def structured_report(report: Report) -> FileDataset:
    """Every slice with both networks' probabilities and decisions, and every finding, with references to the images.

    Raises NoInstanceUids when the exam's images cannot be referred to.
    """
    rows = sources(report, _numbers(report))
    made = new_object(report, FORM)
    made.CompletionFlag, made.VerificationFlag, made.PreliminaryFlag = "COMPLETE", "UNVERIFIED", "PRELIMINARY"
    made.PerformedProcedureCodeSequence, made.ReferencedPerformedProcedureStepSequence = [], []
    made.CodingSchemeIdentificationSequence = [own_scheme()]
    made.CurrentRequestedProcedureEvidenceSequence = [_evidence(made.StudyInstanceUID, rows)]
    made.update(_document(report, rows))
    return made


def _numbers(report: Report) -> range:
    return range(1, len(report.slices) + 1)


def _evidence(study: str, rows: Sequence[Sequence[Source]]) -> Dataset:
    evidence = Dataset()
    evidence.StudyInstanceUID = study
    evidence.ReferencedSeriesSequence = [_series(uid, files) for uid, files in by_series(rows).items()]
    return evidence


def _series(uid: str, files: list[Dataset]) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID, series.ReferencedSOPSequence = uid, files
    return series


def _document(report: Report, rows: Sequence[Sequence[Source]]) -> ContainerContentItem:
    """The root of the content tree."""
    context = Context(report, lambda *what: form_uid(report, FORM, *what), frame_of_reference(report))
    found = [finding_group(context, finding, rows[finding.best_slice - 1]) for finding in report.findings]
    judged = zip(report.slices, report.reasons, rows, strict=True)
    (root,) = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=_observer(report)),
        procedure_reported=codes.SCT.MRIOfBreast,
        imaging_measurements=[*found, *(slice_group(context, *each) for each in judged)],
    )
    # the library comes before what is measured in it
    root.ContentSequence.insert(len(root.ContentSequence) - 1, _image_library(report, rows))
    told = [(codes.DCM.Conclusion, answer(report)), (codes.DCM.Comment, banner(report.cards))]
    root.ContentSequence.extend(_text(*each) for each in (*told, *((WARNING, text) for text in report.warnings)))
    return root


def _observer(report: Report) -> ObserverContext:
    weights = " ".join(each["sha256"] for each in report.networks)
    attributes = DeviceObserverIdentifyingAttributes(
        uid=UID(f"2.25.{uuid.uuid5(NAME_SPACE, f'{report.version} {weights}').int}"),
        name=MANUFACTURER,
        manufacturer_name=MANUFACTURER,
        model_name=f"{MANUFACTURER} {report.version}",
    )
    return ObserverContext(codes.DCM.Device, attributes)


def _text(name: Code, value: str) -> TextContentItem:
    return TextContentItem(name, value, CONTAINS)


def _image_library(report: Report, rows: Sequence[Sequence[Source]]) -> ContainerContentItem:
    """TID 1600: a group a series, which says once what all its images share."""
    library = ContainerContentItem(codes.DCM.ImageLibrary, template_id="1600", relationship_type=CONTAINS)
    library.ContentSequence = [_library_group(report, files) for files in by_series(rows).values()]
    return library


def _library_group(report: Report, files: Sequence[Dataset]) -> ContainerContentItem:
    group = ContainerContentItem(codes.DCM.ImageLibraryGroup, relationship_type=CONTAINS)
    images = (
        ImageContentItem(
            codes.SCT.Source,
            each.ReferencedSOPClassUID,
            each.ReferencedSOPInstanceUID,
            relationship_type=CONTAINS,
        )
        for each in files
    )
    group.ContentSequence = [*_descriptors(report), *images]
    return group


def _descriptors(report: Report) -> list[ContentItem]:
    """TID 1602."""
    stack, frame = report.exam.stack, frame_of_reference(report)
    pixels = Code("{pixels}", "UCUM", "pixels")
    found = [
        CodeContentItem(codes.DCM.Modality, codes.DCM.MagneticResonance, ACQUIRED),
        CodeContentItem(codes.DCM.TargetRegion, codes.SCT.Breast, ACQUIRED),
        NumContentItem(codes.DCM.PixelDataRows, stack.rows, pixels, relationship_type=ACQUIRED),
        NumContentItem(codes.DCM.PixelDataColumns, stack.columns, pixels, relationship_type=ACQUIRED),
    ]
    if frame:
        found.append(UIDRefContentItem(codes.DCM.FrameOfReferenceUID, frame, ACQUIRED))
    return found
