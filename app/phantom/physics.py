"""Signal of a tissue before and after contrast: spoiled gradient echo, relaxivity, arterial input, extended Tofts."""

import numpy as np

# Parker et al., Magn Reson Med 2006;56:993, table 1: the population's mean concentration in whole blood.
_AREAS, _CENTRES, _WIDTHS = (0.809, 0.330), (0.17046, 0.365), (0.0563, 0.132)  # mM min, min, min
_TAIL, _DECAY, _STEEPNESS, _ONSET = 1.050, 0.1685, 38.078, 0.483  # mM, 1/min, 1/min, min
HAEMATOCRIT = 0.42
STEP = 1 / 60  # min, of the sums below


def spoiled_gradient_echo(t1: np.ndarray | float, repetition_time: float, flip_angle: float) -> np.ndarray:
    """Steady-state signal of unit density (Ernst); ``t1`` and ``repetition_time`` in ms, ``flip_angle`` in degrees."""
    angle, left = np.radians(flip_angle), np.exp(-repetition_time / np.asarray(t1, dtype=float))
    return np.sin(angle) * (1 - left) / (1 - np.cos(angle) * left)


def blood_concentration(minutes: np.ndarray) -> np.ndarray:
    """Contrast agent in whole blood, mM, ``minutes`` after its arrival (0 before): Parker's population mean."""
    minutes = np.asarray(minutes, dtype=float)
    bolus = sum(
        area / (width * np.sqrt(2 * np.pi)) * np.exp(-((minutes - centre) ** 2) / (2 * width**2))
        for area, centre, width in zip(_AREAS, _CENTRES, _WIDTHS, strict=True)
    )
    tail = _TAIL * np.exp(-_DECAY * minutes) / (1 + np.exp(-_STEEPNESS * (minutes - _ONSET)))
    return np.where(minutes > 0, bolus + tail, 0.0)


def tissue_concentration(ktrans: float, ve: float, vp: float, minutes: np.ndarray) -> np.ndarray:
    """Contrast agent in a tissue, mM, at ``minutes`` after its arrival.

    Extended Tofts model, Tofts et al., J Magn Reson Imaging 1999;10:223: Ct = vp Cp + Ktrans (Cp * exp(-kep t)) with
    kep = Ktrans / ve; ``ktrans`` in 1/min, ``ve`` and ``vp`` as shares of the tissue.
    """
    time = np.arange(0, max(np.max(minutes), 0) + 2 * STEP, STEP)
    plasma = blood_concentration(time) / (1 - HAEMATOCRIT)
    leaked = ktrans * STEP * np.convolve(plasma, np.exp(-ktrans / ve * time))[: len(time)]
    return np.interp(minutes, time, vp * plasma + leaked)


def shortened(t1: float, concentration: np.ndarray, relaxivity: float) -> np.ndarray:
    """T1 in ms of a tissue that holds ``concentration`` mM of an agent of ``relaxivity`` 1/(mM s)."""
    return 1000 / (1000 / t1 + relaxivity * concentration)
