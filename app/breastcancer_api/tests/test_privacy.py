"""An exam whose headers, names and keys bear marks goes through the whole server; then everything is searched for them.

The marks may be in the folder of results, for as long as its time runs, in reports made from it, and in what the sender
of a refused exam is told.
"""

import functools
import io
import logging
import tempfile
import warnings
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pydicom
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import caches
from django.db import connection
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from breastcancer_api import archives, kept, queued, startup, studies
from breastcancer_api.models import Study
from breastcancer_api.retention import purge
from breastcancer_api.tasks import read_exam
from breastcancer_api.tests.test_browsable import HTML
from breastcancer_api.tests.test_studies import phantom_files
from breastcancer_api.tests.test_upload import UploadFiles
from breastwise.storages import storage
from imaging.exam import FOLDERS
from imaging.wanted import ROLES

NAME, ID, BIRTH, FREE = "Quartzmark", "QX-830-514", "19310807", "Onyxremark"
MARKS = [mark.casefold().encode() for mark in (NAME, ID, BIRTH, "1931-08-07", "1931, 8, 7", FREE)]
TEXTS = {
    "PatientName": f"{NAME}^Ada",
    "PatientID": ID,
    "PatientBirthDate": BIRTH,
    "OtherPatientNames": f"{FREE}^{NAME}",
    "PatientAddress": f"{FREE} Street",
    "PatientComments": FREE,
    "StudyDescription": f"{FREE} {NAME}",
    "StudyID": ID,
    "AccessionNumber": ID,
    "ReferringPhysicianName": f"{NAME}^Doctor",
    "InstitutionName": FREE,
    "ProtocolName": f"{NAME} {BIRTH}",
    "ImageComments": f"{NAME} {ID} {BIRTH}",
    # of a kind that they should not have, which pydicom warns of
    "FrameOfReferenceUID": NAME,
    "PatientAge": FREE,
    "SeriesTime": NAME,
}
FORMS = ("results.pdf", "sr.dcm", "heatmap.dcm", "montage.png")
TOLD = ("", "slices/", "results.json", "results.csv")


def marks(content: bytes) -> list[str]:
    """Those of MARKS that ``content`` holds."""
    return [mark.decode() for mark in MARKS if mark in content.lower()]


@functools.cache
def marked_exam() -> dict[str, bytes]:
    """A small phantom with marks in headers and names."""
    with warnings.catch_warnings():  # of the odd values
        warnings.simplefilter("ignore")
        return {f"{NAME} {BIRTH}/{_renamed(name)}": _marked(content) for name, content in phantom_files().items()}


def _renamed(name: str) -> str:
    folder, file = name.split("/")
    return f"{folder}/{NAME}_{ID}_{file}"


def _marked(content: bytes) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(content))
    for keyword, value in TEXTS.items():
        setattr(dataset, keyword, value)
    dataset.SeriesDescription = f"{dataset.SeriesDescription} {NAME}"
    dataset.private_block(0x11, FREE, create=True).add_new(1, "LO", f"{NAME} {ID}")
    dataset.save_as(out := io.BytesIO())
    return out.getvalue()


class PrivacyTests(UploadFiles, TransactionTestCase):
    def setUp(self):
        super().setUp()
        self.archives = Path(self.enterContext(tempfile.TemporaryDirectory()), "archives")
        stores = settings.STORAGES | {archives.STORE: storage(str(self.archives))}
        self.enterContext(override_settings(STORAGES=stores))
        self.addCleanup(caches["shared"].clear)
        self.printed, self.said = io.StringIO(), io.StringIO()
        handler = logging.StreamHandler(self.said)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        root = logging.getLogger()
        self.enterContext(mock.patch.object(root, "handlers", [handler]))
        self.addCleanup(root.setLevel, root.level)
        root.setLevel(logging.DEBUG)
        for redirected in (redirect_stdout, redirect_stderr):
            self.enterContext(redirected(self.printed))
        self.enterContext(warnings.catch_warnings())
        startup._begin()  # what each process does before it reads
        User.objects.create_user("radiology", password="a long word")
        self.client.force_login(User.objects.get())

    def send(self, files: dict[str, bytes], address: str = "/studies/", **fields: str):
        headers = {"Idempotency-Key": f"{ID}-{Study.objects.count()}"}
        return self.client.post(address, {"file": self.file(files), **fields}, headers=headers)

    def assert_unmarked(self, content: bytes | str, told: object = None) -> None:
        self.assertEqual(marks(content.encode() if isinstance(content, str) else content), [], told)

    def assert_folder_unmarked(self, folder: Path) -> None:
        for file in folder.rglob("*"):
            self.assert_unmarked(str(file))
            self.assert_unmarked(file.read_bytes() if file.is_file() else b"", file)

    def assert_nowhere(self) -> None:
        """Neither in the database, as it answers and as it lies on the disk, nor in any folder but that of results, nor
        in what was logged and printed."""
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names():
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                self.assert_unmarked(str(cursor.fetchall()), table)
        if connection.vendor == "sqlite":
            for end in ("", "-wal"):
                self.assert_unmarked(Path(f"{connection.settings_dict['NAME']}{end}").read_bytes(), end)
        for folder in (self.work, self.archives, settings.STATE_DIR):
            self.assert_folder_unmarked(folder)
        self.assertIn("is done", self.said.getvalue())
        self.assert_unmarked(self.said.getvalue())
        self.assert_unmarked(self.printed.getvalue())

    def assert_told_without(self, *addresses: str) -> None:
        for address in addresses:
            for headers in ({}, HTML):
                answer = self.client.get(address, headers=headers)
                content = answer.getvalue()
                self.assert_unmarked(content + str(answer.headers).encode(), address)

    def test_marks_of_an_exam_are_in_its_reports_and_results_and_nowhere_else(self):
        location = self.send(marked_exam())["Location"]
        self.assert_told_without(
            *(f"{location}{each}" for each in TOLD), "/studies/", "/networks/", "/readyz", "/metrics"
        )
        answers = {form: self.client.get(f"{location}{form}") for form in FORMS}
        self.assert_unmarked(str([dict(each.headers) for each in answers.values()]))
        self.assertLess({"quartzmark", "qx-830-514", "19310807"}, set(marks(answers["sr.dcm"].getvalue())))
        (pictures,) = (file for file in self.results.rglob("exam.zip"))
        self.assertIn(MARKS[0], [each.encode() for each in marks(pictures.read_bytes())])
        self.assert_unmarked(str(pictures))
        self.assert_nowhere()

    def test_nothing_is_left_once_it_is_erased_or_its_time_is_over(self):
        erased, over = (self.send(marked_exam())["Location"] for _ in range(2))
        self.assert_unmarked(self.client.delete(erased).content)
        purge(timezone.now() + timedelta(hours=25))
        self.assert_folder_unmarked(self.results)
        self.assert_told_without(over, *(f"{over}{form}" for form in FORMS))
        self.assert_nowhere()

    def test_sender_is_told_of_a_refusal_by_name_and_nobody_else(self):
        self.send(marked_exam())
        files = marked_exam() | {f"{NAME} {BIRTH}/pre/{NAME}_{ID}_001.dcm": FREE.encode()}
        for address in ("/studies/", "/validate/"):
            self.assertIn(NAME, self.send(files, address).content.decode())
        self.assert_nowhere()

    def test_failure_names_nobody(self):
        self.send(marked_exam())
        fail = RuntimeError(f"{NAME} {ID} {BIRTH}")
        for place, name, address in (
            (studies, "scan", "/studies/"),
            (kept, "keep", "/studies/"),
            (studies, "survey", "/validate/"),
        ):
            with mock.patch.object(place, name, side_effect=fail):
                self.assert_unmarked(self.send(marked_exam(), address).content)
        self.assertIn("incident", self.said.getvalue())
        self.assert_nowhere()

    def test_workers_leave_no_more_of_it(self):
        fields = {role: f"{NAME} {BIRTH}/{folder}" for role, folder in zip(ROLES, FOLDERS, strict=True)}
        now = mock.patch.object(queued, "deliver", side_effect=lambda key: read_exam(str(key)))
        with override_settings(EXECUTION="celery"), now:
            self.assertEqual(self.send(marked_exam(), **fields).status_code, 201)
            with mock.patch.object(studies, "scan", side_effect=RuntimeError(NAME)):
                self.assertEqual(self.send(marked_exam()).status_code, 500)
        self.assert_nowhere()
