"""Whole requests over HTTP to a server of the benchmark's own: one alone, several at once, many in a row."""

import statistics
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from breastcancer_api.benchmarks.reading import inflated, packed
from breastcancer_api.local_server import Answer, Held, Server, post

# After so many exams everything is set up that is set up at first use.
SETTLED = 20


@dataclass(frozen=True)
class Together:
    """``count`` uploads of one exam at once. ``throughput``: exams a second over those of uploads one after another;
    ``slowest`` over the mean of the answers' times."""

    count: int
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
        """Whether open files and threads stayed as they were after the exam SETTLED."""
        settled = self.after[min(SETTLED, len(self.after)) - 1 :]
        return len({(held.files, held.threads) for held in settled}) == 1


def alone(server: Server, archive: Path, rounds: Iterable[int]) -> float:
    """Seconds from the start of the upload to the answer, median of ``rounds``."""
    return statistics.median(post(server, archive).seconds for _ in rounds)


def together(server: Server, archive: Path, count: int, one_by_one: float) -> Together:
    """``count`` uploads at once, beside one that takes ``one_by_one`` seconds alone."""
    started = time.monotonic()
    with ThreadPoolExecutor(count) as clients:
        answers: list[Answer] = list(clients.map(lambda _: post(server, archive), range(count)))
    seconds = time.monotonic() - started
    each = [answer.seconds for answer in answers]
    return Together(count, seconds, count * one_by_one / seconds, max(each) / statistics.mean(each))


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
