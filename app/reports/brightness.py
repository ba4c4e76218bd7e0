"""The brightness of an exam as 16-bit integers, for whoever windows it himself: one scale for all slices and passes."""

import numpy as np

from detection.kinetics import maximum_intensity_projection
from imaging.exam import FOLDERS
from imaging.kept_exam import KeptExam
from reports.pictures import SUBTRACTION_WINDOW, WINDOW

BRIGHT = 4096  # what ``KeptExam.bright`` becomes
KIND = np.dtype("<i2")
#: Brightness that is shown black and white at first, as ``pictures`` does.
WINDOWS = {"pass": (0, round(WINDOW * BRIGHT)), "subtraction": (0, round(SUBTRACTION_WINDOW * BRIGHT))}


def brightness(exam: KeptExam, number: int) -> np.ndarray:
    """Slice ``number``, counted from 1, before and in each pass: (4, rows, columns) int16, little-endian; BRIGHT is the
    brightness that all but a thousandth of the exam's first pass stay below."""
    made = np.empty((len(FOLDERS), exam.stack.rows, exam.stack.columns), KIND)
    for into, folder in zip(made, FOLDERS, strict=True):
        into[:] = _scaled(exam.picture(folder, number), exam)
    return made


def projection(exam: KeptExam) -> np.ndarray:
    """Maximum intensity projection of the first pass less before contrast in the same unit, (rows, columns) int16,
    little-endian, at least 0."""
    return _scaled(maximum_intensity_projection(exam), exam).astype(KIND)


def _scaled(values: np.ndarray, exam: KeptExam) -> np.ndarray:
    """(rows, columns) float32, whole and within int16; all 0 where the first pass is dark."""
    found = values * np.float32(BRIGHT / exam.bright if exam.bright > 0 else 0)
    np.rint(found, out=found)
    limits = np.iinfo(KIND)
    return np.clip(found, limits.min, limits.max, out=found)
