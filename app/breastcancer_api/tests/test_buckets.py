"""ARCHIVES and RESULTS=s3://bucket/prefix, with a server that speaks S3 on loopback."""

import io
import logging
import os
import socket
import uuid
from datetime import timedelta
from unittest import addModuleCleanup, enterModuleContext, mock

import boto3
import numpy as np
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages
from django.test import override_settings, tag
from django.utils import timezone
from moto.server import ThreadedMotoServer
from storages.backends.s3 import S3File

from breastcancer_api import kept, stores
from breastcancer_api.archives import STORE, erase, erase_orphans, keep
from breastcancer_api.models import Study
from breastcancer_api.retention import purge
from breastcancer_api.tasks import read_exam
from breastcancer_api.tests import test_archives, test_queued
from breastcancer_api.tests.test_studies import StudiesTestCase, phantom_files
from breastwise import buckets
from breastwise.storages import storage
from imaging.kept_exam import KeptExam

PREFIX = "exams/waiting"


def setUpModule():
    enterModuleContext(mock.patch.object(logging.getLogger("werkzeug"), "disabled", True))
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    addModuleCleanup(server.stop)
    # the variables of docs/configuration.md, and no proxy
    told = {
        "AWS_ACCESS_KEY_ID": "a key",
        "AWS_SECRET_ACCESS_KEY": "its secret",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{server.get_host_and_port()[1]}",
        "NO_PROXY": "127.0.0.1",
    }
    enterModuleContext(mock.patch.dict(os.environ, told))


class BreaksOff(io.BytesIO):
    """Cannot be read past its tenth megabyte; a part of an upload has eight."""

    def read(self, size: int = -1) -> bytes:
        if self.tell() > 10_000_000:
            raise OSError
        return super().read(size)


@tag("servers")
class InABucket:
    """Archives wait in a bucket of the test's own."""

    def place(self) -> str:
        # what is fetched is spooled to WORK_DIR
        self.enterContext(override_settings(FILE_UPLOAD_TEMP_DIR=self.work))
        self.bucket = boto3.resource("s3").Bucket(f"exams-{uuid.uuid4()}")
        self.bucket.create(CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        return f"s3://{self.bucket.name}/{PREFIX}"

    def stored(self) -> list[str]:
        return sorted(each.key.removeprefix(f"{PREFIX}/") for each in self.bucket.objects.all())

    def put(self, name: str, content: bytes) -> None:
        self.bucket.put_object(Key=f"{PREFIX}/{name}", Body=content)

    def lose(self, name: str) -> None:
        self.bucket.Object(f"{PREFIX}/{name}").delete()


class KeptInABucketTests(InABucket, test_archives.Kept, test_archives.ArchiveTestCase):
    def test_object_that_is_deleted_while_it_is_fetched_is_lost(self):
        found = S3File.__init__

        def init(file, *args, **kwargs):
            found(file, *args, **kwargs)
            self.lose(f"{self.key}.zip")

        with mock.patch.object(S3File, "__init__", init):
            self.assert_lost()
            self.assertEqual([each["name"] for each in erase(self.key)], [f"{self.key}.json"])

    def test_neighbours_in_the_bucket_are_left_alone(self):
        names = [f"{uuid.uuid4()}.zip", f"{PREFIX}-old/{uuid.uuid4()}.zip", f"{PREFIX}/deeper/{uuid.uuid4()}.zip"]
        for name in names:
            self.bucket.put_object(Key=name, Body=b"not ours")
        self.pass_by(days=1)
        self.assertEqual(erase_orphans(), 0)
        self.assertGreaterEqual({each.key for each in self.bucket.objects.all()}, set(names))

    def test_upload_that_breaks_off_leaves_no_parts(self):
        with mock.patch.object(stores, "sha256", return_value=""), self.assertRaises(OSError):
            keep(uuid.uuid4(), File(BreaksOff(bytes(20_000_000))), None)
        self.assertEqual((len(self.stored()), list(self.bucket.multipart_uploads.all())), (2, []))

    def test_answer_that_is_not_that_it_is_missing_is_raised(self):
        denied = ClientError({"Error": {}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "HeadObject")
        with mock.patch("storages.backends.s3.S3Storage.get_modified_time", side_effect=denied):
            self.assertRaises(ClientError, storages[STORE].get_modified_time, f"{self.key}.zip")


class NothingInABucketTests(InABucket, test_archives.ArchiveTestCase):
    def test_where_nothing_was_ever_stored_there_is_nothing_to_erase(self):
        self.assertEqual((erase_orphans(), erase(uuid.uuid4())), (0, []))


@tag("servers")
class SilentTests(test_archives.ArchiveTestCase):
    def place(self) -> str:
        silent = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        told = {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{silent.getsockname()[1]}", "AWS_MAX_ATTEMPTS": "1"}
        self.enterContext(mock.patch.dict(os.environ, told))
        self.enterContext(mock.patch.object(buckets, "PATIENCE", Config(read_timeout=0.1)))
        return "s3://exams"

    def test_storage_that_does_not_answer_is_not_waited_for_long(self):
        self.assertRaises(ReadTimeoutError, erase, uuid.uuid4())


class QueuedInABucketTests(InABucket, test_queued.QueuedTestCase):
    def test_exam_waits_in_the_bucket_until_a_worker_has_read_it(self):
        key = self.queue(phantom_files())
        self.assertEqual(self.stored(), [f"{key}.json", f"{key}.zip"])
        read_exam(key)
        self.assertEqual((Study.objects.get().state, Study.objects.get().slice_count), ("done", 6))
        self.assertEqual(self.stored(), [])

    def test_study_that_is_erased_while_it_waits_takes_its_archive_along(self):
        key = self.queue(phantom_files())
        receipt = self.client.delete(f"/studies/{key}/").json()
        self.assertEqual([each["name"] for each in receipt["files"]], [f"{key}.zip", f"{key}.json"])
        self.assertEqual(self.stored(), [])

    def test_archive_that_is_gone_ends_the_study_as_failed(self):
        key = self.queue(phantom_files())
        self.lose(f"{key}.zip")
        read_exam(key)
        self.assertEqual(Study.objects.get().problem["code"], "archive_lost")
        self.assertEqual(self.stored(), [])


class PicturesInABucketTests(InABucket, StudiesTestCase):
    def setUp(self):
        super().setUp()
        storages_too = settings.STORAGES | {kept.STORE: storage(self.place())}
        self.enterContext(override_settings(STORAGES=storages_too))
        self.location = self.send("/studies/", phantom_files())["Location"]
        self.key = Study.objects.get().pk

    def test_pictures_and_heat_are_read_where_they_were_kept(self):
        kept.keep_heat(self.key, 2, np.full((2, 128, 128), 0.5))
        self.assertEqual(self.stored(), [f"{self.key}/exam.zip", f"{self.key}/heat-0002.npz"])
        with kept.kept_exam(self.key) as exam:
            self.assertEqual(exam.passes(6).shape, (4, 48, 48))
        found = kept.kept_heats(self.key, [2, 3])
        self.assertEqual((list(found), found[2][0, 0, 0]), ([2], 0.5))

    def fetched(self) -> list[int]:
        """Where each answer to a GET of the storage will tell how many bytes it has."""
        told = []
        events = storages[kept.STORE].connection.meta.client.meta.events
        events.register("after-call.s3.GetObject", lambda parsed, **_: told.append(parsed.get("ContentLength", 0)))
        return told

    def test_of_one_picture_only_its_part_and_the_description_are_fetched(self):
        name = f"{self.key}/exam.zip"
        with mock.patch.object(buckets, "PART_BYTES", 4096), storages[kept.STORE].open(name) as whole:
            of_whole, fetched = KeptExam(whole), self.fetched()
            with kept.kept_exam(self.key) as exam:
                np.testing.assert_array_equal(exam.picture("2nd_pass", 4), of_whole.picture("2nd_pass", 4))
                self.assertEqual((exam.bright, exam.description), (of_whole.bright, of_whole.description))
            self.assertLessEqual(max(fetched), 4096)
            self.assertLess(sum(fetched), whole.size / 3)

    def test_every_picture_is_that_of_the_whole_file(self):
        name = f"{self.key}/exam.zip"
        with mock.patch.object(buckets, "PART_BYTES", 1000), storages[kept.STORE].open(name) as whole:
            of_whole = KeptExam(whole)
            with kept.kept_exam(self.key) as exam:
                for number in (6, 1, 3):
                    np.testing.assert_array_equal(exam.passes(number), of_whole.passes(number))
                    np.testing.assert_array_equal(exam.inputs(number), of_whole.inputs(number))

    def test_heat_is_fetched_at_once(self):
        kept.keep_heat(self.key, 2, np.random.default_rng(1).random((2, 128, 128)))
        fetched = self.fetched()
        self.assertEqual(kept.kept_heats(self.key, [2])[2].shape, (2, 128, 128))
        self.assertEqual(len(fetched), 1)

    def test_pictures_that_go_or_change_while_they_are_read_are_not_kept(self):
        name = f"{self.key}/exam.zip"
        with storages[kept.STORE].open(name) as stored:
            content = stored.read()
        changes = {
            "another": lambda: self.put(name, content + b"x"),
            "a shorter one": lambda: self.put(name, b"x"),
            "none": lambda: self.lose(name),
        }
        for told, change in changes.items():
            self.put(name, content)
            small, refused = mock.patch.object(buckets, "PART_BYTES", 1000), self.assertRaises(kept.NotKept)
            with self.subTest(told), small, refused, kept.kept_exam(self.key) as exam:
                change()
                exam.picture("pre", 1)

    def test_pictures_that_are_not_whole_are_not_kept(self):
        for content in (b"", b"PK"):
            self.put(f"{self.key}/exam.zip", content)
            with self.assertRaises(kept.NotKept), kept.kept_exam(self.key):
                self.fail("they were opened")

    def test_they_are_erased_with_the_study(self):
        files = self.client.delete(self.location).json()["files"]
        self.assertEqual([each["name"] for each in files], [f"{self.key}/exam.zip"])
        self.assertEqual(self.stored(), [])

    def test_they_go_with_the_retention_time(self):
        purge(timezone.now() + timedelta(hours=25))
        self.assertEqual(self.stored(), [])
        with self.assertRaises(kept.NotKept), kept.kept_exam(self.key):
            self.fail("it is there")
