"""How this process asks the system for memory."""

import ctypes

# <malloc.h> of the GNU C library; mallopt(3)
M_ARENA_MAX = -8
ARENAS = 2


def limit_arenas() -> None:
    """All threads share two heaps (GNU C library; others have their own ways).

    By default each thread gets a heap of its own, up to eight for a core, and what one has freed the others do not use:
    after several exams at once the server would hold hundreds of megabytes of nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)
