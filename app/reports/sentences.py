"""What the document says of an exam, its findings and its networks, as plain text."""

import itertools
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC

from detection.findings import Finding, Peak
from detection.kinetics import CurveType
from imaging.exam import FOLDERS
from imaging.kept_exam import ExamDescription
from imaging.stack import SIDES, cut
from nets.bundle import Card
from reports.document_fonts import printable
from reports.report import Report
from reports.scripts import UNKNOWN
from reports.words import be, counted

NOT_TOLD = "not told"
NO_NAME = "the name cannot be printed here; see the patient ID"
NO_OTHER_NAME = "another way of writing it cannot be printed here"
LONGEST, LONGEST_BELOW = 200, 60  # characters, in a page and below it
#: Where a card keeps what an evaluation found.
EVALUATION = "evaluation"
# Initial rise in percent as BI-RADS names it: below the first slow, above the second fast.
SLOW, FAST = 50, 100
NO_HEAT = "The scantype network has no heat in its best slice, so there is no place to tell."
FUSION = (
    "Rule: a slice is positive when both networks say so, or when one does and a slice directly before or after it is "
    "positive in both."
)
# By the decisions of the single and the scantype network.
VOTES = {
    (1, 1): "Both networks say yes",
    (0, 1): "The scantype network alone says yes, and both do directly beside it",
    (1, 0): "The single network alone says yes, and both do directly beside it",
}
LIMITS = (
    "The answer is a list of slices. It is no diagnosis, no BI-RADS category and no outline of a tumour, and a slice "
    "that is not listed may hold one.",
    "Kinetics are of one place, the most suspicious in the hot tissue, and as coarse as the passes: early is the first "
    "pass, late the last.",
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
        return f"No slice is positive ({count} {'was' if count == 1 else 'were'} read)."
    return f"{len(positive)} of {counted(count, 'slice')} {be(len(positive))} positive: {ranges(positive)}."


def rule(report: Report) -> str:
    """From which probability each network says yes, as far as its card tells, and what follows for a slice."""
    thresholds = ", ".join(f"{card.role} {card.threshold:.3f}" for card in report.cards if card.threshold is not None)
    return " ".join(([f"A network says yes from its threshold on: {thresholds}."] if thresholds else []) + [FUSION])


def reasons(report: Report) -> list[str]:
    """Why slices are positive, those with the same reason together."""
    said = {number: report.slices[number - 1] for number in report.positive_slices}
    told = []
    for votes, words in VOTES.items():
        numbers = [each for each, of in said.items() if (of.single_decision, of.scantype_decision) == votes]
        told += [f"{words}: {ranges(numbers)}."] if numbers else []
    return told


def person(name: str) -> str:
    """A DICOM person name (PS3.5 6.2.1.2): family name first, each way of writing it once, as far as there are fonts
    for it; it says where one is left out."""
    ways = list(dict.fromkeys(filter(None, map(_way, name.split("=")))))
    shown = short(" / ".join(filter(printable, ways)))
    if all(map(printable, ways)):
        return shown
    return f"{shown} ({NO_OTHER_NAME})" if shown else NO_NAME


def _way(written: str) -> str:
    wide = any(unicodedata.east_asian_width(each) in "WF" for each in written)
    return (" " if wide else ", ").join(filter(None, (part.strip() for part in written.split("^"))))


def legible(text: str) -> str:
    """``text``, cut where it is long; it says so where characters of it have no font."""
    shown = short(text)
    return shown if printable(shown) else f"{shown} ({UNKNOWN} cannot be printed here)"


def short(text: str, longest: int = LONGEST) -> str:
    """``text``, cut where it is longer than DICOM allows (PS3.5 6.2: 64 characters, of a name three times as many)."""
    return text if len(text) <= longest else f"{text[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"


def day(date: str) -> str:
    """A DICOM date as ``2020-01-31``; as it stands where it is none."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 and date.isdecimal() else legible(date)


def moment(report: Report) -> str:
    return f"{report.analysed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def origin(report: Report) -> str:
    """Which program made which result, and when."""
    return f"BreastWise {report.version}, result {report.study}, {moment(report)}"


def identity(report: Report) -> list[tuple[str, str]]:
    """Whose exam it is and which, in the header's own words."""
    header = report.exam.description.header
    told = [
        ("Patient", person(header.get("PatientName", ""))),
        ("Study date", day(header.get("StudyDate", ""))),
        ("Patient ID", legible(header.get("PatientID", ""))),
        ("Accession number", legible(header.get("AccessionNumber", ""))),
        ("Born", day(header.get("PatientBirthDate", ""))),
        ("Study", legible(header.get("StudyDescription", ""))),
        ("Sex", legible(header.get("PatientSex", ""))),
        ("Analysed", moment(report)),
    ]
    return [(name, value or NOT_TOLD) for name, value in told]


def whose(report: Report) -> str:
    """Patient, ID and date of study in one line, so that pages that were parted find together."""
    told = dict(identity(report))
    return "; ".join(f"{name} {short(told[name], LONGEST_BELOW)}" for name in ("Patient", "Patient ID", "Study date"))


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
    told = ", ".join(filter(None, (legible(made), *values)))
    return [f"{told}."] if told else []


def _number(text: str) -> str:
    try:
        return f"{round(float(text), 2):g}"
    except ValueError:
        return legible(text)


def _passes(exam: ExamDescription) -> str:
    if exam.seconds is None:
        return "Before contrast and three passes, whose times headers do not tell."
    moments = ", ".join(f"{each:.0f}" for each in exam.seconds[1:])
    return f"Before contrast and {len(FOLDERS) - 1} passes, which begin {moments} s after the one before contrast."


def _geometry(exam: ExamDescription) -> list[str]:
    stack, told = (
        exam.stack,
        [f"{counted(len(exam.stack), 'slice')} of {exam.stack.rows} x {exam.stack.columns} pixels"],
    )
    if stack.pixel_spacing:
        told.append("pixels of {:.3g} x {:.3g} mm".format(*stack.pixel_spacing))
    if stack.slice_spacing is not None:
        told.append(f"{stack.slice_spacing:.3g} mm from slice to slice")
    if exam.header.get("SliceThickness"):
        told.append(f"{_number(exam.header['SliceThickness'])} mm thick")
    where = f"{cut(stack.image_orientation)}: " if stack.image_orientation else ""
    return [f"{(where + ', '.join(told))[0].upper()}{(where + ', '.join(told))[1:]}."]


def _agent(header: Mapping[str, str]) -> str:
    agent = legible(header.get("ContrastBolusAgent", ""))
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
    return [*told, place(finding), kinetics(finding.peak), agreement(finding)]


def place(finding: Finding) -> str:
    peak, alone = finding.peak, f", {finding.breast} breast alone" if finding.breast else ""
    pixel = f"Most heat in slice {finding.best_slice}{alone}: row {peak.row}, column {peak.column}, counted from 0"
    if peak.patient_position is None:
        return f"{pixel}; headers do not say where slices lie, so the side is not known."
    parts = zip(peak.patient_position, SIDES, strict=True)
    words = ", ".join(f"{abs(mm):.1f} mm to the {ends[int(mm > 0)]}" for mm, ends in parts)
    return f"{pixel}; {words} of the scanner's origin."


def kinetics(peak: Peak) -> str:
    if peak.initial_rise is None:
        return "Kinetics there: too dark to tell."
    if peak.curve_type == CurveType.NONE.words:
        return f"Kinetics there: initial rise {peak.initial_rise:.0f} %, {peak.curve_type}."
    pace = "slow" if peak.initial_rise < SLOW else "medium" if peak.initial_rise <= FAST else "fast"
    where = f"row {peak.curve_row}, column {peak.curve_column}"
    told = f"initial rise {peak.initial_rise:.0f} % ({pace}), then {peak.curve_type}"
    return f"Kinetics, the most suspicious curve there ({where}): {told}."


def agreement(finding: Finding) -> str:
    found = finding.agreement
    parts = ((found.persistent, "persistent"), (found.plateau, "plateau"), (found.wash_out, "wash-out"))
    kinds = ", ".join(f"{_percent(share)} {name}" for share, name in parts)
    elsewhere = [
        f"{_percent(share)} in the {name}" for name, share in (("air", found.air), ("chest", found.chest)) if share
    ]
    told = f"Of the heat there {_percent(found.enhancing)} lies in enhancing tissue ({kinds})"
    return ", ".join((told, *elsewhere)) + "."


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def evaluation(card: Card) -> Mapping:
    """What an evaluation found of a network; empty where its card tells of none."""
    return card.figures.get(EVALUATION, {})


def measured_on(card: Card) -> str:
    """The exams of that evaluation."""
    found = evaluation(card)
    if not found:
        return "Its card tells no figures."
    kind = "synthetic exam" if found["data"].get("source", {}).get("kind") == "phantoms" else "exam"
    return f"Measured on {counted(found['counts']['exams_judged'], kind)}"


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
