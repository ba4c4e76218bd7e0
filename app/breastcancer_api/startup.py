"""What a serving process does once before it answers: limit itself, clear up after killed ones, load the networks."""

import logging
import warnings

from django.conf import settings

from breastcancer_api.memory import limit_arenas
from breastcancer_api.models import Study
from breastcancer_api.networks import device, identity, networks
from breastcancer_api.retention import purge_now_and_then
from breastcancer_api.studies import interrupt
from detection.workspace import sweep
from imaging.parallel import cores
from nets.device import limit_threads

log = logging.getLogger(__name__)


def prepare() -> None:
    """Raises nets.bundle.BundleError or nets.device.DeviceMissing: without networks the server does not start."""
    limit_arenas()
    warnings.filterwarnings("ignore", module="pydicom")  # like its log: they quote what a header says
    swept = sweep(settings.WORK_DIR)
    if swept:
        log.warning("deleted %d folders that a killed process had left", swept)
    interrupted = interrupt(Study.objects.all())
    if interrupted:
        log.warning("ended %d studies as failed that a process before this one had not finished", interrupted)
    purge_now_and_then()
    threads = limit_threads(cores())
    networks().warm()
    log.info("networks compute on %s in %s, threads: %d", device().name, device().precision, threads)
    for card in networks().cards():
        log.info("network %(role)s: %(name)s %(version)s sha256 %(sha256)s", identity(card))
