"""Pictures of an exam by name: a slice of any pass, what contrast changed, kinetic maps, where a network looked."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from detection.kinetics import maximum_intensity_projection, subtraction
from imaging.exam import FOLDERS, PASSES
from imaging.geometry import Vector
from imaging.kept_exam import KeptExam
from nets.bundle import ROLES
from reports.colours import blended, overlay
from reports.layers import HEAT_KEY, MAPS
from reports.legend import Key, framed
from reports.orientation import Edges, edges
from reports.report import Report
from reports.words import RESEARCH, about_heat, counted

# White, as shares of the brightness that a thousandth of the first pass exceeds: a few vessels, skin next to the coil.
WINDOW, SUBTRACTION_WINDOW = 0.75, 0.6
PNG_COMPRESSION = 1  # of zlib: the next ones take half as long again for a tenth of the size
PROJECTION = "maximum_intensity_projection"

Paint = Callable[[KeptExam, int], np.ndarray]


@dataclass(frozen=True)
class Kind:
    """``paint`` makes the picture of a slice, counted from 1: grey (rows, columns) float32 of 0 to 1 where it is a
    ``grey`` one, over which heat can lie, else (rows, columns, 3) uint8, RGB. ``classes``: its colours are names and
    must not be mixed."""

    title: str
    paint: Paint
    key: Key = ()
    grey: bool = False
    classes: bool = False


def grey(exam: KeptExam, folder: str, number: int) -> np.ndarray:
    """A slice of a pass, (rows, columns) float32 of 0 to 1, one scale for all slices and passes of the exam."""
    return windowed(exam.picture(folder, number), exam)


def windowed(brightness: np.ndarray, exam: KeptExam, window: float = WINDOW) -> np.ndarray:
    """``brightness`` as float32 of 0 to 1, linear: 1 from ``window`` times the exam's bright pixels on."""
    top = window * exam.bright if exam.bright > 0 else np.inf
    return np.clip(brightness.astype(np.float32) / np.float32(top), 0, 1)


def _pass(folder: str) -> Paint:
    return lambda exam, number: grey(exam, folder, number)


def _subtraction(after: int) -> Paint:
    return lambda exam, number: windowed(subtraction(exam.passes(number), after), exam, SUBTRACTION_WINDOW)


def _projection(exam: KeptExam, _: int) -> np.ndarray:
    return windowed(maximum_intensity_projection(exam), exam, SUBTRACTION_WINDOW)


def _map(name: str) -> Paint:
    return lambda exam, number: blended(grey(exam, PASSES[0], number), *MAPS[name].film(exam, number))


#: What ``picture`` can show, in the order in which it is offered.
KINDS = {
    "pre": Kind("before contrast", _pass("pre"), grey=True),
    "1st_pass": Kind("1st pass", _pass("1st_pass"), grey=True),
    "2nd_pass": Kind("2nd pass", _pass("2nd_pass"), grey=True),
    "3rd_pass": Kind("3rd pass", _pass("3rd_pass"), grey=True),
    "1st_subtraction": Kind("1st pass less before contrast", _subtraction(1), grey=True),
    "2nd_subtraction": Kind("2nd pass less before contrast", _subtraction(2), grey=True),
    "3rd_subtraction": Kind("3rd pass less before contrast", _subtraction(3), grey=True),
    PROJECTION: Kind("maximum intensity projection, 1st pass less before contrast", _projection, grey=True),
    **{name: Kind(each.title, _map(name), each.key, classes=each.classes) for name, each in MAPS.items()},
}

#: Those over which heat can lie.
HEATED = tuple(name for name, kind in KINDS.items() if kind.grey and name != PROJECTION)


def picture(
    of: Report | KeptExam, number: int | None, kind: str = "1st_pass", heat: str | None = None, legend: bool = False
) -> np.ndarray:
    """Slice ``number``, counted from 1, as it looks in the patient: (rows, columns, 3) uint8, RGB, pixels as high as
    wide. The projection is of all slices and takes any number, or None.

    ``kind`` is one of KINDS. ``heat`` names one of the two networks; where it looked lies over the picture, which needs
    a report and a grey kind. ``legend`` frames it and says what it is. Raises ValueError for what there is not.
    """
    exam = of.exam if isinstance(of, Report) else of
    shown = _kind(kind)
    if kind != PROJECTION and not (isinstance(number, int) and 1 <= number <= len(exam)):
        raise ValueError(f"slice {number} is not one of 1 to {len(exam)}")
    looked = None if heat is None else _heat(of, number, kind, heat)
    image = square(_painted(shown, exam, number, looked), exam.stack.pixel_spacing, shown.classes)
    if not legend:
        return image
    key = HEAT_KEY if heat else shown.key
    return framed(image, _lines(of, number, kind, heat), key, edges_of(exam), millimetres_of(exam))


def png(image: np.ndarray) -> bytes:
    """``image`` as a PNG file: (rows, columns, 3) uint8, RGB, a grey one, which is smaller, where it has no colour; or
    (rows, columns, 4) with opacity."""
    red, green, blue, *opacity = np.moveaxis(image, 2, 0)
    if opacity:
        stored = cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA)
    elif np.array_equal(red, green) and np.array_equal(green, blue):
        stored = np.ascontiguousarray(red)
    else:
        stored = image[..., ::-1]
    return cv2.imencode(".png", stored, [cv2.IMWRITE_PNG_COMPRESSION, PNG_COMPRESSION])[1].tobytes()


def square(image: np.ndarray, pixel_spacing: Vector | None, classes: bool = False) -> np.ndarray:
    """``image`` with pixels that are as high as wide, the smaller of ``pixel_spacing``; itself where they are so, or
    headers do not tell. Not ``classes``: what lies between pixels is mixed of them."""
    if pixel_spacing is None:
        return image
    heights, widths = np.asarray(pixel_spacing) / min(pixel_spacing)
    size = (round(image.shape[1] * widths), round(image.shape[0] * heights))
    return cv2.resize(image, size, interpolation=cv2.INTER_NEAREST if classes else cv2.INTER_LINEAR)


def edges_of(exam: KeptExam) -> Edges | None:
    orientation = exam.stack.image_orientation
    return None if orientation is None else edges(orientation)


def millimetres_of(exam: KeptExam) -> float | None:
    """Of a ``square`` pixel."""
    spacing = exam.stack.pixel_spacing
    return None if spacing is None else min(spacing)


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise ValueError(f"kind is {name!r}, not one of {', '.join(KINDS)}")
    return KINDS[name]


def _heat(of: Report | KeptExam, number: int, kind: str, network: str) -> np.ndarray:
    if network not in ROLES:
        raise ValueError(f"heat is {network!r}, not one of {', '.join(ROLES)}")
    if not isinstance(of, Report):
        raise ValueError("heat is known of a report only")
    if not KINDS[kind].grey or kind == PROJECTION:
        over = ", ".join(name for name, each in KINDS.items() if each.grey and name != PROJECTION)
        raise ValueError(f"heat lies over a grey slice, one of {over}, not over {kind}")
    return of.heat([number])[0, ROLES.index(network)]


def _painted(kind: Kind, exam: KeptExam, number: int, heat: np.ndarray | None) -> np.ndarray:
    image = kind.paint(exam, number)
    if heat is not None:
        return overlay(image, heat)
    return cv2.cvtColor(np.rint(255 * image).astype(np.uint8), cv2.COLOR_GRAY2RGB) if kind.grey else image


def _lines(of: Report | KeptExam, number: int | None, kind: str, heat: str | None) -> list[str]:
    exam = of.exam if isinstance(of, Report) else of
    where = counted(len(exam), "slice") if kind == PROJECTION else f"Slice {number} of {len(exam)}"
    lines = [f"{where}: {KINDS[kind].title}{_moment(exam, kind)}"]
    if isinstance(of, Report) and kind != PROJECTION:
        lines.append(f"Networks: {of.reasons[number - 1]}.")
    if heat:
        lines.append(about_heat(heat))
    return [*lines, f"BreastWise. {RESEARCH}"]


def _moment(exam: KeptExam, kind: str) -> str:
    seconds = exam.description.seconds
    if seconds is None or kind not in PASSES:
        return ""
    return f", after {seconds[FOLDERS.index(kind)]:.0f} s"
