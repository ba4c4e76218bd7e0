"""One piece of work beside another: a network computes while the slices of the other are read."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from detection.watch import Watch

T = TypeVar("T")


class NotWanted(Exception):
    """Ends the work beside a body that failed; nobody sees it."""


@contextmanager
def meanwhile(work: Callable[[Watch], T], watch: Watch) -> Iterator[Future[T]]:
    """``work`` runs in a thread of its own while the body of the ``with`` runs; the future holds what it gives.

    ``work`` is handed a watch that also ends it once the body has failed. The body's error is the one that is raised,
    and the thread has ended by then.
    """
    failed = threading.Event()

    def wanted() -> None:
        if failed.is_set():
            raise NotWanted
        watch.check()

    with ThreadPoolExecutor(1, thread_name_prefix="meanwhile") as pool:
        future = pool.submit(work, replace(watch, check=wanted))
        try:
            yield future
        except BaseException:
            failed.set()
            raise
