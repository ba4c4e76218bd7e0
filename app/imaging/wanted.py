"""Which phases the sender names as pre-contrast series and passes, and how phases are listed for the choice."""

import re
from collections.abc import Mapping, Sequence

from imaging.errors import AmbiguousPasses
from imaging.phases import Phase, common_folder

ROLES = ("pre", "pass_1", "pass_2", "pass_3")
MOST_LISTED = 20  # phases in the text of a refusal
HOW = (
    "Say which is which in the fields pre, pass_1, pass_2 and pass_3, each by folder, SeriesDescription, SeriesNumber "
    "or SeriesInstanceUID, with #k for the k-th phase of a series (dyn#2)."
)


def named(phases: list[Phase], wanted: Mapping[str, str]) -> list[Phase]:
    """The phases that ``wanted``, a name for each of ROLES, names, in the order of ROLES.

    Raises AmbiguousPasses when a role has no name, or a name is that of no phase, of several, of one of another role,
    or of one that cannot be split.
    """
    if set(wanted) != set(ROLES):
        raise AmbiguousPasses(f"Name all of {', '.join(ROLES)} or none; {', '.join(sorted(wanted))} are named. {HOW}")
    choosable = [each for each in phases if not each.final]
    chosen = [_one(choosable, role, wanted[role]) for role in ROLES]
    for k, each in enumerate(chosen):
        if each in chosen[:k]:
            both = f"{ROLES[chosen.index(each)]} and {ROLES[k]}"
            raise AmbiguousPasses(f"{both} name one phase: {each.label}. {HOW}")
    return chosen


def _one(phases: list[Phase], role: str, name: str) -> Phase:
    found = [each for each in phases if _answers_to(each, name)]
    if len(found) != 1:
        told = f"{role} '{name}' names {len(found) or 'no'} phases, not one."
        raise AmbiguousPasses(f"{told} {listed(found or phases)} {HOW}")
    if found[0].unsplit:
        raise AmbiguousPasses(f"{found[0].label}, named for {role}, {found[0].unsplit}.")
    return found[0]


def _answers_to(phase: Phase, name: str) -> bool:
    """``name`` is the phase's, or with #k at its end that of its series, of which it is the k-th."""
    numbered = re.fullmatch(r"(.+)#(\d{1,4})", name.strip())
    if numbered and int(numbered[2]) == phase.number and _is_called(phase, numbered[1]):
        return True
    return _is_called(phase, name)


def _is_called(phase: Phase, name: str) -> bool:
    name = name.strip().strip("/").casefold()
    first, folder = phase.first, common_folder(phase.slices).casefold()
    number = "" if first.series_number is None else str(first.series_number)
    names = {folder, folder.rsplit("/", 1)[-1], first.series_description.strip().casefold()}
    return bool(name) and name in names | {number, first.series_instance_uid}


def listed(phases: Sequence[Phase]) -> str:
    """The phases in words, for a person who must choose among them."""
    told = [
        f"{each.label} ({len(each)} slices{', ' + each.aside if each.aside else ''})" for each in phases[:MOST_LISTED]
    ]
    more = len(phases) - len(told)
    return f"Found: {'; '.join(told) or 'nothing'}{f'; and {more} more' if more > 0 else ''}."
