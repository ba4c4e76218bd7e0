"""Reports of one small phantom exam, turned in several ways, for tests of the forms: no network runs.

The networks' heat is the phantom's own tumour, so that a test knows where it lies in the patient without ``Stack``.
"""

import copy
import functools
import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom

from detection.explanation import reasons
from detection.findings import findings
from detection.fusion import average_results
from detection.results import SliceResult
from detection.tests.looks import GivenLook
from imaging.archive import Limits
from imaging.exam import Exam
from imaging.kept_exam import KeptExam, exam_writer
from imaging.preprocessing import Normalisation, process_scantype, process_single
from imaging.reading import read_four_folders
from imaging.tests.slices import zip_bytes
from nets.bundle import ROLES, load_card
from phantom.dicom import dicom_bytes
from phantom.exam import PASSES
from phantom.exam import Exam as PhantomExam
from phantom.protocol import Protocol
from reports.report import Report

BUNDLES = Path(__file__).resolve().parents[2] / "nets" / "bundles"
LIMITS = Limits(files=1000, unpacked_bytes=100_000_000, compression_ratio=600)
# Rows and columns differ, so that none can stand for the other. The tumour is cut by slices 5 to 9 from the feet.
PHANTOM = PhantomExam(7, Protocol(rows=128, columns=144, slices=14, coverage=70.0), tumours=1)
COUNT = PHANTOM.protocol.slices
GEOMETRY = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
ANALYSED_AT = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)


@dataclass(frozen=True)
class Turn:
    """How an exam lies in the patient. ``rotation`` (3, 3) turns the phantom; ``stretch`` makes its pixels that many
    times as high as wide; ``downwards``: the first slice is the highest."""

    rotation: tuple[tuple[float, float, float], ...] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    stretch: float = 1.0
    downwards: bool = False


# 25 degrees around the patient's left-right axis after 20 degrees around the axis from feet to head
TILT, SWAY = np.radians(25), np.radians(20)
TILTED = np.array([[1, 0, 0], [0, np.cos(TILT), -np.sin(TILT)], [0, np.sin(TILT), np.cos(TILT)]])
SWAYED = np.array([[np.cos(SWAY), -np.sin(SWAY), 0], [np.sin(SWAY), np.cos(SWAY), 0], [0, 0, 1]])
TURNS = {
    "axial": Turn(),
    "oblique": Turn(tuple(map(tuple, (TILTED @ SWAYED).tolist())), stretch=1.25),
    # rows run from front to back, columns from head to feet, slices from left to right
    "sagittal": Turn(((0, 0, -1), (1, 0, 0), (0, -1, 0))),
    "reversed": Turn(downwards=True),
}
KINDS = tuple(TURNS)
UNPLACED = "unplaced"  # headers do not say where slices lie


@functools.cache
def a_report(kind: str = "axial", positive: bool = True) -> Report:
    """``kind`` is one of KINDS or UNPLACED. Not ``positive``: no slice is. Made once, and shared."""
    exam = KeptExam(io.BytesIO(_kept(kind)))
    slices = _slices(true_slices(kind) if positive else [])
    cards = [load_card(BUNDLES, role) for role in ROLES]
    networks = [{"role": c.role, "name": c.name, "version": c.version, "sha256": c.weights_sha256} for c in cards]
    return Report(
        study=f"00000000-0000-4000-8000-{(*KINDS, UNPLACED).index(kind):012d}",
        analysed_at=ANALYSED_AT,
        slices=slices,
        reasons=reasons(slices),
        findings=findings(slices, exam, GivenLook(lambda sight: heat(kind, [sight.number])[0, 1])),
        warnings=("1st_pass: the files belong to 2 DICOM series.",),
        networks=networks,
        cards=cards,
        exam=exam,
        heat=lambda numbers: heat(kind, numbers),
        version="0.1.0",
    )


def with_description(report: Report, **changes) -> Report:
    """``report`` of an exam whose description has other ``header``, ``sources``, ``stack`` or ``seconds``."""
    exam = copy.copy(report.exam)
    exam.description = replace(exam.description, **changes)
    return replace(report, exam=exam)


def with_header(report: Report, **texts: str) -> Report:
    """``report`` of an exam whose header holds other ``texts``, by keyword."""
    return with_description(report, header=report.exam.description.header | texts)


def true_slices(kind: str) -> list[int]:
    """The slices that hold tumour, from 1 in reading order."""
    return sorted(_index(kind, number) + 1 for number in PHANTOM.positive_slices)


def true_mask(kind: str, number: int) -> np.ndarray:
    """Where slice ``number`` holds tumour, (rows, columns) bool."""
    return PHANTOM.mask(_index(kind, number))


def true_position(kind: str, number: int, row: float, column: float) -> np.ndarray:
    """(3,) mm in patient coordinates of a place in slice ``number``, as the phantom knows it."""
    plane, turn = PHANTOM.protocol.plane(_index(kind, number)), TURNS[kind]
    point = (plane.x0 + column * plane.dx, (plane.y0 + row * plane.dy) * turn.stretch, plane.z)
    return np.array(turn.rotation) @ point


def true_centroid(kind: str) -> np.ndarray:
    """(3,) mm in patient coordinates: the mean of all places of the tumour."""
    places = [
        true_position(kind, number, row, column)
        for number in true_slices(kind)
        for row, column in np.argwhere(true_mask(kind, number))
    ]
    return np.mean(places, axis=0)


def heat(kind: str, numbers: Sequence[int]) -> np.ndarray:
    """As ``Report.heat``: the tumour, for both networks."""
    masks = [true_mask(kind, number) for number in numbers]
    return np.stack([masks, masks], axis=1).astype(np.float32)


def _slices(positive: list[int]) -> list[SliceResult]:
    """Both networks see what is ``positive``; the single one also sees something in the first slice."""
    scantype = [0.9 - number / 1000 if number in positive else number / 700 for number in range(1, COUNT + 1)]
    single = [0.8 - number / 3000 if number in {1, *positive} else number / 900 for number in range(1, COUNT + 1)]
    decided = [[int(each >= 0.5) for each in network] for network in (single, scantype)]
    rows = zip(range(1, COUNT + 1), single, decided[0], scantype, decided[1], average_results(*decided), strict=True)
    return [SliceResult(*row) for row in rows]


def _index(kind: str, number: int) -> int:
    """The phantom's slice, from 0 at the feet, that is slice ``number`` of the exam."""
    return COUNT - number if kind in TURNS and TURNS[kind].downwards else number - 1


@functools.cache
def _kept(kind: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder, "kept.zip")
        archive = io.BytesIO(zip_bytes(files(kind)))
        _keep(read_four_folders(archive, Path(folder), LIMITS).exam, kept)
        return kept.read_bytes()


def _keep(exam: Exam, file: Path) -> None:
    by_exam = Normalisation("exam")
    with exam_writer(file, exam) as writer:
        single = process_single(exam.pre, by_exam, seen=writer.picture)
        scantype = process_scantype(*exam.passes, by_exam, seen=writer.picture)
        writer.inputs(np.concatenate([single, scantype], axis=1))


def files(kind: str) -> dict[str, bytes]:
    """Path in the zip -> file."""
    return {
        f"{folder}/{number:03d}.dcm": _turned(kind, dicom_bytes(PHANTOM, _index(kind, number), k, pixels))
        for number in range(1, COUNT + 1)
        for k, (folder, pixels) in enumerate(zip(PASSES, _rendered(_index(kind, number)), strict=True))
    }


@functools.cache
def _rendered(index: int) -> np.ndarray:
    return PHANTOM.slice(index)


def _turned(kind: str, file: bytes) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(file))
    if kind == UNPLACED:
        for keyword in GEOMETRY:
            del dataset[keyword]
    else:
        _turn(TURNS[kind], dataset)
    turned = io.BytesIO()
    dataset.save_as(turned, enforce_file_format=True)
    return turned.getvalue()


def _turn(turn: Turn, dataset: pydicom.Dataset) -> None:
    rotation = np.array(turn.rotation)
    x, y, z = dataset.ImagePositionPatient
    position = rotation @ (x, y * turn.stretch, z)
    along = [rotation @ each for each in np.reshape(dataset.ImageOrientationPatient, (2, 3))]
    dataset.ImagePositionPatient = [f"{value:.6f}" for value in position]
    dataset.ImageOrientationPatient = [f"{value:.8f}" for value in np.concatenate(along)]
    between_rows, between_columns = dataset.PixelSpacing
    dataset.PixelSpacing = [f"{between_rows * turn.stretch:.6f}", f"{between_columns:.6f}"]
