"""An uploaded archive -> a study in the database. Views and commands call this."""

from dataclasses import asdict
from typing import BinaryIO

from django.conf import settings

from breastcancer_api.models import Study
from breastcancer_api.networks import identity, networks
from detection.pipeline import ScanResult, scan
from detection.workspace import workspace
from imaging.archive import Limits


def read_study(archive: BinaryIO) -> Study:
    """Reads the exam in the zip ``archive`` and stores the result. Raises what ``detection.pipeline.scan`` raises."""
    limits = Limits(settings.MAX_FILES, settings.MAX_UNPACKED_BYTES, settings.MAX_COMPRESSION_RATIO)
    with workspace(settings.WORK_DIR) as folder:
        result = scan(archive, folder, networks(), limits)
    return _store(result)


def _store(result: ScanResult) -> Study:
    return Study.objects.create(
        slice_count=len(result.slices),
        positive_slices=result.positive_slices,
        slices=[asdict(each) for each in result.slices],
        warnings=list(result.warnings),
        networks=[identity(card) for card in result.networks],
    )
