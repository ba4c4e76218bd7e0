"""Is this an exam that can be judged? A breast, with contrast that arrives after the first series and not before."""

import cv2
import numpy as np

from imaging.errors import NoSignal, NotABreast, NoUptake, PassesOutOfOrder
from imaging.exam import Exam
from imaging.series import Series

# Values of BodyPartExamined (DICOM PS3.16 annex L) under which breasts are examined; free text is looked through.
BREAST_PARTS = ("CHEST", "THORAX", "TORSO")
BREAST_WORDS = ("BREAST", "MAMMA", "BRUST", "SEIN", "SENO")
# So many slices, evenly spread, and so many rows and columns are looked at: noise is averaged away, a heart is not.
LOOKED_AT, GRID = 12, 64
# A place takes contrast up when it brightens by this share of the brightest tissue (99th percentile).
CLEAR_CHANGE = 0.25
ROUNDING = 1e-5  # of the means of float32 values
# Share of places: heart, vessels and gland brighten on more than the usual share when contrast arrives, and on less
# between one pass and the next (the tests hold this on phantoms and on a real exam).
LEAST_UPTAKE, USUAL_UPTAKE = 0.001, 0.01


def check_plausible(exam: Exam) -> tuple[str, ...]:
    """Warnings about an exam that can be judged.

    Raises NotABreast when BodyPartExamined names another part, NoSignal for a constant image, NoUptake when hardly
    anything is brighter in the first
    pass than before contrast, PassesOutOfOrder when what should be bright in it is bright before.
    """
    _check_body_part(exam.pre)
    brighter, darker = uptake(exam.pre, exam.passes[0])
    if darker > USUAL_UPTAKE and darker > 3 * brighter:
        raise PassesOutOfOrder(
            f"Heart and vessels are brighter in {exam.pre.name} than in {exam.passes[0].name}: they seem to be swapped."
        )
    if brighter < LEAST_UPTAKE:
        raise NoUptake(
            f"Hardly anything is brighter in {exam.passes[0].name} than in {exam.pre.name}: the contrast agent did not "
            "arrive, or one of the two is another pass."
        )
    if brighter < USUAL_UPTAKE:
        return (f"{exam.passes[0].name} shows little uptake of contrast: {brighter:.1%} of the places looked at.",)
    return ()


def uptake(before: Series, after: Series) -> tuple[float, float]:
    """Share (0..1) of places that are clearly brighter in ``after`` than in ``before``, and clearly darker.

    Both series show the same slices. Raises NotADicomImage when a slice cannot be decoded, NoSignal when one of the
    series has the same value everywhere.
    """
    indices = np.unique(np.linspace(0, len(before) - 1, LOOKED_AT).round().astype(int))
    first, second = (np.stack([_coarse(series.slices[i].brightness()) for i in indices]) for series in (before, after))
    for series, values in ((before, first), (after, second)):
        if np.ptp(values) <= ROUNDING * np.abs(values).max():
            raise NoSignal(f"{series.name} holds no signal: every pixel has the same value.")
    # a share of the brightest tissue, above the darkest: values may be rescaled to lie below 0
    floor = min(first.min(), second.min())
    clear = CLEAR_CHANGE * (np.percentile(np.maximum(first, second), 99) - floor)
    return float((second - first > clear).mean()), float((first - second > clear).mean())


def _coarse(pixels: np.ndarray) -> np.ndarray:
    return cv2.resize(pixels.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)


def _check_body_part(series: Series) -> None:
    for each in series.slices:
        part = each.body_part.upper().strip()
        if part and part not in BREAST_PARTS and not any(word in part for word in BREAST_WORDS):
            raise NotABreast(f"{each.label} shows {part} by its BodyPartExamined, not a breast.", (each.label,))
