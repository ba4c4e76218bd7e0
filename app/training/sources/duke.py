"""Duke-Breast-Cancer-MRI as downloaded from The Cancer Imaging Archive: a folder, and its two tables as CSV.

Saha et al., doi 10.7937/TCIA.e3sv-re93. The mapping tells which file is which slice of which pass, the boxes hold the
tumour that every patient has.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path, PurePosixPath

import numpy as np
from tqdm import tqdm

from imaging.errors import NotADicomImage
from imaging.exam import FOLDERS, Exam
from imaging.reading import Contents, Reading, arranged, judged
from imaging.slice_file import SliceFile
from imaging.slice_reading import slices_of
from imaging.stored_file import DiskFile
from training.exam_set import LEFT_OUT, NEGATIVE, PLACES, POSITIVE
from training.sources import boxes
from training.sources.boxes import Box
from training.sources.source import Item, LeftOut, Source, Truth, TruthError
from training.sources.tables import Row, fingerprint, read_table

ORIGINAL, CLASSIC, PATIENT = "original_path_and_filename", "classic_path", "Patient ID"
#: as the mapping calls a series -> as an upload does; there are others, which are not read
PHASES = dict(zip(("pre", "post_1", "post_2", "post_3"), FOLDERS, strict=True))
# Slices nearer to the box than this may show what belongs to the tumour: nobody looked.
MARGIN = 5

#: phase -> number of the slice from 1 -> path below the download
Files = dict[str, dict[int, str]]


@dataclass(frozen=True)
class DukePatient(Item):
    """``files``: for each phase the number of each slice from 1 and its path below ``folder``."""

    folder: Path
    patient: str
    files: Files
    box: Box
    margin: int

    @property
    def name(self) -> str:
        return self.patient

    def read(self, workspace: Path) -> Reading:  # noqa: ARG002
        slices = {PHASES[phase]: self._slices(phase) for phase in PHASES}
        return judged(arranged(Contents(slices, loose=False, refused=(), ignored=())))

    def _slices(self, phase: str) -> list[SliceFile]:
        slices, damaged = [], []
        for number, path in self.files[phase].items():
            try:
                # named by its number: names tell which slices of two phases are the same
                slices += slices_of(DiskFile(self.folder / path), f"{phase}/{number:03d}.dcm")
            except NotADicomImage as error:
                damaged.append((path, error.reason))
        if damaged:
            told = f"files of {phase} that cannot be read: {len(damaged)}; the first: {damaged[0][1]}"
            raise NotADicomImage(told, tuple(path for path, _ in damaged))
        return slices

    def truth(self, exam: Exam) -> Truth:
        numbers = np.arange(1, len(exam.pre) + 1)
        if [each.key for each in exam.pre.slices] != [f"{number:03d}" for number in numbers]:
            raise TruthError(f"{self.name}: files are not numbered as slices lie, so nobody can say where its box is")
        self.box.check(self.name, exam)
        first, last = self.box.slices
        away = np.maximum(first - numbers, numbers - last)
        positive, negative = away <= 0, away >= max(self.margin, 1)
        places, sizes = np.zeros((len(numbers), PLACES, PLACES), np.uint8), np.full(len(numbers), np.nan, np.float32)
        places[positive] = self.box.places(exam)
        sizes[positive], sizes[negative] = self.box.largest_side(exam), 0
        return Truth(np.select([positive, negative], [POSITIVE, NEGATIVE], LEFT_OUT).astype(np.int8), places, sizes)


def duke(folder: Path, mapping: Path, box_table: Path, margin: int = MARGIN) -> Source:
    """The patients of the download in ``folder`` with four phases, all their files and a box.

    Slices of the box are positive, those at least ``margin`` slices away negative, the rest left out. Raises
    TableError, before any image is read, when a table is damaged.
    """
    found, files = _boxes(box_table), _files(mapping)
    names = cache(partial(_names, folder))
    items, left_out = [], []
    for patient in tqdm(sorted(files | found), desc="looking for files", unit="patient", delay=1):
        there, missing = _look_up(files.get(patient, {}), names)
        reason = _reason(files.get(patient, {}), patient in found, there, missing)
        if reason:
            # of a patient who was not downloaded no file is named: there are hundreds of each
            left_out.append(LeftOut(patient, patient, reason, tuple(missing) if there else ()))
        else:
            items.append(DukePatient(folder, patient, there, found[patient], margin))
    about = {"mapping": fingerprint(mapping), "boxes": fingerprint(box_table), "margin": margin}
    return Source("duke", tuple(items), tuple(left_out), about)


def _reason(files: Files, boxed: bool, there: Files, missing: list[str]) -> str:
    """Why a patient is left out; empty when she is not."""
    phases = [phase for phase in PHASES if phase not in files]
    told = [
        (not files, "is not in the mapping"),
        (files and phases, f"has no {', '.join(phases)} in the mapping"),
        (not boxed, "has no box"),
        (missing and not there, "is not in the download"),
        (missing and there, f"files that are missing: {len(missing)}"),
    ]
    return "; ".join(reason for holds, reason in told if holds)


def _boxes(table: Path) -> dict[str, Box]:
    found: dict[str, Box] = {}
    for row in read_table(table, (PATIENT, *boxes.COLUMNS, *boxes.SLICE_COLUMNS)):
        patient = row.text(PATIENT)
        if patient in found:
            raise row.error(f"{patient} has a box already")
        found[patient] = Box(*boxes.in_plane(row), boxes.span(row, *boxes.SLICE_COLUMNS))
    return found


def _files(mapping: Path) -> dict[str, Files]:
    """The files of each patient by phase and number, those of PHASES alone."""
    found: dict[str, Files] = {}
    for row in tqdm(read_table(mapping, (ORIGINAL, CLASSIC)), desc="mapping", unit="file", delay=1):
        patient, phase, number = _original(row)
        if phase in PHASES:
            numbered = found.setdefault(patient, {}).setdefault(phase, {})
            if number in numbered:
                raise row.error(f"slice {number} of {phase} of {patient} is there already")
            numbered[number] = PurePosixPath(row.text(CLASSIC).replace("\\", "/")).as_posix()
    return found


def _original(row: Row) -> tuple[str, str, int]:
    """Patient, phase and number of ``DICOM_Images/Breast_MRI_001/post_1/Breast_MRI_001_post_1_012.dcm``."""
    told = re.fullmatch(r"(?:.*/)?([^/]+)/([^/]+)/[^/]*_0*(\d+)\.dcm", row.text(ORIGINAL))
    if not told or not int(told[3]):
        raise row.error(f"{row.text(ORIGINAL)!r} is no patient/phase/name_number.dcm")
    return told[1], told[2], int(told[3])


def _look_up(files: Files, names: Callable[[str], frozenset[str]]) -> tuple[Files, list[str]]:
    """``files`` as they are named on disk, and those that are not there under any of their names."""
    there: Files = {}
    missing = []
    for phase, numbered in files.items():
        for number, path in numbered.items():
            at = PurePosixPath(path)
            name = next((name for name in alike(at.name) if name in names(at.parent.as_posix())), None)
            if name is None:
                missing.append(path)
            else:
                there.setdefault(phase, {})[number] = at.with_name(name).as_posix()
    return there, missing


def alike(name: str) -> Iterator[str]:
    """``name`` and what other downloads call that file: with one leading zero fewer, and with one more."""
    yield name
    numbered = re.fullmatch(r"(.*\D|)(0?)(\d+\.dcm)", name)
    if numbered:
        stem, zero, number = numbered.groups()
        if zero:
            yield stem + number
        yield f"{stem}0{zero}{number}"


def _names(folder: Path, below: str) -> frozenset[str]:
    """What lies in a folder of the download, listed once: there are more than half a million files."""
    try:
        return frozenset(os.listdir(folder / below))
    except OSError:
        return frozenset()
