"""A worker: one process that takes messages from the broker, and one forked from it that has the networks and reads."""

import logging
import multiprocessing
import os
import signal
import tempfile
import time
from pathlib import Path

from celery import bootsteps, current_app
from celery.signals import setup_logging, worker_process_init
from celery.worker import state
from celery.worker.request import Request

from breastcancer_api.networks import cards
from breastcancer_api.startup import prepare_worker

ALIVE = Path(tempfile.gettempdir(), "breastwise-worker")  # touched while the worker listens; its health check looks
ALIVE_SECONDS = 5
SETTLE_SECONDS = 1  # between two tries
# what workers would tell each other, which nobody asks for
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")
log = logging.getLogger(__name__)
_unfit = multiprocessing.Event()  # set by the forked process, for the first one to see


class Unfit(Exception):
    """The networks cannot be loaded; the log says why."""


class Alive(bootsteps.StartStopStep):
    requires = ("celery.worker.components:Timer",)

    def start(self, worker):
        worker.timer.call_repeatedly(ALIVE_SECONDS, ALIVE.touch)


class Settled(Request):
    """A message that is taken off the broker however long that is away.

    Celery tries once and goes on; as a worker takes one message at a time, it would wait for this one for ever.
    """

    def acknowledge(self):
        super().acknowledge()
        self._settle()

    def reject(self, requeue=False):
        super().reject(requeue)
        self._settle()

    def _settle(self) -> None:
        while not self.message.acknowledged:
            state.maybe_shutdown()
            log.error("a message could not be taken off the broker; tried again")
            time.sleep(SETTLE_SECONDS)
            try:
                self.message.ack()  # also what was rejected: a sweep sends it again
            except self.connection_errors:
                continue


def work() -> None:
    """Reads exams until the process is told to stop; the exam in hand is finished then.

    Raises nets.bundle.BundleError when there are no networks, Unfit when they cannot be loaded.
    """
    cards()
    setup_logging.connect(_as_django_logs)
    worker_process_init.connect(_ready)
    current_app.steps["worker"].add(Alive)
    current_app.worker_main(["--quiet", "worker", *QUIET, f"--hostname=worker-{os.getpid()}@%h"])
    if _unfit.is_set():
        raise Unfit


def _as_django_logs(**_) -> None:
    """Celery sets up no logging of its own where somebody answers this signal."""


def _ready(**_) -> None:
    """In the forked process: torch, and CUDA, are touched here for the first time."""
    try:
        prepare_worker()
    except Exception as error:  # Celery would go on without networks
        log.critical("this worker cannot read exams and stops: %s: %s", type(error).__name__, error)
        _unfit.set()
        os.kill(os.getppid(), signal.SIGTERM)
        raise
