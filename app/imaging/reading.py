"""A zip -> an exam that can be judged, in reading order: unpack, read headers, find the passes, match, check."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from imaging.archive import Limits, Plan, extract, plan, plan_any, plan_either
from imaging.errors import MissingPasses, OtherKind
from imaging.exam import FOLDERS, Exam, match
from imaging.parallel import for_each
from imaging.pass_times import check_times
from imaging.passes import Ignored, find_passes
from imaging.plausibility import check_plausible
from imaging.series import in_order
from imaging.slice_file import SliceFile
from imaging.slice_reading import read_slices

# What a file holds: its slices, or why it is something else.
Found = list[SliceFile] | OtherKind


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
    return _four_folders(*_unpacked(archive, root, limits, plan))


def read_any_layout(archive: BinaryIO, root: Path, limits: Limits, wanted: Mapping[str, str] | None = None) -> Reading:
    """The exam in a zip of any layout, unpacked to ``root``: the four folders where they are there, else what the
    headers say (``imaging.passes``).

    ``wanted`` says which is which: ``pre``, ``pass_1``, ``pass_2``, ``pass_3``, as ``find_passes`` takes them; then the
    folders decide nothing. Raises a child of ``imaging.errors.ScanError``.
    """
    planned, files = _unpacked(archive, root, limits, plan_any if wanted else plan_either)
    if planned.four_folders:
        return _four_folders(planned, files)
    slices = [each for found in files if not isinstance(found, OtherKind) for each in found]
    ignored = tuple(Ignored(each.files[0], each.reason) for each in files if isinstance(each, OtherKind))
    try:
        found = find_passes(slices, wanted or {})
    except MissingPasses as error:
        raise MissingPasses(error.reason + _left_out(ignored), tuple(each.label for each in ignored)) from error
    series = [in_order(name, phase.slices) for name, phase in zip(FOLDERS, (found.pre, *found.passes), strict=True)]
    return judged(match(*series, named_alike=False), found.warnings, (*ignored, *found.ignored))


def _left_out(ignored: tuple[Ignored, ...]) -> str:
    if not ignored:
        return ""
    return f" Files left out as no MR slices: {len(ignored)}; the first: {ignored[0].reason}"


def _four_folders(planned: Plan, files: list[Found]) -> Reading:
    slices: dict[str, list[SliceFile]] = {name: [] for name in FOLDERS}
    for (_, path), found in zip(planned.files, files, strict=True):
        if isinstance(found, OtherKind):
            raise found
        slices[path.split("/")[0]] += found
    exam = match(*(in_order(name, slices[name]) for name in FOLDERS))
    return judged(exam, (), tuple(Ignored(name, "outside the four folders") for name in planned.ignored))


def judged(exam: Exam, warnings: tuple[str, ...], ignored: tuple[Ignored, ...]) -> Reading:
    """``exam`` once its times and its pictures are seen to be those of an exam that can be judged.

    Raises what ``check_times`` and ``check_plausible`` raise.
    """
    check_times(exam.pre, *exam.passes)
    told = check_plausible(exam)
    if ignored:
        # a count and no names: names may hold a patient's name, and warnings are kept with the result
        told += (f"Not part of the exam, ignored: {len(ignored)}.",)
    return Reading(exam, (*exam.warnings, *warnings, *told), ignored)


def check_pixels(exam: Exam) -> None:
    """Decodes every slice, as ``scan`` does on its way. Raises NotADicomImage for the first that cannot be decoded."""
    for_each(_decode, (each for series in (exam.pre, *exam.passes) for each in series.slices))


def _decode(image: SliceFile) -> None:
    image.stored()


def _unpacked(
    archive: BinaryIO, root: Path, limits: Limits, planner: Callable[[Sequence[str]], Plan]
) -> tuple[Plan, list[Found]]:
    """What was planned, and what each of its files holds. Headers are read while other files are still unpacked.

    Raises what ``extract`` raises, and NotADicomImage for a file that is damaged: it may have been part of the exam.
    """
    found: dict[str, Found] = {}

    def read(target: Path) -> None:
        name = target.relative_to(root).as_posix()
        try:
            found[name] = read_slices(target, name)
        except OtherKind as error:
            found[name] = error

    planned = extract(archive, root, limits, planner, read)
    return planned, [found[path] for _, path in planned.files]
