"""A phantom exam as a zip, for tests."""

from pathlib import Path

from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol


def phantom_zip(folder: Path) -> Path:
    """Six slices of 96 x 96 in ``folder``."""
    write_zip(Exam(1, Protocol(rows=96, columns=96, slices=6)), folder / "series.zip")
    return folder / "series.zip"
