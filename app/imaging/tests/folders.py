"""A temporary folder a test."""

import tempfile
from pathlib import Path

from django.test import SimpleTestCase

from imaging.exam import FOLDERS, Exam
from imaging.reading import Contents, arranged
from imaging.slice_reading import read_slices


def read_exam(root: Path) -> Exam:
    """The exam in the four folders of ``root``."""
    slices = {name: [each for path in (root / name).iterdir() for each in read_slices(path)] for name in FOLDERS}
    return arranged(Contents(slices, False, (), ())).exam


class FolderTestCase(SimpleTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
