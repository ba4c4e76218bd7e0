"""What can be laid over a grey slice and is transparent elsewhere: where a network looked, and kinetic maps."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from detection.kinetics import (
    ENHANCING,
    PLATEAU,
    RISES,
    CurveType,
    curve_types,
    floor_of,
    rise_bands,
    signal_enhancement_ratio,
    smoothed,
)
from imaging.kept_exam import KeptExam
from nets.bundle import ROLES
from reports import colours
from reports.colours import Film
from reports.legend import Key, Ramp, Swatch
from reports.report import HeatOf
from reports.words import about_heat

#: Ratios are shown from 0 to this; larger ones have the same colour.
LARGEST_SHOWN = 2.0

HEAT_KEY = (Ramp(colours.HEAT, "less", "most"),)
RISE_KEY = (
    Swatch(colours.RISES[1], f"{RISES[0]} to {RISES[1]} %"),
    Swatch(colours.RISES[2], f"{RISES[1]} to {RISES[2]} %"),
    Swatch(colours.RISES[3], f"{RISES[2]} % and more"),
)
CURVE_KEY = tuple(Swatch(colour, CurveType(kind).words) for kind, colour in colours.CURVE_TYPES.items())
RATIO_KEY = (Ramp(colours.RATIO, "0, rises on", f"{LARGEST_SHOWN:g} and more, lost again"),)


@dataclass(frozen=True)
class Layer:
    """``title`` names it, ``caption`` says what it shows, ``key`` what its colours mean."""

    title: str
    caption: str
    key: Key


@dataclass(frozen=True)
class Map(Layer):
    """A kinetic one. ``film`` makes it of a slice, counted from 1. ``classes``: its colours are names and must not be
    mixed."""

    film: Callable[[KeptExam, int], Film]
    classes: bool = False


def _rise(exam: KeptExam, number: int) -> Film:
    bands = rise_bands(smoothed(exam.passes(number)), floor_of(exam))
    return colours.class_film(bands, colours.RISES)


def _curve_types(exam: KeptExam, number: int) -> Film:
    kinds = curve_types(smoothed(exam.passes(number)), floor_of(exam))
    return colours.class_film(kinds, colours.CURVE_TYPES)


def _ratio(exam: KeptExam, number: int) -> Film:
    ratio = signal_enhancement_ratio(smoothed(exam.passes(number)), floor_of(exam))
    return colours.ratio_film(ratio, LARGEST_SHOWN)


TISSUE = f"Of tissue that gains {ENHANCING} % or more from before contrast to the first pass"
MAPS = {
    "initial_rise": Map(
        "initial rise",
        "By how much tissue is brighter in the first pass than before contrast, in percent of its brightness before.",
        RISE_KEY,
        _rise,
        classes=True,
    ),
    "curve_types": Map(
        "curve types",
        f"{TISSUE}: whether it gains more than {PLATEAU} % from there to the last pass (persistent), stays within "
        f"{PLATEAU} % (plateau) or loses more (wash-out).",
        CURVE_KEY,
        _curve_types,
        classes=True,
    ),
    "signal_enhancement_ratio": Map(
        "signal enhancement ratio",
        f"{TISSUE}: what it has gained by the first pass, divided by what it has gained by the last. Below 1 the "
        "signal rises on, above 1 it is lost.",
        RATIO_KEY,
        _ratio,
    ),
}
#: By network, the one that points at tumours first.
HEATS = {f"heat-{role}": role for role in reversed(ROLES)}

#: What ``layer`` can make, in the order in which it is offered.
LAYERS: dict[str, Layer] = {
    name: Layer(f"heat of the {role} network", about_heat(role), HEAT_KEY) for name, role in HEATS.items()
} | MAPS


def layer(name: str, exam: KeptExam, number: int, heat: HeatOf) -> np.ndarray:
    """One of LAYERS for slice ``number``, counted from 1, as it is stored: (rows, columns, 4) uint8, RGB and opacity,
    all 0 where there is nothing to show. Over a grey picture it is what ``pictures.picture`` shows.

    ``heat`` is asked for a heat layer alone. Raises KeyError for a name that is none of LAYERS.
    """
    if name in HEATS:
        return colours.alone(colours.heat_film(heat([number])[0, ROLES.index(HEATS[name])]))
    return colours.alone(MAPS[name].film(exam, number))
