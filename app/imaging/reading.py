"""A zip -> an exam that can be judged, in reading order: unpack, read headers, find the passes, match, check.

Each step can be taken alone: an upload that fails at one of them can still be told what the ones before found.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from imaging.archive import Limits, Plan, extract, plan, plan_any, plan_either
from imaging.clocks import on_one_clock
from imaging.errors import MissingPasses, NotADicomImage, OtherKind
from imaging.exam import FOLDERS, Exam, match
from imaging.folders import check_folders
from imaging.parallel import for_each
from imaging.pass_times import check_times
from imaging.passes import Ignored, Passes, find_passes
from imaging.plausibility import check_plausible
from imaging.series import in_order
from imaging.slice_file import SliceFile
from imaging.slice_reading import read_slices

OUTSIDE = "outside the four folders"


@dataclass(frozen=True)
class Contents:
    """What the files of an upload hold, in the archive's order.

    ``slices`` are those of each folder of FOLDERS, or where the upload is ``loose``, of any layout, all under one name.
    ``refused``: files that are damaged, and in the four folders all that are no MR slices. ``ignored``: the rest.
    """

    slices: Mapping[str, Sequence[SliceFile]]
    loose: bool
    refused: tuple[NotADicomImage, ...]
    ignored: tuple[Ignored, ...]

    def every_slice(self) -> list[SliceFile]:
        return [each for part in self.slices.values() for each in part]


@dataclass(frozen=True)
class Reading:
    """An exam, its slices in reading order and matched.

    ``warnings`` name no file and no patient and may be kept; ``ignored``, what is not part of the exam, is for the
    sender only.
    """

    exam: Exam
    warnings: tuple[str, ...]
    ignored: tuple[Ignored, ...]


def read_four_folders(archive: BinaryIO, root: Path, limits: Limits) -> Reading:
    """The exam in the folders ``pre``, ``1st_pass``, ``2nd_pass`` and ``3rd_pass`` of a zip, unpacked to ``root``.

    Raises a child of ``imaging.errors.ScanError`` when there is none that can be judged.
    """
    return judged(arranged(contents(archive, root, limits, plan)))


def read_any_layout(archive: BinaryIO, root: Path, limits: Limits, wanted: Mapping[str, str] | None = None) -> Reading:
    """The exam in a zip of any layout, unpacked to ``root``: the four folders where they are there, else what the
    headers say (``imaging.passes``).

    ``wanted`` says which is which: ``pre``, ``pass_1``, ``pass_2``, ``pass_3``, as ``find_passes`` takes them; then the
    folders decide nothing. Raises a child of ``imaging.errors.ScanError`` when there is none that can be judged.
    """
    return judged(arranged(contents(archive, root, limits, any_layout(wanted)), wanted))


def any_layout(wanted: Mapping[str, str] | None) -> Callable[[Sequence[str]], Plan]:
    """How the names of an upload of any layout are planned."""
    return plan_any if wanted else plan_either


def contents(archive: BinaryIO, root: Path, limits: Limits, planner: Callable[[Sequence[str]], Plan]) -> Contents:
    """What the files of a zip hold, unpacked to ``root`` as ``planner`` says; headers are read meanwhile.

    Raises what ``extract`` raises.
    """
    found: dict[str, list[SliceFile] | NotADicomImage] = {}

    def read(target: Path) -> None:
        name = target.relative_to(root).as_posix()
        try:
            found[name] = read_slices(target, name)
        except NotADicomImage as error:
            found[name] = error

    planned = extract(archive, root, limits, planner, read)
    return _sorted(planned, [(path, found[path]) for _, path in planned.files])


def _sorted(planned: Plan, files: list[tuple[str, list[SliceFile] | NotADicomImage]]) -> Contents:
    slices: dict[str, list[SliceFile]] = {name: [] for name in (FOLDERS if planned.four_folders else ("",))}
    refused, ignored = [], [Ignored(name, OUTSIDE) for name in planned.ignored]
    for path, found in files:
        if isinstance(found, list):
            slices[path.split("/")[0] if planned.four_folders else ""] += found
        elif isinstance(found, OtherKind) and not planned.four_folders:
            ignored.append(Ignored(path, found.reason))
        else:
            refused.append(found)
    return Contents(slices, not planned.four_folders, tuple(refused), tuple(ignored))


def arranged(found: Contents, wanted: Mapping[str, str] | None = None) -> Reading:
    """The exam among ``found``, by its headers alone.

    Raises the first of what is refused, and what ``found_exam`` or ``check_folders`` raises.
    """
    if found.refused:
        raise found.refused[0]
    return _of_any_layout(found, wanted or {}) if found.loose else _of_four_folders(found)


def _of_four_folders(found: Contents) -> Reading:
    slices = iter(on_one_clock(found.every_slice()))
    series = [in_order(name, list(itertools.islice(slices, len(found.slices[name])))) for name in FOLDERS]
    exam = match(*series)
    return Reading(exam, check_folders(exam), found.ignored)


def _of_any_layout(found: Contents, wanted: Mapping[str, str]) -> Reading:
    try:
        exam, passes = found_exam(found.every_slice(), wanted)
    except MissingPasses as error:
        labels = tuple(each.label for each in found.ignored)
        raise MissingPasses(error.reason + _left_out(found.ignored), labels) from error
    return Reading(exam, passes.warnings, (*found.ignored, *passes.ignored))


def found_exam(slices: Sequence[SliceFile], wanted: Mapping[str, str]) -> tuple[Exam, Passes]:
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


def judged(reading: Reading) -> Reading:
    """``reading`` with all warnings, once its pictures are seen to be those of an exam that can be judged.

    Raises what ``check_plausible`` raises.
    """
    told = (*reading.exam.warnings, *reading.warnings, *check_plausible(reading.exam))
    if reading.ignored:
        # a count and no names: names may hold a patient's name, and warnings are kept with the result
        told += (f"Not part of the exam, ignored: {len(reading.ignored)}.",)
    return replace(reading, warnings=told)


def undecodable(exam: Exam) -> list[NotADicomImage]:
    """Why slices of ``exam`` cannot be decoded, for each that cannot."""
    slices = (each for series in (exam.pre, *exam.passes) for each in series.slices)
    return [error for error in for_each(_decode, slices) if error]


def _decode(image: SliceFile) -> NotADicomImage | None:
    try:
        image.stored()
    except NotADicomImage as error:
        return error
    return None
