"""What there is to find in an exam: slices, boxes and lesions, ready for JSON."""

from itertools import chain

import numpy as np


def truth(exam) -> dict:
    """The truth of an ``Exam``: slices from 1, boxes as Duke's (1-based, both ends inclusive), mm in patient
    coordinates (DICOM PS3.3 C.7.6.2.1.1)."""
    return {
        "seed": exam.seed,
        "slice_count": exam.protocol.slices,
        "positive_slices": exam.positive_slices,
        "box": box(exam, exam.patient.lesions),
        "lesions": [_lesion(exam, number, *each) for number, each in enumerate(_foci(exam), start=1)],
        "lookalikes": [
            {"kind": each.kind, "centre_mm": _rounded(each.centre), "size_mm": round(each.diameter, 1)}
            for each in exam.patient.lookalikes
        ],
    }


def box(exam, lesions) -> dict[str, int] | None:
    """Rows, columns and slices that hold ``lesions``, from 1, both ends inclusive; None when no slice does."""
    slices = sorted(set(chain.from_iterable(exam.lesion_slices(lesion) for lesion in lesions)))
    if not slices:
        return None
    seen = np.zeros((exam.protocol.rows, exam.protocol.columns), bool)
    for number in slices:
        for lesion in lesions:
            seen |= exam.lesion_mask(lesion, number - 1)
    ends = [np.flatnonzero(seen.any(axis=axis)) + 1 for axis in (1, 0)] + [slices]
    names = ("row", "column", "slice")
    return {f"{end}_{name}": int(found[at]) for name, found in zip(names, ends, strict=True) for end, at in ENDS}


ENDS = (("start", 0), ("end", -1))


def _foci(exam):
    return [
        (tumour, focus, curve)
        for tumour, curve in zip(exam.patient.tumours, exam.curves, strict=True)
        for focus in tumour.foci
    ]


def _lesion(exam, number: int, tumour, focus, curve) -> dict:
    return {
        "number": number,
        "tumour": exam.patient.tumours.index(tumour) + 1,
        "kind": tumour.kind,
        "placed": tumour.where,
        "kinetics": curve.kinetics,
        "centre_mm": _rounded(focus.centre),
        "size_mm": round(focus.diameter, 1),
        "slices": exam.lesion_slices(focus),
        "box": box(exam, [focus]),
    }


def _rounded(point: np.ndarray) -> list[float]:
    return [round(float(each), 2) for each in point]
