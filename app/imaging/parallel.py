"""One function for many slices on several cores: decoders, OpenCV and NumPy let other threads run meanwhile."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

One, Other = TypeVar("One"), TypeVar("Other")
THREADS = min(os.cpu_count() or 1, 8)  # more wait for the disk and for the interpreter


def for_each(function: Callable[[One], Other], items: Iterable[One]) -> list[Other]:
    """``function`` of each item, in their order. Raises what it raises for the first item in order that fails."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(function, items))
