"""A zip -> an exam that can be judged, in reading order: unpack, read headers, find the passes, match, check."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from imaging.archive import Limits, Plan, extract, plan, plan_any, plan_either
from imaging.errors import MissingPasses, OtherKind
from imaging.exam import FOLDERS, Exam, match, read_exam
from imaging.folders import check_folders
from imaging.pass_times import check_times
from imaging.passes import Ignored, Passes, find_passes
from imaging.plausibility import check_plausible
from imaging.series import in_order
from imaging.slice_file import SliceFile, read_slices


@dataclass(frozen=True)
class Reading:
    """An exam that can be judged.

    ``warnings`` name no file and no patient and may be kept; ``ignored``, what is not part of the exam, is for the
    sender only.
    """

    exam: Exam
    warnings: tuple[str, ...]
    ignored: tuple[Ignored, ...]


def read_four_folders(archive: BinaryIO, root: Path, limits: Limits) -> Reading:
    """The exam in the folders ``pre``, ``1st_pass``, ``2nd_pass`` and ``3rd_pass`` of a zip, unpacked to ``root``.

    Raises a child of ``imaging.errors.ScanError``.
    """
    planned = extract(archive, root, limits, plan)
    return _four_folders(root, planned)


def read_any_layout(archive: BinaryIO, root: Path, limits: Limits, wanted: Mapping[str, str] | None = None) -> Reading:
    """The exam in a zip of any layout, unpacked to ``root``: the four folders where they are there, else what the
    headers say (``imaging.passes``).

    ``wanted`` says which is which: ``pre``, ``pass_1``, ``pass_2``, ``pass_3``, as ``find_passes`` takes them; then the
    folders decide nothing. Raises a child of ``imaging.errors.ScanError``.
    """
    planned = extract(archive, root, limits, plan_any if wanted else plan_either)
    if planned.four_folders:
        return _four_folders(root, planned)
    slices, ignored = _mr_slices(root, [path for _, path in planned.files])
    try:
        exam, found = found_exam(slices, wanted or {})
    except MissingPasses as error:
        raise MissingPasses(error.reason + _left_out(ignored), tuple(each.label for each in ignored)) from error
    return judged(exam, found.warnings, (*ignored, *found.ignored))


def found_exam(slices: list[SliceFile], wanted: Mapping[str, str]) -> tuple[Exam, Passes]:
    """The exam among the ``slices`` of an upload in any layout, by their headers alone, and how it was found.

    Raises what ``find_passes``, ``in_order``, ``match`` and ``check_times`` raise.
    """
    found = find_passes(slices, wanted)
    phases = zip(FOLDERS, (found.pre, *found.passes), strict=True)
    series = [in_order(name, phase.slices, numbered=False) for name, phase in phases]
    exam = match(*series, named_alike=False)
    check_times(exam.pre, *exam.passes)
    return exam, found


def _left_out(ignored: tuple[Ignored, ...]) -> str:
    if not ignored:
        return ""
    return f" Files left out as no MR slices: {len(ignored)}; the first: {ignored[0].reason}"


def _four_folders(root: Path, planned: Plan) -> Reading:
    exam = read_exam(root)
    ignored = tuple(Ignored(name, "outside the four folders") for name in planned.ignored)
    return judged(exam, check_folders(exam), ignored)


def judged(exam: Exam, warnings: tuple[str, ...], ignored: tuple[Ignored, ...]) -> Reading:
    """``exam``, whose headers are in order, once its pictures are seen to be those of an exam that can be judged.

    Raises what ``check_plausible`` raises.
    """
    told = check_plausible(exam)
    if ignored:
        # a count and no names: names may hold a patient's name, and warnings are kept with the result
        told += (f"Not part of the exam, ignored: {len(ignored)}.",)
    return Reading(exam, (*exam.warnings, *warnings, *told), ignored)


def check_pixels(exam: Exam) -> None:
    """Decodes every slice, as ``scan`` does on its way. Raises NotADicomImage for the first that cannot be decoded."""
    for series in (exam.pre, *exam.passes):
        for each in series.slices:
            each.stored()


def _mr_slices(root: Path, paths: list[str]) -> tuple[list[SliceFile], tuple[Ignored, ...]]:
    """The MR slices among the files, and the files that are whole and something else, with what they are.

    Raises NotADicomImage for a file that is damaged: it may have been part of the exam.
    """
    slices, others = [], []
    for path in paths:
        try:
            slices += read_slices(root / path, path)
        except OtherKind as error:
            others.append(Ignored(path, error.reason))
    return slices, tuple(others)
