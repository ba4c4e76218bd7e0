"""Slices of many phases for tests, as headers alone: no file stands behind them."""

from dataclasses import replace
from pathlib import Path

from django.test import SimpleTestCase

from imaging.errors import ScanError
from imaging.passes import Passes, find_passes
from imaging.pixels import PixelData
from imaging.slice_file import SliceFile
from imaging.stored_file import DiskFile

PIXELS = PixelData("1.2.840.10008.1.2.1", 0, 512, 1, 16, 16, 16, 16, False, True, True)
EMPTY = SliceFile(
    file=DiskFile(Path("x")),
    name="x",
    frame=None,
    patient_id="P1",
    patient_name="Doe^Jane",
    patient_birth_date="19700101",
    study_instance_uid="1.1",
    study_date="20200101",
    series_instance_uid="",
    sop_class_uid="1.2.840.10008.5.1.4.1.1.4",
    sop_instance_uid="",
    frame_of_reference_uid="1.9",
    series_number=None,
    series_description="",
    image_type=("ORIGINAL", "PRIMARY", "M"),
    body_part="",
    scan_options=("FS",),
    echo_time=1.4,
    instance_number=None,
    acquired=None,
    content=None,
    trigger_time=None,
    temporal_position=None,
    image_position=(0.0, 0.0, 0.0),
    image_orientation=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    pixel_spacing=(0.8, 0.8),
    inverted=False,
    padding=None,
    rescale=None,
    pixels=PIXELS,
)


def stack(folder: str, count: int = 4, **tags) -> list[SliceFile]:
    """``count`` slices, 2 mm apart, of one time point in ``folder``, with any field changed."""
    numbers = range(1, count + 1)
    places = {number: (0.0, 0.0, 2.0 * number) for number in numbers}
    return [
        replace(EMPTY, **{"name": f"{folder}/{number:03d}.dcm", "image_position": places[number]} | tags)
        for number in numbers
    ]


def dynamic(count: int = 4, start: float = 1000.0, **tags) -> list[SliceFile]:
    """``count`` phases 90 s apart, each a series in a folder of its own: ``a`` with SeriesNumber 11, ``b``, ``c``..."""
    return [
        each
        for k in range(count)
        for each in stack(
            "abcdefgh"[k],
            **{"series_instance_uid": f"1.5.{k}", "series_number": 11 + k, "acquired": start + 90 * k} | tags,
        )
    ]


def changed(slices: list[SliceFile], folder: str, **tags) -> list[SliceFile]:
    """``slices``, those in ``folder`` with fields changed."""
    return [replace(each, **tags) if each.name.startswith(f"{folder}/") else each for each in slices]


def without(slices: list[SliceFile], *names: str) -> list[SliceFile]:
    return [each for each in slices if each.name not in names and each.name.split("/")[0] not in names]


def one_series(slices: list[SliceFile], **tags) -> list[SliceFile]:
    """``slices`` in one folder and one series."""
    flat = {"series_instance_uid": "1.5", "series_number": 5, "series_description": "dyn"} | tags
    return [replace(each, **{"name": f"all/{each.name.replace('/', '')}"} | flat) for each in slices]


def described(*texts: str, **tags) -> list[SliceFile]:
    """A dynamic exam of one series a phase with these descriptions."""
    slices = dynamic(len(texts), **tags)
    for folder, text in zip("abcdefgh", texts, strict=False):
        slices = changed(slices, folder, series_description=text)
    return slices


def marks(found: Passes) -> str:
    """First letters of the files of pre and the three passes: in ``dynamic``, the folder; each phase must be pure."""
    letters = [{each.name.removeprefix("all/")[0] for each in phase.slices} for phase in (found.pre, *found.passes)]
    return "".join("".join(sorted(each)) for each in letters)


class PassesTestCase(SimpleTestCase):
    def found(self, slices, marked="abcd", **wanted) -> Passes:
        found = find_passes(slices, wanted)
        self.assertEqual(marks(found), marked)
        return found

    def refused(self, kind: type[ScanError], slices, **wanted) -> str:
        with self.assertRaises(kind) as caught:
            find_passes(slices, wanted)
        return caught.exception.reason

    def ignored(self, slices, marked="abcd") -> list[str]:
        return [each.reason for each in self.found(slices, marked).ignored]
