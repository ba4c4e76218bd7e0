"""Work that comes round for as long as the process lives."""

import logging
import threading
import time
from collections.abc import Callable

from django.db import connections

log = logging.getLogger(__name__)


def now_and_then(name: str, seconds: float, work: Callable[[], object]) -> None:
    """Calls ``work`` every ``seconds`` in a thread called ``name``, which outlasts what it raises."""
    threading.Thread(target=_timer, args=(name, seconds, work), name=name, daemon=True).start()


def _timer(name: str, seconds: float, work: Callable[[], object]) -> None:
    waiting = threading.Event()
    while not waiting.wait(seconds):
        try:
            work()
        except Exception as error:  # the database or the broker may be away; the next time comes
            log.error("%s failed: %s", name, type(error).__name__)
        finally:
            connections.close_all()


class EvenClock:
    """Tells whether somebody set the wall clock since the last look, by more than ``tolerance`` seconds."""

    def __init__(self, tolerance: float):
        self._tolerance, self._offset = tolerance, self._now()

    def ran_evenly(self) -> bool:
        before, self._offset = self._offset, self._now()
        return abs(self._offset - before) <= self._tolerance

    def _now(self) -> float:
        return time.time() - time.monotonic()
