import io
import os
import tempfile
import uuid
from datetime import timedelta
from io import StringIO
from pathlib import Path
from unittest import mock

from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from breastcancer_api import archives
from breastcancer_api.archives import ArchiveLost, erase, erase_orphans, erase_unless_awaited, keep, opened
from breastcancer_api.models import Study
from breastcancer_api.tests.test_upload import UploadTestCase

FILES = "django.core.files.storage.FileSystemStorage"
PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


class ArchiveTestCase(UploadTestCase):
    """Archives wait in a folder of the test's own."""

    def setUp(self):
        super().setUp()
        self.store = Path(self.enterContext(tempfile.TemporaryDirectory()), "archives")
        stored = {"BACKEND": FILES, "OPTIONS": {"location": str(self.store)}}
        self.enterContext(override_settings(STORAGES={"archives": stored, "staticfiles": PLAIN}))

    def stored(self) -> list[str]:
        return sorted(os.listdir(self.store)) if self.store.exists() else []


class KeptTests(ArchiveTestCase):
    def setUp(self):
        super().setUp()
        self.study = Study.objects.create()
        self.key = self.study.pk
        keep(self.key, ContentFile(b"a zip"), {"pre": "Doe Jane"})

    def age(self, **passed: float) -> None:
        then = (timezone.now() - timedelta(**passed)).timestamp()
        for name in self.stored():
            os.utime(self.store / name, (then, then))

    def test_archive_comes_back_with_what_was_said_of_its_passes(self):
        with opened(self.key) as (archive, passes):
            self.assertEqual((archive.read(), passes), (b"a zip", {"pre": "Doe Jane"}))
            self.assert_nothing_left()  # the copy has no name

    def test_archive_that_changed_in_storage_is_not_read(self):
        (self.store / f"{self.key}.zip").write_bytes(b"a zap")
        with self.assertRaises(ArchiveLost), opened(self.key):
            pass

    def test_archive_that_is_gone_is_told(self):
        for name in self.stored():
            (self.store / name).unlink()
            with self.assertRaises(ArchiveLost), opened(self.key):
                pass

    def test_receipt_tells_names_bytes_and_hashes_and_no_patient(self):
        told = erase(self.key)
        hashed = "9a44557465efc644b7117e93eaf13c33cd956f5f4f12ca21bd51ae94ea97169a"
        self.assertEqual([each["name"] for each in told], [f"{self.key}.zip", f"{self.key}.json"])
        self.assertEqual((told[0]["bytes"], told[0]["sha256"]), (5, hashed))
        self.assertEqual((self.stored(), erase(self.key)), ([], []))

    def test_archive_is_erased_once_its_study_is_over_or_gone(self):
        erase_unless_awaited(self.key)
        self.assertEqual(len(self.stored()), 2)
        Study.objects.update(state="done")
        erase_unless_awaited(self.key)
        self.assertEqual(self.stored(), [])

    def test_orphans_of_ten_minutes_are_erased_and_what_is_awaited_is_not(self):
        keep(uuid.uuid4(), ContentFile(b"an orphan"), None)
        self.age(minutes=9)
        self.assertEqual(erase_orphans(), 0)
        self.age(minutes=11)
        self.assertEqual(erase_orphans(), 2)
        self.assertEqual(self.stored(), sorted([f"{self.key}.json", f"{self.key}.zip"]))

    def test_file_that_is_no_archive_is_left_alone(self):
        (self.store / "notes.txt").write_text("mine")
        self.age(days=1)
        erase_orphans()
        self.assertIn("notes.txt", self.stored())

    def test_purge_erases_orphans(self):
        Study.objects.all().delete()
        self.age(days=1)
        call_command("purge", stdout=(told := StringIO()))
        self.assertIn("2 files of archives that no study waited for are deleted", told.getvalue())

    def test_archive_that_cannot_be_stored_leaves_nothing(self):
        key = uuid.uuid4()
        with mock.patch.object(archives.json, "dumps", side_effect=OSError), self.assertRaises(OSError):
            keep(key, ContentFile(b"a zip"), None)
        self.assertFalse([name for name in self.stored() if name.startswith(str(key))])


class NoneTests(ArchiveTestCase):
    def test_where_nothing_was_ever_stored_there_is_nothing_to_erase(self):
        self.assertEqual((erase_orphans(), erase(uuid.uuid4())), (0, []))


class HashTests(ArchiveTestCase):
    def test_hash_is_that_of_the_whole_file_wherever_it_was_read_to(self):
        (file := io.BytesIO(b"abc")).read()
        hashed = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        self.assertEqual(archives._sha256(file), hashed)
