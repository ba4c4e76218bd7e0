import json
import re
import subprocess
import sys
from pathlib import Path
from unittest import mock

from django.core.management import CommandError, call_command
from django.test import SimpleTestCase

from breastcancer_api.benchmarks.page import page
from breastcancer_api.benchmarks.table import Line
from breastcancer_api.browsing.walk import FILES, NAMES
from breastcancer_api.local_server import APP
from breastcancer_api.management.commands import page as command

DOCS = Path(__file__).resolve().parents[3] / "docs"


class PageCommandTests(SimpleTestCase):
    def test_every_state_has_its_picture_in_the_docs_once(self):
        text = "".join((DOCS / each).read_text() for each in ("page.md", "reading.md"))
        shown = re.findall(r"!\[[^]]+\]\(page/([^)]+)\)", text)
        self.assertIn("home-broken-line", NAMES)
        self.assertIn("read-four-passes", NAMES)
        self.assertEqual(sorted(shown), sorted(FILES))
        self.assertEqual(sorted(each.name for each in (DOCS / "page").iterdir()), sorted(FILES))

    def test_pictures_are_small(self):
        self.assertLess(sum(each.stat().st_size for each in (DOCS / "page").iterdir()), 3_000_000)

    def test_page_of_figures_is_what_the_command_writes_of_them(self):
        about = json.loads((DOCS / "page.json").read_text())
        lines = [Line(**each) for each in about.pop("figures")]
        self.assertEqual((DOCS / "page-figures.md").read_text(), page(about, lines))

    def test_command_says_which_package_it_lacks(self):
        code = """import sys; sys.modules["selenium"] = None
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "page"])"""
        ended = subprocess.run([sys.executable, "-c", code], cwd=APP, capture_output=True, text=True, check=False)
        told = "CommandError: selenium is not here: pip install -r requirements-dev.txt\n"
        self.assertEqual((ended.returncode, ended.stderr), (1, told))

    def test_command_says_what_it_lacks(self):
        with mock.patch.object(command, "CHROMIUM", None), self.assertRaisesMessage(CommandError, "install chromium"):
            call_command("page", out=DOCS / "nowhere")
        self.assertFalse((DOCS / "nowhere").exists())
