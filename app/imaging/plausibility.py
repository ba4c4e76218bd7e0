"""Is this an exam that can be judged? A breast, with contrast that arrives after the first series and not before."""

import itertools
from collections.abc import Sequence

import cv2
import numpy as np

from imaging.descriptions import BARE_T1, UNSATURATED, derived, no_pass
from imaging.errors import DuplicateSlice, NoSignal, NotABreast, NotAPass, NoUptake, PassesOutOfOrder
from imaging.exam import Exam
from imaging.parallel import for_each
from imaging.series import Series
from imaging.slice_file import SliceFile

# Values of BodyPartExamined (DICOM PS3.16 annex L) under which breasts are examined; free text is looked through.
BREAST_PARTS = ("CHEST", "THORAX", "TORSO")
BREAST_WORDS = ("BREAST", "MAMMA", "MAMA", "BRUST", "SEIN", "SENO")
# What stands there when nobody said, or somebody took it out.
NO_PART = ("", "UNKNOWN", "REMOVED", "ANONYMOUS", "ANONYMIZED", "NONE", "OTHER", "WHOLEBODY")
# Reasons that hold only beside other series of the same exam.
UNCERTAIN = (BARE_T1, UNSATURATED)
# So many slices, evenly spread, and so many rows and columns are looked at: noise is averaged away, a heart is not.
LOOKED_AT, GRID = 12, 64
# A place takes contrast up when it brightens by this share of the brightest tissue (99th percentile).
CLEAR_CHANGE = 0.25
ROUNDING = 1e-5  # of the means of float32 values
# Share of places: heart, vessels and gland brighten on more than the usual share when contrast arrives, and on less
# between one pass and the next (the tests hold this on phantoms and on a real exam).
LEAST_UPTAKE, USUAL_UPTAKE = 0.001, 0.01
# From pass to pass the brightness of the whole hardly changes, unless a pass is scaled or inverted by mistake.
MOST_BRIGHTER = 1.5


def check_plausible(exam: Exam) -> tuple[str, ...]:
    """Warnings about an exam that can be judged.

    Raises NotABreast when BodyPartExamined names another part, NotAPass for subtractions, projections and other images
    that are no pass by their ImageType, description or EchoTime, NoSignal for a constant image, DuplicateSlice when two
    passes hold the same pixels, NoUptake when hardly anything is brighter in the first pass than before contrast,
    PassesOutOfOrder when what should be bright in it is bright before, and NotADicomImage for a slice that cannot be
    decoded.
    """
    series = (exam.pre, *exam.passes)
    for each in series:
        _check_body_part(each)
        _check_kind(each)
    seen = [_looked_at(each) for each in series]
    _check_signal(series, seen)
    brighter, darker = change(seen[0], seen[1])
    if darker > USUAL_UPTAKE and darker > 3 * brighter:
        raise PassesOutOfOrder(
            f"Heart and vessels are brighter in {exam.pre.name} than in {exam.passes[0].name}: they seem to be swapped."
        )
    if brighter < LEAST_UPTAKE:
        raise NoUptake(
            f"Hardly anything is brighter in {exam.passes[0].name} than in {exam.pre.name}: the contrast agent did not "
            "arrive, or one of the two is another pass."
        )
    told = []
    if brighter < USUAL_UPTAKE:
        told.append(f"{exam.passes[0].name} shows little uptake of contrast: {brighter:.1%} of the places looked at.")
    darkest = min(values.min() for values in seen)
    for each, values in zip(exam.passes[1:], seen[2:], strict=True):
        ratio = float((values - darkest).mean() / (seen[1] - darkest).mean())
        if not 1 / MOST_BRIGHTER <= ratio <= MOST_BRIGHTER:
            told.append(f"{each.name} is {ratio:.1f} times as bright as {exam.passes[0].name}.")
    return tuple(told)


def check_dark(passes: Sequence[Series], images: np.ndarray) -> tuple[str, ...]:
    """Warnings about slices at the ends of a stack in which a network sees nothing; ``images`` (N, passes, ...) is what
    it takes. Raises NoSignal for such a slice between others of its series: it was lost.
    """
    told = []
    for series, light in zip(passes, images.any(axis=(2, 3)).T, strict=True):
        seen = np.flatnonzero(light)
        for index in np.flatnonzero(~light):
            label = series.slices[index].label
            if seen.size and seen[0] < index < seen[-1]:
                raise NoSignal(f"{label} holds no signal, though slices on both sides of it do.", (label,))
        if not light.all():
            dark = ", ".join(str(index + 1) for index in np.flatnonzero(~light))
            told.append(f"{series.name}: no signal in slices {dark}.")
    return tuple(told)


def change(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """Share (0..1) of places that are clearly brighter in ``after`` than in ``before``, and clearly darker.

    Both are what ``_looked_at`` gives of series that show the same slices.
    """
    # a share of the brightest tissue, above the darkest: values may be rescaled to lie below 0
    floor = min(before.min(), after.min())
    clear = CLEAR_CHANGE * (np.percentile(np.maximum(before, after), 99) - floor)
    return float((after - before > clear).mean()), float((before - after > clear).mean())


def _looked_at(series: Series) -> np.ndarray:
    """(slices, GRID, GRID) float32: LOOKED_AT slices of the series, spread evenly."""
    indices = np.unique(np.linspace(0, len(series) - 1, LOOKED_AT).round().astype(int))
    return np.stack(for_each(_coarse, [series.slices[i] for i in indices]))


def _check_signal(series: Sequence[Series], seen: Sequence[np.ndarray]) -> None:
    for each, values in zip(series, seen, strict=True):
        if np.ptp(values) <= ROUNDING * np.abs(values).max():
            raise NoSignal(f"{each.name} holds no signal: every pixel has the same value.")
    for (one, first), (other, second) in itertools.combinations(zip(series, seen, strict=True), 2):
        if np.array_equal(first, second):
            raise DuplicateSlice(f"{one.name} and {other.name} hold the same pixels: one is a copy of the other.")


def _coarse(image: SliceFile) -> np.ndarray:
    return cv2.resize(image.brightness().astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)


def _check_body_part(series: Series) -> None:
    for each in series.slices:
        part = each.body_part.upper().strip()
        if part in NO_PART or part in BREAST_PARTS or any(word in part for word in BREAST_WORDS):
            continue
        raise NotABreast(f"{each.label} shows {part} by its BodyPartExamined, not a breast.", (each.label,))


def _check_kind(series: Series) -> None:
    """The series is no subtraction, map, projection or other sequence put into the folder of a pass."""
    for each in series.slices:
        if reason := derived(each):
            raise NotAPass(f"{each.label} is {reason} by its ImageType.", (each.label,))
    reason = no_pass(list(series.slices), saturated=False)
    if reason and reason not in UNCERTAIN:
        raise NotAPass(f"{series.name} is no pass of a dynamic exam by its header: {reason}.")
