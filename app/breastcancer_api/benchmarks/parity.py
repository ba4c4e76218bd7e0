"""Whether the service answers as the plain recipe does: float32, one slice at a time."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from breastcancer_api.benchmarks import plain
from breastcancer_api.studies import limits
from detection.pipeline import SliceResult, scan
from nets.bundle import ROLES
from nets.runtime import Networks
from phantom.dicom import write_zip
from phantom.exam import drawn_exam


@dataclass(frozen=True)
class Parity:
    """Over all slices of some exams: ``decisions_equal``, the share of slices on which a network decides the same, and
    by how much its ``probability`` differs at most, by role; ``fused_equal``, the share with the same fused answer."""

    exams: int
    slices: int
    decisions_equal: dict[str, float]
    probability: dict[str, float]
    fused_equal: float


def parity(seeds: Iterable[int], folder: Path, networks: Networks) -> Parity:
    """Of the phantoms of ``seeds``, by the networks in ``folder``, which ``networks`` are in memory."""
    found, plainly = zip(*(_one(seed, folder, networks) for seed in seeds), strict=True)
    served = np.concatenate(found)
    oracle = np.concatenate(plainly)
    *decisions, fused = (served[:, :3] == oracle[:, :3]).mean(axis=0).tolist()
    differences = np.abs(served[:, 3:] - oracle[:, 3:]).max(axis=0).tolist()
    by_role = (dict(zip(ROLES, each, strict=True)) for each in (decisions, differences))
    return Parity(len(found), len(served), *by_role, fused)


def _one(seed: int, folder: Path, networks: Networks) -> tuple[np.ndarray, np.ndarray]:
    """Decisions of single, scantype and both, and the two probabilities, (N, 5), as served and by the plain recipe."""
    with tempfile.TemporaryDirectory(prefix="breastwise-parity-") as name:
        archive, work = Path(name, "series.zip"), Path(name, "work")
        work.mkdir()
        write_zip(drawn_exam(seed), archive)
        with archive.open("rb") as file:
            served = scan(file, work, networks, limits()).slices
        return np.array([_row(each) for each in served]), plain.rows(archive, folder)


def _row(result: SliceResult) -> tuple[float, ...]:
    decisions = (result.single_decision, result.scantype_decision, result.fused)
    return *decisions, result.single_probability, result.scantype_probability
