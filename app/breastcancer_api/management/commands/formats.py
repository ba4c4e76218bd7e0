"""``manage.py formats``: which files are read as a page (docs/formats.md is its output)."""

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pydicom
from django.core.management.base import BaseCommand, CommandError
from pydicom import uid

from imaging.errors import ScanError
from imaging.fragments import MOST_FRAGMENTS_A_FRAME
from imaging.header_values import LONGEST_VALUE
from imaging.headers import LARGEST_INFLATED
from imaging.jpeg_2000 import MOST_PACKETS, MOST_PARTS, MOST_TILES
from imaging.pixels import CODECS, NATIVE
from imaging.reading import MOST_PIXELS
from imaging.slice_file import SliceFile
from imaging.slice_reading import (
    BITS_ALLOCATED,
    GREY,
    LARGEST_SIDE,
    LEAST_BITS,
    MOST_FRAMES,
    MULTI_FRAME,
    OTHER_KINDS,
    SINGLE_FRAME,
    read_slices,
)
from imaging.stored_file import LONGEST_HEAD, MOST_READS

INVENTORY = "INVENTORY.csv"
HEAD = """# Formats

Made by `python manage.py formats`, from the lists that the reading itself goes by. A file is read, with exactly the
values it holds, or refused with the code `not_a_dicom_image` and the reason. How compressed pixels are read, and what
they are compared with, tells [decision 5](decisions/0005-decoders.md)."""
PIXELS = """## Pixels

- {bits} of {allocated} bits a pixel, signed or not, {grey}; HighBit is BitsStored - 1
- at most {side} x {side} pixels and {frames} frames; a deflated file inflates to at most {inflated:,} bytes
- at most {exam:,} pixels in the four series of an exam, and as many slices as `MAX_FILES` in an upload
- JPEG 2000 of at most {tiles:,} tiles, {parts:,} precincts and code-blocks, {packets:,} packets; pixel data of at most
  {fragments:,} fragments a frame
- headers of at most {head:,} bytes and {reads:,} elements, each value that is needed of at most {value:,} bytes
- with or without preamble, with or without meta header
- refused: another modality than MR, colour, another transfer syntax, frames that are not what the header says"""
FILES = """## Public files

What becomes of {count} files of the test data of pydicom, pylibjpeg and dcm_qa_enh; {read} are read. The second decoder
is pydicom with the libraries in `requirements-dev.txt`, and "equal" means every value of every frame."""


def page(folder: Path | None) -> str:
    """What is read and what is refused and, for the files that INVENTORY.csv in ``folder`` names, what happens."""
    parts = [HEAD, _transfer_syntaxes(), _kinds(), _pixels()]
    return "\n\n".join(parts if folder is None else [*parts, _files(folder)])


def _table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(names), *rows]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("| --- ", "|---").replace("--- |", "---|")


def _transfer_syntaxes() -> str:
    native = [(uid.UID(each).name, each, "as they are") for each in NATIVE]
    coded = [(uid.UID(each).name, each, "lossy" if lossy else "lossless") for each, (_, _, lossy) in CODECS.items()]
    return "## Transfer syntaxes\n\n" + _table(("transfer syntax", "UID", "pixels"), [*native, *coded])


def _kinds() -> str:
    read = [(uid.UID(each).name, "read") for each in SINGLE_FRAME]
    frames = [(uid.UID(each).name, "read, a slice for each frame") for each in MULTI_FRAME]
    refused = [(uid.UID(each).name, f"refused: is {name}, not an MR image") for each, name in OTHER_KINDS.items()]
    other = [
        ("any other", "refused: is of the kind ..., not an MR image"),
        ("none", "read when the modality is MR or not told"),
    ]
    return "## Kinds\n\n" + _table(("kind", "what happens"), [*read, *frames, *refused, *other])


def _pixels() -> str:
    return PIXELS.format(
        bits=f"{LEAST_BITS} to {max(BITS_ALLOCATED)}",
        allocated=" or ".join(map(str, BITS_ALLOCATED)),
        grey=" or ".join(GREY),
        side=LARGEST_SIDE,
        frames=MOST_FRAMES,
        inflated=LARGEST_INFLATED,
        exam=MOST_PIXELS,
        tiles=MOST_TILES,
        parts=MOST_PARTS,
        packets=MOST_PACKETS,
        fragments=MOST_FRAGMENTS_A_FRAME,
        head=LONGEST_HEAD,
        reads=MOST_READS,
        value=LONGEST_VALUE,
    )


def _files(folder: Path) -> str:
    with (folder / INVENTORY).open(newline="") as file:
        found = sorted((row["file"], row["transfer_syntax"]) for row in csv.DictReader(file))
    rows = [(f"`{name}`", syntax, outcome(folder / name)) for name, syntax in found]
    read = sum(happened.startswith("read") for *_, happened in rows)
    return FILES.format(count=len(rows), read=read) + "\n\n" + _table(("file", "written in", "what happens"), rows)


def outcome(path: Path) -> str:
    """ "read" with size and depth and what a second decoder says, or "refused" with code and reason."""
    try:
        slices = read_slices(path, path.name)
        stored = np.array([each.stored() for each in slices])
    except ScanError as error:
        return f"refused, `{error.code}`: {error.reason.removeprefix(path.name).strip()}"
    return f"read: {_described(slices)}, {_compared(path, stored)}"


def _described(slices: list[SliceFile]) -> str:
    first, frames = slices[0], "" if slices[0].frame is None else f"{len(slices)} frames of "
    sign = "signed" if first.pixels.signed else "unsigned"
    return f"{frames}{first.rows} x {first.columns}, {first.pixels.bits_stored} bits {sign}"


def _compared(path: Path, stored: np.ndarray) -> str:
    try:
        second = pydicom.dcmread(path).pixel_array.reshape(stored.shape)
    except Exception as error:  # pydicom raises errors of every kind, its decoders too
        return f"pydicom does not decode it ({type(error).__name__})"
    return "equal to the second decoder" if np.array_equal(stored, second) else "NOT equal to the second decoder"


class Command(BaseCommand):
    help = "Print which DICOM files are read as Markdown and, with a folder, what happens to each file in it."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--folder", type=Path, help=f"folder of DICOM files that has an {INVENTORY}")

    def handle(self, **options):
        folder = options["folder"]
        if folder is not None and not (folder / INVENTORY).is_file():
            raise CommandError(f"{folder} holds no {INVENTORY}")
        self.stdout.write(page(folder))
