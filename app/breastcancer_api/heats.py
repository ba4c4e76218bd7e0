"""The heat of a study's slices: made when it is first asked for, and kept beside the pictures."""

import uuid
from collections.abc import Sequence

import numpy as np

from breastcancer_api import kept
from breastcancer_api.networks import networks
from detection.heat import heat
from nets.runtime import Check, unchecked


def make(key: uuid.UUID, numbers: Sequence[int], check: Check = unchecked) -> None:
    """Makes and keeps the heat of slices ``numbers`` of the study ``key``. ``check`` may end the work.

    Raises NotKept when there are no pictures.
    """
    with kept.kept_exam(key) as exam:
        inputs = np.stack([exam.inputs(number) for number in numbers])
    for number, each in zip(numbers, heat(inputs, networks(), check), strict=True):
        kept.keep_heat(key, number, each)


def missing(key: uuid.UUID, numbers: Sequence[int]) -> list[int]:
    """Those of ``numbers`` whose heat is still to be made."""
    return [number for number in numbers if kept.kept_heat(key, number) is None]
