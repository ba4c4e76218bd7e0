"""What the forms of a result cost an exam that nobody asks for them, and each of them when it is asked for."""

import tempfile
import time
import uuid
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from breastcancer_api.forms import FORMS, Form, made
from breastcancer_api.scanning import read
from breastcancer_api.studies import limits
from detection.analysis import analyse_scantype, analyse_single
from detection.fusion import average_results
from detection.meanwhile import meanwhile
from detection.pipeline import normalisations, scan
from detection.watch import UNWATCHED
from imaging.preprocessing import process_scantype, process_single
from imaging.reading import read_four_folders
from nets.runtime import Networks
from reports.errors import FormError
from reports.report import Report


@dataclass(frozen=True)
class Forms:
    """Seconds: of a ``scan``, and of a ``bare`` one that keeps nothing and has no findings, medians of rounds; of
    ``each`` form by its file, None where it cannot be made. ``findings`` of the exam."""

    scan: float
    bare: float
    each: dict[str, float | None]
    findings: int

    @property
    def added(self) -> float:
        """Share of the bare scan that the other takes longer."""
        return self.scan / self.bare - 1


def measured(archive: Path, networks: Networks, rounds: Iterable[int]) -> Forms:
    """The exam in the four folders of ``archive``, in this process."""
    pairs = [(_scanned(archive, networks), _bare(archive, networks)) for _ in rounds]
    with archive.open("rb") as file, read(file, uuid.uuid4()) as (result, report):
        each = {form.file: _made(form, report) for form in FORMS}
    scans, bare = (median(seconds) for seconds in zip(*pairs, strict=True))
    return Forms(scans, bare, each, len(result.findings))


def _scanned(archive: Path, networks: Networks) -> float:
    with _opened(archive) as (file, folder):
        return _seconds(partial(scan, file, folder, networks, limits()))


def _bare(archive: Path, networks: Networks) -> float:
    with _opened(archive) as (file, folder):
        return _seconds(partial(_bare_scan, file, folder, networks))


def _bare_scan(file, folder: Path, networks: Networks) -> list[int]:
    exam = read_four_folders(file, folder, limits()).exam
    by_single, by_scantype = normalisations(networks.cards())
    pre = process_single(exam.pre, by_single)
    with meanwhile(partial(analyse_single, pre, networks.single), UNWATCHED) as single:
        scantype = analyse_scantype(process_scantype(*exam.passes, normalisation=by_scantype), networks.scantype)
    return average_results(single.result().decisions, scantype.decisions)


def _made(form: Form, report: Report) -> float | None:
    try:
        return _seconds(lambda: made(form, report).close())
    except FormError:
        return None


def _seconds(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@contextmanager
def _opened(archive: Path):
    with tempfile.TemporaryDirectory(prefix="breastwise-benchmark-") as name, archive.open("rb") as file:
        yield file, Path(name)
