"""Exams as headers alone, in many shapes and corrupted at random, with the truth in the folder of ``path``.

``path.parent`` of each slice is its phase, ``a`` before contrast, and the number of its slice along the normal; of what
is no phase, ``other``. The code under test reads only the last part of ``path``.
"""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from imaging.slice_file import SliceFile
from imaging.stored_file import DiskFile
from imaging.tests.exam_slices import EMPTY

PHASES = "abcdef"
PLANES = {
    "axial": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "sagittal": (0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
    "coronal": (1.0, 0.0, 0.0, 0.0, 0.0, -1.0),
    "oblique": (0.8, 0.6, 0.0, 0.0, 0.0, -1.0),
}
NUMBERED = ("ax dyn pre", "ax dyn 1st pass", "ax dyn 2nd pass", "ax dyn 3rd pass", "ax dyn 4th pass", "ax dyn 5th pass")
COUNTED = ("ax 3d dyn", *(f"Ph{k}/ax 3d dyn" for k in range(1, 6)))
WORDS = {"numbered": NUMBERED, "counted": COUNTED, "silent": ("ax dynamic",) * 6}
DATED, DATELESS, MIDNIGHT = 1_577_900_000.0, 36_000.0, 86_250.0  # seconds since 1970, or since midnight
DAY = 86_400.0
RELATIVE = {"trigger_time", "temporal_position"}
CLOCKS = ("acquired", "trigger_time", "temporal_position", "content")


@dataclass(frozen=True)
class Layout:
    """How a scanner and an export wrote an exam of ``count`` phases of ``depth`` slices."""

    shape: str  # one series a phase, one series of all, or pre apart from one series of the passes
    count: int
    depth: int
    plane: str
    clocks: frozenset[str]
    words: str
    start: float
    interval: float
    wait: float  # seconds between pre and the first pass
    drift: float  # seconds between the slices of a phase
    flat: bool
    others: tuple[str, ...]

    @property
    def clues(self) -> frozenset[str]:
        """What alone tells the order of all phases."""
        clues = set(self.clocks)
        if self.shape == "pre apart":
            if clues & RELATIVE:  # counted in each series from its own beginning
                clues -= {"content", *RELATIVE}
            if self.count > 4 and self.words != "numbered":
                return frozenset()  # the dynamic series may hold its own pre-contrast phase
        if self.shape == "a series each" and self.words != "silent":
            clues.add("words")
        return frozenset(clues)

    def series(self, k: int) -> int:
        return {"a series each": k, "one series": 0, "pre apart": min(k, 1)}[self.shape]


def layout(rng: random.Random) -> Layout:
    """Any layout in which something tells the order."""
    while True:
        kinds = ("subtractions", "mips", "t2", "t1", "localizer", "after")
        found = Layout(
            shape=rng.choice(("a series each", "a series each", "one series", "pre apart")),
            count=rng.choice((4, 5, 5, 6)),
            depth=rng.randint(5, 8),
            plane=rng.choice(sorted(PLANES)),
            clocks=frozenset(each for each in CLOCKS if rng.random() < 0.45),
            words=rng.choice(sorted(WORDS)),
            start=rng.choice((DATED, DATELESS, MIDNIGHT)),
            interval=rng.choice((60.0, 90.0, 120.0)),
            wait=rng.choice((90.0, 1300.0)),
            drift=rng.choice((0.0, 0.0, 0.5)),
            flat=rng.random() < 0.4,
            others=tuple(each for each in kinds if rng.random() < 0.25),
        )
        if found.clues:
            return found


def exam(how: Layout, rng: random.Random) -> list[SliceFile]:
    """The headers of an exam, not corrupted, in any order of the files."""
    phases = [_phase(how, k) for k in range(how.count)]
    slices = list(itertools.chain(*phases))
    for each in how.others:
        slices += OTHERS[each](how, phases)
    slices = [_without_clocks(each, how) for each in slices]
    return _named(slices, how, rng)


def _phase(how: Layout, k: int) -> list[SliceFile]:
    began = how.start + (0 if k == 0 else how.wait + (k - 1) * how.interval)
    inside = k - 1 if how.shape == "pre apart" and k else k  # place in its series
    relative = 0.0 if inside == 0 else began - (how.start + (how.wait if inside != k else 0))
    words = WORDS[how.words][k] if how.shape == "a series each" else "ax dynamic"
    if how.shape == "pre apart":
        words = {"numbered": ("ax dyn pre", "ax dyn post")}.get(how.words, ("ax dynamic",) * 2)[min(k, 1)]
    return [
        replace(
            EMPTY,
            file=DiskFile(Path(PHASES[k], str(i), "x")),
            series_instance_uid=f"1.5.{how.series(k)}",
            series_number=5 + how.series(k),
            series_description=words,
            sop_instance_uid=f"1.6.{k}.{i}",
            instance_number=inside * how.depth + i + 1 if how.shape != "a series each" else i + 1,
            acquired=began + how.drift * i,
            content=began + 40 + how.drift * i,
            trigger_time=1e3 * relative,
            temporal_position=inside + 1,
            image_position=place(how, i),
            image_orientation=PLANES[how.plane],
        )
        for i in range(how.depth)
    ]


def place(how: Layout, i: float) -> tuple[float, ...]:
    normal = np.cross(PLANES[how.plane][:3], PLANES[how.plane][3:])
    return tuple(float(each) for each in np.array((-150.0, -120.0, 30.0)) + 1.5 * i * normal)


def _without_clocks(image: SliceFile, how: Layout) -> SliceFile:
    if how.start < DAY:
        image = replace(image, acquired=image.acquired % DAY, content=image.content % DAY)
    return replace(image, **{each: None for each in CLOCKS if each not in how.clocks})


def _named(slices: list[SliceFile], how: Layout, rng: random.Random) -> list[SliceFile]:
    """Files under names in any order, of which only ``path`` keeps the truth."""
    numbers = rng.sample(range(len(slices)), len(slices))
    named = []
    for number, each in zip(numbers, slices, strict=True):
        name = f"IM{number:05d}" if how.flat else f"{each.series_number}/{each.instance_number or 0:04d}-{number:04d}"
        named.append(
            replace(each, name=f"exam/{name}", file=DiskFile(each.file.path.with_name(name.rsplit("/", 1)[-1])))
        )
    return rng.sample(named, len(named))


def _other(slices: Sequence[SliceFile], number: int, **tags) -> list[SliceFile]:
    return [
        replace(
            each,
            file=DiskFile(Path("other", "0", "x")),
            series_number=number,
            series_instance_uid=f"1.7.{number}",
            sop_instance_uid=f"1.6.{number}.{k}",
            **tags,
        )
        for k, each in enumerate(slices)
    ]


def _moved_in_time(slices: Sequence[SliceFile], seconds: float) -> list[SliceFile]:
    return [
        replace(each, acquired=each.acquired + seconds, content=each.content + seconds, trigger_time=0.0)
        for each in slices
    ]


def _subtractions(_: Layout, phases: list[list[SliceFile]]) -> list[SliceFile]:
    """Each later phase minus pre, with the times of the phase, and a ContentTime after everything."""
    found = []
    for k in (1, 2):
        later = [replace(each, content=each.content + 3000) for each in phases[k]]
        tags = ({"image_type": ("DERIVED", "PRIMARY", "SUBTRACT")}, {"series_description": f"sub {k}-0"})[k % 2]
        found += _other(later, 90 + k, **tags)
    return found


def _mips(_: Layout, phases: list[list[SliceFile]]) -> list[SliceFile]:
    later = [replace(each, content=each.content + 3500) for each in phases[2][:1]]
    return _other(later, 95, image_type=("DERIVED", "SECONDARY", "MIP"), series_description="mip")


def _t2(how: Layout, phases: list[list[SliceFile]]) -> list[SliceFile]:
    before = _moved_in_time(phases[0][:-1], -600)
    before = [replace(each, image_position=place(how, 1.3 * i)) for i, each in enumerate(before)]
    return _other(before, 2, echo_time=85.0, series_description="ax t2 tse", temporal_position=None)


def _t1(_: Layout, phases: list[list[SliceFile]]) -> list[SliceFile]:
    """At the places of the dynamic exam, as such series often are."""
    before = _moved_in_time(phases[0], -400)
    return _other(
        before, 3, scan_options=("PFP",), echo_time=2.4, series_description="ax t1 nfs", temporal_position=None
    )


def _localizer(_: Layout, phases: list[list[SliceFile]]) -> list[SliceFile]:
    before = _moved_in_time(phases[0][:3], -900)
    turned = [replace(each, image_orientation=PLANES[name]) for each, name in zip(before, sorted(PLANES), strict=False)]
    return _other(turned, 1, series_description="loc", image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"), echo_time=5.0)


def _after(_: Layout, phases: list[list[SliceFile]]) -> list[SliceFile]:
    """A T1 series at the end, at the places of the dynamic exam."""
    later = _moved_in_time(phases[-1], 300)
    return _other(later, 40, series_description="ax t1 fs high res", echo_time=2.4, temporal_position=None)


OTHERS = {
    "subtractions": _subtractions,
    "mips": _mips,
    "t2": _t2,
    "t1": _t1,
    "localizer": _localizer,
    "after": _after,
}
