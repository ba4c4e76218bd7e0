"""A reader without learning: what takes contrast up fast and does not go on rising, in the breasts.

Kuhl et al., Radiology 1999;211:101: tumours take up fast and then stay (type II) or wash out (type III), benign tissue
goes on rising (type I). It stands beside the networks so that one sees what they add. What it misses: tumours that
rise slowly, those behind the line below, those smaller than LEAST_PIXELS; it takes vessels and skin for tumour where
they are thick enough.
"""

import cv2
import numpy as np

from imaging.preprocessing import SIZE
from training.figures import Opinion

# Fast uptake: from pre to the first pass the signal doubles (more than 100 %, Kuhl et al.).
FAST_UPTAKE = 1.0
# Type I goes on rising: from the first pass to the last by more than 10 % (ACR BI-RADS Atlas, 5th edition, 2013).
STILL_RISING = 0.1
# Of the 99.9th percentile of the first pass: from here on a place is body and not air, and its uptake is not noise.
BODY = 0.06
# Noise of a 128 x 128 slice is averaged over this many pixels, about 8 mm of a usual field of view.
SMOOTHED = 3
# A region of so many pixels decides: with 2.7 mm a pixel (340 mm field of view) a disc of 10 mm.
LEAST_PIXELS = 11
# Skin and nipple enhance: a square of so many pixels around a place lies within the body, or the place is skin.
SKIN = 7
# Holes in the body up to this width are filled.
HOLES = 9
# The heart begins behind the breastbone, at least so many rows (13 mm) behind the skin before it.
BREASTBONE = 5
# Rows at either edge of the picture in which body is looked for.
MARGIN = SIZE // 8


def baseline(brightness: np.ndarray) -> Opinion:
    """The size in pixels of the largest suspicious region of each slice, and whether it is at least LEAST_PIXELS.

    ``brightness`` (N, 4, 128, 128) float32 of one exam: pre and the three passes in one unit.
    """
    smooth = np.stack([[cv2.blur(image, (SMOOTHED, SMOOTHED)) for image in each] for each in brightness])
    top = float(np.percentile(smooth[:, 1], 99.9))
    body = np.stack([_filled(each) for each in smooth[:, 1] > BODY * top])
    inside = np.stack([cv2.erode(each, np.ones((SKIN, SKIN))) for each in body]) > 0
    suspicious = _suspicious(smooth, top) & inside & in_front(body > 0)[:, None]
    areas = np.array([_largest_region(each) for each in suspicious], float)
    return Opinion(areas, areas >= LEAST_PIXELS)


def in_front(body: np.ndarray) -> np.ndarray:
    """(128,) bool: the rows in front of the breastbone, of ``body`` (N, 128, 128) bool.

    The patient lies prone, the breasts point to the side of the picture on which the body begins later. Between them
    the air reaches down to the skin before the breastbone; heart, great vessels and liver lie behind it. The line
    is where, in the middle half of the columns, the air ends deepest: the median over slices.
    """
    if body[:, :MARGIN].sum() > body[:, -MARGIN:].sum():
        return in_front(body[:, ::-1])[::-1]
    begins = np.where(body.any(axis=1), body.argmax(axis=1), 0)[:, SIZE // 4 : 3 * SIZE // 4]
    return np.arange(SIZE) < np.median(begins.max(axis=1)) + BREASTBONE


def _filled(body: np.ndarray) -> np.ndarray:
    """(128, 128) uint8: ``body`` without the holes that suppressed fat leaves in it."""
    return cv2.morphologyEx(body.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((HOLES, HOLES)))


def _suspicious(smooth: np.ndarray, top: float) -> np.ndarray:
    """(N, 128, 128) bool: fast uptake and no further rise."""
    before, first, _, last = np.moveaxis(smooth, 1, 0)
    fast = first - before > FAST_UPTAKE * np.maximum(before, BODY * top)
    return fast & (last < (1 + STILL_RISING) * first)


def _largest_region(mask: np.ndarray) -> int:
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return max(stats[1:, cv2.CC_STAT_AREA], default=0)
