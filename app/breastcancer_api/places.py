"""How many exams are in this process at once: a few are read, some wait, the next is asked to come again."""

import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import BoundedSemaphore, Event, Lock

from django.conf import settings
from rest_framework.exceptions import APIException

MAKING = 4  # forms of results that are made at once
LOOKING = 8  # slices that are shown at once: more than cores, as some wait for a storage
MAKING_SECONDS = 20  # longest wait for one of these places
AGAIN = 2  # requests at once for exams that came before
LOOK_SECONDS = 1  # how often a waiting exam looks whether its sender is still there


class Line:
    """Lets ``places`` be taken at a time, in the order in which they are asked for."""

    def __init__(self, places: int):
        self.free, self.waiting, self.lock = places, deque(), Lock()

    def enter(self, check: Callable[[], None]) -> None:
        """Waits for a place. Raises what ``check`` raises, which is asked now and then."""
        turn = Event()
        with self.lock:
            self.waiting.append(turn)
            self._serve()
        try:
            while not turn.wait(LOOK_SECONDS):
                check()
        except BaseException:
            self._go(turn)
            raise

    def leave(self) -> None:
        """Gives a place back."""
        with self.lock:
            self.free += 1
            self._serve()

    def _serve(self) -> None:
        while self.free and self.waiting:
            self.free -= 1
            self.waiting.popleft().set()

    def _go(self, turn: Event) -> None:
        with self.lock:
            if turn in self.waiting:
                self.waiting.remove(turn)
                return
        self.leave()  # its turn came just then


_reading = Line(settings.THREADS)
_inside = BoundedSemaphore(settings.THREADS + settings.QUEUE)
# Who asks again for an exam that is here already needs none of these places, and a thread all the same: gunicorn has
# spare ones (gunicorn.conf.py), and some of them must stay free for those who ask whether the server lives.
_again = BoundedSemaphore(AGAIN)
_making, _looking = BoundedSemaphore(MAKING), BoundedSemaphore(LOOKING)
_alone = [BoundedSemaphore(1) for _ in range(64)]  # a study has one of them


class Full(APIException):
    status_code, default_code = 503, "busy"
    default_detail = "As many exams as this server takes are being read or wait. Try again later."


@contextmanager
def place(again: bool = False) -> Iterator[None]:
    """A place among those who are read or wait, or among those who come ``again``. Raises Full when there is none."""
    places = _again if again else _inside
    if not places.acquire(blocking=False):
        raise Full
    try:
        yield
    finally:
        places.release()


def making() -> AbstractContextManager[None]:
    """A place among the forms that are made: each costs seconds and memory. Raises Full after MAKING_SECONDS."""
    return _one_of(_making)


def looking() -> AbstractContextManager[None]:
    """A place among the slices that are shown: each costs milliseconds. Raises Full after MAKING_SECONDS."""
    return _one_of(_looking)


def alone(study: uuid.UUID) -> AbstractContextManager[None]:
    """Nobody else in this process makes the same of ``study`` meanwhile. Raises Full after MAKING_SECONDS."""
    return _one_of(_alone[study.int % len(_alone)])


@contextmanager
def _one_of(places: BoundedSemaphore) -> Iterator[None]:
    if not places.acquire(timeout=MAKING_SECONDS):
        raise Full("As many reports and pictures as this server makes at once are being made. Try again later.")
    try:
        yield
    finally:
        places.release()


@contextmanager
def turn(check: Callable[[], None]) -> Iterator[None]:
    """The turn to be read, waited for. To be taken once the upload is here: a client that stalls must not hold one.

    Raises what ``check`` raises, which looks whether somebody still waits for the answer.
    """
    _reading.enter(check)
    try:
        yield
    finally:
        _reading.leave()
