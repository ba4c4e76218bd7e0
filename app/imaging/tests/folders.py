"""A temporary folder a test."""

import tempfile
from pathlib import Path

from django.test import SimpleTestCase


class FolderTestCase(SimpleTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
