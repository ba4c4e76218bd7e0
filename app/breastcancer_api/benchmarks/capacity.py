"""How many workers a number of exams a day needs, from measured seconds and a simulated queue (docs/scaling.md)."""

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

DAY, HOUR = 86_400, 3_600  # seconds
SLICES = (80, 240)  # of an exam: any number between these is as likely
WORKING_HOURS, SHARE = (7, 19), 0.9  # most exams are made then, most of these about noon
PATIENCE, PATIENT = 60.0, 0.95  # seconds that this share of all exams may wait at most
FEWEST_EXAMS = 3_000  # simulated: a few exams a day are simulated for many days


@dataclass(frozen=True)
class Service:
    """Seconds that a worker needs for an exam: ``fixed``, and ``a_slice`` for each of its slices."""

    fixed: float
    a_slice: float

    def seconds(self, slices: np.ndarray) -> np.ndarray:
        return self.fixed + self.a_slice * slices


@dataclass(frozen=True)
class Load:
    """What a number of exams a day does to ``workers``. Times are in seconds an exam waits for its turn; ``busy`` is
    the share of their time for which all workers compute in the busiest hour of a usual day, ``queue`` the most exams
    that wait at once."""

    exams: int
    workers: int
    busy: float
    mean: float
    most: float  # PATIENT of all exams wait less
    longest: float
    queue: int


def measured(figures: Sequence[Mapping]) -> Service:
    """The straight line through the whole requests of a benchmark. Raises ValueError with fewer than two of them."""
    seconds = {_slices(each["what"]): each["value"] for each in figures if _slices(each["what"])}
    if len(seconds) < 2:
        raise ValueError("a benchmark of whole requests with two numbers of slices is needed")
    a_slice, fixed = np.polyfit(list(seconds), list(seconds.values()), 1)
    return Service(max(float(fixed), 0.0), float(a_slice))


def _slices(what: str) -> int:
    words = what.replace(",", "").split()
    return int(words[2]) if words[:2] == ["whole", "request"] and len(words) == 4 else 0


def arrivals(exams: int, days: int, draw: np.random.Generator) -> np.ndarray:
    """Times in seconds, rising, at which exams come in ``days`` days: a Poisson process whose rate is that of half a
    sine within WORKING_HOURS, on a floor that holds at night too."""
    count = draw.poisson(exams * days)
    start, end = (hour * HOUR for hour in WORKING_HOURS)
    by_day = start + (end - start) * np.arccos(1 - 2 * draw.random(count)) / np.pi
    times = np.where(draw.random(count) < SHARE, by_day, DAY * draw.random(count))
    return np.sort(times + DAY * draw.integers(0, days, count))


def waits(times: np.ndarray, seconds: np.ndarray, workers: int) -> np.ndarray:
    """Seconds that each exam waits when ``workers`` take them in the order in which they come."""
    free, waited = [0.0] * workers, []
    for time, needed in zip(times.tolist(), seconds.tolist(), strict=True):
        begins = max(time, free[0])
        heapq.heapreplace(free, begins + needed)
        waited.append(begins - time)
    return np.array(waited)


def load(exams: int, service: Service, seed: int, workers: int | None = None) -> Load:
    """With these ``workers``, or the fewest that keep PATIENT of ``exams`` a day from waiting longer than PATIENCE."""
    draw = np.random.default_rng((seed, exams))
    days = max(1, math.ceil(FEWEST_EXAMS / exams))
    times = arrivals(exams, days, draw)
    seconds = service.seconds(draw.integers(SLICES[0], SLICES[1] + 1, len(times)))
    workers = workers or _fewest(times, seconds)
    waited = waits(times, seconds, workers)
    hours = np.bincount((times % DAY // HOUR).astype(int), seconds, minlength=24) / days
    most = float(np.quantile(waited, PATIENT))
    busy, longest = float(hours.max() / HOUR / workers), float(waited.max())
    return Load(exams, workers, busy, float(waited.mean()), most, longest, queue(times, waited))


def queue(times: np.ndarray, waited: np.ndarray) -> int:
    """The most exams that wait at once, of which each came at its time and ``waited`` so long."""
    begun = np.searchsorted(times + waited, times, side="right")  # exams begin in the order in which they come
    return int((np.arange(1, len(times) + 1) - begun).max(initial=0))


def _fewest(times: np.ndarray, seconds: np.ndarray) -> int:
    """By halving: more workers never make anybody wait longer."""
    low, high = 0, 1
    while not _patient(waits(times, seconds, high)):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _patient(waits(times, seconds, middle)) else (middle, high)
    return high


def _patient(waited: np.ndarray) -> bool:
    return bool(np.quantile(waited, PATIENT) <= PATIENCE)
