"""A synthetic exam to try the server with, the same that ``manage.py demo`` makes of a seed."""

from collections.abc import Iterator
from typing import BinaryIO

from django.conf import settings

from detection.workspace import filled_file
from nets.runtime import Check
from phantom.dicom import write_zip
from phantom.exam import Exam
from phantom.protocol import PLAIN

SEED, LARGEST_SEED = 1, 2**32 - 1  # the first of all: it shows wiring, not worth


def synthetic_exam(seed: int, check: Check) -> BinaryIO:
    """``series.zip`` of the exam of ``seed`` in a file without a name, which closing it frees. ``check`` is called
    before each slice and may end the work by what it raises."""

    def checked(slices: range) -> Iterator[int]:
        for index in slices:
            check()
            yield index

    return filled_file(settings.WORK_DIR, lambda file: write_zip(Exam(seed, PLAIN), file, checked))
