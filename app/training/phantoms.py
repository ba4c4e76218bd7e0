"""Phantom exams as arrays for training and evaluation, prepared as an upload would be, kept on disk."""

import hashlib
import multiprocessing
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

import phantom.exam
from imaging.preprocessing import SIZE, Normalisation, prepare
from phantom.exam import PASSES, Exam, drawn_exam

EXAM_SCALE = Normalisation(maximum="exam")
# Places of tumour are kept on a grid of 4 x 4 pixels of a prepared slice.
PLACES = SIZE // 4
ARRAYS = ("images", "labels", "places", "exams", "sizes")


@dataclass(frozen=True)
class PhantomSet:
    """Slices of many exams.

    ``images`` (N, 4, 128, 128) uint8: pre and the three passes, each scaled as ``EXAM_SCALE`` says; ``labels`` (N,)
    bool: the slice holds tumour; ``places`` (N, 32, 32) uint8: the share of tumour in each square of 4 x 4 pixels, 255
    for all of it; ``exams`` (N,) the seed of each slice's exam; ``sizes`` (N,) float32: mm, the longest diameter of the
    largest lesion that the slice cuts, 0 without. Slices of an exam stand together, in order.
    """

    images: np.ndarray
    labels: np.ndarray
    places: np.ndarray
    exams: np.ndarray
    sizes: np.ndarray | None = None

    def channels(self, role: str) -> np.ndarray:
        """The images the network of ``role`` takes, (N, 1 or 3, 128, 128) uint8."""
        return self.images[:, :1] if role == "single" else self.images[:, 1:]


def phantom_set(seeds: Iterable[int], folder: Path, workers: int = 2) -> PhantomSet:
    """The exams of ``seeds``; made with a progress bar on first use, mapped from ``folder`` afterwards."""
    seeds = list(seeds)
    stem = folder / f"phantoms-{seeds[0]}-{len(seeds)}-{_make_of_phantom()}"
    files = {name: stem.with_name(f"{stem.name}-{name}.npy") for name in ARRAYS}
    if not all(file.exists() for file in files.values()):
        folder.mkdir(parents=True, exist_ok=True)
        _make(seeds, files, workers)
    return PhantomSet(**{name: np.load(file, mmap_mode="r") for name, file in files.items()})


def _make_of_phantom() -> str:
    """Another one when the phantom's code changes: arrays of an earlier make are never taken for this one's."""
    sources = sorted(Path(phantom.exam.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()[:8]


def _make(seeds: list[int], files: dict[str, Path], workers: int) -> None:
    # spawned, not forked: a fork copies torch's locked threads and can wait for them for ever
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        made = list(tqdm(pool.map(_arrays, seeds), total=len(seeds), desc="phantom exams", unit="exam"))
    images, labels, places, sizes = zip(*made, strict=True)
    np.save(files["labels"], np.concatenate(labels))
    np.save(files["places"], np.concatenate(places))
    np.save(files["exams"], np.repeat(seeds, [len(each) for each in labels]))
    np.save(files["sizes"], np.concatenate(sizes))
    np.save(files["images"], np.concatenate(images))


def _arrays(seed: int) -> tuple[np.ndarray, ...]:
    exam = drawn_exam(seed)
    slices = np.stack([exam.slice(index) for index in range(exam.protocol.slices)])
    scales = [EXAM_SCALE.scale(slices[:, reference]) for reference in (0, 1)]
    images = np.empty((len(slices), len(PASSES), SIZE, SIZE), np.uint8)
    for image, pixels in zip(images, slices, strict=True):
        for k in range(len(PASSES)):
            image[k] = np.rint(prepare(pixels[k], scales[min(k, 1)]))
    labels = np.zeros(len(slices), bool)
    labels[[number - 1 for number in exam.positive_slices]] = True
    return images, labels, _places(exam, labels), _sizes(exam)


def _sizes(exam: Exam) -> np.ndarray:
    sizes = np.zeros(exam.protocol.slices, np.float32)
    for lesion in exam.patient.lesions:
        cut = [number - 1 for number in exam.lesion_slices(lesion)]
        sizes[cut] = np.maximum(sizes[cut], lesion.diameter)
    return sizes


def _places(exam: Exam, labels: np.ndarray) -> np.ndarray:
    places = np.zeros((len(labels), PLACES, PLACES), np.uint8)
    for index in np.flatnonzero(labels):
        # INTER_AREA averages when it makes smaller; a matrix is always larger than the grid
        share = cv2.resize(exam.mask(index).astype(np.float32), (PLACES, PLACES), interpolation=cv2.INTER_AREA)
        places[index] = np.ceil(255 * share)
    return places
