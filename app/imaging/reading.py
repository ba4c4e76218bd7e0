"""A zip -> an exam that can be judged, in reading order: unpack, read headers, find the passes, match, check."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from imaging.archive import Limits, extract, plan, plan_any, plan_either
from imaging.errors import OtherKind
from imaging.exam import FOLDERS, Exam, match, read_exam
from imaging.passes import check_times, find_passes
from imaging.plausibility import check_plausible
from imaging.series import in_order
from imaging.slice_file import SliceFile, read_slices


@dataclass(frozen=True)
class Reading:
    """An exam that can be judged.

    ``warnings`` name no file and no patient and may be kept; ``ignored`` is for the sender: (what is not part of the
    exam, as its sender calls it, and why not).
    """

    exam: Exam
    warnings: tuple[str, ...]
    ignored: tuple[tuple[str, str], ...]


def read_four_folders(archive: BinaryIO, root: Path, limits: Limits) -> Reading:
    """The exam in the folders ``pre``, ``1st_pass``, ``2nd_pass`` and ``3rd_pass`` of a zip, unpacked to ``root``.

    Raises a child of ``imaging.errors.ScanError``.
    """
    planned = extract(archive, root, limits, plan)
    ignored = tuple((name, "outside the four folders") for name in planned.ignored)
    return _judged(read_exam(root), (), ignored)


def read_any_layout(archive: BinaryIO, root: Path, limits: Limits, wanted: Mapping[str, str] | None = None) -> Reading:
    """The exam in a zip of any layout, unpacked to ``root``: the four folders where they are there, else what the
    headers say (``imaging.passes``).

    ``wanted`` says which is which: ``pre``, ``pass_1``, ``pass_2``, ``pass_3``, as ``find_passes`` takes them; then the
    folders decide nothing. Raises a child of ``imaging.errors.ScanError``.
    """
    planned = extract(archive, root, limits, plan_any if wanted else plan_either)
    if planned.four_folders:
        ignored = tuple((name, "outside the four folders") for name in planned.ignored)
        return _judged(read_exam(root), (), ignored)
    slices, ignored = _mr_slices(root, [path for _, path in planned.files])
    found = find_passes(slices, wanted or {})
    series = [in_order(name, phase.slices) for name, phase in zip(FOLDERS, (found.pre, *found.passes), strict=True)]
    return _judged(match(*series), found.warnings, (*ignored, *found.ignored))


def _judged(exam: Exam, warnings: tuple[str, ...], ignored: tuple[tuple[str, str], ...]) -> Reading:
    check_times(exam)
    told = check_plausible(exam)
    if ignored:
        # a count and no names: names may hold a patient's name, and warnings are kept with the result
        told += (f"Not part of the exam, ignored: {len(ignored)}.",)
    return Reading(exam, (*exam.warnings, *warnings, *told), ignored)


def _mr_slices(root: Path, paths: list[str]) -> tuple[list[SliceFile], tuple[tuple[str, str], ...]]:
    """The MR slices among the files, and the files that are whole and something else, with what they are.

    Raises NotADicomImage for a file that is damaged: it may have been part of the exam.
    """
    slices, others = [], []
    for path in paths:
        try:
            slices += read_slices(root / path, path)
        except OtherKind as error:
            others.append((path, error.reason))
    return slices, tuple(others)
