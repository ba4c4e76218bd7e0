"""Where labelled exams come from: what every source gives, read as an upload would be."""

import weakref
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from imaging.archive import Limits
from imaging.exam import Exam
from imaging.plausibility import check_dark
from imaging.preprocessing import Normalisation, channels
from imaging.reading import Reading, read_any_layout
from training.exam_set import Labelled

# Limits guard a server against what strangers send; these only stop what is no exam.
LIMITS = Limits(files=100_000, unpacked_bytes=100_000_000_000, compression_ratio=600)


class TruthError(Exception):
    """What is said about an exam cannot be; the text names the exam and the reason."""


@dataclass(frozen=True)
class Truth:
    """``labels`` (N,), ``places`` (N, 32, 32) and ``sizes`` (N,) of an exam, as ``exam_set.Labelled`` has them.

    Not ``placed``: it is known which slices hold tumour and not where, and ``places`` are 0 throughout.
    """

    labels: np.ndarray
    places: np.ndarray
    sizes: np.ndarray
    placed: bool = True


@dataclass(frozen=True)
class LeftOut:
    """An exam that is not in the set, why, and the files concerned."""

    name: str
    patient: str
    reason: str
    files: tuple[str, ...] = ()

    def to_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class PreparedExam:
    """The slices of an exam, whether their places are known (as in Truth), and what was odd about it."""

    labelled: Labelled
    placed: bool = True
    warnings: tuple[str, ...] = ()


class Item(ABC):
    """A labelled exam that can be read, also in another process: it is small and pickles.

    ``split`` is where it belongs when its source says so; None: as its patient is drawn.
    """

    name: str
    patient: str
    split: str | None = None

    @abstractmethod
    def read(self, workspace: Path) -> Reading:
        """The exam, by the same steps as an upload; ``workspace`` is an empty folder.

        Raises a child of ``imaging.errors.ScanError`` when it cannot be read or judged, OSError when a file cannot.
        """

    @abstractmethod
    def truth(self, exam: Exam) -> Truth:
        """What there is to find in ``exam``. Raises TruthError when that cannot be."""

    def prepared(self, normalisation: Normalisation, workspace: Path) -> PreparedExam:
        """The exam as networks take it, with its truth. Raises what ``read`` and ``truth`` raise."""
        reading = self.read(workspace)
        truth = self.truth(reading.exam)
        images, scales, warnings = prepared_images(reading.exam, normalisation)
        labelled = Labelled(images, truth.labels, truth.places, truth.sizes, scales)
        return PreparedExam(labelled, truth.placed, (*reading.warnings, *warnings))


@dataclass(frozen=True)
class Source:
    """``kind`` says in a word what it is, ``about`` what else a manifest keeps of it; ``left_out`` is known to be
    missing before anything is read."""

    kind: str
    items: Sequence[Item]
    left_out: Sequence[LeftOut] = ()
    about: Mapping[str, object] = field(default_factory=dict)


def read_zip(path: Path, workspace: Path) -> Reading:
    """The exam in the zip at ``path``, in any layout that ``POST /studies/`` takes; ``workspace`` is an empty folder.

    Raises a child of ``imaging.errors.ScanError`` when there is none that can be judged, OSError when the file cannot
    be read.
    """
    with ExitStack() as opened:
        reading = read_any_layout(opened.enter_context(path.open("rb")), workspace, LIMITS)
        # slices stay packed in the file: it is open as long as there is the exam
        weakref.finalize(reading.exam, opened.pop_all().close)
        return reading


def prepared_images(exam: Exam, normalisation: Normalisation) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """``images`` (N, 4, 128, 128) uint8 and ``scales`` (N, 4) float32 of ``exam`` as ``Labelled`` has them, and
    warnings: what ``detection.pipeline.prepared`` gives, rounded.

    Raises NotADicomImage, DamagedArchive or NoSignal as that does.
    """
    parts = [([exam.pre], channels([exam.pre], normalisation)), (exam.passes, channels(exam.passes, normalisation))]
    warnings = [text for series, made in parts for text in check_dark(series, made.images)]
    images = np.concatenate([np.rint(made.images).astype(np.uint8) for _, made in parts], axis=1)
    return images, np.concatenate([made.scales for _, made in parts], axis=1), tuple(warnings)
