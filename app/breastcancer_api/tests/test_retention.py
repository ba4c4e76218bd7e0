import hashlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from pathlib import Path
from unittest import mock, skipUnless

from django.core.management import call_command
from django.db import connection, connections, transaction
from django.http import Http404
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from breastcancer_api import archives, kept, retention, stores, studies
from breastcancer_api.claims import claim, write
from breastcancer_api.models import AuditEvent, Slice, Study
from breastcancer_api.remembered import PROBLEM, remembered
from breastcancer_api.retention import erase, purge
from breastcancer_api.tests.test_studies import StudiesTestCase, phantom_files
from imaging.tests.slices import zip_bytes


class ReducingTests(StudiesTestCase):
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

    def test_key_is_no_plain_hash_and_goes_with_the_rest(self):
        keyed = {"headers": {"Idempotency-Key": "doe-jane-1961"}}
        exam = {"file": self.file(zip_bytes(phantom_files()))}
        first = self.client.post("/studies/", exam, **keyed).json()["id"]
        kept = Study.objects.get(pk=first)
        self.assertEqual((len(kept.idempotency_key), len(kept.fingerprint)), (64, 64))
        self.assertNotEqual(kept.idempotency_key, hashlib.sha256(b"doe-jane-1961").hexdigest())
        purge(timezone.now() + timedelta(hours=25))
        kept.refresh_from_db()
        self.assertEqual((kept.idempotency_key, kept.fingerprint), ("", ""))
        exam["file"].seek(0)
        self.assertNotEqual(self.client.post("/studies/", exam, **keyed).json()["id"], first)

    @override_settings(RETENTION_HOURS=0)
    def test_with_no_time_nothing_is_ever_written(self):
        exam = {"file": self.file(phantom_files())}
        with mock.patch.object(Slice.objects, "bulk_create", wraps=Slice.objects.bulk_create) as written:
            study = self.client.post("/studies/", exam, headers={"Idempotency-Key": "k"}).json()["id"]
        self.assertEqual({(each.file, *each.sop_instance_uids) for each in written.call_args[0][0]}, {("",)})
        kept = Study.objects.get(pk=study)
        self.assertIsNotNone(kept.reduced_at)
        self.assertEqual((kept.idempotency_key, kept.fingerprint), ("", ""))
        self.assertIsNotNone(kept.slices.first().position)
        trail = AuditEvent.objects.filter(study=study).order_by("pk").values_list("action", flat=True)
        self.assertEqual(list(trail), ["sent", "reduced"])


class ErasingTests(StudiesTestCase):
    def test_receipt_says_what_was_erased(self):
        location = self.send("/studies/", phantom_files())["Location"]
        receipt = self.client.delete(location).json()
        self.assertEqual(sorted(receipt), ["erased_at", "files", "rows", "study"])
        self.assertEqual(receipt["rows"], {"studies": 1, "slices": 6})
        self.assertEqual([each["name"].split("/")[1] for each in receipt["files"]], ["exam.zip"])
        self.assertEqual((Study.objects.count(), Slice.objects.count()), (0, 0))
        self.assertEqual(self.client.get(location).status_code, 404)

    def test_text_of_a_refusal_is_erased_too(self):
        self.send("/studies/", {"doe.txt": b"x"})
        study = Study.objects.get()
        self.assertIn("doe.txt", str(remembered(PROBLEM, study)))
        erase(study)
        self.assertIsNone(remembered(PROBLEM, study))

    def test_refusal_of_a_study_that_was_erased_meanwhile_is_not_told(self):
        study = Study.objects.create()
        erase(study)
        studies._end(study, "refused", studies.INTERRUPTED)
        self.assertIsNone(remembered(PROBLEM, study))

    def test_who_comes_second_gets_no_receipt(self):
        study = Study.objects.create()
        erase(study)
        with mock.patch.object(archives, "erase") as erased, self.assertRaises(Http404):
            erase(study)
        erased.assert_not_called()

    def test_where_the_cache_or_a_storage_is_away_nothing_is_erased(self):
        study = Study.objects.create()
        for away in ((retention, "forget"), (archives, "is_kept"), (kept, "is_kept")):
            with mock.patch.object(*away, side_effect=OSError), self.assertRaises(OSError):
                erase(study)
        self.assertTrue(Study.objects.exists())
        self.assertFalse(AuditEvent.objects.exists())

    def test_rows_are_gone_and_told_of_before_files_are_read(self):
        study = Study.objects.create()

        def erased(key):
            self.assertRaises(Http404, erase, study)
            told.append(AuditEvent.objects.get(study=key).detail["receipt"])
            return [{"name": "a", "bytes": 1, "sha256": "b"}]

        told = []
        with mock.patch.object(archives, "erase", erased):
            receipt = erase(study, user="jane", token="viewer")
        self.assertEqual(told, [receipt | {"files": []}])
        (trace,) = AuditEvent.objects.all()
        self.assertEqual((trace.detail, trace.user, trace.token), ({"receipt": receipt}, "jane", "viewer"))
        self.assertEqual(receipt["files"], [{"name": "a", "bytes": 1, "sha256": "b"}])

    def test_files_that_a_storage_fails_to_delete_go_with_the_purge(self):
        self.send("/studies/", phantom_files())
        with mock.patch.object(kept, "erase", side_effect=OSError), self.assertRaises(OSError):
            erase(Study.objects.get())
        self.assertEqual(AuditEvent.objects.filter(action="erased").count(), 1)
        self.assertEqual(len(list(self.results.iterdir())), 1)
        with mock.patch.object(stores, "timezone", **{"now.return_value": timezone.now() + timedelta(minutes=11)}):
            purge()
        self.assertEqual(list(self.results.iterdir()), [])


class OutsideTests(TransactionTestCase):
    def test_database_is_free_while_files_are_read(self):
        study, free = Study.objects.create(), []

        def erased(_):
            free.append(not connection.in_atomic_block)
            return []

        with mock.patch.object(archives, "erase", erased), mock.patch.object(kept, "erase", erased):
            erase(study)
        self.assertEqual(free, [True, True])

    def test_it_is_no_part_of_a_larger_transaction(self):
        study = Study.objects.create()
        with self.assertRaises(RuntimeError), transaction.atomic():
            erase(study)
        self.assertTrue(Study.objects.exists())


@skipUnless(connection.vendor == "sqlite", "PostgreSQL overwrites what is deleted when it vacuums")
class FileTests(TransactionTestCase):
    """What is in the database's file and its log, byte by byte."""

    def setUp(self):
        self.study = Study.objects.create(state="done", finished_at=timezone.now())
        values = {"single_probability": 0.5, "single_decision": 0, "scantype_probability": 0.5, "scantype_decision": 0}
        Slice.objects.bulk_create(
            Slice(study=self.study, number=number, file=f"a-file-{number}", fused=0, **values) for number in range(300)
        )
        self.assertTrue(self.kept())

    def kept(self) -> bool:
        name = connection.settings_dict["NAME"]
        return any(b"a-file-" in Path(f"{name}{end}").read_bytes() for end in ("", "-wal"))

    def test_nothing_is_left_of_a_study_that_is_erased(self):
        erase(self.study)
        self.assertFalse(self.kept())

    def test_no_file_name_is_left_after_a_purge(self):
        purge(timezone.now() + timedelta(hours=25))
        self.assertFalse(self.kept())
        self.assertEqual(Slice.objects.count(), 300)

    def test_who_reads_meanwhile_puts_it_off_until_the_next_purge(self):
        reader = sqlite3.connect(connection.settings_dict["NAME"])
        self.addCleanup(reader.close)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM breastcancer_api_slice").fetchone()
        with mock.patch.object(retention, "LOG_MILLISECONDS", 1):
            erase(self.study)
        self.assertTrue(self.kept())
        reader.execute("COMMIT")
        purge()
        self.assertFalse(self.kept())


@skipUnless(connection.vendor == "postgresql", "elsewhere one transaction at a time writes")
class MeetingTests(TransactionTestCase):
    def waiting(self) -> int:
        """How many connections wait for another's lock."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            return cursor.fetchone()[0]

    def erased(self, study: Study) -> dict | None:
        """The receipt, in a thread of its own; None where it is gone."""
        try:
            return erase(study)
        except Http404:
            return None
        finally:
            connections.close_all()

    def test_of_two_erasures_at_once_one_gives_the_receipt(self):
        study = Study.objects.create()
        with ThreadPoolExecutor(2) as pool:
            with transaction.atomic():
                Study.objects.select_for_update().get()
                receipts = [pool.submit(self.erased, study) for _ in range(2)]
                while self.waiting() < 2:
                    self.assertFalse(any(each.done() for each in receipts))
            told = [each.result() for each in receipts]
        self.assertEqual([each["rows"] for each in told if each], [{"studies": 1, "slices": 0}])
        self.assertEqual(AuditEvent.objects.count(), 1)

    def test_erasure_that_meets_the_end_of_the_work_erases_what_that_wrote(self):
        study = Study.objects.create()
        claim(study)
        decisions = {"single_decision": 0, "scantype_decision": 0, "fused": 0}
        row = Slice(study=study, number=1, single_probability=0.5, scantype_probability=0.5, **decisions)

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                write(study, state="done")
                row.save()
                receipt = pool.submit(self.erased, study)
                while not self.waiting():
                    self.assertFalse(receipt.done())
            self.assertEqual(receipt.result()["rows"], {"studies": 1, "slices": 1})
        self.assertEqual((Study.objects.count(), Slice.objects.count()), (0, 0))
