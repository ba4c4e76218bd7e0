"""The ways in which an exam may be written: an axis for each thing in which files and zips differ.

``breastcancer_api.tests.written`` writes a phantom in each of them.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from pydicom import uid

from imaging.exam import FOLDERS
from imaging.pixels import NATIVE, TRANSFER_SYNTAXES
from imaging.tests.encodings import DEPTHS, LOSSY, depths

SLICES = 4
UPLOAD, STUDIES = "/upload/", "/studies/"
# Places of the slices in the order of their names; SHUFFLED rises in neither direction.
RISING, FALLING, SHUFFLED = (0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)
ONE_FOLDER, ONE_SERIES = ("export",) * 4, (1,) * 4


class Grey(NamedTuple):
    """How values become stored ones: scaled, so that they fill the depth; mirrored; with air as padding."""

    rescaled: bool = False
    mirrored: bool = False
    padded: bool = False


class Layout(NamedTuple):
    """Where the four passes go: the address, and the folder and the number of the series of each.

    ``number``: of pass ``k`` and a place in the stack, both from 0, to that of the name or image. ``frames``: a series
    is one Enhanced MR file. ``beside``: what else lies in the zip.
    """

    address: str
    folders: tuple[str, ...]
    number: Callable[[int, int], int] = lambda _, place: place + 1
    series: tuple[int, ...] = (1, 2, 3, 4)
    frames: bool = False
    beside: str = "nothing"


class Naming(NamedTuple):
    """A file's name from its pass and number, the slices' places in that order, and whether InstanceNumber is there."""

    name: Callable[[int, int], str]
    places: tuple[int, ...] = RISING
    numbered: bool = True


class Stack(NamedTuple):
    """ImageOrientationPatient, and whether the slices lie along the normal or against it."""

    orientation: tuple[float, ...]
    rises: bool


def _running(k: int, place: int) -> int:
    return k * SLICES + place + 1


def _in_turn(k: int, place: int) -> int:
    return place * 4 + k + 1


def _one_turned(k: int, place: int) -> int:
    return _running(k, SLICES - 1 - place if k == 2 else place)


GREYS = {
    "as they are": Grey(),
    "rescaled": Grey(rescaled=True),
    "MONOCHROME1": Grey(mirrored=True),
    "MONOCHROME1, rescaled": Grey(rescaled=True, mirrored=True),
    "padded": Grey(padded=True),
    "MONOCHROME1, rescaled, padded": Grey(True, True, True),
}
LAYOUTS = {
    "four folders": Layout(UPLOAD, FOLDERS),
    "wrapped": Layout(UPLOAD, tuple(f"series/{each}" for each in FOLDERS)),
    "wrapped twice": Layout(UPLOAD, tuple(f"My Exams/exam 1/{each}" for each in FOLDERS)),
    "any case": Layout(UPLOAD, ("PRE", "1St_Pass", "2ND_pass", "3rd_PASS")),
    "clutter": Layout(UPLOAD, FOLDERS, beside="clutter"),
    "running numbers": Layout(UPLOAD, FOLDERS, _running),
    "other series beside the folders": Layout(UPLOAD, FOLDERS, beside="other series"),
    "four folders among studies": Layout(STUDIES, FOLDERS),
    "flat": Layout(STUDIES, ONE_FOLDER, _running),
    "flat, without a folder": Layout(STUDIES, ("",) * 4, _running),
    "flat, one pass numbered from the other end": Layout(STUDIES, ONE_FOLDER, _one_turned),
    "a folder a series": Layout(STUDIES, ("a/s4", "a/s3", "a/s2", "a/s1")),
    "a medium with a DICOMDIR": Layout(STUDIES, tuple(f"DICOM/PA0/ST0/SE{k}" for k in range(4)), beside="clutter"),
    "one series": Layout(STUDIES, ONE_FOLDER, _running, ONE_SERIES),
    "one series, slice by slice": Layout(STUDIES, ONE_FOLDER, _in_turn, ONE_SERIES),
    "pre and dynamic": Layout(STUDIES, ("pre", "dyn", "dyn", "dyn"), _running, (1, 2, 2, 2)),
    "other series": Layout(STUDIES, ONE_FOLDER, _running, beside="other series"),
    "Enhanced in four folders": Layout(UPLOAD, FOLDERS, frames=True),
    "Enhanced, a file a pass": Layout(STUDIES, ONE_FOLDER, _running, frames=True),
    "Enhanced, one file": Layout(STUDIES, ONE_FOLDER, _running, ONE_SERIES, frames=True),
    "Enhanced, one file, slice by slice": Layout(STUDIES, ONE_FOLDER, _in_turn, ONE_SERIES, frames=True),
}
NAMINGS = {
    "001.dcm": Naming(lambda _, number: f"{number:03d}.dcm"),
    "no extension": Naming(lambda _, number: f"IM{number:05d}"),
    "an extension in some passes": Naming(lambda k, number: f"I{number:03d}" + ("", ".dcm", ".DCM", "")[k]),
    "spaces, and no zeros in front": Naming(lambda _, number: f"slice {number}.dcm"),
    "accents": Naming(lambda _, number: f"Größe é {number}.dcm"),
    "reversed": Naming(lambda _, number: f"{number:03d}.dcm", FALLING),
    "UIDs": Naming(lambda _, number: f"1.3.12.2.1107.5.2.{number}.30000", SHUFFLED),
    "UIDs, no InstanceNumber": Naming(lambda _, number: f"1.3.12.{number}.1107", SHUFFLED, numbered=False),
}
STACKS = {
    "axial, feet to head": Stack((1, 0, 0, 0, 1, 0), True),
    "axial, head to feet": Stack((1, 0, 0, 0, 1, 0), False),
    "axial, turned by half a circle": Stack((-1, 0, 0, 0, -1, 0), True),
    "sagittal, left to right": Stack((0, 1, 0, 0, 0, -1), True),
    "sagittal, right to left": Stack((0, 1, 0, 0, 0, -1), False),
    "coronal": Stack((1, 0, 0, 0, 0, -1), True),
    "oblique": Stack((0.8, 0.6, 0, -0.48, 0.64, 0.6), False),
}
AXES = {
    "syntax": TRANSFER_SYNTAXES,
    "depth": tuple((bits, signed) for bits in DEPTHS for signed in (False, True)),
    "grey": tuple(GREYS),
    "head": ("whole", "no preamble", "no meta header"),
    "layout": tuple(LAYOUTS),
    "naming": tuple(NAMINGS),
    "packing": ("deflated", "stored", "data descriptors", "zip64", "cp437", "backslashes", "self-extracting"),
    "stack": tuple(STACKS),
}


class Way(NamedTuple):
    """How an exam is written: a value of each of AXES. ``depth`` is BitsStored, and whether values are signed."""

    syntax: str = uid.ExplicitVRLittleEndian
    depth: tuple[int, bool] = (16, False)
    grey: str = "as they are"
    head: str = "whole"
    layout: str = "four folders"
    naming: str = "001.dcm"
    packing: str = "deflated"
    stack: str = "axial, feet to head"

    @property
    def lossy(self) -> bool:
        return self.syntax in LOSSY

    @property
    def multiplied(self) -> bool:
        """Stored values are a multiple of the phantom's, which the original recipe cannot tell from the phantom."""
        grey = GREYS[self.grey]
        return not grey.mirrored and not (grey.rescaled and self.depth[1])

    @property
    def order(self) -> list[int]:
        """The phantom's slices, from 0, in reading order: that of names, else of InstanceNumber, else of positions."""
        naming = NAMINGS[self.naming]
        falls = naming.places == FALLING
        if naming.places == SHUFFLED and not naming.numbered:
            falls = not STACKS[self.stack].rises
        return list(FALLING if falls else RISING)

    def exists(self) -> bool:
        """The syntax holds such values, and files of this kind are read."""
        grey, frames = GREYS[self.grey], LAYOUTS[self.layout].frames
        if self.depth not in depths(self.syntax):
            return False
        if self.lossy and (grey.padded or not grey.rescaled):
            return False  # padding does not survive, and dark pictures drown in what a deep lossy frame may lose
        if frames and self.syntax == uid.ExplicitVRBigEndian and self.depth[0] == 8:
            return False  # frames of odd length in swapped bytes are refused
        # without a meta header nothing tells a compression
        told = self.syntax in NATIVE and self.syntax != uid.DeflatedExplicitVRLittleEndian
        return told or self.head != "no meta header"


def along(axis: str) -> list[Way]:
    """The plain way with every other value of one axis."""
    return [Way()._replace(**{axis: value}) for value in AXES[axis][1:]]


def every_syntax(layout: str) -> list[Way]:
    """Each at the largest depth that it holds, which the values fill."""
    return [Way(syntax, depths(syntax)[-1], "rescaled", layout=layout) for syntax in TRANSFER_SYNTAXES]


def at_random(count: int, seed: int = 0) -> Iterator[Way]:
    """``count`` ways drawn from the product of all axes."""
    rng = np.random.default_rng(seed)
    while count:
        way = Way(*(values[rng.integers(len(values))] for values in AXES.values()))
        if way.exists():
            count -= 1
            yield way
