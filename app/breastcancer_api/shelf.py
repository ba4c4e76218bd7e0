"""Pictures that somebody looks at stay open for a while: opening them takes as long as showing a slice, and of a bucket
it asks for several parts of the file."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Lock

from imaging.kept_exam import KeptExam

MOST = 4  # exams
LINGER_SECONDS = 60  # after somebody looked last


@dataclass
class _Open:
    exam: KeptExam
    held: ExitStack
    holders: int
    looked_at: float = field(default_factory=time.monotonic)


class Shelf:
    """``opening`` opens the exam of a study; the last who holds it, a reader or the shelf, closes it. Any thread may
    borrow, and several the same exam."""

    def __init__(self, opening: Callable[[uuid.UUID], AbstractContextManager[KeptExam]]):
        self._opening, self._lock = opening, Lock()
        self._open: dict[uuid.UUID, _Open] = {}  # what was borrowed last is at the end

    @contextmanager
    def borrowed(self, key: uuid.UUID) -> Iterator[KeptExam]:
        """The exam of the study ``key``, and for LINGER_SECONDS on the shelf. Raises what ``opening`` does."""
        found = self._found(key) or self._opened(key)
        try:
            yield found.exam
        finally:
            found.looked_at = time.monotonic()
            self._let_go(found)

    def drop(self, key: uuid.UUID) -> None:
        """What is on the shelf of the study ``key`` is closed, once nobody reads it."""
        with self._lock:
            found = self._open.pop(key, None)
        if found:
            self._let_go(found)

    def tidy(self) -> None:
        """Drops what nobody has looked at for LINGER_SECONDS."""
        now = time.monotonic()
        with self._lock:
            left = [key for key, each in self._open.items() if now - each.looked_at > LINGER_SECONDS]
        for key in left:
            self.drop(key)

    def _found(self, key: uuid.UUID) -> _Open | None:
        with self._lock:
            found = self._open.pop(key, None)
            if found:
                self._open[key] = found
                found.holders += 1
        return found

    def _opened(self, key: uuid.UUID) -> _Open:
        held = ExitStack()
        new = _Open(held.enter_context(self._opening(key)), held, holders=2)  # who asks, and the shelf
        with self._lock:
            over = [self._open.pop(key)] if key in self._open else []  # another opened it meanwhile
            self._open[key] = new
            over += [self._open.pop(oldest) for oldest in list(self._open)[:-MOST]]
        for each in over:
            self._let_go(each)
        return new

    def _let_go(self, exam: _Open) -> None:
        with self._lock:
            exam.holders -= 1
            last = exam.holders == 0
        if last:
            exam.held.close()
