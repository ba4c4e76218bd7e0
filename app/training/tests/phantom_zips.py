"""A source of one phantom exam as a zip, for tests."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from imaging.archive import Limits
from imaging.exam import Exam
from imaging.reading import Reading, read_four_folders
from phantom.dicom import write_zip
from phantom.exam import Exam as PhantomExam
from phantom.exam import Protocol
from training.exam_set import PLACES
from training.sources.source import Truth

PHANTOM = PhantomExam(1, Protocol(rows=96, columns=96, slices=6))
LIMITS = Limits(files=100, unpacked_bytes=10_000_000, compression_ratio=600)


@dataclass(frozen=True)
class PhantomZip:
    """``labels`` may be anything: networks are judged by them, not changed."""

    path: Path
    labels: tuple[int, ...]
    name: str = "exam"
    patient: str = "patient"

    def read(self, workspace: Path) -> Reading:
        return read_four_folders(self.path.open("rb"), workspace, LIMITS)

    def truth(self, exam: Exam) -> Truth:
        count = len(exam.pre)
        return Truth(np.array(self.labels, np.int8), np.zeros((count, PLACES, PLACES), np.uint8), np.full(count, 15.0))


@dataclass(frozen=True)
class Zips:
    items: tuple[PhantomZip, ...]
    kind: str = "zips"
    left_out: tuple = ()


def phantom_zip(folder: Path) -> Path:
    write_zip(PHANTOM, folder / "series.zip")
    return folder / "series.zip"


@contextmanager
def scratch():
    """An empty folder that is gone afterwards."""
    with TemporaryDirectory() as name:
        yield Path(name)
