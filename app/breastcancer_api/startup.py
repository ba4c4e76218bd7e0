"""What a process does once before it answers or reads: limit itself, clear up after killed ones, load the networks."""

import logging
import warnings

from django.conf import settings

from breastcancer_api import exposition, inline, kept, metrics, sweeping
from breastcancer_api.ending import before_end
from breastcancer_api.memory import tune_heaps
from breastcancer_api.models import Study
from breastcancer_api.networks import cards, device, identity, ready_networks
from breastcancer_api.retention import purge_now_and_then
from breastcancer_api.studies import interrupt
from detection.workspace import sweep
from imaging.parallel import cores
from nets.device import limit_threads

log = logging.getLogger(__name__)


def prepare() -> None:
    """For the process that answers.

    Raises nets.bundle.BundleError, nets.device.DeviceMissing or detection.known_answers.WrongAnswer: without networks
    that answer rightly, or their cards where workers have them, the server does not start.
    """
    _begin()
    if settings.EXECUTION == "inline":
        _interrupt()
        _load()
        inline.sweep_now_and_then()
        before_end(inline.finish)
    else:
        sweeping.sweep_now_and_then()
    kept.tidy_now_and_then()
    purge_now_and_then()
    _tell("network")


def prepare_worker() -> None:
    """For the process of a worker that reads. Raises as ``prepare`` does."""
    _begin()
    _load()
    sweeping.sweep_now_and_then()
    kept.tidy_now_and_then()
    purge_now_and_then()
    exposition.serve_worker()
    _tell("worker's network")


def _begin() -> None:
    tune_heaps()
    warnings.filterwarnings("ignore", module="pydicom")  # like its log: they quote what a header says
    swept = sweep(settings.WORK_DIR)
    if swept:
        log.warning("deleted %d folders that a killed process had left", swept)


def _interrupt() -> None:
    interrupted = interrupt(Study.objects.all())
    if interrupted:
        log.warning("ended %d studies as failed that a process before this one had not finished", interrupted)


def _load() -> None:
    threads = limit_threads(cores())
    ready_networks()
    metrics.BUILD.labels(settings.VERSION, device().name, device().precision).set(1)
    log.info("networks compute on %s in %s, threads: %d", device().name, device().precision, threads)


def _tell(what: str) -> None:
    for card in cards():
        metrics.uses(identity(card))
        log.info(f"{what} %(role)s: %(name)s %(version)s sha256 %(sha256)s", identity(card))
