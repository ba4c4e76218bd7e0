"""Labelled exams one after the other, from a prepared set or read as an upload would be, for evaluation."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from detection.pipeline import Prepared, prepared
from imaging.exam import Exam
from imaging.parallel import for_each
from imaging.preprocessing import SIZE, Normalisation
from imaging.slice_file import SliceFile
from training.exam_set import SERIES, ExamRecord, ExamSet, Labelled, SetError, cuts_of
from training.sources.source import Item, LeftOut, Source, Truth, TruthError

# Gives an empty folder that is gone afterwards.
Workspace = Callable[[], AbstractContextManager[Path]]


class OpenedExam(Protocol):
    """An exam at hand: ``labels`` (N,) and ``sizes`` (N,) as ``exam_set.Labelled`` has them, ``cuts`` (N,) as
    ``exam_set.cuts_of`` counts them."""

    labels: np.ndarray
    sizes: np.ndarray
    cuts: np.ndarray

    def prepared(self, by_single: Normalisation, by_scantype: Normalisation) -> Prepared:
        """What the two networks take. Raises SetError when it is not there in this normalisation, and what
        ``detection.pipeline.prepared`` raises."""

    def brightness(self) -> np.ndarray:
        """(N, 4, 128, 128) float32: pre and the three passes, in the exam's own unit."""


class LabelledExam(Protocol):
    """An exam that can be opened, as often as one likes; ``patient`` is for telling patients apart, not for showing."""

    name: str
    patient: str

    def open(self) -> AbstractContextManager[OpenedExam]:
        """Raises a child of ``imaging.errors.ScanError`` when it cannot be read, TruthError when its truth is wrong."""


def exams_of_set(exams: ExamSet) -> Sequence[LabelledExam]:
    return [_SetExam(record, exams) for record in exams.exams]


def exams_of_source(source: Source, workspace: Workspace) -> Sequence[LabelledExam]:
    """Exams that are known to be missing are there too, and cannot be opened: nothing is left out in silence."""
    return [*(_SourceExam(item, workspace) for item in source.items), *map(_MissingExam, source.left_out)]


@dataclass(frozen=True)
class _Named:
    """Called as what it is made of."""

    of: ExamRecord | Item | LeftOut

    @property
    def name(self) -> str:
        return self.of.name

    @property
    def patient(self) -> str:
        return self.of.patient


@dataclass(frozen=True)
class _SetExam(_Named):
    exams: ExamSet

    @contextmanager
    def open(self) -> Iterator[OpenedExam]:
        yield _Mapped(self.exams.labelled(self.of), self.exams.normalisation)


@dataclass(frozen=True)
class _Mapped:
    slices: Labelled
    normalisation: Normalisation

    @property
    def labels(self) -> np.ndarray:
        return np.asarray(self.slices.labels)

    @property
    def sizes(self) -> np.ndarray:
        return np.asarray(self.slices.sizes)

    @property
    def cuts(self) -> np.ndarray:
        return cuts_of(self.slices.labels, self.slices.places)

    def prepared(self, by_single: Normalisation, by_scantype: Normalisation) -> Prepared:
        for role, wanted in (("single", by_single), ("scantype", by_scantype)):
            if wanted != self.normalisation:
                raise SetError(f"the {role} network takes {wanted}, the set was prepared with {self.normalisation}")
        return Prepared(*(self.slices.channels(role).astype(np.float32) for role in ("single", "scantype")), ())

    def brightness(self) -> np.ndarray:
        return self.slices.images * (np.asarray(self.slices.scales) / np.float32(255))[:, :, None, None]


@dataclass(frozen=True)
class _SourceExam(_Named):
    workspace: Workspace

    @contextmanager
    def open(self) -> Iterator[OpenedExam]:
        with self.workspace() as folder:
            exam = self.of.read(folder).exam
            yield _Read(exam, self.of.truth(exam))


class _MissingExam(_Named):
    def open(self) -> AbstractContextManager[OpenedExam]:
        raise TruthError(f"{self.name}: {self.of.reason}")


@dataclass(frozen=True)
class _Read:
    exam: Exam
    truth: Truth

    @property
    def labels(self) -> np.ndarray:
        return self.truth.labels

    @property
    def sizes(self) -> np.ndarray:
        return self.truth.sizes

    @property
    def cuts(self) -> np.ndarray:
        return cuts_of(self.truth.labels, self.truth.places)

    def prepared(self, by_single: Normalisation, by_scantype: Normalisation) -> Prepared:
        return prepared(self.exam, by_single, by_scantype)

    def brightness(self) -> np.ndarray:
        images = np.empty((len(self.exam.pre), SERIES, SIZE, SIZE), np.float32)
        for k, series in enumerate((self.exam.pre, *self.exam.passes)):
            images[:, k] = for_each(_small, series.slices)
        return images


def _small(image: SliceFile) -> np.ndarray:
    return cv2.resize(image.brightness().astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
