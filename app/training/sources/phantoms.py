"""Phantom exams by their seeds, each split with seeds of its own; drawn as arrays, without a detour over DICOM."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

import phantom
from imaging.exam import Exam
from imaging.preprocessing import SIZE, Normalisation, prepare
from imaging.reading import Reading
from phantom.dicom import write_zip
from phantom.exam import Exam as PhantomExam
from phantom.exam import drawn_exam
from training.exam_set import LEFT_OUT, NEGATIVE, PLACES, POSITIVE, SERIES, TEST, TRAINING, VALIDATION, Labelled
from training.sources.source import Item, PreparedExam, Source, Truth, read_zip

# Seeds are kept apart: training, threshold and figures never share an exam.
FIRST_SEEDS = {TRAINING: 1_000_000, VALIDATION: 2_000_000, TEST: 5_000_000}


@dataclass(frozen=True)
class Phantom(Item):
    """The exam that is drawn from ``seed``, for one of SPLITS."""

    seed: int
    split: str

    @property
    def name(self) -> str:
        return f"phantom-{self.seed}"

    @property
    def patient(self) -> str:
        return self.name

    def read(self, workspace: Path) -> Reading:
        """Through a zip, which ``prepared`` goes without."""
        write_zip(drawn_exam(self.seed), workspace / "series.zip")
        return read_zip(workspace / "series.zip", workspace / "unpacked")

    def truth(self, exam: Exam) -> Truth:  # noqa: ARG002
        return _truth(drawn_exam(self.seed))

    def prepared(self, normalisation: Normalisation, workspace: Path) -> PreparedExam:  # noqa: ARG002
        exam = drawn_exam(self.seed)
        images, scales = _images(exam, normalisation)
        truth = _truth(exam)
        return PreparedExam(Labelled(images, truth.labels, truth.places, truth.sizes, scales))


def phantoms(counts: Mapping[str, int], first_seeds: Mapping[str, int] = FIRST_SEEDS) -> Source:
    """So many exams for each of SPLITS, of its first seed and those that follow.

    Raises ValueError when two splits would share a seed.
    """
    items = [Phantom(first_seeds[split] + k, split) for split, count in counts.items() for k in range(count)]
    if len({item.seed for item in items}) < len(items):
        raise ValueError("two splits would share the seed of an exam")
    return Source("phantoms", tuple(items), about={"first_seeds": dict(first_seeds), "phantom": make_of_phantom()})


def make_of_phantom() -> str:
    """Another one when the phantom's code changes."""
    sources = sorted(Path(phantom.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()[:8]


def _images(exam: PhantomExam, normalisation: Normalisation) -> tuple[np.ndarray, np.ndarray]:
    """As ``source.prepared_images``: pre has its own scale, the first pass sets that of all passes."""
    slices = np.stack([exam.slice(index) for index in range(exam.protocol.slices)])
    by_pre, by_first_pass = (normalisation.scale(slices[:, reference]) for reference in (0, 1))
    images, scales = np.empty((len(slices), SERIES, SIZE, SIZE), np.uint8), np.empty((len(slices), SERIES), np.float32)
    for index, series in enumerate(slices):
        for k, scale in enumerate((by_pre, by_first_pass, by_first_pass, by_first_pass)):
            scales[index, k] = series[k].max() if scale is None else scale
            images[index, k] = np.rint(prepare(series[k], scale))
    return images, scales


def _truth(exam: PhantomExam) -> Truth:
    labels = np.full(exam.protocol.slices, NEGATIVE, np.int8)
    labels[[number - 1 for number in exam.positive_slices]] = POSITIVE
    labels[[number - 1 for number in exam.unclear_slices]] = LEFT_OUT
    return Truth(labels, _places(exam, labels), _sizes(exam))


def _sizes(exam: PhantomExam) -> np.ndarray:
    sizes = np.zeros(exam.protocol.slices, np.float32)
    for lesion in exam.patient.lesions:
        cut = [number - 1 for number in exam.lesion_slices(lesion)]
        sizes[cut] = np.maximum(sizes[cut], lesion.diameter)
    return sizes


def _places(exam: PhantomExam, labels: np.ndarray) -> np.ndarray:
    places = np.zeros((len(labels), PLACES, PLACES), np.uint8)
    for index in np.flatnonzero(labels == POSITIVE):
        # INTER_AREA averages when it makes smaller; a matrix is always larger than the grid
        share = cv2.resize(exam.mask(index).astype(np.float32), (PLACES, PLACES), interpolation=cv2.INTER_AREA)
        places[index] = np.ceil(255 * share)
    return places
