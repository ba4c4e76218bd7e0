import re
from pathlib import Path

from django.test import SimpleTestCase

from reports.codes import CURVE_TYPES, OWN

PAGE = Path(__file__).resolve().parents[3] / "docs" / "conformance.md"


class CodesTests(SimpleTestCase):
    def test_conformance_page_lists_every_concept_of_our_own(self):
        told = re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
        self.assertEqual(told, [(each.value, each.meaning) for each in OWN])

    def test_concepts_fit_into_what_dicom_gives_them(self):
        self.assertLessEqual(max(len(each.value) for each in OWN), 16)
        self.assertLessEqual(max(len(each.meaning) for each in OWN), 64)

    def test_curve_types_have_the_codes_of_dicom(self):
        found = {words: code.value for words, code in CURVE_TYPES.items()}
        wanted = {"persistent": "130597", "plateau": "130598", "wash-out": "130599", "not enhancing": "not-enhancing"}
        self.assertEqual(found, wanted)
