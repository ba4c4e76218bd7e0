import io
import os
import tempfile
import uuid
from datetime import timedelta
from io import StringIO
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from breastcancer_api import archives, stores
from breastcancer_api.archives import ArchiveLost, erase, erase_orphans, erase_unless_awaited, keep, opened
from breastcancer_api.models import Study
from breastcancer_api.tests.test_upload import UploadTestCase
from breastwise.storages import storage

PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


class ArchiveTestCase(UploadTestCase):
    """Archives wait in a folder of the test's own."""

    def setUp(self):
        super().setUp()
        place = storage(self.place())
        self.enterContext(override_settings(STORAGES=settings.STORAGES | {archives.STORE: place, "staticfiles": PLAIN}))

    def place(self) -> str:
        """What ARCHIVES says."""
        self.store = Path(self.enterContext(tempfile.TemporaryDirectory()), "archives")
        return str(self.store)

    def stored(self) -> list[str]:
        return sorted(os.listdir(self.store)) if self.store.exists() else []

    def put(self, name: str, content: bytes) -> None:
        """Writes to the storage past the product."""
        (self.store / name).write_bytes(content)

    def lose(self, name: str) -> None:
        (self.store / name).unlink()


class Kept:
    """What holds of every storage."""

    def setUp(self):
        super().setUp()
        self.key = Study.objects.create().pk
        keep(self.key, ContentFile(b"a zip"), {"pre": "Doe Jane"})

    def pass_by(self, **passed: float) -> None:
        """Lets time pass by for the archives."""
        clock = {"now.return_value": timezone.now() + timedelta(**passed)}
        self.enterContext(mock.patch.object(stores, "timezone", **clock))

    def assert_lost(self):
        with self.assertRaises(ArchiveLost), opened(self.key):
            pass

    def test_archive_comes_back_with_what_was_said_of_its_passes(self):
        with opened(self.key) as (archive, passes):
            self.assertEqual((archive.read(), passes), (b"a zip", {"pre": "Doe Jane"}))
            self.assert_nothing_left()  # the copy has no name

    def test_archive_of_ten_megabytes_comes_back_whole(self):
        content = bytes(range(250)) * 40_000
        keep(key := uuid.uuid4(), ContentFile(content), None)
        with opened(key) as (archive, passes):
            self.assertTrue(archive.read() == content)
            self.assertIsNone(passes)
            self.assert_nothing_left()

    def test_names_in_the_storage_tell_the_study_alone(self):
        self.assertEqual(self.stored(), [f"{self.key}.json", f"{self.key}.zip"])

    def test_archive_that_changed_in_storage_is_not_read(self):
        self.put(f"{self.key}.zip", b"a zap")
        self.assert_lost()

    def test_archive_that_is_gone_is_told(self):
        for name in self.stored():
            self.lose(name)
            self.assert_lost()

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
        self.pass_by(minutes=9)
        self.assertEqual(erase_orphans(), 0)
        self.pass_by(minutes=11)
        self.assertEqual(erase_orphans(), 2)
        self.assertEqual(self.stored(), [f"{self.key}.json", f"{self.key}.zip"])

    def test_orphan_that_another_process_erases_first_is_passed_over(self):
        Study.objects.all().delete()
        self.pass_by(days=1)
        listed = self.stored()
        self.lose(f"{self.key}.zip")
        with mock.patch.object(stores, "names", return_value=([], listed)):
            self.assertEqual(erase_orphans(), 1)
        self.assertEqual(self.stored(), [])

    def test_file_that_is_no_archive_is_left_alone(self):
        self.put("notes.txt", b"mine")
        self.pass_by(days=1)
        self.assertEqual(erase_orphans(), 0)
        self.assertIn("notes.txt", self.stored())

    def test_purge_erases_orphans(self):
        Study.objects.all().delete()
        self.pass_by(days=1)
        call_command("purge", stdout=(told := StringIO()))
        self.assertIn("2 files of archives that no study waited for are deleted", told.getvalue())

    def test_archive_that_cannot_be_stored_leaves_nothing(self):
        key = uuid.uuid4()
        with mock.patch.object(archives.json, "dumps", side_effect=OSError), self.assertRaises(OSError):
            keep(key, ContentFile(b"a zip"), None)
        self.assertEqual(self.stored(), [f"{self.key}.json", f"{self.key}.zip"])


class KeptInAFolderTests(Kept, ArchiveTestCase):
    pass


class NoneTests(ArchiveTestCase):
    def test_where_nothing_was_ever_stored_there_is_nothing_to_erase(self):
        self.assertEqual((erase_orphans(), erase(uuid.uuid4())), (0, []))


class HashTests(ArchiveTestCase):
    def test_hash_is_that_of_the_whole_file_wherever_it_was_read_to(self):
        (file := io.BytesIO(b"abc")).read()
        hashed = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        self.assertEqual(stores.sha256(file), hashed)
