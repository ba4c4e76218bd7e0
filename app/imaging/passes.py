"""Which phases of an upload are the pre-contrast series and the three passes. What is not clear is refused."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from imaging.clocks import on_one_clock
from imaging.descriptions import is_saturated
from imaging.errors import AmbiguousPasses, MissingPasses
from imaging.identity import check_identity
from imaging.left_out import check_left_out
from imaging.pass_times import check_agreement, check_times, in_time
from imaging.pass_words import by_words, check_words, names_pre
from imaging.phases import Phase, read_phases, same_geometry, same_settings
from imaging.slice_file import SliceFile
from imaging.wanted import HOW, listed, named

MOST_CANDIDATES = 300
LATER, ELSEWHERE, NOT_NAMED = "a later pass", "another geometry or other settings than the dynamic series", "not named"
UNCONFIRMED = "No description names the pre-contrast phase; the earliest was taken for it."
NO_SATURATION = "No ScanOptions of the passes name fat saturation."


@dataclass(frozen=True)
class Ignored:
    """What is no part of the exam: its label, which can hold a folder's name and is for the sender only, and why."""

    label: str
    reason: str


@dataclass(frozen=True)
class Passes:
    """The phases of an exam. ``warnings`` name nothing of the upload and may be kept; ``ignored`` may not."""

    pre: Phase
    passes: tuple[Phase, Phase, Phase]
    ignored: tuple[Ignored, ...]
    warnings: tuple[str, ...]


def find_passes(slices: Iterable[SliceFile], wanted: Mapping[str, str] | None = None) -> Passes:
    """The pre-contrast series and the three passes among ``slices`` of one upload in any layout and order.

    ``wanted``, all of ``imaging.wanted.ROLES`` or none, names phases as ``HOW`` there says. Otherwise the phases of the
    one geometry that four or more share are ordered by time, or where no time does, by description. Raises

    - AmbiguousPasses when a series of several phases cannot be split, several geometries have four phases, what is not
      among them might belong to them, neither times nor descriptions order them or both do in different ways, or
      ``wanted`` names a role for no phase, several phases or one of another role;
    - MissingPasses when no geometry has four phases, or numbers tell that one between them is not there;
    - PassesOutOfOrder when times contradict ``wanted``;
    - MixedExams for several patients or studies, DuplicateSlice for one DICOM instance twice, among the candidates.
    """
    phases = read_phases(on_one_clock(slices))
    if wanted:
        chosen = named(phases, wanted)
        check_identity(image for each in chosen for image in each.slices)
        check_times(*chosen)
        return _passes(chosen, _others(phases, chosen, NOT_NAMED), [])
    check_identity(image for each in phases if not each.aside for image in each.slices)
    group = _dynamic(phases)
    ordered, warnings = _in_order(group)
    check_left_out([each for each in phases if each not in group], ordered[:4])
    ignored = [Ignored(each.label, LATER) for each in ordered[4:]] + _others(phases, ordered, ELSEWHERE)
    return _passes(ordered[:4], ignored, warnings)


def _passes(chosen: Sequence[Phase], ignored: list[Ignored], warnings: list[str]) -> Passes:
    if not any(is_saturated(each) for phase in chosen for each in phase.slices):
        warnings = [*warnings, NO_SATURATION]
    pre, *passes = chosen
    return Passes(pre, tuple(passes), tuple(ignored), tuple(warnings))


def _others(phases: list[Phase], taken: Sequence[Phase], reason: str) -> list[Ignored]:
    return [Ignored(each.label, each.aside or each.unsplit or reason) for each in phases if each not in taken]


def _dynamic(phases: list[Phase]) -> list[Phase]:
    """The phases of the one geometry that at least four share."""
    candidates = [each for each in phases if not each.aside]
    for each in candidates:
        if each.unsplit:
            raise AmbiguousPasses(f"{each.label} {each.unsplit}.")
    if len(candidates) > MOST_CANDIDATES:
        raise AmbiguousPasses(f"{len(candidates)} phases are more than the {MOST_CANDIDATES} that are compared. {HOW}")
    groups = _groups(candidates)
    full = [group for group in groups if len(group) >= 4]
    if not full:
        most = max(map(len, groups), default=0)
        told = f"A pre-contrast series and three passes of the same slices are needed; {most} of them were found. "
        raise MissingPasses(told + listed(phases))
    if len(full) > 1:
        found = listed([each for group in full for each in group])
        raise AmbiguousPasses(f"{len(full)} sets of slices have four or more phases each. {found} {HOW}")
    return full[0]


def _groups(phases: list[Phase]) -> list[list[Phase]]:
    groups: list[list[Phase]] = []
    for each in phases:
        group = next((g for g in groups if same_geometry(g[0], each) and same_settings(g[0], each)), None)
        if group is None:
            groups.append([each])
        else:
            group.append(each)
    return groups


def _in_order(group: list[Phase]) -> tuple[list[Phase], list[str]]:
    """The phases of the dynamic exam from pre-contrast on, with warnings."""
    ordered = in_time(group) or by_words(group)
    if ordered is None:
        raise AmbiguousPasses(f"Neither times nor descriptions tell the order. {listed(group)} {HOW}")
    warnings = check_agreement(ordered)
    check_words(ordered)
    _check_first(ordered)
    return ordered, warnings if names_pre(ordered[0]) else [*warnings, UNCONFIRMED]


def _check_first(ordered: list[Phase]) -> None:
    """A series that begins later and has four phases may have its own pre-contrast phase."""
    pre, *later = ordered
    whole = next((each for each in later if each.of >= 4 and not each.same_series(pre)), None)
    if whole is None or whole.told.after_contrast or (names_pre(pre) and whole.same_series(later[0])):
        return
    told = f"Both {pre.label} and the first phase of {whole.label} may be the pre-contrast series."
    raise AmbiguousPasses(f"{told} {listed(ordered)} {HOW}")
