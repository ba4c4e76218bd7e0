"""A picture of phantom exams: a row an exam, before contrast and the three passes, the tumour outlined in the last."""

from collections.abc import Iterable

import cv2
import numpy as np

from phantom.exam import PASSES, Exam

SIDE = 176  # pixels of a tile
LEVELS = 40  # grey values kept: noise compresses badly
GAMMA = 0.7  # lifts the dark tissue, as a reader's window does
LABEL = 14  # pixels, height of the line of text


def gallery(exams: Iterable[Exam]) -> np.ndarray:
    """(rows, columns) uint8; each exam by the middle one of its positive slices, or of all where none is."""
    rows = [_row(exam) for exam in exams]
    return np.vstack(rows)


def png(exams: Iterable[Exam]) -> bytes:
    return cv2.imencode(".png", gallery(exams), [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()


def _row(exam: Exam) -> np.ndarray:
    slices = exam.positive_slices or range(1, exam.protocol.slices + 1)
    index = slices[len(slices) // 2] - 1
    pixels = exam.slice(index).astype(np.float32)
    shown = (pixels / (1.1 * np.percentile(pixels[1], 99.9))).clip(0, 1) ** GAMMA
    grey = np.rint(shown * (LEVELS - 1)) * (255 / (LEVELS - 1))
    tiles = [cv2.resize(each, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.uint8) for each in grey]
    _outline(tiles[-1], exam.mask(index))
    return np.vstack([_label(exam, index), np.hstack(tiles)])


def _outline(tile: np.ndarray, mask: np.ndarray) -> None:
    share = cv2.resize(mask.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    around = cv2.dilate((share > 0.3).astype(np.uint8), np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(around, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(tile, contours, -1, 255, 1)


def _label(exam: Exam, index: int) -> np.ndarray:
    kinds = ", ".join(f"{each.kind} {each.foci[0].diameter:.0f} mm" for each in exam.patient.tumours) or "no tumour"
    line = np.zeros((LABEL, SIDE * len(PASSES)), np.uint8)
    text = (
        f"seed {exam.seed}, slice {index + 1}: {kinds}; {exam.protocol.vendor}, {exam.sequence.drawn.field_strength} T"
    )
    cv2.putText(line, text, (4, LABEL - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.33, 200, 1, cv2.LINE_AA)
    return line
