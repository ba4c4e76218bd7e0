import errno
from unittest import mock

from django.db import OperationalError

from breastcancer_api import problems, screens, studies, uploads
from breastcancer_api.models import Study, StudyQuerySet
from breastcancer_api.tests.test_studies import StudiesTestCase, phantom_files
from imaging.tests.slices import zip_bytes

FULL = OSError(errno.ENOSPC, "uploads/Doe^Jane")


class AwayTests(StudiesTestCase):
    def busy(self, response, code: str) -> None:
        self.assertEqual((response.status_code, response.json()["code"]), (503, code))
        self.assertEqual((response["Retry-After"], response["Content-Type"]), ("30", "application/problem+json"))

    def test_database_that_is_away_is_503_with_when_to_come_again(self):
        with mock.patch.object(StudyQuerySet, "of", side_effect=OperationalError), self.assertLogs(problems.log):
            self.busy(self.client.get("/studies/"), "database_away")

    def test_page_without_its_database_says_the_same(self):
        self.client.raise_request_exception = False
        with (
            mock.patch.object(screens.Home, "get", side_effect=OperationalError),
            self.assertLogs(problems.log),
        ):
            self.busy(self.client.get("/"), "database_away")

    def test_upload_that_fills_the_disk_is_503_and_leaves_no_study(self):
        with mock.patch.object(uploads, "nameless_file", side_effect=FULL), self.assertLogs(problems.log) as logged:
            self.busy(self.send("/upload/", phantom_files()), "no_room")
        self.assertNotIn("Doe", "".join(logged.output))
        self.assertFalse(Study.objects.exists())

    def test_upload_that_breaks_off_is_closed_at_once_and_not_by_the_garbage_collector(self):
        files = []

        def nameless(_root):
            files.append(mock.Mock(write=mock.Mock(side_effect=FULL)))
            return files[-1]

        with mock.patch.object(uploads, "nameless_file", nameless), self.assertLogs(problems.log):
            self.busy(self.send("/upload/", phantom_files()), "no_room")
        files[0].close.assert_called()

    def test_exam_that_fills_the_disk_while_it_is_read_is_503_and_is_read_when_it_comes_again(self):
        exam = {"file": self.file(zip_bytes(phantom_files()))}
        keyed = {"headers": {"Idempotency-Key": "k"}}
        with mock.patch.object(studies, "scan", side_effect=FULL), self.assertLogs(problems.log):
            self.busy(self.client.post("/studies/", exam, **keyed), "no_room")
        self.assertEqual(Study.objects.get().problem["code"], "no_room")
        exam["file"].seek(0)
        self.assertEqual(self.client.post("/studies/", exam, **keyed).json()["state"], "done")
        self.assertEqual(Study.objects.count(), 1)
