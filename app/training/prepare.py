"""A source of labelled exams -> a set on disk, in reading order: split, prepare, write, tell.

The manifest holds, beside what ``exam_set`` needs: ``source`` (kind, tables or seeds), ``command``, ``commit``,
``seconds``, ``bytes``, ``bytes_per_1000_slices``, ``seed`` and ``shares`` of the split, ``counts`` (for each split its
exams and its positive, negative and left-out slices), ``left_out`` (exam, patient, reason, files), and for each exam
its own counts, ``placed`` and ``warnings``.
"""

import hashlib
import math
import multiprocessing
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from detection.workspace import workspace
from imaging.errors import ScanError
from imaging.preprocessing import Normalisation
from training.exam_set import BYTES_A_SLICE, LEFT_OUT, NEGATIVE, POSITIVE, SPLITS, ExamSet, SetWriter, open_set
from training.sources.source import Item, LeftOut, PreparedExam, Source, TruthError

SHARES = (0.7, 0.15, 0.15)
# So many exams a worker may be prepared before they are written: a slow one shall not pile up those behind it.
AHEAD = 2
COUNTED = {"positive": POSITIVE, "negative": NEGATIVE, "left_out": LEFT_OUT}


class PrepareError(Exception):
    """A set cannot be made; the text gives the reason, and the exam where there is one."""


def prepare_set(
    source: Source,
    out: Path,
    normalisation: Normalisation,
    seed: int = 0,
    shares: Sequence[float] = SHARES,
    workers: int = 1,
    **told: object,
) -> ExamSet:
    """Writes the exams of ``source`` as a set to the new folder ``out``; ``told`` goes into the manifest.

    ``shares`` are the parts of the patients in each of SPLITS, drawn by ``seed``. Exams that cannot be read are listed
    in the manifest. Raises SetError when ``out`` is there, PrepareError when no exam remains, the shares are none, or
    an exam fails in a way that is not foreseen; then nothing is written.
    """
    started = time.monotonic()
    exams = in_splits(source.items, seed, shares)
    left_out, twins = list(source.left_out), {}
    with SetWriter(out) as writer, closing(prepared_exams([item for item, _ in exams], normalisation, workers)) as made:
        for (item, split), exam in zip(tqdm(exams, desc="exams", unit="exam", delay=1), made, strict=True):
            found = _alone(item, exam, twins)
            if isinstance(found, LeftOut):
                left_out.append(found)
            else:
                writer.add(item.name, item.patient, split, found.labelled, **_told_of(found))
        if not writer.exams:
            raise PrepareError(_nothing(left_out))
        writer.finish(
            normalisation,
            [each.to_dict() for each in left_out],
            **told,
            source={"kind": source.kind, **source.about},
            **_drawing(source, seed, shares),
            counts=_counts(writer.exams),
            seconds=round(time.monotonic() - started),
            bytes=writer.count * BYTES_A_SLICE,
            bytes_per_1000_slices=1000 * BYTES_A_SLICE,
        )
    return open_set(out)


def _alone(item: Item, exam: PreparedExam | LeftOut, twins: dict[bytes, str]) -> PreparedExam | LeftOut:
    """``exam``, unless another in the set holds the same images: under another patient's name it would stand in two
    splits. ``twins`` are the exams so far by their images."""
    if isinstance(exam, LeftOut):
        return exam
    twin = twins.setdefault(hashlib.sha256(exam.labelled.images).digest(), item.name)
    return exam if twin == item.name else LeftOut(item.name, item.patient, f"holds the same images as {twin}")


def _told_of(exam: PreparedExam) -> dict:
    labels = exam.labelled.labels
    counts = {name: int((labels == label).sum()) for name, label in COUNTED.items()}
    return {"placed": exam.placed, **counts, "warnings": list(exam.warnings)}


def _counts(records: Sequence[dict]) -> dict[str, dict[str, int]]:
    """For each of SPLITS its exams and its slices as in COUNTED."""
    splits = {split: [each for each in records if each["split"] == split] for split in SPLITS}
    return {
        split: {"exams": len(of_it)} | {name: sum(each[name] for each in of_it) for name in COUNTED}
        for split, of_it in splits.items()
    }


def _drawing(source: Source, seed: int, shares: Sequence[float]) -> dict:
    """How patients were drawn into splits, nothing where the source says who belongs where."""
    return {"seed": seed, "shares": list(shares)} if any(item.split is None for item in source.items) else {}


def _nothing(left_out: Sequence[LeftOut]) -> str:
    told = f"; {left_out[0].name}: {left_out[0].reason}" if left_out else ""
    return f"no exam remains, {len(left_out)} are left out{told}"


def in_splits(items: Sequence[Item], seed: int, shares: Sequence[float]) -> list[tuple[Item, str]]:
    """``items`` with their splits, in the order of SPLITS and of their names."""
    splits = split_patients((item.patient for item in items if item.split is None), seed, shares)
    known = [(item, item.split or splits[item.patient]) for item in items]
    return sorted(known, key=lambda each: (SPLITS.index(each[1]), each[0].name))


def split_patients(patients: Iterable[str], seed: int, shares: Sequence[float]) -> dict[str, str]:
    """The split of each patient, the same whatever their order: patients are ordered by a hash of ``seed`` and their
    name, and cut where ``shares`` say, to the nearest patient.

    Raises PrepareError when ``shares`` are not one from 0 to 1 for each of SPLITS, 1 together.
    """
    if len(shares) != len(SPLITS) or not all(0 <= share <= 1 for share in shares) or not math.isclose(sum(shares), 1):
        raise PrepareError(f"shares {', '.join(map(str, shares))}: there must be one from 0 to 1 a split, 1 together")
    drawn = sorted(set(patients), key=lambda patient: hashlib.sha256(f"{seed} {patient}".encode()).digest())
    ends = [round(float(end) * len(drawn)) for end in np.cumsum(shares)]
    return {patient: SPLITS[sum(place >= end for end in ends[:-1])] for place, patient in enumerate(drawn)}


def prepared_exams(
    items: Sequence[Item], normalisation: Normalisation, workers: int
) -> Iterator[PreparedExam | LeftOut]:
    """Each exam as networks take it, or why it is left out, in the order of ``items``, made by ``workers`` processes.

    Raises PrepareError, naming the exam, when one fails in a way that is not foreseen.
    """
    # spawned, not forked: a fork copies torch's locked threads and can wait for them for ever
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="prepare-") as root,
        ProcessPoolExecutor(workers, context, initializer=cv2.setNumThreads, initargs=(1,)) as pool,
    ):
        make = partial(prepared_exam, normalisation=normalisation, root=Path(root))
        waiting: deque[tuple[Item, Future]] = deque()
        try:
            for item in items:
                if len(waiting) == AHEAD * workers:
                    yield _result(*waiting.popleft())
                waiting.append((item, pool.submit(make, item)))
            while waiting:
                yield _result(*waiting.popleft())
        finally:
            pool.shutdown(cancel_futures=True)


def _result(item: Item, future: Future) -> PreparedExam | LeftOut:
    try:
        return future.result()
    except Exception as error:
        raise PrepareError(f"{item.name}: {type(error).__name__}: {error}") from error


def prepared_exam(item: Item, normalisation: Normalisation, root: Path) -> PreparedExam | LeftOut:
    """The exam as networks take it, or why it is left out; what it needs on disk lies below ``root`` meanwhile."""
    with workspace(root) as folder:
        try:
            return item.prepared(normalisation, folder)
        except ScanError as error:
            return LeftOut(item.name, item.patient, error.reason, error.files)
        except TruthError as error:
            return LeftOut(item.name, item.patient, str(error))
        except OSError as error:
            files = (str(error.filename),) if error.filename else ()
            return LeftOut(item.name, item.patient, error.strerror or str(error), files)
