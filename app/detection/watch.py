"""Who follows the scan of an exam: may end it, and is told how far it is."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from imaging.reading import Reading
from nets.runtime import Check, unchecked


def _untold(*_: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Watch:
    """Each is called by the scan, maybe from several threads at once, and ends it by what it raises.

    ``check``: between steps and before each batch. ``read``: once the exam is read, before the networks see it.
    ``computed``: after each batch, with the role of the network and the number of slices that it has seen more.
    ``spent``: after a stage of the work, or a part of one, with its name and its seconds.
    """

    check: Check = unchecked
    read: Callable[[Reading], None] = _untold
    computed: Callable[[str, int], None] = _untold
    spent: Callable[[str, float], None] = _untold

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """The body is, or belongs to, the stage ``name``; of one that fails nothing is told."""
        begun = time.monotonic()
        yield
        self.spent(name, time.monotonic() - begun)


UNWATCHED = Watch()
