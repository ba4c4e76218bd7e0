"""The ranges every phantom is drawn from: one table a part, each entry with its unit and meaning.

``draw`` turns a table into one concrete phantom part. The tables are the only place where a range stands.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np


@dataclass(frozen=True)
class Range:
    """A uniform range, both ends included, in ``unit``."""

    low: float
    high: float
    unit: str
    meaning: str

    def draw(self, rng: np.random.Generator) -> float:
        return float(rng.uniform(self.low, self.high))


def draw(table: dict[str, Range], rng: np.random.Generator) -> SimpleNamespace:
    """One value for each entry of ``table``, in the table's order, as attributes of the same names."""
    return SimpleNamespace(**{name: each.draw(rng) for name, each in table.items()})


TORSO = {
    "half_width": Range(155, 205, "mm", "chest, left to right"),
    "half_depth": Range(95, 125, "mm", "chest, front to back"),
    "skin": Range(1.5, 3.0, "mm", "thickness of the skin"),
    "fat": Range(5, 16, "mm", "fat under the skin of the chest"),
    "muscle": Range(7, 15, "mm", "pectoral muscle"),
    "wall": Range(12, 22, "mm", "ribs and the muscles between them"),
}

BREASTS = {
    "lateral": Range(72, 95, "mm", "middle of each breast from the breastbone"),
    "half_width": Range(48, 72, "mm", "left to right, at the chest wall"),
    "half_height": Range(50, 75, "mm", "feet to head, at the chest wall"),
    "projection": Range(40, 110, "mm", "from the chest wall to the nipple"),
    "asymmetry": Range(-0.12, 0.12, "1", "left breast larger than the right by this share"),
    "density": Range(-1.1, 0.9, "1", "share of gland: below 0 mostly fat, above 0 mostly gland"),
    "gland_length": Range(6, 14, "mm", "size of gland lobules"),
}

LESION = {
    "radius": Range(3.5, 17, "mm", "half of the longest diameter, before its edge is roughened"),
    "flattening": Range(0.6, 1.0, "1", "shortest over longest diameter"),
    "irregularity": Range(0.10, 0.38, "1", "roughness of the edge, as a share of the radius"),
    "spiculation": Range(0.0, 0.35, "1", "length of the spicules, as a share of the radius"),
    "rim": Range(0.0, 0.7, "1", "how much weaker the centre enhances than the rim"),
    "patchiness": Range(0.05, 0.3, "1", "unevenness of uptake inside"),
}

BENIGN = {
    "radius": Range(2.5, 9, "mm", "half of the diameter"),
    "flattening": Range(0.6, 1.0, "1", "shortest over longest diameter"),
}

VESSEL = {
    "radius": Range(0.6, 1.7, "mm", "half of the calibre"),
    "length": Range(50, 130, "mm", "along its course"),
    "bend": Range(0.08, 0.3, "1", "change of direction at each millimetre's step, times ten"),
}

# Signal before contrast, in the units of the scanner, at the brightest place of the coil.
SIGNAL = {
    "fat": Range(30, 65, "1", "suppressed fat"),
    "gland": Range(65, 120, "1", "fibroglandular tissue"),
    "skin": Range(80, 170, "1", "skin"),
    "muscle": Range(30, 80, "1", "pectoral muscle and chest wall"),
    "lung": Range(3, 12, "1", "lung"),
    "heart": Range(25, 70, "1", "heart and great vessels"),
    "vessel": Range(60, 115, "1", "vessels in the breast"),
    "lesion": Range(0.95, 1.7, "gland", "tumour, as a multiple of gland"),
    "benign": Range(0.6, 1.5, "gland", "benign nodule, as a multiple of gland"),
}

# Each tissue's uptake: (signal after) = (signal before) x (1 + uptake(t)).
PEAK_UPTAKE = {
    "fat": Range(0.0, 0.10, "1", "fat"),
    "gland": Range(0.03, 0.45, "1", "background enhancement of gland"),
    "skin": Range(0.15, 0.6, "1", "skin"),
    "muscle": Range(0.08, 0.35, "1", "muscle and chest wall"),
    "lung": Range(0.1, 0.8, "1", "lung"),
    "heart": Range(2.0, 4.5, "1", "blood in the heart"),
    "vessel": Range(1.2, 3.0, "1", "blood in the breast's vessels"),
    "lesion": Range(0.8, 2.2, "1", "tumour"),
    "benign": Range(0.15, 1.2, "1", "benign nodule"),
}
UPTAKE_TIME = {
    "fat": Range(80, 160, "s", "fat"),
    "gland": Range(110, 260, "s", "gland: slow"),
    "skin": Range(60, 150, "s", "skin"),
    "muscle": Range(60, 140, "s", "muscle"),
    "lung": Range(15, 40, "s", "lung"),
    "heart": Range(8, 20, "s", "blood"),
    "vessel": Range(10, 30, "s", "blood in the breast"),
    "lesion": Range(20, 60, "s", "tumour: fast"),
    "benign": Range(110, 260, "s", "benign nodule: slow"),
}
WASH_OUT = {
    "fat": Range(0, 0, "1/s", "fat"),
    "gland": Range(0, 0, "1/s", "gland: persistent"),
    "skin": Range(0, 0.0003, "1/s", "skin"),
    "muscle": Range(0, 0.0005, "1/s", "muscle"),
    "lung": Range(0.0005, 0.002, "1/s", "lung"),
    "heart": Range(0.0010, 0.0022, "1/s", "blood"),
    "vessel": Range(0.0006, 0.0018, "1/s", "blood in the breast"),
    "lesion": Range(-0.0002, 0.0013, "1/s", "tumour: persistent to wash-out"),
    "benign": Range(0, 0, "1/s", "benign nodule: persistent"),
}

SCANNER = {
    "coil_reach": Range(50, 160, "mm", "depth in which the coil's signal falls to a third"),
    "glow": Range(0.0, 1.1, "1", "extra signal right under the skin, nearest to the coil"),
    "glow_reach": Range(5, 25, "mm", "depth in which that extra signal falls to a third"),
    "coil_floor": Range(0.15, 0.45, "1", "signal of the coil far from the breasts"),
    "bias": Range(0.05, 0.22, "1", "slow unevenness of brightness"),
    "noise": Range(3.0, 8.0, "1", "standard deviation of Rician noise, in scanner units"),
    "failed_suppression": Range(0.0, 2.6, "1", "extra signal of fat where its suppression fails"),
    "failed_share": Range(-2.2, -0.4, "1", "how widespread failed suppression is (level of a unit field)"),
    "ghost": Range(0.01, 0.06, "1", "ghost of the beating heart, as a share of its signal"),
    "motion": Range(0.0, 0.9, "mm", "standard deviation of the shift between passes"),
    "gain": Range(0.7, 4.0, "1", "scanner units to stored values"),
    "texture": Range(0.05, 0.16, "1", "fine unevenness of every tissue"),
}

PASS_TIMES = {
    "first": Range(75, 125, "s", "middle of the first pass after injection"),
    "interval": Range(75, 125, "s", "from pass to pass"),
}
