"""Who follows the scan of an exam: may end it, and is told how far it is."""

from collections.abc import Callable
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
    """

    check: Check = unchecked
    read: Callable[[Reading], None] = _untold
    computed: Callable[[str, int], None] = _untold


UNWATCHED = Watch()
