"""One function for many slices on several cores: decoders, OpenCV and NumPy let other threads run meanwhile."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import cv2
from threadpoolctl import threadpool_limits

One, Other = TypeVar("One"), TypeVar("Other")
ALLOTTED = Path("/sys/fs/cgroup/cpu.max")


def cores(allotted: Path = ALLOTTED) -> int:
    """How many cores this process may use: those it may run on, at most what its container is allotted.

    ``allotted`` is the container's file of microseconds of work a period (Linux, cgroup v2, cpu.max).
    """
    here = len(os.sched_getaffinity(0))
    try:
        quota, period = allotted.read_text().split()
        return max(1, min(here, int(quota) // int(period)))
    except (OSError, ValueError):  # no such file, or "max"
        return here


THREADS = min(cores(), 8)  # more wait for the disk and for the interpreter
cv2.setNumThreads(1)  # slices are what the cores share, not the rows of one
# nor the rows of a matrix: threads of NumPy's BLAS wait for more of them busily, in the way of the networks'
threadpool_limits(1, user_api="blas")


def for_each(function: Callable[[One], Other], items: Iterable[One]) -> list[Other]:
    """``function`` of each item, in their order. Raises what it raises for the first item in order that fails."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(function, items))
