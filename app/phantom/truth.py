"""What there is to find in an exam: slices, boxes and lesions, ready for JSON."""

import numpy as np

ENDS = (("start", min), ("end", max))


def truth(exam) -> dict:
    """The truth of an ``Exam``: slices from 1, boxes as Duke's (1-based, both ends inclusive), mm in patient
    coordinates (DICOM PS3.3 C.7.6.2.1.1)."""
    return {
        "seed": exam.seed,
        "slice_count": exam.protocol.slices,
        "positive_slices": exam.positive_slices,
        "unclear_slices": exam.unclear_slices,
        "box": box(exam, exam.patient.lesions),
        "lesions": [_lesion(exam, number, *each) for number, each in enumerate(_foci(exam), start=1)],
        "lookalikes": [
            {"kind": each.kind, "centre_mm": _rounded(each.centre), "size_mm": round(each.diameter, 1)}
            for each in exam.patient.lookalikes
        ],
    }


def box(exam, lesions) -> dict[str, int] | None:
    """Rows, columns and slices that hold ``lesions``, from 1, both ends inclusive; None when no slice does."""
    cuts = [(lesion, number) for lesion in lesions for number in exam.lesion_slices(lesion)]
    if not cuts:
        return None
    rows, columns = zip(*(_pixels(exam, *cut) for cut in cuts), strict=True)
    ends = np.concatenate(rows) + 1, np.concatenate(columns) + 1, [number for _, number in cuts]
    spans = zip(("row", "column", "slice"), ends, strict=True)
    return {f"{end}_{name}": int(pick(found)) for name, found in spans for end, pick in ENDS}


def _pixels(exam, lesion, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns, from 0, of ``lesion`` in slice ``number``; the nearest pixel when it fills none by half."""
    found = np.nonzero(exam.lesion_mask(lesion, number - 1))
    if found[0].size:
        return found
    plane, (x, y, _) = exam.protocol.plane(number - 1), lesion.centre
    row, column = round((y - plane.y0) / plane.dy), round((x - plane.x0) / plane.dx)
    return np.clip([row], 0, plane.rows - 1), np.clip([column], 0, plane.columns - 1)


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
