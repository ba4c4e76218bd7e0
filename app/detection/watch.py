"""Who follows the scan of an exam: may end it, and is told how far it is."""

from collections.abc import Callable
from dataclasses import dataclass

from nets.runtime import Check, unchecked


def _untold(*_: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Watch:
    """Each is called by the scan, maybe from several threads at once, and ends it by what it raises.

    ``check``: between steps and before each batch. ``analysing``: once the exam is read, with the number of its slices.
    ``computed``: after each batch, with the role of the network and the number of slices that it has seen more.
    """

    check: Check = unchecked
    analysing: Callable[[int], None] = _untold
    computed: Callable[[str, int], None] = _untold


UNWATCHED = Watch()
