"""The order of phases as their descriptions tell it, and whether descriptions agree with an order."""

import itertools
from collections.abc import Sequence
from pathlib import PurePosixPath

from imaging.descriptions import Told, told
from imaging.errors import AmbiguousPasses
from imaging.phases import Phase, common_folder

PRE = Told(pass_number=0)


def by_words(phases: Sequence[Phase]) -> list[Phase] | None:
    """``phases`` in the order that descriptions tell, from pre-contrast on; None when they do not tell all of it.

    Where descriptions say nothing at all, the folders' names are asked.
    """
    for words in (_descriptions(phases), [_folder(each) for each in phases]):
        ranks = _ranks(words)
        if ranks is not None:
            return [phases[ranks.index(rank)] for rank in sorted(ranks)]
        if any(words):
            return None
    return None


def check_words(ordered: Sequence[Phase], known_by: str = "time") -> None:
    """Nothing that descriptions or folders say contradicts the order, which is ``known_by`` something else.

    Raises AmbiguousPasses, telling both.
    """
    for words in (_descriptions(ordered), [_folder(each) for each in ordered]):
        for k, (phase, word) in enumerate(zip(ordered, words, strict=True)):
            if _contradicts(word, k):
                place = "earliest" if k == 0 else f"number {k} after the earliest"
                raise AmbiguousPasses(f"By {known_by} {phase.label} is the {place}, by name it is {_spoken(word)}.")
        _check_ordinals(ordered[:4], words[:4], known_by)


def names_pre(phase: Phase) -> bool:
    """Its description or its folder says that it was taken before contrast."""
    return PRE in (phase.told, _folder(phase))


def claims_a_role(phase: Phase) -> bool:
    """Its description or its folder says that it is the pre-contrast series or one of the three passes."""
    return any(word.pass_number in range(4) for word in (phase.told, _folder(phase)))


def _descriptions(phases: Sequence[Phase]) -> list[Told]:
    """What each description says. One without a number, among others that are it with numbers, is pre-contrast."""
    words = [each.told for each in phases]
    silent = [k for k, word in enumerate(words) if not word]
    if len(silent) != 1 or len(phases) < 2 or any(word and word.ordinal is None for word in words):
        return words
    stem = phases[silent[0]].first.series_description.casefold().strip()
    if stem and phases[silent[0]].of == 1 and all(stem in each.first.series_description.casefold() for each in phases):
        words[silent[0]] = PRE
    return words


def _folder(phase: Phase) -> Told:
    """What the folder that holds this phase alone says; numbers of phases there can mean anything."""
    if not phase.own_folder:
        return Told()
    word = told(PurePosixPath(common_folder(phase.slices)).name)
    return Told(word.pass_number, word.after_contrast)


def _ranks(words: Sequence[Told]) -> list[int] | None:
    """0 for pre-contrast and k for pass k; None unless every one is told, once, and none is left out before the last.

    Phases that are only numbered begin with the pre-contrast one.
    """
    ordinals = [word.ordinal for word in words if word.ordinal is not None and word.pass_number is None]
    pre = any(word.pass_number == 0 for word in words)
    before = min(ordinals, default=0) - (1 if pre else 0)
    ranks = [
        word.ordinal - before if word.pass_number is None and word.ordinal is not None else word.pass_number
        for word in words
    ]
    return ranks if None not in ranks and sorted(ranks) == list(range(len(ranks))) else None


def _contradicts(word: Told, k: int) -> bool:
    if word.pass_number is not None:
        return word.pass_number != k
    return word.after_contrast and k == 0


def _check_ordinals(passes: Sequence[Phase], words: Sequence[Told], known_by: str) -> None:
    numbered = [(k, word.ordinal) for k, word in enumerate(words) if word.ordinal is not None]
    for (k, one), (j, other) in itertools.pairwise(numbered):
        if other - one != j - k:
            raise AmbiguousPasses(
                f"By {known_by} {passes[j].label} follows {passes[k].label}, by name they are phases {one} and {other}."
            )
    if numbered:
        k, first = numbered[0]
        if first - k not in (0, 1):
            told = f"By name {passes[k].label} is phase {first}, by {known_by} number {k + 1}"
            raise AmbiguousPasses(f"{told}: phases before it are not there.")


def _spoken(word: Told) -> str:
    if word.pass_number == 0:
        return "before contrast"
    return "after contrast" if word.pass_number is None else f"pass {word.pass_number}"
