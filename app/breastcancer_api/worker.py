"""A worker: one process that takes messages from the broker, and one forked from it that has the networks and reads."""

import logging
import os
import signal
import tempfile
from pathlib import Path

from celery import bootsteps, current_app
from celery.signals import setup_logging, worker_process_init

from breastcancer_api.startup import prepare_worker

ALIVE = Path(tempfile.gettempdir(), "breastwise-worker")  # touched while the worker listens; its health check looks
ALIVE_SECONDS = 5
# what workers would tell each other, which nobody asks for
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")
log = logging.getLogger(__name__)


class Alive(bootsteps.StartStopStep):
    requires = ("celery.worker.components:Timer",)

    def start(self, worker):
        worker.timer.call_repeatedly(ALIVE_SECONDS, ALIVE.touch)


def work() -> None:
    """Reads exams until the process is told to stop; the exam in hand is finished then."""
    setup_logging.connect(_as_django_logs)
    worker_process_init.connect(_ready)
    current_app.steps["worker"].add(Alive)
    current_app.worker_main(["worker", *QUIET, f"--hostname=worker-{os.getpid()}@%h"])


def _as_django_logs(**_) -> None:
    """Celery sets up no logging of its own where somebody answers this signal."""


def _ready(**_) -> None:
    """In the forked process: torch, and CUDA, are touched here for the first time."""
    try:
        prepare_worker()
    except Exception as error:  # Celery would go on without networks
        log.critical("this worker cannot read exams and stops: %s: %s", type(error).__name__, error)
        os.kill(os.getppid(), signal.SIGTERM)
        raise
