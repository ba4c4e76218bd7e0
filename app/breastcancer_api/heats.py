"""The heat of a study's slices: made when it is first asked for, and kept beside the pictures."""

from collections.abc import Sequence

import numpy as np
from rest_framework.exceptions import APIException

from breastcancer_api import kept
from breastcancer_api.models import Study
from breastcancer_api.networks import cards, networks
from breastcancer_api.problems import incident
from detection.heat import heat
from nets.runtime import Check, unchecked


class NetworksChanged(APIException):
    status_code, default_code = 409, "networks_changed"
    default_detail = "Other networks are in use than those that read this study. Send it again for their heat."


def check_networks(study: Study) -> None:
    """Raises NetworksChanged when ``study`` was read by others than those in use: their heat would not be its."""
    if {each["sha256"] for each in study.networks} != {card.weights_sha256 for card in cards()}:
        raise NetworksChanged


def make(study: Study, numbers: Sequence[int], check: Check = unchecked) -> dict[int, np.ndarray]:
    """Makes and keeps the heat of slices ``numbers`` of ``study``, (2, 128, 128) each. ``check`` may end the work.

    Raises NotKept when there are no pictures, NetworksChanged.
    """
    check_networks(study)
    with kept.kept_exam(study.pk) as exam:
        inputs = np.stack([exam.inputs(number) for number in numbers])
    made = dict(zip(numbers, heat(inputs, networks(), check), strict=True))
    for number, each in made.items():
        _keep(study, number, each)
    return made


def _keep(study: Study, number: int, heat: np.ndarray) -> None:
    """A full disk costs the second who asks the time to make it again, and nobody the answer."""
    try:
        kept.keep_heat(study.pk, number, heat)
    except Exception as error:  # whatever a storage raises
        incident(error, "keeping heat")
