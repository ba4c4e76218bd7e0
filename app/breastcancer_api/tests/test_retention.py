from datetime import timedelta
from io import StringIO
from unittest import mock

from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from breastcancer_api import retention
from breastcancer_api.models import AuditEvent, Slice, Study
from breastcancer_api.retention import purge
from breastcancer_api.tests.test_studies import StudiesTestCase, phantom_files


class RetentionTests(StudiesTestCase):
    def setUp(self):
        super().setUp()
        self.location = self.send("/studies/", phantom_files())["Location"]

    def test_within_the_time_nothing_is_taken(self):
        self.assertEqual(purge(timezone.now() + timedelta(hours=23)), 0)
        self.assertEqual(Slice.objects.first().file, "001.dcm")

    def test_after_it_the_study_keeps_its_numbers_only(self):
        before = self.client.get(f"{self.location}results.json").json()
        self.assertEqual(purge(timezone.now() + timedelta(hours=25)), 1)
        after = self.client.get(f"{self.location}results.json").json()
        self.assertEqual({(row["file"], *row["sop_instance_uids"].values()) for row in after["slices"]}, {("",) * 5})
        for name in ("number", "position", "single_probability", "fused", "reason"):
            self.assertEqual([row[name] for row in before["slices"]], [row[name] for row in after["slices"]])
        self.assertEqual(AuditEvent.objects.filter(action="reduced").count(), 1)

    def test_many_studies_are_reduced_in_portions(self):
        for _ in range(4):
            Study.objects.create(state="done", finished_at=timezone.now())
        with mock.patch.object(retention, "PORTION", 2):
            self.assertEqual(purge(timezone.now() + timedelta(hours=25)), 5)
        self.assertFalse(Study.objects.filter(reduced_at=None).exists())

    def test_it_is_done_once(self):
        later = timezone.now() + timedelta(hours=25)
        self.assertEqual([purge(later), purge(later)], [1, 0])

    @override_settings(RETENTION_HOURS=0)
    def test_command_does_it(self):
        call_command("purge", stdout=(told := StringIO()))
        self.assertEqual(told.getvalue(), "1 studies keep their numbers only from now on\n")

    def test_receipt_says_what_was_erased(self):
        receipt = self.client.delete(self.location).json()
        self.assertEqual(sorted(receipt), ["erased_at", "files", "rows", "study"])
        self.assertEqual((receipt["rows"], receipt["files"]), ({"studies": 1, "slices": 6}, []))
        self.assertEqual((Study.objects.count(), Slice.objects.count()), (0, 0))
        self.assertEqual(self.client.get(self.location).status_code, 404)
