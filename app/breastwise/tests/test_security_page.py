"""docs/security.md names tests that are there."""

import re
from pathlib import Path

from django.test import SimpleTestCase
from django.utils.module_loading import import_string

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "security.md"


class SecurityPageTests(SimpleTestCase):
    def test_every_test_that_it_names_is_there(self):
        named = re.findall(r"`([a-z_]+\.tests\.\w+\.\w+)\.(test_\w+)`", PAGE.read_text())
        self.assertGreater(len(named), 30)
        missing = [f"{kind}.{test}" for kind, test in named if not hasattr(import_string(kind), test)]
        self.assertEqual(missing, [])

    def test_every_threat_has_a_test_or_a_command(self):
        rows = re.findall(r"^\| (?!threat|-|point|\d)(.+) \| (.+) \| (.*) ?\|$", PAGE.read_text(), re.MULTILINE)
        self.assertGreater(len(rows), 25)
        self.assertEqual([threat for threat, how, test in rows if "test_" not in test and "`make " not in how], [])

    def test_readme_links_it(self):
        self.assertIn("](docs/security.md)", (ROOT / "README.md").read_text())
