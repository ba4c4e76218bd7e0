"""A file that is nowhere as a whole: what is read of it is made, or fetched, then."""

import errno
import io
import os
from collections.abc import Callable
from functools import lru_cache


class LazyFile(io.RawIOBase):
    """Reads as ``size`` bytes in pieces of ``step``, of which the last one may be shorter.

    ``piece`` gives the bytes of one by its index, from 0; the latest ``held`` are remembered. Reading raises what it
    raises, and ends with the piece: ``io.BufferedReader`` goes on.
    """

    def __init__(self, piece: Callable[[int], bytes], step: int, size: int, held: int = 1):
        super().__init__()
        self._piece, self._step, self._size, self._place = lru_cache(held)(piece), step, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Raises OSError for a place before the first byte, as files on disk do."""
        place = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        if place < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._place = place
        return place

    def readinto(self, buffer) -> int:
        if self._place >= self._size:
            return 0
        index, start = divmod(self._place, self._step)
        part = memoryview(self._piece(index))[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._place += len(part)
        return len(part)
