"""How bright tissues are in phantoms, measured as the real exam was, and the figures of that exam beside them."""

from collections.abc import Iterable

import numpy as np

from phantom.exam import Exam

# Saha et al., Duke-Breast-Cancer-MRI, The Cancer Imaging Archive 2021, doi 10.7937/TCIA.e3sv-re93: one exam (Siemens
# Avanto, 1.5 T), stored values in the slices that hold its tumour; ranges where its slices differ.
REAL = {
    "air": "6",
    "breast, before": "56",
    "breast, passes over before": "1.09, 1.20, 1.23",
    "tumour, before": "123",
    "tumour, passes over before": "2.38, 2.29, 2.21",
    "tumour over breast, before": "2.2",
    "tumour over breast, first pass": "4.8",
    "heart, before": "22",
    "heart, passes over before": "4.6, 3.6, 3.4",
    "99.9th percentile": "240 to 280",
    "slice maximum": "300 to 410",
    "99.9th percentile over maximum": "0.59 to 0.93",
}
AIR, DEEP, HEART = -30.0, 6.0, 4.0  # mm: so far outside the skin, below the skin, inside the heart


def table(exams: Iterable[Exam]) -> str:
    """Markdown: median of the exams' figures (5th to 95th percentile) in scanner units, before the exam's gain, beside
    those of the real exam. Exams without tumour and, for the heart, without heart in the slice are left out."""
    found = [measured(exam) for exam in exams if exam.positive_slices]
    lines = ["| | phantoms: median (5th to 95th percentile) | real exam |", "|---|---|---|"]
    for name, real in REAL.items():
        values = np.array([each[name] for each in found if name in each])
        digits = 0 if np.median(values) >= 5 else 2
        columns = np.atleast_2d(values.T)
        told = ", ".join(_spread(column, digits) for column in columns)
        lines.append(f"| {name} | {told} | {real} |")
    return "\n".join(lines)


def measured(exam: Exam) -> dict[str, float | list[float]]:
    """Figures of the middle slice of an exam's tumour, with the names of ``REAL``, in scanner units."""
    index = exam.positive_slices[len(exam.positive_slices) // 2] - 1
    view = exam.patient.view(exam.protocol.plane(index), exam.protocol.slice_thickness)
    pixels, tumour = exam.slice(index) / exam.scanner.drawn.gain, exam.mask(index)
    breast = (view.body > DEEP) & (view.chest < exam.patient.chest.layers.fat) & ~tumour
    chambers = exam.patient.chest.blood_depth(view.plane) > HEART
    heart = chambers & (exam.patient.chest.heart.depth(view.plane) > HEART)
    air = view.body < AIR
    figures = {
        "99.9th percentile": float(np.percentile(pixels[1], 99.9)),
        "slice maximum": float(pixels[1].max()),
    }
    figures["99.9th percentile over maximum"] = figures["99.9th percentile"] / figures["slice maximum"]
    if air.any():
        figures["air"] = float(pixels[0][air].mean())
    for name, part in (("breast", breast), ("tumour", tumour), ("heart", heart)):
        if part.sum() > 3:
            figures |= _passes(name, pixels[:, part].mean(axis=1))
    if tumour.any() and breast.any():
        for k, name in ((0, "before"), (1, "first pass")):
            figures[f"tumour over breast, {name}"] = float(pixels[k][tumour].mean() / pixels[k][breast].mean())
    return figures


def _passes(name: str, means: np.ndarray) -> dict[str, float | list[float]]:
    return {f"{name}, before": float(means[0]), f"{name}, passes over before": list(means[1:] / means[0])}


def _spread(values: np.ndarray, digits: int) -> str:
    low, middle, high = np.percentile(values, [5, 50, 95])
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
