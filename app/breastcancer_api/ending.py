"""What the process that answers does before it ends: gunicorn says when (``gunicorn.conf.py``)."""

from collections.abc import Callable

_last: list[Callable[[], None]] = []


def before_end(work: Callable[[], None]) -> None:
    """Has ``work`` called once the last request is answered, while threads can still be started."""
    _last.append(work)


def worker_exit(_server, _worker) -> None:
    """Does what was asked for; gunicorn calls this in the process that answers."""
    for work in _last:
        work()
