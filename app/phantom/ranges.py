"""The ranges every phantom is drawn from: one table a part, each entry with its unit and meaning.

``draw`` turns a table into one concrete phantom part. The tables are the only place where a range stands, and
``TABLES`` lists them all (docs/phantom.md prints it). Relaxation times are those of 1.5 T: fat and gland after
Rakow-Penner et al., J Magn Reson Imaging 2006;23:87, the others after Stanisz et al., Magn Reson Med 2005;54:507.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

# Where a range names what is common, this share of the draws lies in it; the others lie anywhere in the range.
COMMON_SHARE = 0.8


@dataclass(frozen=True)
class Range:
    """A uniform range, both ends included, in ``unit``; ``common`` is the part of it where most draws lie."""

    low: float
    high: float
    unit: str
    meaning: str
    common: tuple[float, float] | None = None

    def draw(self, rng: np.random.Generator) -> float:
        usual = self.common is not None and rng.uniform() < COMMON_SHARE
        return float(rng.uniform(*(self.common if usual else (self.low, self.high))))


@dataclass(frozen=True)
class Choice:
    """One of the names in ``shares``, as often as its share says; shares sum to 1."""

    shares: dict[str, float]
    meaning: str

    def draw(self, rng: np.random.Generator) -> str:
        return str(rng.choice(list(self.shares), p=list(self.shares.values())))


Table = dict[str, Range | Choice]


def draw(table: Table, rng: np.random.Generator) -> SimpleNamespace:
    """One value for each entry of ``table``, in the table's order, as attributes of the same names."""
    return SimpleNamespace(**{name: each.draw(rng) for name, each in table.items()})


TORSO = {
    "half_width": Range(160, 215, "mm", "chest, left to right"),
    "half_depth": Range(100, 140, "mm", "chest, front to back"),
    "skin": Range(1.2, 2.8, "mm", "thickness of the skin"),
    "fat": Range(5, 18, "mm", "fat under the skin of the chest"),
    "muscle": Range(7, 18, "mm", "pectoral muscle where it is thickest"),
    "muscle_middle": Range(55, 85, "mm", "from the breastbone to where the muscle is thickest"),
    "muscle_spread": Range(35, 60, "mm", "how far the muscle reaches to both sides of there"),
    "wall": Range(12, 24, "mm", "ribs and the muscles between them"),
    "mediastinum": Range(18, 36, "mm", "half of the distance between the lungs"),
}

BREASTS = {
    "lateral": Range(0.42, 0.52, "1", "nipple from the breastbone, as a share of half of the chest's width"),
    "medial_width": Range(44, 70, "mm", "nipple to the inner edge of the breast"),
    "lateral_width": Range(0.6, 1.0, "1", "nipple to the outer edge of the breast, as a share of the way to the flank"),
    "upper_height": Range(52, 85, "mm", "nipple to the upper edge of the breast"),
    "lower_height": Range(42, 70, "mm", "nipple to the lower edge of the breast"),
    "projection": Range(28, 112, "mm", "from the chest wall to the nipple"),
    "roundness": Range(1.5, 2.8, "1", "1.5 pointed, 2 round, 2.8 blunt at the nipple"),
    "taper": Range(0.55, 1.45, "1", "below 1 full sides, above 1 hollow sides"),
    "fillet": Range(8, 26, "mm", "how softly breast and chest run into each other"),
    "asymmetry": Range(-0.12, 0.12, "1", "left breast larger than the right by this share", (-0.05, 0.05)),
    "density": Range(-1.4, 1.0, "1", "share of gland: below 0 mostly fat, above 0 mostly gland"),
    "density_difference": Range(-0.3, 0.3, "1", "left less right breast", (-0.1, 0.1)),
    "gland_length": Range(5, 16, "mm", "size of gland lobules across"),
    "gland_stretch": Range(1.0, 2.4, "1", "lobules longer towards the nipple than across"),
    "gland_roughness": Range(0.15, 0.7, "1", "fine strands on the lobules: smooth to streaky"),
    "gland_contrast": Range(0.4, 1.3, "1", "how sharply gland and fat are parted"),
    "cover": Range(2, 10, "mm", "fat between skin and gland"),
    "ligament_length": Range(9, 22, "mm", "distance between Cooper's ligaments"),
    "ligament_width": Range(0.02, 0.09, "1", "their thickness, as a share of that distance"),
    "ligament_strength": Range(0.1, 0.8, "1", "how much of a ligament is tissue, the rest fat"),
    "nipple": Range(3.5, 6.5, "mm", "half of the nipple's diameter"),
    "nipple_height": Range(0.5, 5, "mm", "how far the nipple stands out"),
}

TUMOURS = {
    "kind": Choice(
        {"irregular": 0.27, "spiculated": 0.25, "rim": 0.16, "round": 0.06, "non-mass": 0.14, "multifocal": 0.12},
        "what a tumour looks like",
    ),
    "where": Choice({"anywhere": 0.6, "skin": 0.13, "chest wall": 0.15, "nipple": 0.12}, "what it lies next to"),
    "diameter": Range(4, 60, "mm", "longest diameter, before its edge is roughened", (6, 35)),
    "spread": Range(15, 60, "mm", "longest diameter of a non-mass tumour", (15, 40)),
    "satellites": Range(1, 4.99, "1", "further foci of a multifocal tumour, rounded down"),
    "satellite_gap": Range(4, 30, "mm", "between its largest focus and a further one"),
    "satellite_diameter": Range(4, 14, "mm", "diameter of a further focus"),
    "two": Range(0, 1, "1", "below 1/6 an exam with tumour has two tumours"),
}

# How a mass looks, by kind; the names are those of ``TUMOURS`` and of ``LOOKALIKES``.
SHAPES = {
    "flattening": Range(0.5, 1.0, "1", "shortest over longest diameter"),
    "irregularity": Range(0.10, 0.40, "1", "roughness of a tumour's edge, as a share of the radius"),
    "round_irregularity": Range(0.02, 0.12, "1", "the same of a round tumour"),
    "smoothness": Range(0.0, 0.07, "1", "the same for what is not tumour: lobulated at most"),
    "spicules": Range(0.4, 1.0, "radius", "how far the spicules of a spiculated tumour reach beyond its edge"),
    "some_spicules": Range(0.0, 0.2, "radius", "the same of other tumours, round ones excepted"),
    "spicule_angle": Range(0.15, 0.36, "rad", "from the middle of a spicule to the gap beside it"),
    "rim": Range(0.45, 0.95, "1", "rim enhancement: how much weaker the centre takes up contrast"),
    "some_rim": Range(0.0, 0.35, "1", "the same of any other tumour"),
    "core": Range(0.45, 0.75, "radius", "size of that weaker centre"),
    "patchiness": Range(0.05, 0.3, "1", "unevenness of uptake inside a tumour"),
    "evenness": Range(0.0, 0.08, "1", "the same for what is not tumour"),
    "clump": Range(2.5, 6, "mm", "half of the distance between the clumps of a non-mass tumour"),
    "filling": Range(-0.1, 0.9, "1", "share of clumps in a non-mass tumour"),
}

LOOKALIKES = {
    "cysts": Range(0, 4.99, "1", "number of cysts, rounded down", (0, 1.99)),
    "fibroadenomas": Range(0, 2.99, "1", "number of fibroadenomas, rounded down", (0, 1.49)),
    "breast_nodes": Range(0, 1.3, "1", "number of lymph nodes in a breast, rounded down"),
    "axillary_nodes": Range(0, 7.99, "1", "number of lymph nodes in the armpits, rounded down"),
    "end_on": Range(0, 4.99, "1", "number of breast vessels that run from slice to slice, rounded down"),
    "cyst_diameter": Range(3, 32, "mm", "diameter of a cyst", (4, 15)),
    "fibroadenoma_diameter": Range(5, 30, "mm", "longest diameter of a fibroadenoma", (6, 20)),
    "node_diameter": Range(4, 16, "mm", "longest diameter of a lymph node"),
    "hilum": Range(0.3, 0.6, "radius", "fat in the hilum of a lymph node"),
}

VESSELS = {
    "number": Range(6, 22, "1", "vessels in both breasts, rounded down"),
    "radius": Range(0.4, 1.5, "mm", "half of the calibre"),
    "length": Range(30, 130, "mm", "along its course; of a perforator two thirds of it"),
    "bend": Range(0.08, 0.3, "1", "how much it winds: each 2 mm it turns by some 0.6 of this, in rad"),
    "superficial": Range(2, 14.99, "1", "veins and arteries right under the skin, rounded down"),
    "superficial_radius": Range(0.5, 2.2, "mm", "half of their calibre", (0.6, 1.6)),
    "superficial_depth": Range(1, 7, "mm", "from the skin's inner side to their middle"),
    "superficial_slant": Range(0, 1.57, "rad", "how far they turn from feet to head towards the middle or the side"),
    "superficial_bend": Range(0.02, 0.2, "rad", "change of direction at each 2 mm"),
    "beads": Range(0, 0.4, "1", "unevenness of a vessel's calibre, as a share of it"),
    "perforators": Range(0, 6.99, "1", "vessels from beside the breastbone into a breast, rounded down"),
    "perforator_radius": Range(0.6, 2.2, "mm", "half of their calibre", (0.7, 1.6)),
    "perforator_bend": Range(0.1, 0.45, "1", "as bend"),
    "mammary_radius": Range(0.9, 1.9, "mm", "half of the calibre of the internal mammary vessels"),
    "lung_number": Range(30, 90, "1", "vessels in both lungs, rounded down"),
    "lung_radius": Range(0.5, 2.0, "mm", "half of their calibre at the root of the lung"),
}

CHEST = {
    "heart_left": Range(5, 32, "mm", "middle of the heart from the midline"),
    "heart_depth": Range(32, 52, "mm", "middle of the heart behind the chest wall"),
    "heart_height": Range(-45, 5, "mm", "middle of the heart above the middle of the breasts"),
    "heart_radius": Range(34, 46, "mm", "half of the heart's width"),
    "chambers": Range(0.45, 0.7, "1", "size of a chamber, as a share of the heart"),
    "aorta_radius": Range(9, 14, "mm", "half of the aorta's calibre"),
    "liver_top": Range(-85, -30, "mm", "dome of the liver above the middle of the breasts"),
    "ribs": Range(22, 32, "mm", "from rib to rib"),
}


def _tissue(meaning, t1, density, ktrans, ve, vp) -> Table:
    return {
        "t1": Range(*t1[:2], "ms", f"{meaning}: T1 before contrast, at 1.5 T", t1[2:] or None),
        "density": Range(*density, "1", f"{meaning}: proton density, less what TE takes away"),
        "ktrans": Range(*ktrans[:2], "1/min", f"{meaning}: transfer constant Ktrans", ktrans[2:] or None),
        "ve": Range(*ve, "1", f"{meaning}: space outside cells ve"),
        "vp": Range(*vp, "1", f"{meaning}: share of plasma vp"),
    }


TISSUES = {
    "fat": _tissue("fat", (260, 330), (0.85, 1.0), (0.0, 0.008), (0.05, 0.15), (0.0, 0.006)),
    "gland": _tissue("gland", (1050, 1450), (0.70, 0.95), (0.002, 0.11, 0.002, 0.025), (0.2, 0.5), (0.002, 0.015)),
    "skin": _tissue("skin", (650, 1000), (0.70, 0.95), (0.02, 0.12), (0.2, 0.4), (0.01, 0.04)),
    "nipple": _tissue("nipple", (750, 1100), (0.75, 0.95), (0.05, 0.30), (0.3, 0.5), (0.02, 0.06)),
    "muscle": _tissue("muscle", (850, 1050), (0.45, 0.75), (0.01, 0.05), (0.08, 0.15), (0.01, 0.03)),
    "wall": _tissue("chest wall", (700, 1000), (0.25, 0.55), (0.01, 0.06), (0.08, 0.2), (0.01, 0.03)),
    "lung": _tissue("lung", (1000, 1300), (0.05, 0.16), (0.0, 0.0), (0.1, 0.2), (0.05, 0.15)),
    "heart": _tissue("blood in the heart", (1300, 1650), (0.60, 0.90), (0.0, 0.0), (0.1, 0.2), (0.54, 0.64)),
    "myocardium": _tissue("heart muscle", (950, 1100), (0.45, 0.75), (0.35, 0.9), (0.2, 0.3), (0.05, 0.10)),
    "liver": _tissue("liver", (500, 680), (0.60, 0.80), (0.15, 0.5), (0.2, 0.3), (0.05, 0.12)),
    "vessel": _tissue("blood in the breast", (600, 1600), (0.75, 0.95), (0.0, 0.0), (0.1, 0.2), (0.45, 0.62)),
    "tumour": _tissue("tumour", (700, 1080), (0.86, 1.08), (0.09, 0.70, 0.16, 0.50), (0.25, 0.60), (0.02, 0.12)),
    "non-mass": _tissue("non-mass tumour", (780, 1120), (0.84, 1.02), (0.07, 0.40), (0.25, 0.60), (0.02, 0.08)),
    "cyst": _tissue("cyst", (450, 3500, 1500, 3500), (0.90, 1.0), (0.0, 0.0), (0.5, 0.9), (0.0, 0.0)),
    "fibroadenoma": _tissue("fibroadenoma", (850, 1500), (0.80, 1.0), (0.02, 0.09), (0.45, 0.8), (0.003, 0.03)),
    "node": _tissue("lymph node", (800, 1100), (0.75, 0.95), (0.12, 0.45), (0.22, 0.4), (0.03, 0.08)),
}

SEQUENCE = {
    "field_strength": Choice({"1.5": 0.5, "3.0": 0.5}, "tesla"),
    "repetition_time": Range(3.6, 7.0, "ms", "TR", (3.8, 5.5)),
    "echo_time": Range(1.2, 2.6, "ms", "TE"),
    "flip_angle": Range(8, 15, "degrees", "flip angle"),
    "t1_at_3t": Range(1.1, 1.35, "1", "T1 at 3 T over T1 at 1.5 T"),
    "relaxivity": Range(3.6, 4.8, "1/(mM s)", "of the contrast agent"),
    "dose": Range(0.7, 1.2, "1", "blood's concentration over the population's mean"),
    "arrival": Range(8, 25, "s", "from the injection to the agent's arrival in the chest"),
    "first": Range(75, 125, "s", "middle of the first pass after injection"),
    "interval": Range(75, 125, "s", "from pass to pass"),
}

SCANNER = {
    "brightness": Range(70, 120, "1", "scanner units of gland-like tissue (T1 1200 ms) next to the coil"),
    "fat_left": Range(0.11, 0.30, "1", "signal of fat that suppression leaves"),
    "failed_suppression": Range(0.0, 2.2, "1", "extra fat where its suppression fails, over what is left", (0.0, 1.3)),
    "failed_share": Range(-2.4, -0.8, "1", "how widespread failed suppression is (level of a unit field)"),
    "coil_reach": Range(45, 150, "mm", "depth in which the coil's signal falls to a third"),
    "coil_floor": Range(0.12, 0.42, "1", "signal of the coil far from the breasts"),
    "glow": Range(0.1, 1.5, "1", "extra signal right under the skin, nearest to the coil"),
    "glow_reach": Range(4, 22, "mm", "depth in which that extra signal falls to a third"),
    "bias": Range(0.05, 0.22, "1", "slow unevenness of brightness"),
    "noise": Range(2.6, 8.5, "1", "standard deviation of Rician noise, in scanner units", (3.9, 6.8)),
    "haze": Range(0.0, 0.10, "1", "signal smeared along the second phase encoding, seen in the air"),
    "haze_reach": Range(25, 70, "mm", "how far it is smeared"),
    "phase": Choice({"left-right": 0.75, "front-back": 0.25}, "direction of phase encoding"),
    "ghost": Range(0.01, 0.08, "1", "ghost of the beating heart, as a share of its signal"),
    "ink": Range(0.0, 0.75, "1", "dark outline between fat and muscle (out of phase)"),
    "truncation": Range(0.68, 1.0, "1", "measured over stored matrix: blur, ringing and correlated noise below 1"),
    "motion": Range(0.0, 2.2, "mm", "standard deviation of the shift between passes", (0.0, 0.9)),
    "stretch": Range(0.0, 0.012, "1", "standard deviation of the stretch between passes", (0.0, 0.005)),
    "gain": Range(0.7, 4.0, "1", "scanner units to stored values"),
    "texture": Range(0.04, 0.14, "1", "fine unevenness of every tissue"),
    "background": Range(0.2, 0.8, "1", "unevenness of the gland's uptake"),
}

SCANS = {
    "vendor": Choice({"SIEMENS": 0.32, "GE": 0.68}, "whose habits the headers follow (Duke: 294 and 628 exams)"),
    "matrix": Choice({"own": 0.965, "320": 0.035}, "own: 448 for Siemens, 512 for GE (Duke: 320 in 33 of 922)"),
    "size": Range(144, 257, "pixels", "rows and columns when an exam is made small, for training"),
    "slices": Range(24, 37, "1", "number of slices, rounded down"),
    "thickness": Range(1.0, 2.6, "mm", "thickness of a slice; what lies between slices is not seen"),
    "field_of_view": Range(290, 380, "mm", "rows and columns together"),
    "front": Range(-180, -116, "mm", "from the front of the breastbone to the picture's edge before the breasts"),
    "aside": Range(-18, 18, "mm", "middle of the picture left of the breastbone", (-8, 8)),
    "coverage": Range(105, 150, "mm", "feet to head"),
    "breasts_up": Choice({"up": 0.7, "down": 0.3}, "to which side of the picture the breasts point"),
    "series": Choice({"a series a pass": 0.4, "one dynamic series": 0.6}, "how the passes are filed"),
}

TABLES: dict[str, Table] = {
    "TORSO": TORSO,
    "BREASTS": BREASTS,
    "CHEST": CHEST,
    "VESSELS": VESSELS,
    "TUMOURS": TUMOURS,
    "SHAPES": SHAPES,
    "LOOKALIKES": LOOKALIKES,
    **{f"TISSUES: {name}": table for name, table in TISSUES.items()},
    "SEQUENCE": SEQUENCE,
    "SCANNER": SCANNER,
    "SCANS": SCANS,
}
