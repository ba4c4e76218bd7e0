"""BreastWise's version is written in breastwise/__init__.py; all else takes it from there."""

import re
from pathlib import Path

import yaml
from django.conf import settings
from django.test import SimpleTestCase

from breastwise import __version__

ROOT = Path(__file__).resolve().parents[3]


class VersionTests(SimpleTestCase):
    def test_it_is_a_semantic_version(self):
        self.assertRegex(__version__, r"^\d+\.\d+\.\d+$")

    def test_newest_section_of_the_changelog_is_of_it(self):
        newest = re.search(r"^## .*", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
        self.assertRegex(newest, rf"^## {re.escape(__version__)}, (not released yet|\d{{4}}-\d\d-\d\d)$")

    def test_no_version_has_two_sections(self):
        sections = re.findall(r"^## (\S+),", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
        self.assertEqual(len(sections), len(set(sections)))

    def test_schema_is_of_it(self):
        schema = yaml.safe_load((ROOT / "docs" / "schema.yaml").read_text())
        self.assertEqual((schema["info"]["version"], settings.SPECTACULAR_SETTINGS["VERSION"]), (__version__,) * 2)

    def test_reports_pages_and_figures_are_of_it(self):
        self.assertEqual(settings.VERSION, __version__)

    def test_it_is_written_nowhere_else(self):
        folders = (ROOT, ROOT / "nginx", ROOT / "clients" / "python", ROOT / ".ci")
        files = [each for folder in folders for each in folder.iterdir() if each.is_file()]
        of_others = re.compile(r"requirements.*|CHANGELOG\.md|sbom\.json|\.git|\..*cache|.*\.zip")
        repeated = [
            each.name
            for each in files
            if not of_others.fullmatch(each.name) and __version__ in each.read_text(errors="ignore")
        ]
        self.assertEqual(repeated, [])
