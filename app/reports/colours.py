"""Colours of what is painted over a grey picture, as RGB of 0 to 255, and how they are laid over it.

The maps run from light to dark, so that their order is seen without telling hues apart and in print.
"""

from typing import NamedTuple

import numpy as np

from detection.kinetics import CurveType

# Of ColorBrewer's YlOrRd (Brewer, Cartogr J 2003;40:27), made for colour-blind readers: yellow, orange, red.
WARM = ((254, 217, 118), (254, 178, 76), (253, 141, 60), (252, 78, 42), (227, 26, 28))
# Of its RdYlBu, turned round: blue, pale, red.
COOL_TO_WARM = ((69, 117, 180), (171, 217, 233), (255, 255, 191), (253, 174, 97), (215, 48, 39))
#: Of the initial rise by its band, 1 to 3 (``kinetics.rise_bands``).
RISES = {1: WARM[0], 2: WARM[2], 3: WARM[4]}
#: As workstations have them.
CURVE_TYPES = {
    CurveType.PERSISTENT: (51, 122, 214),
    CurveType.PLATEAU: (245, 208, 0),
    CurveType.WASH_OUT: (227, 26, 28),
}
LEVELS = 256
# Heat up to the first is not shown, so that anatomy stays; from there opacity rises, fast at first, to the second.
FAINT, MOST_OPAQUE = 0.2, 0.7
OPACITY = 0.65  # of the map of ratios


def ramp(anchors: tuple[tuple[int, int, int], ...]) -> np.ndarray:
    """(256, 3) float32: colours that run evenly through ``anchors``."""
    at = np.linspace(0, 1, len(anchors))
    steps = np.linspace(0, 1, LEVELS)
    return np.stack([np.interp(steps, at, channel) for channel in np.transpose(anchors)], axis=1).astype(np.float32)


HEAT, RATIO = ramp(WARM), ramp(COOL_TO_WARM)


class Film(NamedTuple):
    """What lies over a grey picture: ``colour`` (rows, columns, 3) float32 of 0 to 255, as opaque as ``opacity``
    (rows, columns) of 0 to 1."""

    colour: np.ndarray
    opacity: np.ndarray


def heat_film(heat: np.ndarray) -> Film:
    """Of ``heat`` (rows, columns) of 0 to 1. Weak heat is not shown; above it runs from yellow, nearly transparent, to
    red."""
    return Film(levels(HEAT, heat), MOST_OPAQUE * np.sqrt(np.clip((heat - FAINT) / (1 - FAINT), 0, 1)))


def class_film(classes: np.ndarray, colours: dict[int, tuple[int, int, int]]) -> Film:
    """Of ``classes`` (rows, columns) uint8: nothing where it has none of ``colours``, else that colour."""
    table = np.zeros((LEVELS, 3), np.float32)
    table[list(colours)] = list(colours.values())
    return Film(table[classes], np.isin(classes, list(colours)).astype(np.float32))


def ratio_film(ratio: np.ndarray, largest: float) -> Film:
    """Of ``ratio`` (rows, columns), from 0 to the ``largest`` that has a colour of its own; nothing where it is NaN."""
    return Film(levels(RATIO, ratio / largest), OPACITY * np.isfinite(ratio))


def overlay(grey: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """``heat`` over ``grey``, both (rows, columns) of 0 to 1: (rows, columns, 3) uint8, RGB."""
    return blended(grey, *heat_film(heat))


def levels(colours: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The colour of each of ``values``, 0 to 1, of (256, 3) ``colours``; NaN counts as 0."""
    return colours[np.rint(np.nan_to_num(values).clip(0, 1) * (LEVELS - 1)).astype(np.uint8)]


def blended(grey: np.ndarray, colour: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """``colour`` (rows, columns, 3) of 0 to 255 over ``grey`` (rows, columns) of 0 to 1, as opaque as ``opacity``
    (rows, columns) of 0 to 1: (rows, columns, 3) uint8."""
    under = (255 * grey)[..., None].astype(np.float32)
    share = opacity[..., None].astype(np.float32)
    return np.rint(under + share * (colour - under)).astype(np.uint8)


def alone(film: Film) -> np.ndarray:
    """``film`` without a picture under it: (rows, columns, 4) uint8, RGB and opacity, all 0 where it shows nothing."""
    opacity = np.rint(255 * film.opacity).astype(np.uint8)
    colour = np.rint(film.colour).astype(np.uint8) * (opacity > 0)[..., None]
    return np.concatenate([colour, opacity[..., None]], axis=2)
