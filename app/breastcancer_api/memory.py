"""How this process asks the system for memory."""

import ctypes

MEGABYTE = 1 << 20
# <malloc.h> of the GNU C library; mallopt(3)
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8
# Two heaps for all threads. By default each thread gets a heap of its own, up to eight for a core, and what one has
# freed the others do not use: after several exams at once the server would hold hundreds of megabytes of nothing.
# What a heap has freed stays in it, up to so much: by default what networks and pictures need is given back after each
# batch and asked for again, and the system fills every page of it with zeros first.
OPTIONS = {
    M_ARENA_MAX: 2,
    M_MMAP_THRESHOLD: 64 * MEGABYTE,
    M_TRIM_THRESHOLD: 256 * MEGABYTE,
    M_TOP_PAD: 64 * MEGABYTE,
}


def tune_heaps() -> None:
    """Sets OPTIONS (GNU C library; others have their own ways)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in OPTIONS.items():
            mallopt(option, value)
