"""Where the two networks looked in a slice, and in words what that shows and what it does not."""

import cv2
import numpy as np

from nets.layer_cam import heat as heat_of_network
from nets.layer_cam import scaled
from nets.runtime import Check, Networks, unchecked

#: Below every picture with heat on it.
CAPTION = (
    "Red is where the network found most of what speaks for a tumour in this slice, also where it says no, relative "
    "to the strongest place of the same slice; it is no probability and no outline, and a slice without tumour has "
    "red, too."
)
#: Beside it where the heat of the single network is shown.
SINGLE_CAPTION = (
    "The single network sees the slice before contrast alone; on phantoms its red misses the tumour much more often "
    "than that of the scantype network and is no guide to where a tumour lies."
)


def heat(inputs: np.ndarray, networks: Networks, check: Check = unchecked) -> np.ndarray:
    """Heat (N, 2, 128, 128) float32 of the single and the scantype network in ``inputs`` (N, 4, 128, 128), 0..255, pre
    and the three passes: each map 0 to 1 with a largest value of 1, or all 0 where nothing speaks for a tumour.

    ``check`` is called before each batch and may raise to end the work.
    """
    single = scaled(heat_of_network(networks.single, inputs[:, :1], check=check))
    return np.stack([single, heat_of_scantype(inputs, networks, check)], axis=1)


def heat_of_scantype(inputs: np.ndarray, networks: Networks, check: Check = unchecked) -> np.ndarray:
    """The same of the scantype network alone, (N, 128, 128)."""
    return scaled(heat_of_network(networks.scantype, inputs[:, 1:], check=check))


def in_slices(heat: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """``heat`` (..., 128, 128) in the geometry of the slices it was computed from, (..., rows, columns) float32, each
    map with a largest value of 1 again.

    Linear between the centres of pixels, as ``imaging.preprocessing.prepare`` went the other way: the centre of row r
    of the 128 lies in row (r + 1/2) rows / 128 - 1/2 of the slice.
    """
    flat = heat.reshape(-1, *heat.shape[-2:])
    made = np.empty((len(flat), rows, columns), np.float32)
    for each, into in zip(flat, made, strict=True):
        into[:] = cv2.resize(each, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return scaled(made).reshape(*heat.shape[:-2], rows, columns)
