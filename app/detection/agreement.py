"""Whether the heat of the scantype network lies where a tumour can be, and in tissue that behaves like one."""

from dataclasses import dataclass

import numpy as np

from detection.body import Places
from detection.kinetics import CurveType, curve_types

# From this share of the heat on, too much of it lies where no tumour of the breast is.
TOO_MUCH = 0.5


@dataclass(frozen=True)
class Agreement:
    """Shares, 0 to 1, of the heat of one slice: in tissue that takes up contrast (``enhancing``), and by the curve type
    of that tissue; ``air`` is in front of the patient, ``chest`` her ribs, lungs and heart, None where that cannot be
    told. ``warnings`` say in words what speaks against the place."""

    enhancing: float
    persistent: float
    plateau: float
    wash_out: float
    air: float | None
    chest: float | None
    warnings: tuple[str, ...]


def agreement(heat: np.ndarray, passes: np.ndarray, floor: float, places: Places) -> Agreement:
    """``heat`` (rows, columns), at least 0; ``passes`` (4, rows, columns), smoothed, and ``floor`` as ``kinetics`` has
    them; ``places`` of the same slice."""
    kinds = curve_types(passes, floor)
    air, chest = (None if where is None else _share(heat, where) for where in (places.air, places.chest))
    warnings = (
        *_warnings(heat, places.air, air, "in the air"),
        *_warnings(heat, places.chest, chest, "in the chest (ribs, lungs, heart)"),
    )
    return Agreement(
        enhancing=_share(heat, kinds != CurveType.NONE),
        persistent=_share(heat, kinds == CurveType.PERSISTENT),
        plateau=_share(heat, kinds == CurveType.PLATEAU),
        wash_out=_share(heat, kinds == CurveType.WASH_OUT),
        air=air,
        chest=chest,
        warnings=warnings,
    )


def _share(heat: np.ndarray, where: np.ndarray) -> float:
    whole = float(heat.sum(dtype=np.float64))
    return round(float(heat[where].sum(dtype=np.float64)) / whole, 3) if whole > 0 else 0.0


def _warnings(heat: np.ndarray, where: np.ndarray | None, share: float | None, words: str) -> tuple[str, ...]:
    if where is None or not heat.any():
        return ()
    if where[np.unravel_index(np.argmax(heat), heat.shape)]:
        return (f"the place where the scantype network looked most lies {words}",)
    return (f"{share:.0%} of the scantype network's heat lies {words}",) if share >= TOO_MUCH else ()
