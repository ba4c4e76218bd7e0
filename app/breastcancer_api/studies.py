"""An uploaded archive -> a study in the database. Views and commands call this."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import BinaryIO

from django.conf import settings

from breastcancer_api.models import Study
from breastcancer_api.networks import identity, networks
from breastcancer_api.problems import refusal
from detection.pipeline import Reader, ScanResult, scan
from detection.survey import survey
from detection.workspace import workspace
from imaging.archive import Limits
from imaging.passport import passport
from imaging.reading import read_four_folders
from nets.runtime import Check, unchecked


def read_study(archive: BinaryIO, read: Reader = read_four_folders, check: Check = unchecked) -> Study:
    """Reads the exam in the zip ``archive`` and stores the result. Raises what ``detection.pipeline.scan`` raises."""
    with workspace(settings.WORK_DIR) as folder:
        result = scan(archive, folder, networks(), limits(), read, check)
    return _store(result)


def validate(archive: BinaryIO, wanted: Mapping[str, str]) -> dict:
    """What is in the zip ``archive`` and whether it would be accepted: no network runs and nothing is kept.

    ``wanted`` says which series is which pass, as ``read_any_layout`` takes it.
    """
    with workspace(settings.WORK_DIR) as folder:
        found = survey(archive, folder, networks(), limits(), wanted)
    problems = [refusal(each) for each in found.problems]
    return {"accepted": not problems, "problems": problems} | passport(found.reading, found.phases, found.ignored)


def limits() -> Limits:
    """What the settings allow an archive to hold."""
    return Limits(settings.MAX_FILES, settings.MAX_UNPACKED_BYTES, settings.MAX_COMPRESSION_RATIO)


def _store(result: ScanResult) -> Study:
    return Study.objects.create(
        slice_count=len(result.slices),
        positive_slices=result.positive_slices,
        slices=[asdict(each) for each in result.slices],
        warnings=list(result.warnings),
        networks=[identity(card) for card in result.networks],
    )
