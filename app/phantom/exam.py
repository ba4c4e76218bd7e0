"""One synthetic breast DCE-MRI exam from one seed, with its truth: slices in four passes, rendered one at a time.

Signal follows from physics (``physics``), habits from the one real exam measured in the project's facts: suppressed
fat, a coil that falls off towards the chest, Rician noise, a few bright pixels that set the maximum. No patient's data
is in it.
"""

from functools import cached_property

import numpy as np

from phantom.canvas import Canvas, View
from phantom.fields import Field, soft
from phantom.lesions import Mass, NonMass
from phantom.patient import SMALLEST_CUT_MM2, TRACE_MM2, Patient
from phantom.protocol import Protocol, drawn_protocol
from phantom.ranges import TISSUES
from phantom.scanner import Scanner
from phantom.shapes import through, window
from phantom.tissues import Sequence, Tissue
from phantom.truth import truth

PASSES = ("pre", "1st_pass", "2nd_pass", "3rd_pass")
# Every third drawn exam is free of tumour.
FREE_OF_TUMOUR = 3
# What is drawn anew for each nodule instead of once for the patient.
OWN_CURVES = ("tumour", "non-mass", "cyst", "fibroadenoma", "node")


class Exam:
    """A patient before one scanner. Everything follows from ``seed``, ``protocol`` and ``tumours``.

    ``tumours`` None draws one tumour (five times of six) or two.
    """

    def __init__(self, seed: int, protocol: Protocol, tumours: int | None = None):
        body, scanner, sequence, background, tissues, curves, alike = np.random.default_rng([20, seed]).spawn(7)
        self.seed, self.protocol = seed, protocol
        self.patient = Patient(body, tumours)
        self.scanner, self.sequence = Scanner(scanner), Sequence(sequence)
        self.background = Field(background, 18)
        self.tissues = {name: self.sequence.tissue(name, tissues) for name in TISSUES if name not in OWN_CURVES}
        found = self.patient.tumours
        #: the tissue of each of ``patient.tumours``
        self.curves = [self.sequence.tissue(tumour.tissue, curves) for tumour in found]
        self.nodules = [(each, self.sequence.tissue(each.kind, alike)) for each in self.patient.lookalikes]
        for tumour, curve in zip(found, self.curves, strict=True):
            self.nodules += [(focus, curve) for focus in tumour.foci]

    @property
    def times(self) -> list[float]:
        """Seconds after the injection in the middle of pre and each pass."""
        return self.sequence.times

    def slice(self, index: int) -> np.ndarray:
        """Slice ``index`` (from 0 at the feet) of each pass: (4, rows, columns) uint16, in the order of ``PASSES``."""
        view = self.patient.view(self.protocol.plane(index), self.protocol.slice_thickness)
        image, beating = self._painted(view)
        image = self.scanner.received(image, beating, view)
        return self.scanner.stored(image, np.random.default_rng([21, self.seed, index]))

    def mask(self, index: int) -> np.ndarray:
        """Where slice ``index`` (from 0) holds tumour, (rows, columns) bool."""
        return np.logical_or.reduce(
            [np.zeros((self.protocol.rows, self.protocol.columns), bool)]
            + [self.lesion_mask(lesion, index) for lesion in self.patient.lesions]
        )

    def lesion_mask(self, lesion: Mass | NonMass, index: int) -> np.ndarray:
        """As ``mask``, of one of ``patient.lesions``."""
        return self.patient.mask(lesion, self.protocol.plane(index), self.protocol.slice_thickness)

    def lesion_slices(self, lesion: Mass | NonMass) -> list[int]:
        """The slices that hold ``lesion``, counted from 1 at the feet."""
        thickness, count = self.protocol.slice_thickness, self.protocol.slices
        areas = (self.patient.cut_mm2(lesion, self.protocol.plane(index).z, thickness) for index in range(count))
        return [number for number, area in enumerate(areas, start=1) if area >= SMALLEST_CUT_MM2]

    @cached_property
    def positive_slices(self) -> list[int]:
        """The slices that hold tumour, counted from 1 at the feet."""
        return sorted({number for lesion in self.patient.lesions for number in self.lesion_slices(lesion)})

    @cached_property
    def unclear_slices(self) -> list[int]:
        """The slices, counted from 1, that show a trace of tumour and not enough of it to count: its ends."""
        thickness, found = self.protocol.slice_thickness, []
        for number in range(1, self.protocol.slices + 1):
            z = self.protocol.plane(number - 1).z
            shown = sum(self.patient.trace_mm2(lesion, z, thickness) for lesion in self.patient.lesions)
            if shown > TRACE_MM2 and number not in self.positive_slices:
                found.append(number)
        return found

    def truth(self) -> dict:
        """What there is to find, ready for JSON."""
        return truth(self)

    def _painted(self, view: View) -> tuple[np.ndarray, np.ndarray]:
        """Signal without coil and noise (4, rows, columns), and the part of it that the heartbeat smears."""
        patient, scanner, tissues, canvas = self.patient, self.scanner.drawn, self.tissues, Canvas(view.plane)
        failed = soft(self.scanner.patches.on(view.plane) + np.float32(scanner.failed_share), 1.8)
        fat = scanner.fat_left * (1 + scanner.failed_suppression * failed)
        canvas.cover(soft(view.body, view.edge), tissues["fat"], fat)
        uptake = np.maximum(1 + scanner.background * self.background.on(view.plane), 0.1)
        patient.breasts.paint(canvas, view, tissues, uptake, patient.chest.layers.fat)
        beating = patient.chest.paint(canvas, view, tissues | {"fat": self._suppressed}, scanner.ink)
        canvas.cover(patient.vessels.share(view.plane, view.thickness) * soft(view.body - 1, 2), tissues["vessel"])
        self._paint_skin(canvas, view)
        for nodule, curve in self.nodules:
            self._paint_nodule(canvas, view, nodule, curve)
        return canvas.image, beating

    @property
    def _suppressed(self) -> Tissue:
        fat = self.tissues["fat"]
        return Tissue(fat.before * self.scanner.drawn.fat_left, fat.uptake)

    def _paint_skin(self, canvas: Canvas, view: View) -> None:
        skin = self.patient.chest.layers.skin
        canvas.cover(soft(view.body, view.edge) * soft(np.float32(skin) - view.body, view.edge), self.tissues["skin"])
        for breast in self.patient.breasts.both:
            if not breast.nipple.misses(view.plane.z):
                at, near = window(view.plane, breast.nipple.centre, 15)
                if near.rows and near.columns:
                    share = soft(breast.nipple.depth(near), 2) * soft(view.body[at], view.edge)
                    canvas.cover(share, self.tissues["nipple"], at=at)

    def _paint_nodule(self, canvas: Canvas, view: View, nodule: Mass | NonMass, curve: Tissue) -> None:
        at, near = window(view.plane, nodule.centre, nodule.reach)
        if abs(view.plane.z - nodule.centre[2]) > nodule.reach + view.thickness or not near.rows or not near.columns:
            return
        small = View(near, view.body[at], view.chest[at], view.thickness)
        share = through(near, view.thickness, lambda plane: nodule.on(plane)[0]) * self.patient.room(small, nodule)
        canvas.cover(share, curve, uptake=nodule.on(near)[1], at=at)


def drawn_exam(seed: int, whole: bool = False) -> Exam:
    """The exam of ``seed`` drawn from the full ranges, its protocol too; every third is free of tumour.

    ``whole`` keeps the scanner's matrix of 320 to 512; else it is 144 to 256, for training.
    """
    return Exam(seed, drawn_protocol(seed, whole), tumours=0 if seed % FREE_OF_TUMOUR == 0 else None)
