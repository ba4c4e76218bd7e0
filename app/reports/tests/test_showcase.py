import re
from pathlib import Path

import cv2
import numpy as np
from django.test import SimpleTestCase

from reports.showcase import files
from reports.tests.reports import a_report

PAGE = Path(__file__).resolve().parents[3] / "docs" / "results.md"


class ShowcaseTests(SimpleTestCase):
    def test_files_are_those_that_the_page_shows(self):
        made = {name for name, _ in files(a_report("axial"))}
        shown = set(re.findall(r"\]\(results/([^)]+)\)", PAGE.read_text()))
        self.assertEqual(made, shown)

    def test_pictures_are_png_and_the_document_is_pdf_with_and_without_a_finding(self):
        for positive in (True, False):
            for name, content in files(a_report("axial", positive=positive)):
                if name.endswith(".png"):
                    self.assertIsNotNone(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), name)
                else:
                    self.assertEqual((name, content[:5]), ("report.pdf", b"%PDF-"))
