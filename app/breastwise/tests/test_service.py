"""docs/systemd/breastwise.service runs what docs/install.md sets up."""

import configparser
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from unittest import skipUnless

from django.test import SimpleTestCase

ROOT = Path(__file__).resolve().parents[3]
UNIT = ROOT / "docs" / "systemd" / "breastwise.service"
INSTALL = (ROOT / "docs" / "install.md").read_text()


def service() -> dict[str, str]:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str
    read.read(UNIT)
    return dict(read["Service"])


class ServiceTests(SimpleTestCase):
    def test_it_waits_longer_than_gunicorn_for_exams_in_hand(self):
        gunicorn = (ROOT / "app" / "gunicorn.conf.py").read_text()
        graceful = int(re.search(r"^graceful_timeout = (\d+)", gunicorn, re.MULTILINE)[1])
        self.assertGreater(int(service()["TimeoutStopSec"]), graceful)

    def test_its_folders_are_those_that_the_page_makes(self):
        told = service()
        self.assertIn(f"cp .env.prod {told['EnvironmentFile']}", INSTALL)
        self.assertIn(f"STATE_DIR=/var/lib/{told['StateDirectory']}\n", INSTALL)
        self.assertIn(f"cd {told['WorkingDirectory']}\n", INSTALL)
        self.assertEqual(told["ExecStart"], "/opt/breastwise/entrypoint.prod.sh gunicorn")

    @skipUnless(shutil.which("systemd-analyze"), "systemd is not here")
    def test_systemd_knows_every_line(self):
        text = UNIT.read_text().replace("/opt/breastwise/entrypoint.prod.sh", shutil.which("true"))
        with tempfile.TemporaryDirectory() as folder:
            unit = Path(folder, UNIT.name)
            unit.write_text(text)
            found = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
        self.assertEqual((found.returncode, found.stderr), (0, ""))
