"""Where labelled exams come from: what every source gives, read as an upload would be."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from imaging.exam import Exam
from imaging.reading import Reading


class TruthError(Exception):
    """What is said about an exam cannot be; the text names the exam and the reason."""


@dataclass(frozen=True)
class Truth:
    """``labels`` (N,), ``places`` (N, 32, 32) and ``sizes`` (N,) of an exam, as ``exam_set.Labelled`` has them."""

    labels: np.ndarray
    places: np.ndarray
    sizes: np.ndarray


@dataclass(frozen=True)
class LeftOut:
    """An exam that is not in the set, why, and the files concerned."""

    name: str
    patient: str
    reason: str
    files: tuple[str, ...] = ()

    def to_dict(self) -> dict:
        return asdict(self)


class Item(Protocol):
    """A labelled exam that can be read, also in another process: it is small and pickles."""

    name: str
    patient: str

    def read(self, workspace: Path) -> Reading:
        """The exam, by the same steps as an upload; ``workspace`` is an empty folder.

        Raises a child of ``imaging.errors.ScanError`` when it cannot be read or judged.
        """

    def truth(self, exam: Exam) -> Truth:
        """What there is to find in ``exam``. Raises TruthError when that cannot be."""


class Source(Protocol):
    """``kind`` says in a word what it is; ``left_out`` is known to be missing before anything is read."""

    kind: str
    items: Sequence[Item]
    left_out: Sequence[LeftOut]
