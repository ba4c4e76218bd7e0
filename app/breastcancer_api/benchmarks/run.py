"""One run of the benchmark: its exams, what it measured so far, and the goals (docs/performance.md)."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import numpy as np
from django.conf import settings
from tqdm import tqdm

from breastcancer_api.benchmarks import alternatives, forms, networks, plain, reading, uploads
from breastcancer_api.benchmarks.networks import Rates
from breastcancer_api.benchmarks.table import Line
from breastcancer_api.local_server import Server, serving
from breastcancer_api.networks import device
from breastcancer_api.networks import networks as loaded
from detection.pipeline import normalisation
from nets.bundle import ROLES, load
from nets.device import Device
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol
from training.exam_set import TEST
from training.sources.phantoms import Phantom

SHARES = {"scantype": 0.85, "single": 0.6}
WHOLE, THROUGHPUT, SLOWEST, PEAK_GB, GROWTH, READY_SECONDS = 1.25, 0.95, 1.3, 1.5, 0.03, 10.0
ADDED = 0.15  # by forms that nobody asks for
TOGETHER = 8  # uploads to which the goals THROUGHPUT and SLOWEST belong
IN_FLIGHT = 4  # exams at once when the peak of memory is read
EXAMS_TRIED, SEEN_OF = 8, 4  # drawn exams for other engines, and of which slices 8-bit ones choose their ranges
WHOLE_SLICES = 160  # of the exam to which the goal WHOLE belongs
ROUNDS_TOGETHER = 3  # at most: a round of eight uploads is sixteen exams


class Run:
    """Measures part by part. ``lines`` are the figures, ``bars`` the seconds of whole requests by what they go to.

    ``slices``: of the exams, rising; the first stands for all where many are sent, the middle one elsewhere.
    """

    def __init__(self, folder: Path, side: int, seed: int, rounds: int, slices: list[int]):
        self.folder, self.side, self.seed, self.rounds, self.slices = folder, side, seed, rounds, slices
        self.short, self.usual = slices[0], slices[len(slices) // 2]
        self.lines: list[Line] = []
        self.bars: list[tuple[str, dict[str, float]]] = []
        self.exam = cache(self._exam)

    def networks(self) -> None:
        """Rate of the matrix product and of each network, in each precision."""
        for each in networks.every_precision(device()):
            found = self._rates(each)
            self._add(f"matrix product, {found.precision}", found.product / 1e9, "GFLOP/s")
            for role, rate in found.networks.items():
                name = f"{role}, {found.precision}"
                self._add(f"{name}: a slice, {rate.flops / 1e9:.1f} GFLOP", 1000 * rate.seconds, "ms")
                self._add(f"{name}: share of the product's rate", rate.share, "", at_least=SHARES[role])

    def reading(self) -> None:
        """From the zip to the networks' inputs, beside plain code."""
        archive = self.exam(self.usual)
        found = [reading.one_round(archive) for _ in self._rounds("reading")]
        for part in ("inflate", "decode", "prepare"):
            self._add(f"plain code on one core: {part}", reading.median(found, part), "s")
        self._add("zip to exam, every pixel decoded", reading.median(found, "exam"), "s")
        self._add("the same over plain code shared by all cores", reading.median(found, "exam_ratio"), "")
        self._add("zip to the networks' inputs", reading.median(found, "inputs"), "s")
        self._add("the same over plain code shared by all cores", reading.median(found, "inputs_ratio"), "")
        held = reading.memory(archive)
        self._add("peak memory of reading above idle", held.peak / 1e6, "MB", at_most=held.allowed / 1e6)

    def requests(self) -> None:
        """Cold start, and whole requests over HTTP, beside what the machine could do at most."""
        operations = sum(networks.flops(load(settings.NETWORKS_DIR, role)[0].topology) for role in ROLES)
        with self._server() as server:
            self._add("cold start to ready", server.ready_seconds, "s", at_most=READY_SECONDS)
            for count in self.slices:
                name, rounds = f"whole request, {count} slices", self._rounds(f"{count} slices")
                found = uploads.whole(server, self.exam(count), count * operations, device(), rounds)
                goal = WHOLE if count == WHOLE_SLICES and device().name == "cpu" else None
                self._add(name, found.seconds, "s")
                self._add(f"{name}, over FLOP / rate + inflating", found.ratio, "", at_most=goal)
                rest = max(found.seconds - found.computing - found.inflating, 0)
                parts = {"FLOP / rate": found.computing, "inflating": found.inflating, "all else": rest}
                self.bars.append((f"{count} slices", parts))

    def forms(self) -> None:
        """What the forms of a result cost beyond those that are asked for, and each of them when it is."""
        rounds = self._rounds(f"forms, {self.usual} slices")
        found = forms.measured(self.exam(self.usual), loaded(), rounds)
        self._add(f"exam of {self.usual} slices in this process", found.scan, "s")
        goal = ADDED if self.usual == WHOLE_SLICES else None
        self._add("the same over one that keeps no pictures and has no findings, less 1", found.added, "", at_most=goal)
        self._add("its findings", found.findings, "")
        for file, seconds in found.each.items():
            if seconds is not None:
                self._add(f"making {file}", seconds, "s")

    def plain(self) -> None:
        """The plain recipe, one slice at a time, beside a whole request."""
        archive = self.exam(self.short)
        with self._server() as server:
            request = uploads.alone(server, archive, range(1))
        started = time.perf_counter()
        plain.rows(archive, settings.NETWORKS_DIR)
        recipe = time.perf_counter() - started
        self._add(f"plain recipe, one slice at a time, {self.short} slices", recipe, "s")
        self._add("the same over a whole request", recipe / request, "")

    def uploads(self, at_once: list[int]) -> None:
        """Several uploads at once, and the most memory the server held meanwhile."""
        archive = self.exam(self.usual)
        with self._server() as server:
            for count in at_once:
                name, rounds = f"{count} at once", range(min(self.rounds, ROUNDS_TOGETHER))
                found = uploads.together(server, archive, count, tqdm(rounds, desc=name, unit="round"))
                goals = (THROUGHPUT, SLOWEST) if count == TOGETHER else (None, None)
                self._add(f"{name}: exams a minute", 60 * count / found.seconds, "")
                self._add(f"{name}: throughput over one after another", found.throughput, "", at_least=goals[0])
                self._add(f"{name}: slowest over mean", found.slowest, "", at_most=goals[1])
                goal = PEAK_GB if count == IN_FLIGHT else None
                self._add(f"{name}: peak memory so far", server.held().peak / 1e9, "GB", at_most=goal)

    def endurance(self, exams: int) -> None:
        """Many exams in a row."""
        with self._server() as server:
            found = uploads.endurance(server, self.exam(self.short), tqdm(range(exams), desc="in a row", unit="exam"))
        growth, steady = (GROWTH, 1) if exams > uploads.SETTLED else (None, None)
        self._add(f"{exams} exams in a row: growth of memory", found.growth, "", at_most=growth)
        self._add(f"{exams} exams in a row: files and threads constant", found.steady, "", at_least=steady)

    def alternatives(self) -> None:
        """Other engines than torch, with the networks in use, on slices of drawn exams."""
        for role in ROLES:
            images, seen = (self._drawn(role, first) for first in (self.seed, self.seed + EXAMS_TRIED))
            rounds = self._rounds(f"{role} by each engine")
            for one in alternatives.tried(settings.NETWORKS_DIR, role, images, seen[::SEEN_OF], rounds):
                name = f"{role}, {one.name}"
                self._add(f"{name}: a slice", 1000 * one.seconds, "ms")
                self._add(f"{name}: ready to compute", one.ready, "s")
                self._add(f"{name}: decisions as in float32", one.decisions, "")
                self._add(f"{name}: probability differs at most by", one.difference, "")

    def _drawn(self, role: str, first: int) -> np.ndarray:
        how = normalisation(load(settings.NETWORKS_DIR, role)[0])
        exams = [Phantom(seed, TEST).prepared(how, Path()).labelled for seed in range(first, first + EXAMS_TRIED)]
        return np.concatenate([exam.channels(role) for exam in exams]).astype(np.float32)

    def _add(self, what: str, value: float, unit: str, **goal: float | None) -> None:
        self.lines.append(Line(what, float(value), unit, **goal))

    def _rounds(self, what: str) -> tqdm:
        return tqdm(range(self.rounds), desc=what, unit="round")

    def _rates(self, of: Device) -> Rates:
        return networks.rates(settings.NETWORKS_DIR, of, self._rounds(f"networks, {of.precision}"))

    def _exam(self, slices: int) -> Path:
        file = self.folder / f"{slices}.zip"
        exam = Exam(self.seed, Protocol(self.side, self.side, slices))
        write_zip(exam, file, partial(tqdm, desc=f"exam of {slices} slices", unit="slice"))
        return file

    @contextmanager
    def _server(self) -> Iterator[Server]:
        with tempfile.TemporaryDirectory(dir=self.folder) as state, serving(Path(state)) as server:
            yield server
