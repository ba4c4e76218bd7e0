"""What a serving process does once before it answers: clear up after killed ones, load the networks."""

import logging
import warnings

from django.conf import settings

from breastcancer_api.networks import identity, networks
from detection.workspace import sweep

log = logging.getLogger(__name__)


def prepare() -> None:
    """Raises nets.bundle.BundleError or nets.device.DeviceMissing: without networks the server does not start."""
    warnings.filterwarnings("ignore", module="pydicom")  # like its log: they quote what a header says
    swept = sweep(settings.WORK_DIR)
    if swept:
        log.warning("deleted %d folders that a killed process had left", swept)
    networks().warm()
    for card in networks().cards():
        log.info("network %(role)s: %(name)s %(version)s sha256 %(sha256)s", identity(card))
