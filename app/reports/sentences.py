"""What the document says of an exam, its findings and its networks, as plain text."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC

from detection.findings import Finding, Peak
from detection.kinetics import CurveType
from imaging.exam import FOLDERS
from imaging.kept_exam import ExamDescription
from imaging.stack import cut
from nets.bundle import Card
from reports.report import Report

NOT_TOLD = "not told"
LONGEST = 200  # characters
#: Where a card keeps what an evaluation found.
EVALUATION = "evaluation"
# Initial rise in percent as BI-RADS names it: below the first slow, above the second fast.
SLOW, FAST = 50, 100
# At the low and the high end of each patient axis.
SIDES = (("right", "left"), ("front", "back"), ("feet", "head"))
NO_HEAT = "The scantype network has no heat in its best slice, so there is no place to tell."
FUSION = (
    "Rule: a slice is positive when both networks say so, or when one does and a slice directly before or after it is "
    "positive in both."
)
LIMITS = (
    "The answer is a list of slices. It is no diagnosis, no BI-RADS category and no outline of a tumour, and a slice "
    "that is not listed may hold one.",
    "Kinetics are of one place and as coarse as the passes: early is the first pass, late the last.",
    "Extent counts positive slices along the stack; sizes within a slice are not measured.",
    "Decisions about a patient must not rest on this document.",
)


def ranges(numbers: Sequence[int]) -> str:
    """Rising numbers as ``3, 6 to 9``."""
    runs = itertools.groupby(enumerate(numbers), key=lambda each: each[1] - each[0])
    ends = [(run[0][1], run[-1][1]) for run in (list(each) for _, each in runs)]
    return ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in ends)


def answer(report: Report) -> str:
    positive, count = report.positive_slices, len(report.slices)
    if not positive:
        return f"No slice is positive ({count} were read)."
    words = "slice is" if len(positive) == 1 else "slices are"
    return f"{len(positive)} of {count} {words} positive: {ranges(positive)}."


def person(name: str) -> str:
    """A DICOM person name (PS3.5 6.2.1.2): family name first, each way of writing it once."""
    written = (", ".join(filter(None, (part.strip() for part in each.split("^")))) for each in name.split("="))
    return " / ".join(dict.fromkeys(filter(None, written)))


def short(text: str) -> str:
    """``text``, cut where it is longer than DICOM allows (PS3.5 6.2: 64 characters, of a name three times as many)."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def day(date: str) -> str:
    """A DICOM date as ``2020-01-31``; as it stands where it is none."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 and date.isdecimal() else date


def moment(report: Report) -> str:
    return f"{report.analysed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def identity(report: Report) -> list[tuple[str, str]]:
    """Whose exam it is and which, in the header's own words."""
    header = report.exam.description.header
    told = [
        ("Patient", person(header.get("PatientName", ""))),
        ("Study date", day(header.get("StudyDate", ""))),
        ("Patient ID", header.get("PatientID", "")),
        ("Accession number", header.get("AccessionNumber", "")),
        ("Born", day(header.get("PatientBirthDate", ""))),
        ("Study", header.get("StudyDescription", "")),
        ("Sex", header.get("PatientSex", "")),
        ("Analysed", moment(report)),
    ]
    return [(name, short(value) or NOT_TOLD) for name, value in told]


def technique(exam: ExamDescription) -> str:
    return " ".join((*_scanner(exam.header), _passes(exam), *_geometry(exam), _agent(exam.header)))


def _scanner(header: Mapping[str, str]) -> list[str]:
    made = " ".join(filter(None, (header.get("Manufacturer"), header.get("ManufacturerModelName"))))
    named = (
        ("MagneticFieldStrength", "T"),
        ("RepetitionTime", "ms TR"),
        ("EchoTime", "ms TE"),
        ("FlipAngle", "degrees flip angle"),
    )
    values = [f"{_number(header[keyword])} {unit}" for keyword, unit in named if header.get(keyword)]
    told = ", ".join(filter(None, (short(made), *values)))
    return [f"{told}."] if told else []


def _number(text: str) -> str:
    try:
        return f"{round(float(text), 2):g}"
    except ValueError:
        return short(text)


def _passes(exam: ExamDescription) -> str:
    if exam.seconds is None:
        return "Before contrast and three passes, whose times headers do not tell."
    moments = ", ".join(f"{each:.0f}" for each in exam.seconds[1:])
    return f"Before contrast and {len(FOLDERS) - 1} passes, which begin {moments} s after the one before contrast."


def _geometry(exam: ExamDescription) -> list[str]:
    stack, told = exam.stack, [f"{len(exam.stack)} slices of {exam.stack.rows} x {exam.stack.columns} pixels"]
    if stack.pixel_spacing:
        told.append("pixels of {:.3g} x {:.3g} mm".format(*stack.pixel_spacing))
    if stack.slice_spacing is not None:
        told.append(f"{stack.slice_spacing:.3g} mm from slice to slice")
    if exam.header.get("SliceThickness"):
        told.append(f"{_number(exam.header['SliceThickness'])} mm thick")
    where = f"{cut(stack.image_orientation)}: " if stack.image_orientation else ""
    return [f"{(where + ', '.join(told))[0].upper()}{(where + ', '.join(told))[1:]}."]


def _agent(header: Mapping[str, str]) -> str:
    agent = short(header.get("ContrastBolusAgent", ""))
    return f"Contrast agent: {agent}." if agent else "The headers name no contrast agent."


def title(finding: Finding) -> str:
    first, last = finding.first_slice, finding.last_slice
    where = f"slice {first}" if first == last else f"slices {first} to {last}, best {finding.best_slice}"
    known = finding.peak and finding.peak.side
    side = {None: "", "middle": "; near the middle"}.get(known, f"; {known} side")
    return f"Finding {finding.number}: {where}{side}"


def about(finding: Finding, report: Report) -> list[str]:
    """Where it is, how its tissue behaves, and what the networks say, a sentence or two each."""
    best = report.slices[finding.best_slice - 1]
    told = [f"Best slice: single {best.single_probability:.3f}, scantype {best.scantype_probability:.3f}."]
    if finding.extent is not None:
        told.append(f"Extent along the stack: {finding.extent:g} mm.")
    if finding.peak is None:
        return [*told, NO_HEAT]
    return [*told, place(finding.best_slice, finding.peak), kinetics(finding.peak), agreement(finding)]


def place(number: int, peak: Peak) -> str:
    pixel = f"Most heat in slice {number}: row {peak.row}, column {peak.column}, counted from 0"
    if peak.patient_position is None:
        return f"{pixel}; headers do not say where slices lie, so the side is not known."
    parts = zip(peak.patient_position, SIDES, strict=True)
    words = ", ".join(f"{abs(mm):.1f} mm to the {ends[int(mm > 0)]}" for mm, ends in parts)
    return f"{pixel}; {words} of the scanner's origin."


def kinetics(peak: Peak) -> str:
    if peak.initial_rise is None:
        return "Kinetics there: too dark to tell."
    pace = "slow" if peak.initial_rise < SLOW else "medium" if peak.initial_rise <= FAST else "fast"
    kind = peak.curve_type if peak.curve_type == CurveType.NONE.words else f"then {peak.curve_type}"
    return f"Kinetics there: initial rise {peak.initial_rise:.0f} % ({pace}), {kind}."


def agreement(finding: Finding) -> str:
    found = finding.agreement
    kinds = f"{found.persistent:.0%} persistent, {found.plateau:.0%} plateau, {found.wash_out:.0%} wash-out"
    elsewhere = [f"{share:.0%} in the {name}" for name, share in (("air", found.air), ("chest", found.chest)) if share]
    return ", ".join((f"Of the heat there {found.enhancing:.0%} lies in enhancing tissue ({kinds})", *elsewhere)) + "."


def evaluation(card: Card) -> Mapping:
    """What an evaluation found of a network; empty where its card tells of none."""
    return card.figures.get(EVALUATION, {})


def measured_on(card: Card) -> str:
    """The exams of that evaluation."""
    found = evaluation(card)
    if not found:
        return "Its card tells no figures."
    kind = "phantoms (synthetic exams)" if found["data"].get("source", {}).get("kind") == "phantoms" else "exams"
    return f"Measured on {found['counts']['exams_judged']} {kind}"


FIGURES = {
    "slice_auc": "slice AUC",
    "sensitivity": "slice sensitivity",
    "specificity": "slice specificity",
    "exam_sensitivity": "exam sensitivity",
    "exam_specificity": "exam specificity",
}


def figures(found: Mapping) -> dict[str, str]:
    """Those of FIGURES that there are, with 95 % intervals."""
    return {words: _figure(found[name]) for name, words in FIGURES.items() if found.get(name)}


def _figure(told: Mapping) -> str:
    low, high = told.get("interval_95") or (None, None)
    interval = "" if low is None else f" ({low:.2f} to {high:.2f})"
    return f"{told['value']:.2f}{interval}"
