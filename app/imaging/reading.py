"""A zip -> an exam that can be judged, in reading order: open, read headers, find the passes, match, check.

Each step can be taken alone: an upload that fails at one of them can still be told what the ones before found.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from imaging.archive import Limits, OpenArchive, Plan, open_archive, plan, plan_any, plan_either
from imaging.clocks import on_one_clock
from imaging.errors import (
    DamagedArchive,
    LimitExceeded,
    MissingPasses,
    NestedArchive,
    NotADicomImage,
    OtherKind,
    ScanError,
)
from imaging.exam import FOLDERS, Exam, match
from imaging.folders import check_folders
from imaging.identity import check_names
from imaging.parallel import for_each
from imaging.pass_times import check_steps, check_times
from imaging.passes import Ignored, Passes, find_passes
from imaging.plausibility import check_plausible
from imaging.series import in_order
from imaging.slice_file import SliceFile
from imaging.slice_reading import slices_of
from imaging.unpacking import Member
from imaging.usual_geometry import check_geometry
from imaging.wanted import MOST_LISTED

# Those of a pass are in memory at once, 8 bytes each where they are rescaled. An exam of 1024 x 1024 x 160 has 671e6.
MOST_PIXELS = 800_000_000  # in the pre-contrast series and the three passes together
OUTSIDE = "outside the four folders"


@dataclass(frozen=True)
class Contents:
    """What the files of an upload hold, in the archive's order.

    ``slices`` are those of each folder of FOLDERS, or where the upload is ``loose``, of any layout, all under one name.
    ``refused``: files that are damaged, and in the four folders all that are no MR slices. ``ignored``: the rest.
    """

    slices: Mapping[str, Sequence[SliceFile]]
    loose: bool
    refused: tuple[ScanError, ...]
    ignored: tuple[Ignored, ...]

    def every_slice(self) -> list[SliceFile]:
        return [each for part in self.slices.values() for each in part]


@dataclass(frozen=True)
class Reading:
    """An exam, its slices in reading order and matched.

    ``warnings`` name no file and no patient and may be kept; ``ignored``, what is not part of the exam, is for the
    sender only. ``slices`` are all that were found, in the archive's order, those of the exam among them.
    """

    exam: Exam
    warnings: tuple[str, ...]
    ignored: tuple[Ignored, ...]
    slices: tuple[SliceFile, ...] = ()


def read_four_folders(archive: BinaryIO, root: Path, limits: Limits) -> Reading:
    """The exam in the folders ``pre``, ``1st_pass``, ``2nd_pass`` and ``3rd_pass`` of a zip. ``root`` is an empty
    folder for what cannot stay packed.

    Raises a child of ``imaging.errors.ScanError`` when there is none that can be judged.
    """
    return judged(arranged(contents(archive, root, limits, plan)))


def read_any_layout(archive: BinaryIO, root: Path, limits: Limits, wanted: Mapping[str, str] | None = None) -> Reading:
    """The exam in a zip of any layout: the four folders where they are there, else what the headers say
    (``imaging.passes``). ``root`` is an empty folder for what cannot stay packed.

    ``wanted`` says which is which: ``pre``, ``pass_1``, ``pass_2``, ``pass_3``, as ``find_passes`` takes them; then the
    folders decide nothing. Raises a child of ``imaging.errors.ScanError`` when there is none that can be judged.
    """
    return judged(arranged(contents(archive, root, limits, any_layout(wanted)), wanted))


def any_layout(wanted: Mapping[str, str] | None) -> Callable[[Sequence[str]], Plan]:
    """How the names of an upload of any layout are planned."""
    return plan_any if wanted else plan_either


def contents(archive: BinaryIO, root: Path, limits: Limits, planner: Callable[[Sequence[str]], Plan]) -> Contents:
    """What the files of a zip hold, by their headers; of those that hold no slices it is seen that they are whole.

    ``root`` is a folder for what cannot stay packed. Raises what ``open_archive`` raises, and LimitExceeded when
    headers hold too many elements, or files too many slices.
    """
    opened = open_archive(archive, root, limits, planner)
    found = list(_found_in(opened, limits.files))
    outside = [error for error in for_each(_damage, opened.ignored.values()) if error]
    return _sorted(opened, found, outside)


def _found_in(opened: OpenArchive, most_slices: int) -> Iterator[list[SliceFile] | ScanError]:
    """What each file holds, one after the other: parsing holds the interpreter, and threads that wait for it slow it
    down. Raises LimitExceeded for more slices than files may be: a file may hold many.
    """
    slices = 0
    for path, member in opened.files.items():
        found = _found(path, member)
        slices += len(found) if isinstance(found, list) else 0
        if slices > most_slices:
            raise LimitExceeded(f"The files hold more than {most_slices} slices.")
        yield found


def _found(path: str, member: Member) -> list[SliceFile] | ScanError:
    try:
        return slices_of(member, path)
    except NotADicomImage as error:
        return _damage(member) or _alone(error)  # that it does not unpack would be the better reason
    except (DamagedArchive, NestedArchive) as error:
        return _alone(error)


def _damage(member: Member) -> ScanError | None:
    try:
        member.check()
    except (DamagedArchive, NestedArchive) as error:
        return _alone(error)
    return None


def _alone(error: ScanError) -> ScanError:
    """``error`` without where it comes from: that holds all that was read of the file, for as long as the error is."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _sorted(opened: OpenArchive, files: list[list[SliceFile] | ScanError], outside: list[ScanError]) -> Contents:
    slices: dict[str, list[SliceFile]] = {name: [] for name in (FOLDERS if opened.four_folders else ("",))}
    refused, ignored = [], [Ignored(name, OUTSIDE) for name in opened.ignored]
    for path, found in zip(opened.files, files, strict=True):
        if isinstance(found, list):
            slices[path.split("/")[0] if opened.four_folders else ""] += found
        elif isinstance(found, OtherKind) and not opened.four_folders:
            ignored.append(Ignored(path, found.reason))
        else:
            refused.append(found)
    return Contents(slices, not opened.four_folders, (*refused, *outside), tuple(ignored))


def arranged(found: Contents, wanted: Mapping[str, str] | None = None) -> Reading:
    """The exam among ``found``, by its headers alone.

    Raises the first of what is refused, what ``found_exam`` or ``check_folders`` raises, and LimitExceeded for an exam
    of more than MOST_PIXELS.
    """
    if found.refused:
        raise found.refused[0]
    reading = _of_any_layout(found, wanted or {}) if found.loose else _of_four_folders(found)
    _check_pixels(reading.exam)
    return reading


def _check_pixels(exam: Exam) -> None:
    pixels = sum(each.rows * each.columns for series in (exam.pre, *exam.passes) for each in series.slices)
    if pixels > MOST_PIXELS:
        raise LimitExceeded(f"The exam has {pixels} pixels; {MOST_PIXELS} are the most.")


def _of_four_folders(found: Contents) -> Reading:
    every = found.every_slice()
    slices = iter(on_one_clock(every))
    series = [in_order(name, list(itertools.islice(slices, len(found.slices[name])))) for name in FOLDERS]
    exam = match(*series)
    return Reading(exam, check_folders(exam), found.ignored, tuple(every))


def _of_any_layout(found: Contents, wanted: Mapping[str, str]) -> Reading:
    try:
        exam, passes = found_exam(found.every_slice(), wanted)
    except MissingPasses as error:
        labels = tuple(each.label for each in found.ignored[:MOST_LISTED])
        raise MissingPasses(error.reason + _left_out(found.ignored), labels) from error
    of_exam = {each.file for series in (exam.pre, *exam.passes) for each in series.slices}
    # what is part of the exam is checked when its pixels are read
    others = dict.fromkeys(each.file for each in found.every_slice() if each.file not in of_exam)
    for_each(lambda file: file.check(), others)
    return Reading(exam, passes.warnings, (*found.ignored, *passes.ignored), tuple(found.every_slice()))


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

    Raises what ``check_steps``, ``check_geometry`` and ``check_plausible`` raise.
    """
    exam = reading.exam
    named = check_names(each for series in (exam.pre, *exam.passes) for each in series.slices)
    late = check_steps(exam.pre, *exam.passes)
    told = (*named, *late, *exam.warnings, *reading.warnings, *check_geometry(exam), *check_plausible(exam))
    if reading.ignored:
        # a count and no names: names may hold a patient's name, and warnings are kept with the result
        told += (f"Not part of the exam, ignored: {len(reading.ignored)}.",)
    return replace(reading, warnings=told)


def undecodable(exam: Exam) -> list[ScanError]:
    """Why slices of ``exam`` cannot be decoded, for each that cannot."""
    slices = (each for series in (exam.pre, *exam.passes) for each in series.slices)
    return [error for error in for_each(_decode, slices) if error]


def _decode(image: SliceFile) -> ScanError | None:
    try:
        image.stored()
    except ScanError as error:
        return _alone(error)
    return None
