"""`make release-check`: what it makes of steps that pass, fail or cannot be done."""

import importlib.util
import io
import json
import subprocess
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

from django.test import SimpleTestCase

FILE = Path(__file__).resolve().parents[3] / ".ci" / "release_check.py"
_spec = importlib.util.spec_from_file_location("release_check", FILE)
release_check = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(release_check)


def passes() -> None:
    pass


def fails() -> None:
    raise release_check.Failed("two tests failed")


def is_not_done() -> None:
    raise release_check.NotDone("Docker does not answer")


class ReleaseCheckTests(SimpleTestCase):
    def check(self, *without: str, **steps) -> tuple[bool, list[str]]:
        """What is found, and the lines of the table."""
        with redirect_stdout(io.StringIO()) as printed:
            found = release_check.check(steps, without)
        return found, printed.getvalue().split("\n\n")[-2].splitlines()

    def changelog(self, newest: str) -> str:
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(release_check, "ROOT", Path(folder)):
            Path(folder, "CHANGELOG.md").write_text(f"# Changelog\n\n{newest}\n")
            with mock.patch.object(release_check, "version", return_value="1.2.3"):
                return release_check.state(release_check.changelog)

    def test_all_that_pass_are_a_release(self):
        found, table = self.check(lint=passes, test=passes)
        self.assertTrue(found)
        self.assertEqual([(line[:13].strip(), line[25:]) for line in table], [("lint", "ok"), ("test", "ok")])

    def test_after_one_that_fails_the_others_are_tried(self):
        found, table = self.check(lint=fails, test=passes)
        self.assertFalse(found)
        self.assertEqual([line[25:] for line in table], ["FAILED: two tests failed", "ok"])

    def test_what_is_not_done_is_no_release_unless_that_is_allowed(self):
        found, table = self.check(docker=is_not_done)
        self.assertFalse(found)
        self.assertIn("not done: Docker does not answer", table[0])
        self.assertTrue(self.check("docker", docker=is_not_done)[0])

    def test_what_fails_is_never_allowed(self):
        self.assertFalse(self.check("lint", lint=fails)[0])

    def test_service_of_advisories_that_does_not_answer_is_not_done(self):
        with mock.patch.object(release_check, "run", side_effect=release_check.Failed):
            found = release_check.state(release_check.audit)
        self.assertEqual(found, "not done: the service of advisories could not be asked")

    def test_known_hole_fails(self):
        answer = {"dependencies": [{"name": "a", "vulns": [{"id": "PYSEC-1"}]}, {"name": "b", "vulns": []}]}

        def audit(*command: str) -> None:
            Path(command[-1].split()[-1]).write_text(json.dumps(answer))
            raise release_check.Failed

        with mock.patch.object(release_check, "run", audit):
            self.assertEqual(release_check.state(release_check.audit), "FAILED: known holes: a PYSEC-1")

    def test_docker_that_does_not_answer_is_not_done(self):
        with mock.patch.object(subprocess, "run", side_effect=FileNotFoundError):
            self.assertEqual(release_check.state(release_check.docker_test), "not done: Docker does not answer")

    def test_newest_section_of_the_changelog_has_the_version_and_a_day(self):
        self.assertEqual(self.changelog("## 1.2.3, 2027-01-15"), "ok")
        for newest in ("## 1.2.3, not released yet", "## 1.2.2, 2027-01-15", "## 1.2.30, 2027-01-15"):
            self.assertIn(f"begins with '{newest}'", self.changelog(newest))

    def test_every_make_target_that_it_asks_for_is_there(self):
        made = [each.args[1] for each in release_check.STEPS.values() if hasattr(each, "args")]
        makefile = (FILE.parents[1] / "Makefile").read_text()
        self.assertEqual([target for target in made if f"\n{target}:" not in makefile], [])
        self.assertIn("test-servers", made)
