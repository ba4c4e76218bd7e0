"""What a structured report says of a slice and of a finding: measurement groups after TID 1501 and 1410 (PS3.16)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    FindingSite,
    ImageRegion,
    ImageRegion3D,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from detection.agreement import Agreement
from detection.findings import Finding, Peak
from detection.results import SliceResult
from imaging.kept_exam import Source
from reports.codes import (
    ALONG_STACK,
    BEST_SLICE,
    CURVE_TYPES,
    DECISIONS,
    FIRST_SLICE,
    FUSED_DECISION,
    INITIAL_RISE,
    LAST_SLICE,
    LATERALITIES,
    ONE,
    SCANTYPE_DECISION,
    SCANTYPE_NETWORK,
    SHARES,
    SINGLE_DECISION,
    SINGLE_NETWORK,
    WARNING,
)
from reports.report import Report
from reports.sentences import FUSION, NO_HEAT, kinetics, place

FIRST_PASS = 1  # of the images of a slice


@dataclass(frozen=True)
class Context:
    """What groups share. ``uid`` makes a UID of what it is for; ``frame_of_reference`` is that of the exam, or None."""

    report: Report
    uid: Callable[..., str]
    frame_of_reference: str | None

    @cached_property
    def networks(self) -> list[AlgorithmIdentification]:
        """TID 4019, the single network first."""
        return [
            AlgorithmIdentification(each["name"], each["version"], [f"weights SHA-256 {each['sha256']}"])
            for each in self.report.networks
        ]

    @cached_property
    def fusion(self) -> AlgorithmIdentification:
        return AlgorithmIdentification("Fusion of both networks", self.report.version, [FUSION])

    def tracking(self, kind: str, number: int) -> TrackingIdentifier:
        return TrackingIdentifier(self.uid(kind, str(number)), f"{kind} {number}")


def slice_group(
    context: Context, judged: SliceResult, reason: str, images: Sequence[Source]
) -> MeasurementsAndQualitativeEvaluations:
    """TID 1501: both probabilities, three decisions, the reason in words, and the images they were taken from."""
    single, scantype = context.networks
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=context.tracking("Slice", judged.number),
        algorithm_id=context.fusion,
        measurements=[
            _measured(codes.DCM.Probability, judged.single_probability, ONE, SINGLE_NETWORK, single),
            _measured(codes.DCM.Probability, judged.scantype_probability, ONE, SCANTYPE_NETWORK, scantype),
        ],
        qualitative_evaluations=[
            QualitativeEvaluation(SINGLE_DECISION, DECISIONS[judged.single_decision]),
            QualitativeEvaluation(SCANTYPE_DECISION, DECISIONS[judged.scantype_decision]),
            QualitativeEvaluation(FUSED_DECISION, DECISIONS[judged.fused]),
        ],
        source_images=_images(images),
    )
    _say(group, codes.DCM.Comment, [reason])
    return group


def finding_group(
    context: Context, finding: Finding, images: Sequence[Source]
) -> PlanarROIMeasurementsAndQualitativeEvaluations | MeasurementsAndQualitativeEvaluations:
    """TID 1410: which slices, how long, where, and how its tissue takes up contrast; ``images`` of its best slice.
    Where the network looked nowhere in that slice, TID 1501 without place and tissue."""
    peak, tracking = finding.peak, context.tracking("Finding", finding.number)
    if peak is None:
        group = MeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking,
            finding_type=codes.SCT.Lesion,
            finding_sites=[FindingSite(codes.SCT.Breast)],
            measurements=list(_lengthwise(finding)),
        )
        _say(group, codes.DCM.Comment, [NO_HEAT])
    else:
        group = PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking,
            referenced_region=_place(peak, context.frame_of_reference, images[FIRST_PASS]),
            finding_type=codes.SCT.Lesion,
            finding_sites=[FindingSite(codes.SCT.Breast, LATERALITIES.get(peak.side))],
            measurements=[*_lengthwise(finding), *_of_tissue(peak, finding.agreement)],
            qualitative_evaluations=[
                QualitativeEvaluation(codes.RADLEX.EnhancementPattern, CURVE_TYPES[kind])
                for kind in (peak.curve_type,)
                if kind  # too dark to tell else
            ],
        )
        _say(group, codes.DCM.Comment, [place(finding), kinetics(peak)])
    group[0].ContentSequence.extend(_images(images))
    _say(group, WARNING, finding.warnings)
    return group


def _lengthwise(finding: Finding) -> Iterator[Measurement]:
    numbers = {FIRST_SLICE: finding.first_slice, LAST_SLICE: finding.last_slice, BEST_SLICE: finding.best_slice}
    for name, number in numbers.items():
        yield _measured(name, number, ONE)
    if finding.extent is not None:
        yield _measured(codes.SCT.Length, finding.extent, codes.UCUM.Millimeter, ALONG_STACK)


def _of_tissue(peak: Peak, agreement: Agreement) -> Iterator[Measurement]:
    if peak.initial_rise is not None:
        yield _measured(INITIAL_RISE, peak.initial_rise, codes.UCUM.Percent)
    for field, name in SHARES.items():
        share = getattr(agreement, field)
        if share is not None:
            yield _measured(name, share, ONE)


def _measured(
    name: Code, value: float, unit: Code, method: Code | None = None, by: AlgorithmIdentification | None = None
) -> Measurement:
    """TID 300."""
    return Measurement(name, value, unit, method=method, algorithm_id=by)


def _place(peak: Peak, frame_of_reference: str | None, image: Source) -> ImageRegion | ImageRegion3D:
    """A point: in the patient where headers tell it, else in ``image``."""
    if peak.patient_position is not None and frame_of_reference:
        return ImageRegion3D("POINT", np.array([peak.patient_position]), frame_of_reference)
    # the upper left corner of the first pixel is 0, its centre a half (DICOM PS3.3 C.18.6.1.2)
    place = np.array([[peak.column + 0.5, peak.row + 0.5]])
    return ImageRegion("POINT", place, SourceImageForRegion(*_names(image)))


def _images(images: Sequence[Source]) -> list[SourceImageForMeasurementGroup]:
    return [SourceImageForMeasurementGroup(*_names(each)) for each in images]


def _names(image: Source) -> tuple[str, str, list[int] | None]:
    frames = None if image.frame is None else [image.frame + 1]
    return image.sop_class_uid, image.sop_instance_uid, frames


def _say(group: Sequence, name: Code, texts: Sequence[str]) -> None:
    contains = RelationshipTypeValues.CONTAINS
    group[0].ContentSequence.extend(TextContentItem(name, text, contains) for text in texts)
