"""One synthetic breast DCE-MRI exam from one seed, with its truth: slices in four passes, rendered one at a time.

Signal habits follow the one real exam measured in the project's facts: suppressed fat, a coil that falls off towards
the chest, Rician noise, a few bright pixels that set the maximum, a tumour that takes contrast up fast and loses it
slowly. No patient's data is in it.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from phantom.anatomy import SMALLEST_CUT_MM2, Nodule, Patient, window
from phantom.fields import Field, Plane, soft
from phantom.ranges import PASS_TIMES, PEAK_UPTAKE, SCANNER, SIGNAL, UPTAKE_TIME, WASH_OUT, draw

PASSES = ("pre", "1st_pass", "2nd_pass", "3rd_pass")


@dataclass(frozen=True)
class Protocol:
    """How the scanner cuts the patient.

    ``breasts_up``: the breasts point to the top of the picture (image rows run to the patient's back), else the
    picture is turned by half a circle.
    """

    rows: int
    columns: int
    slices: int
    field_of_view: float = 340.0
    coverage: float = 130.0
    breasts_up: bool = True

    @property
    def pixel_spacing(self) -> float:
        return self.field_of_view / self.rows

    @property
    def slice_spacing(self) -> float:
        return self.coverage / self.slices

    def plane(self, index: int) -> Plane:
        """Slice ``index``, from 0 at the feet."""
        sign = 1 if self.breasts_up else -1
        step = sign * self.pixel_spacing
        middle = -115 + self.field_of_view / 2
        return Plane(
            self.rows,
            self.columns,
            -step * (self.columns - 1) / 2,
            middle - step * (self.rows - 1) / 2,
            step,
            step,
            (index - (self.slices - 1) / 2) * self.slice_spacing,
        )


class Exam:
    """A patient before one scanner. Everything follows from ``seed``, ``protocol`` and ``tumours``.

    ``tumours`` None draws one tumour (five times of six) or two.
    """

    def __init__(self, seed: int, protocol: Protocol, tumours: int | None = None):
        rng = np.random.default_rng([20, seed])
        self.seed, self.protocol = seed, protocol
        if tumours is None:
            tumours = 1 + int(rng.uniform() > 5 / 6)
        self.patient = Patient(rng, tumours)
        self.signal, self.scanner = draw(SIGNAL, rng), draw(SCANNER, rng)
        self.times = self._draw_times(rng)
        self.uptake = self._draw_uptake(rng)
        self.bias, self.patches, self.fine = Field(rng, 140), Field(rng, 45), Field(rng, 2.5)
        self.background = Field(rng, 18)
        self.shifts = rng.standard_normal((len(PASSES), 2)) * self.scanner.motion * [[0], [1], [1], [1]]
        self.nodules = [(lesion, "lesion", self._curve("lesion", rng)) for lesion in self.patient.lesions]
        self.nodules += [(nodule, "benign", self._curve("benign", rng)) for nodule in self.patient.benign]

    @cached_property
    def positive_slices(self) -> list[int]:
        """The slices that hold tumour, counted from 1 at the feet."""
        heights = [self.protocol.plane(index).z for index in range(self.protocol.slices)]
        return [
            number
            for number, z in enumerate(heights, start=1)
            if any(lesion.cut_mm2(z) >= SMALLEST_CUT_MM2 for lesion in self.patient.lesions)
        ]

    def truth(self) -> dict:
        """What there is to find, ready for JSON: slices from 1, millimetres in patient coordinates."""
        return {
            "seed": self.seed,
            "slice_count": self.protocol.slices,
            "positive_slices": self.positive_slices,
            "lesions": [
                {"centre_mm": [round(float(c), 2) for c in lesion.centre], "radius_mm": round(lesion.radius, 2)}
                for lesion in self.patient.lesions
            ],
            "pass_times_s": [round(time, 1) for time in self.times],
        }

    def slice(self, index: int) -> np.ndarray:
        """Slice ``index`` (from 0 at the feet) of each pass: (4, rows, columns) uint16, in the order of ``PASSES``."""
        plane = self.protocol.plane(index)
        clean, ghosting = self._clean(plane)
        clean = self._received(clean, ghosting, plane)
        rng = np.random.default_rng([21, self.seed, index])
        noise = rng.standard_normal((2, *clean.shape), dtype=np.float32) * np.float32(self.scanner.noise)
        magnitude = np.sqrt((clean + noise[0]) ** 2 + noise[1] ** 2)
        return np.clip(np.rint(magnitude * self.scanner.gain), 0, 4095).astype(np.uint16)

    def mask(self, index: int) -> np.ndarray:
        """Where slice ``index`` (from 0) holds tumour, (rows, columns) bool."""
        plane = self.protocol.plane(index)
        found = np.zeros((plane.rows, plane.columns), bool)
        for lesion in self.patient.lesions:
            at, near = window(plane, lesion.centre, lesion.reach)
            if abs(plane.z - lesion.centre[2]) < lesion.reach and near.rows and near.columns:
                found[at] |= lesion.on(near)[0] > 0.5
        return found

    def _draw_times(self, rng: np.random.Generator) -> list[float]:
        drawn = draw(PASS_TIMES, rng)
        return [-60.0, *(drawn.first + k * drawn.interval for k in range(3))]

    def _draw_uptake(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {tissue: self._curve(tissue, rng) for tissue in PEAK_UPTAKE}

    def _curve(self, tissue: str, rng: np.random.Generator) -> np.ndarray:
        """Uptake of ``tissue`` at each pass, (4,): a rise with its own time, then a slow wash-out."""
        peak, rise, loss = (table[tissue].draw(rng) for table in (PEAK_UPTAKE, UPTAKE_TIME, WASH_OUT))
        after = np.maximum(self.times, 0)
        return (peak * (1 - np.exp(-after / rise)) * np.exp(-loss * after)).astype(np.float32)

    def _clean(self, plane: Plane) -> tuple[np.ndarray, np.ndarray]:
        """Signal without coil and noise (4, rows, columns), and the part of it that the heartbeat smears."""
        patient, layers, edge = self.patient, self.patient.layers, self.protocol.pixel_spacing
        body, torso = patient.body_depth(plane), patient.torso.depth(plane)
        image = np.zeros((len(PASSES), plane.rows, plane.columns), np.float32)
        failed = self.scanner.failed_suppression * soft(self.patches.on(plane) + self.scanner.failed_share, 0.8)
        self._paint(image, soft(body, edge), "fat", 1 + failed)
        gland = patient.gland_share(plane, body) * soft(layers.fat - torso, 4)
        background = np.maximum(1 + 0.5 * self.background.on(plane), 0.1)
        self._paint(image, gland, "gland", uptake_by_place=background)
        self._paint(image, soft(torso - layers.fat, 2), "muscle")
        self._paint(image, soft(torso - patient.cavity_depth, 3), "lung")
        beating = soft(torso - patient.cavity_depth, 3) * soft(
            np.maximum(patient.heart.depth(plane), patient.aorta.depth(plane)), 3
        )
        self._paint(image, beating, "heart")
        self._paint(image, patient.vessel_share(plane, self.protocol.slice_spacing) * soft(body - 2, 2), "vessel")
        self._paint(image, soft(body, edge) * soft(layers.skin - body, edge), "skin")
        self._paint_nodules(image, plane, body)
        image *= 1 + self.scanner.texture * self.fine.on(plane)
        return image, beating

    def _paint(self, image, share, tissue, brightness=1.0, uptake_by_place=1.0) -> None:
        """Covers ``share`` (0..1) of each pixel with ``tissue``; the rest keeps what was there."""
        before = getattr(self.signal, tissue) * brightness
        for k, uptake in enumerate(self.uptake[tissue]):
            image[k] += share * (before * (1 + uptake * uptake_by_place) - image[k])

    def _paint_nodules(self, image: np.ndarray, plane: Plane, body: np.ndarray) -> None:
        for nodule, tissue, curve in self.nodules:
            if abs(plane.z - nodule.centre[2]) < nodule.reach:
                self._paint_nodule(image, plane, body, nodule, tissue, curve)

    def _paint_nodule(self, image, plane, body, nodule: Nodule, tissue: str, curve: np.ndarray) -> None:
        at, near = window(plane, nodule.centre, nodule.reach)
        if not near.rows or not near.columns:
            return
        share, place = nodule.on(near)
        share = share * soft(body[at], 2)
        before = self.signal.gland * getattr(self.signal, tissue)
        for k, uptake in enumerate(curve):
            image[k][at] += share * (before * (1 + uptake * place) - image[k][at])

    def _received(self, image: np.ndarray, beating: np.ndarray, plane: Plane) -> np.ndarray:
        """The signal as the coil hears it, with ghosts of the heart and a shift from pass to pass."""
        scanner = self.scanner
        deep = np.maximum(plane.y() + 30, 0)
        coil = scanner.coil_floor + (1 - scanner.coil_floor) * np.exp(-deep / scanner.coil_reach)
        under_skin = np.maximum(self.patient.body_depth(plane), 0)
        coil = coil * (1 + scanner.glow * np.exp(-under_skin / scanner.glow_reach))
        image = image * (coil * np.exp(scanner.bias * self.bias.on(plane)))
        smeared = image * beating * scanner.ghost
        for share, turn in ((1.0, 0.19), (0.7, -0.23), (0.5, 0.41)):
            image += share * np.roll(smeared, round(turn * plane.columns), axis=2)
        for k, (right, down) in enumerate(self.shifts / self.protocol.pixel_spacing):
            moved = np.array([[1, 0, right], [0, 1, down]])
            image[k] = cv2.warpAffine(image[k], moved, (plane.columns, plane.rows), borderMode=cv2.BORDER_REPLICATE)
        return image
