"""A temporary folder a test."""

import tempfile
from pathlib import Path

from django.test import SimpleTestCase

from imaging.exam import FOLDERS, Exam, match
from imaging.series import read_series


def read_exam(root: Path) -> Exam:
    """The exam in the four folders of ``root``."""
    return match(*(read_series(root / name) for name in FOLDERS))


class FolderTestCase(SimpleTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
