"""Whole requests over HTTP to a server of the benchmark's own: one alone, several at once, many in a row."""

import statistics
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from breastcancer_api.benchmarks.networks import product_rate
from breastcancer_api.benchmarks.reading import inflated, packed
from breastcancer_api.local_server import Answer, Held, Server, post
from nets.device import Device

# After so many exams everything is set up that is set up at first use.
SETTLED = 20
LOOKS = 10  # exams after which it is looked what the server holds, one of them while no timer runs


@dataclass(frozen=True)
class Whole:
    """``seconds`` of a whole request, and of two parts that no server can do without: ``computing`` at the rate of the
    matrix product and ``inflating`` on one core; ``ratio`` of the first to the sum of these. Medians of rounds."""

    seconds: float
    computing: float
    inflating: float
    ratio: float


@dataclass(frozen=True)
class Together:
    """Uploads of one exam at once, which took ``seconds`` all together. ``throughput``: exams a second over those of
    uploads one after another; ``slowest`` over the mean of the answers' times. Medians of rounds."""

    seconds: float
    throughput: float
    slowest: float


@dataclass(frozen=True)
class Endurance:
    """What the server held after each of many exams in a row."""

    after: tuple[Held, ...]

    @property
    def growth(self) -> float:
        """By which share resident memory grew from the exam SETTLED to the last."""
        return self.after[-1].resident / self.after[min(SETTLED, len(self.after)) - 1].resident - 1

    @property
    def steady(self) -> bool:
        """Whether open files and threads stayed as they were after the exam SETTLED: the least of each LOOKS exams,
        because a timer that looks into the database opens it for a moment."""
        settled = self.after[min(SETTLED, len(self.after)) - 1 :]
        runs = [settled[start : start + LOOKS] for start in range(0, max(len(settled) - LOOKS, 0) + 1, LOOKS)]
        return len({(min(held.files for held in run), min(held.threads for held in run)) for run in runs}) == 1


def whole(server: Server, archive: Path, operations: int, device: Device, rounds: Iterable[int]) -> Whole:
    """One upload at a time, beside what the machine needs at least for the ``operations`` of its networks on ``device``
    and for inflating; all three in each round."""
    found = []
    for _ in rounds:
        computing = operations / product_rate(device)
        found.append((post(server, archive).seconds, computing, inflating(archive)))
    seconds, computing, unpacking = (statistics.median(each) for each in zip(*found, strict=True))
    return Whole(seconds, computing, unpacking, statistics.median(each[0] / sum(each[1:]) for each in found))


def alone(server: Server, archive: Path, rounds: Iterable[int]) -> float:
    """Mean seconds of an upload from its start to the answer, one after the other."""
    return statistics.mean(post(server, archive).seconds for _ in rounds)


def together(server: Server, archive: Path, count: int, rounds: Iterable[int]) -> Together:
    """``count`` uploads at once. In each round as many one after another: half of them before and half after."""
    found = [_round_together(server, archive, count) for _ in rounds]
    return Together(*(statistics.median(each) for each in zip(*found, strict=True)))


def _round_together(server: Server, archive: Path, count: int) -> tuple[float, float, float]:
    half = range(max(1, count // 2))
    before = alone(server, archive, half)
    started = time.monotonic()
    with ThreadPoolExecutor(count) as clients:
        answers: list[Answer] = list(clients.map(lambda _: post(server, archive), range(count)))
    seconds = time.monotonic() - started
    one_by_one = statistics.mean((before, alone(server, archive, half)))
    each = [answer.seconds for answer in answers]
    return seconds, count * one_by_one / seconds, max(each) / statistics.mean(each)


def endurance(server: Server, archive: Path, exams: Iterable[int]) -> Endurance:
    """One upload after the other."""
    after = []
    for _ in exams:
        post(server, archive)
        after.append(server.held())
    return Endurance(tuple(after))


def inflating(archive: Path) -> float:
    """Seconds that isal needs to inflate all of ``archive`` on one core, in memory."""
    members = list(packed(archive))
    started = time.perf_counter()
    for _, content, deflated in members:
        inflated(content, deflated)
    return time.perf_counter() - started
