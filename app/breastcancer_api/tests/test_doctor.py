"""``manage.py doctor`` against a real gunicorn, whole and broken."""

import io
import os
import re
import tempfile
import uuid
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess, run
from sys import executable
from unittest import mock

from django.contrib.auth.models import User
from django.test import SimpleTestCase, TestCase, override_settings, tag
from PIL import Image

from breastcancer_api import networks
from breastcancer_api.doctor import installation, leftovers, opened
from breastcancer_api.doctor.findings import Finding, Mark, Note, Wrong, found
from breastcancer_api.doctor.visit import phantom
from breastcancer_api.forms import FORMS
from breastcancer_api.local_server import APP, Server, serving
from breastcancer_api.management.commands import doctor
from breastcancer_api.models import Study, Token
from breastcancer_api.tests.test_upload import UploadTestCase


def marks(printed: str) -> dict[str, str]:
    """The mark of each finding, by its name."""
    return dict(re.findall(r"^(\S.*?) +(OK|note|FAIL) ", printed, re.MULTILINE))


@tag("servers")
class DoctorTests(SimpleTestCase):
    @contextmanager
    def installation(self, **environ: str):
        """A server that is served as in production: its folder and what ``manage.py doctor`` is run with."""
        state = Path(self.enterContext(tempfile.TemporaryDirectory()))
        with mock.patch.dict(os.environ, environ), serving(state) as server:
            yield server, environ | self.settings_of(server, state)

    def settings_of(self, server: Server, state: Path) -> dict[str, str]:
        return {
            "STATE_DIR": str(state),
            "WORK_DIR": str(state / "work"),
            "RESULTS": str(state / "results"),
            "STATIC_ROOT": str(state / "static"),
            "DATABASE_HOST": "",
            "BIND": server.url.removeprefix("http://"),
        }

    def doctor(self, environ: dict[str, str], *options: str) -> CompletedProcess:
        command = [executable, "manage.py", "doctor", *options]
        return run(command, cwd=APP, env=os.environ | environ, capture_output=True, text=True, check=False)

    def test_whole_installation_is_well_and_left_as_it_was(self):
        with self.installation(LOG_FORMAT="json") as (server, environ):
            done = self.doctor(environ)
            left = server.client.get(f"{server.url}/studies/").json()["count"]
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        told = marks(done.stdout)
        self.assertEqual({name for name, mark in told.items() if mark != "OK"}, {"settings"})
        forms = {"results.json", "results.csv", "results.pdf", "sr.dcm", "heatmap.dcm", "overlays.zip", "montage.png"}
        checked = {"versions", "networks", "device", "database", "work", "results", "clock", "server", "left behind"}
        self.assertLess(forms | checked | {"exam", "answer", "erasing"}, set(told))
        self.assertRegex(done.stdout, r"[1-5] of 5 slices with tumour are found")
        self.assertRegex(done.stdout, "sr.dcm +OK +Comprehensive 3D SR Storage of PHANTOM-1\n")
        self.assertEqual(left, 0)

    def test_published_installation_needs_no_token_at_hand_and_another_address_does(self):
        with self.installation(ANONYMOUS="0") as (server, environ):
            here = self.doctor(environ)
            elsewhere = self.doctor({}, "--url", server.url)
            nobody = self.doctor({}, "--url", server.url, "--token", "f" * 64)
        self.assertEqual((here.returncode, marks(here.stdout)["settings"]), (0, "OK"), here.stdout)
        for done, code in ((elsewhere, "not_authenticated"), (nobody, "authentication_failed")):
            self.assertEqual((done.returncode, marks(done.stdout)["exam"]), (1, "FAIL"))
            self.assertRegex(done.stdout, f"401 {code}: .*: give one with --token")

    def test_server_that_is_reached_by_https_is_asked_as_nginx_asks_it(self):
        with self.installation(TLS="1") as (_, environ):
            done = self.doctor(environ)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_broken_parts_are_found(self):
        with self.installation() as (_, environ):
            results = Path(environ["RESULTS"])
            results.touch()  # a file where a folder must be
            done = self.doctor(environ)
        told = marks(done.stdout)
        self.assertEqual((done.returncode, told["results"], told["server"]), (1, "FAIL", "FAIL"))
        self.assertIn("RESULTS cannot be written. give the folder", done.stdout)
        self.assertNotIn("exam", told)

    def test_server_that_does_not_run_is_told(self):
        done = self.doctor({}, "--url", "http://127.0.0.1:1")
        self.assertEqual((done.returncode, marks(done.stdout)), (1, {"server": "FAIL"}))
        self.assertIn("1 of 1 checks failed", done.stdout)


class FindingsTests(SimpleTestCase):
    def test_what_a_check_tells_or_raises_becomes_its_mark(self):
        for error, mark, told in (
            (None, Mark.OK, "well"),
            (Note("know"), Mark.NOTE, "know"),
            (Wrong("do"), Mark.FAIL, "do"),
            (ZeroDivisionError("by 0"), Mark.FAIL, "ZeroDivisionError: by 0"),
        ):
            self.assertEqual(found("a", mock.Mock(side_effect=[error or "well"])), Finding("a", mark, told))


class InstallationTests(TestCase):
    def test_risky_settings_are_named(self):
        with override_settings(ANONYMOUS=False, REACHED_BY_OTHERS="BIND"):
            self.assertEqual(installation.risks(), "nothing risky")
            with self.assertRaisesRegex(Wrong, "DEBUG is 1 where other machines reach"), override_settings(DEBUG=True):
                installation.risks()
        risky = {"ANONYMOUS": True, "ALLOWED_HOSTS": ["*"], "RETENTION_HOURS": 0, "LOG_LEVEL": "DEBUG"}
        with override_settings(**risky), self.assertRaises(Note) as told:
            installation.risks()
        for name in risky:
            self.assertIn(f"{name} is ", str(told.exception))

    def test_device_that_is_not_there_is_told_with_what_to_do(self):
        networks.device.cache_clear()
        self.addCleanup(networks.device.cache_clear)
        with (
            override_settings(DEVICE="cuda"),
            mock.patch("torch.cuda.is_available", return_value=False),
            self.assertRaisesRegex(Wrong, "no CUDA device is there: give the container a GPU"),
        ):
            installation.device()

    def test_networks_that_are_not_there_are_told(self):
        with override_settings(NETWORKS_DIR=Path("/nowhere")), self.assertRaisesRegex(Wrong, "no such file"):
            installation.cards()

    def test_migration_that_is_missing_is_told(self):
        missing = mock.patch.object(installation.MigrationExecutor, "migration_plan", return_value=[1, 2])
        with missing, self.assertRaisesRegex(Wrong, "2 migrations are missing: run python manage.py migrate"):
            installation.database()

    def test_clocks_may_differ_by_seconds(self):
        self.assertIn("UTC, as the database's", installation.clock())
        for seconds in (60, -60):
            there = datetime.now(UTC) + timedelta(seconds=seconds)
            with self.assertRaisesRegex(Wrong, "the server's clock is (59|60) s from this machine's: keep both by NTP"):
                installation.compared(there, "the server's")


class OpenedTests(SimpleTestCase):
    def picture(self, *colours: int) -> bytes:
        image, packed = Image.new("L", (len(colours), 1)), io.BytesIO()
        image.putdata(colours)
        image.save(packed, "PNG")
        return packed.getvalue()

    def test_picture_is_opened_and_not_of_one_colour(self):
        self.assertEqual(opened.png(self.picture(1, 2)), "2 x 1")
        with self.assertRaises(Wrong):
            opened.png(self.picture(1, 1))

    def test_document_that_breaks_off_is_not_whole(self):
        self.assertEqual(opened.pdf(b"%PDF-1.4 " + b"a" * 2000 + b"\n%%EOF\n"), "2 kB")
        with self.assertRaises(Wrong):
            opened.pdf(b"%PDF-1.4 a")

    def test_zip_without_images_is_told(self):
        packed = io.BytesIO()
        zipfile.ZipFile(packed, "w").close()
        with self.assertRaisesRegex(Wrong, "is empty"):
            opened.images(packed.getvalue())

    def test_every_form_of_a_result_can_be_opened(self):
        self.assertLessEqual({form.content_type for form in FORMS}, set(opened.OPENERS))


class LeftoversTests(UploadTestCase):
    def test_nothing_is_left_of_a_study_that_never_was(self):
        self.assertIn("nothing", leftovers.check(uuid.uuid4(), set()))

    def test_what_is_left_is_named(self):
        study = Study.objects.create(state="done")
        (self.results / str(study.pk)).mkdir(parents=True)
        (self.results / str(study.pk) / "exam.zip").touch()
        (self.work / "exam-before").mkdir()
        before = leftovers.in_work()
        (self.work / "exam-after").mkdir()
        told = f"left: RESULTS/{study.pk}/exam.zip, WORK_DIR/exam-after, rows in the database"
        with self.assertRaisesMessage(Wrong, told):
            leftovers.check(study.pk, before)
        for each in self.work.iterdir():
            each.rmdir()

    def test_work_folder_is_not_judged_while_others_are_read(self):
        Study.objects.create(state="reading")
        (self.work / "exam-other").mkdir()
        with self.assertRaisesRegex(Note, "cannot be judged while other exams are read"):
            leftovers.check(uuid.uuid4(), set())
        (self.work / "exam-other").rmdir()


class TokenTests(TestCase):
    @override_settings(ANONYMOUS=False)
    def test_doctor_is_known_while_he_looks_and_gone_afterwards(self):
        with doctor._token(None) as token:
            self.assertEqual(
                self.client.get("/studies/", headers={"Authorization": f"Bearer {token}"}).status_code, 200
            )
            self.assertFalse(User.objects.get().is_staff)
        self.assertEqual((User.objects.count(), Token.objects.count()), (0, 0))

    def test_where_nobody_needs_a_token_none_is_made(self):
        with doctor._token(None) as token:
            self.assertEqual((token, User.objects.count()), ("", 0))

    def test_server_is_asked_where_gunicorn_listens(self):
        for bind, address in (
            ("0.0.0.0:8000", "http://127.0.0.1:8000"),
            ("[::]:80", "http://[::1]:80"),
            ("10.0.0.7:8001", "http://10.0.0.7:8001"),
        ):
            with override_settings(BIND=bind):
                self.assertEqual(doctor._address(), address)


class PhantomTests(SimpleTestCase):
    def test_tumour_is_known(self):
        self.assertEqual(phantom().positive_slices, [17, 18, 19, 20, 21])
