"""A worker: one process that takes messages from the broker, and one forked from it that has the networks and reads."""

import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from celery import bootsteps, current_app
from celery.signals import setup_logging, worker_process_init
from celery.worker import state
from celery.worker.request import Request
from django.conf import settings

from breastcancer_api.networks import cards
from breastcancer_api.startup import prepare_worker
from breastcancer_api.tasks import HEAT_QUEUE

ALIVE = Path(tempfile.gettempdir(), "breastwise-worker")  # touched while the worker can read; its health check looks
ALIVE_SECONDS = 5
SETTLE_SECONDS = 1  # between two tries
# what workers would tell each other, which nobody asks for
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")
log = logging.getLogger(__name__)
# set by the forked process, for the first one to see: its networks have answered rightly, or cannot be loaded
_fit, _unfit = multiprocessing.Event(), multiprocessing.Event()


class Unfit(Exception):
    """The networks cannot be loaded; the log says why."""


class Alive(bootsteps.StartStopStep):
    requires = ("celery.worker.components:Timer",)

    def start(self, worker):
        worker.timer.call_repeatedly(ALIVE_SECONDS, tell_alive)


class Settled(Request):
    """A message that is taken off the broker however long that is away.

    Celery tries once and goes on; as a worker takes one message at a time, it would wait for this one for ever.
    """

    def acknowledge(self):
        self._settle(self.message.ack)

    def reject(self, requeue=False):
        self._settle(partial(self.message.reject, requeue=requeue))

    def _settle(self, settle: Callable[[], None]) -> None:
        while not self.message.acknowledged:
            try:
                settle()
            except self.connection_errors as error:
                log.error("a message could not be taken off the broker: %s", type(error).__name__)
                state.maybe_shutdown()
                time.sleep(SETTLE_SECONDS)
        self.acknowledged = True


def tell_alive() -> None:
    if _fit.is_set():
        ALIVE.touch()


def work() -> None:
    """Reads exams until the process is told to stop; the exam in hand is finished then.

    Raises nets.bundle.BundleError when there are no networks, Unfit when they cannot be loaded.
    """
    cards()
    sys.__stdout__ = sys.__stderr__  # Celery says there that it stops, and stdout is the log's
    setup_logging.connect(_as_django_logs)
    worker_process_init.connect(_ready)
    current_app.steps["worker"].add(Alive)
    queues = f"--queues={settings.CELERY_TASK_DEFAULT_QUEUE},{HEAT_QUEUE}"
    current_app.worker_main(["--quiet", "worker", *QUIET, queues, f"--hostname=worker-{os.getpid()}@%h"])
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
    _fit.set()
