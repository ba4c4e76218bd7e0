"""Headers of an exam changed at random, so that somebody who reads all of them could notice."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from imaging.slice_file import SliceFile
from imaging.stored_file import DiskFile
from imaging.tests.header_exams import CLOCKS, NUMBERED, PHASES, PLANES, Layout

IMAGE_TYPES = ("SUBTRACT", "SUBTRACTION", "MIP", "MPR", "T2", "T1 MAP", "ADC", "P", "LOCALIZER", "IN_PHASE")
DESCRIPTIONS = ("sub 1-0", "mip", "ax t2 tse", "ax t1 nfs", "loc", "", "ax dyn post", "ax t1", "dwi", *NUMBERED[:4])
SETTINGS = (
    {"pixel_spacing": (0.9, 0.9)},
    {"pixel_spacing": None},
    {"echo_time": 3.0},
    {"echo_time": 80.0},
    {"scan_options": ()},
    {"scan_options": ("PFP",)},
    {"frame_of_reference_uid": "1.10"},
    {"frame_of_reference_uid": ""},
    {"image_orientation": PLANES["coronal"]},
    {"image_orientation": None},
    {"image_position": None},
)
OTHER_EXAM = ({"patient_id": "P2"}, {"patient_id": ""}, {"study_instance_uid": "1.2"})


@dataclass
class Upload:
    """An exam under corruption.

    ``touched``: the clues to the order that are not what they were; ``aside``: a whole phase is called something else;
    ``gone``: one is not there, or looks like an ordinary other series.
    """

    how: Layout
    slices: list[SliceFile]
    touched: set[str] = field(default_factory=set)
    aside: bool = False
    gone: bool = False
    done: list[str] = field(default_factory=list)

    @property
    def noticeable(self) -> bool:
        """A clue that was not touched still orders the phases, and tells of one that is away.

        Nobody could notice from headers: a wrong value of the only clue; a wrong AcquisitionTime against ContentTime
        (when a file was written: it only warns); a phase that is not there and not counted; one of other settings where
        ordinary other series stand, before contrast; one called a subtraction where descriptions alone tell the order.
        """
        left = self.how.clues - self.touched
        if "acquired" in self.touched:
            left -= {"content"}
        counted = left & {"temporal_position", *({"words"} if self.how.words == "numbered" else ())}
        if self.gone:
            return bool(counted)
        if self.aside:
            return bool(counted | left & set(CLOCKS))
        return bool(left)

    def change(self, targets: set[str], **tags) -> None:
        self.slices = [replace(each, **tags) if each.name in targets else each for each in self.slices]

    def whole(self, targets: set[str]) -> set[str]:
        """The phases of which all slices are among ``targets``."""
        left = {phase(each) for each in self.slices if each.name not in targets}
        return {phase(each) for each in self.slices if phase(each) in PHASES} - left

    def names(self, chosen: Callable[[SliceFile], bool]) -> set[str]:
        return {each.name for each in self.slices if chosen(each)}


def phase(image: SliceFile) -> str:
    return image.file.path.parent.parent.name


def number(image: SliceFile) -> int:
    return int(image.file.path.parent.name)


def corrupted(how: Layout, slices: list[SliceFile], rng: random.Random) -> Upload:
    """``slices`` with one to three corruptions that can be noticed."""
    while True:
        upload = Upload(how, slices)
        for _ in range(rng.choice((1, 1, 2, 3))):
            if not upload.slices:
                break
            targets = _targets(upload, rng)
            corrupt = rng.choice(CORRUPTIONS)
            upload.done.append(f"{corrupt.__name__}({len(targets)} slices)")
            corrupt(upload, targets, rng)
        if upload.noticeable and upload.slices:
            return upload


def _targets(upload: Upload, rng: random.Random) -> set[str]:
    """One slice, some, a phase, a place in all phases, or a series."""
    slices = [each for each in upload.slices if phase(each) in PHASES[:5]] or upload.slices
    one = rng.choice(slices)
    return rng.choice(
        (
            lambda: {one.name},
            lambda: {each.name for each in rng.sample(slices, min(3, len(slices)))},
            lambda: upload.names(lambda each: phase(each) == phase(one)),
            lambda: upload.names(lambda each: phase(each) == phase(one)),
            lambda: upload.names(lambda each: phase(each) in PHASES and number(each) == number(one)),
            lambda: upload.names(lambda each: each.series_instance_uid == one.series_instance_uid),
        )
    )()


def _image_type(upload: Upload, targets: set[str], rng: random.Random) -> None:
    upload.aside |= bool(upload.whole(targets))
    upload.change(targets, image_type=("DERIVED", "PRIMARY", rng.choice(IMAGE_TYPES)))


def _description(upload: Upload, targets: set[str], rng: random.Random) -> None:
    upload.aside |= bool(upload.whole(targets))
    upload.touched.add("words")
    upload.change(targets, series_description=rng.choice(DESCRIPTIONS))


def _settings(upload: Upload, targets: set[str], rng: random.Random) -> None:
    whole, tags = upload.whole(targets), rng.choice(SETTINGS)
    upload.aside |= bool(whole)
    # ordinary other series come before the first pass, and count other clocks from their own beginning
    upload.gone |= "a" in whole or ("b" in whole and "image_orientation" in tags)
    upload.gone |= bool(whole and not upload.how.clocks & {"acquired", "content"})
    upload.change(targets, **tags)


def _move(upload: Upload, targets: set[str], rng: random.Random) -> None:
    whole = upload.whole(targets)
    upload.aside |= bool(whole)
    upload.gone |= "a" in whole
    if len(targets) == upload.how.count:  # one place in all phases is another place
        targets = targets - upload.names(lambda each: phase(each) == "b")
    by = np.array([rng.choice((0.0, 1.0)), 0.0, 1.0]) * rng.choice((0.2, 0.75, 1.5, 3.0, 300.0))
    for each in [each for each in upload.slices if each.name in targets and each.image_position]:
        upload.change({each.name}, image_position=tuple(float(value) for value in by + each.image_position))


def _other_exam(upload: Upload, targets: set[str], rng: random.Random) -> None:
    upload.change(targets, **rng.choice(OTHER_EXAM))


def _series_uid(upload: Upload, targets: set[str], rng: random.Random) -> None:
    """Into a series of their own, or into another."""
    uid = rng.choice(("1.5.77", "", rng.choice(upload.slices).series_instance_uid))
    upload.aside |= bool(upload.whole(targets))
    upload.change(targets, series_instance_uid=uid)


def _shift(upload: Upload, targets: set[str], rng: random.Random) -> None:
    """A clock that goes wrong, by less or more than the time between phases, or is silent."""
    kind, by = rng.choice(CLOCKS), rng.choice((None, -400, -95, -30, 30, 95, 400, 86_400, 1_500_000_000))
    upload.touched.add(kind)
    for each in [each for each in upload.slices if each.name in targets and getattr(each, kind) is not None]:
        scale = {"trigger_time": 1000, "temporal_position": 1 / 90}.get(kind, 1)
        value = None if by is None else getattr(each, kind) + round(by * scale)
        upload.change({each.name}, **{kind: value})


def _exchange(upload: Upload, targets: set[str], rng: random.Random) -> None:
    """The targets take one field from their places in another phase."""
    kind = rng.choice((*CLOCKS, "series_description", "series_instance_uid"))
    upload.touched.add("words" if kind == "series_description" else kind)
    other = rng.choice(PHASES[: upload.how.count])
    given = {number(each): each for each in upload.slices if phase(each) == other}
    values = {each.name: each for each in upload.slices if each.name in targets and phase(each) in PHASES}
    for each in values.values():
        if (source := given.get(number(each))) is not None:
            upload.change({each.name}, **{kind: getattr(source, kind)})
            if rng.random() < 0.7 and source.name not in targets:
                upload.change({source.name}, **{kind: getattr(each, kind)})


def _delete(upload: Upload, targets: set[str], _: random.Random) -> None:
    upload.gone |= bool(upload.whole(targets))
    upload.slices = [each for each in upload.slices if each.name not in targets]


def _duplicate(upload: Upload, targets: set[str], rng: random.Random) -> None:
    """The same instances under other names, or as others, in their series or in another."""
    tags = rng.choice(({}, {"sop_instance_uid": ""}, {"sop_instance_uid": "", "series_instance_uid": "1.5.88"}))
    copies = [each for each in upload.slices if each.name in targets]
    for k, each in enumerate(copies):
        name = f"{each.name}-copy{k}-{len(upload.slices)}"
        copy = replace(each, name=name, file=DiskFile(each.file.path.with_name(name.rsplit("/", 1)[-1])), **tags)
        upload.slices = [*upload.slices, copy]


CORRUPTIONS = (
    _image_type,
    _description,
    _settings,
    _move,
    _other_exam,
    _series_uid,
    _shift,
    _shift,
    _exchange,
    _exchange,
    _delete,
    _duplicate,
)
