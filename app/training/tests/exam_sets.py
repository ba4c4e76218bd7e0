"""Small prepared sets for tests."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from imaging.preprocessing import Normalisation
from training.exam_set import PLACES, ExamSet, Labelled, SetWriter, open_set

EXAM_SCALE = Normalisation(maximum="exam")
PHANTOMS = {"kind": "phantoms"}


def labelled(labels: Sequence[int], sizes: Sequence[float] | None = None, seed: int = 0) -> Labelled:
    """Slices of noise with ``labels``; the middle place of positive ones is tumour."""
    rng, count = np.random.default_rng(seed), len(labels)
    places = np.zeros((count, PLACES, PLACES), np.uint8)
    places[np.array(labels) == 1, PLACES // 2, PLACES // 2] = 255
    return Labelled(
        images=rng.integers(0, 256, (count, 4, 128, 128), np.uint8),
        labels=np.array(labels, np.int8),
        places=places,
        sizes=np.array(sizes if sizes is not None else [20.0 * (each == 1) for each in labels], np.float32),
        scales=np.full((count, 4), 300, np.float32),
    )


def write_set(
    folder: Path, exams: Sequence[tuple[str, str, Labelled]], normalisation=EXAM_SCALE, placed=True, source=PHANTOMS
) -> ExamSet:
    """A set of ``exams``: (patient, split, slices) each, named ``exam-0``, ``exam-1``..."""
    with SetWriter(folder) as writer:
        for number, (patient, split, slices) in enumerate(exams):
            writer.add(f"exam-{number}", patient, split, slices, placed=placed)
        writer.finish(normalisation, left_out=[], source=source)
    return open_set(folder)
