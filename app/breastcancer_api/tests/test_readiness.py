import tempfile
from collections import namedtuple
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.db import OperationalError, connection
from django.test import TestCase, override_settings
from kombu.exceptions import OperationalError as BrokerError

from breastcancer_api import networks, readiness
from breastwise.storages import storage
from detection.known_answers import WrongAnswer

Usage = namedtuple("Usage", "free")


class ReadinessTests(TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        stores = {name: storage(str(self.folder / name)) for name in ("results", "archives")}
        self.enterContext(override_settings(WORK_DIR=self.folder, STORAGES=settings.STORAGES | stores))

    def unready(self) -> str:
        """Why the server is not ready, in its answer."""
        answer = self.client.get("/readyz")
        self.assertEqual((answer.status_code, answer.json()["code"]), (503, "unavailable"))
        return answer.json()["detail"]

    def test_process_that_reads_exams_needs_database_networks_and_folders(self):
        self.assertEqual(self.client.get("/readyz").json()["parts"], ["database", "networks", "work", "results"])

    @override_settings(EXECUTION="celery")
    def test_process_that_hands_exams_on_needs_the_broker_and_archives_and_no_networks(self):
        with mock.patch.object(readiness, "waiting", return_value=3):
            parts = self.client.get("/readyz").json()["parts"]
        self.assertEqual(parts, ["database", "broker", "work", "archives", "results"])

    @override_settings(RETENTION_HOURS=0)
    def test_where_nothing_is_kept_results_are_not_needed(self):
        self.assertNotIn("results", readiness.parts())

    def test_every_part_that_is_missing_is_named(self):
        (self.folder / "results").touch()  # a file where a folder must be
        with mock.patch.object(connection, "cursor", side_effect=OperationalError("no host 10.0.0.7")):
            self.assertEqual(self.unready(), "The database does not answer. RESULTS cannot be written.")

    def test_broker_that_is_away_is_named(self):
        with override_settings(EXECUTION="celery"), mock.patch.object(readiness, "waiting", side_effect=BrokerError):
            self.assertEqual(self.unready(), "The broker does not answer; exams wait for it.")

    def test_network_that_answers_wrongly_is_never_ready(self):
        networks.ready_networks.cache_clear()
        self.addCleanup(networks.ready_networks.cache_clear)
        with mock.patch.object(networks, "check_answers", side_effect=WrongAnswer("/secret/path")):
            self.assertEqual(self.unready(), "The networks cannot be loaded, or answer wrongly.")

    def test_work_folder_without_room_for_the_largest_exam_is_full(self):
        for left, ready in ((5120, True), (5119, False)):
            with mock.patch.object(readiness.shutil, "disk_usage", return_value=Usage(left * 1_000_000)):
                self.assertEqual(readiness.missing() == {}, ready)
        with mock.patch.object(readiness.shutil, "disk_usage", return_value=Usage(17_900_000)):
            self.assertEqual(self.unready(), "WORK_DIR has 17 MB left; the largest exam may take 5120.")

    def test_work_folder_that_cannot_be_written_is_named(self):
        with override_settings(WORK_DIR=self.folder / "gone"):
            self.assertEqual(self.unready(), "WORK_DIR cannot be written.")

    def test_store_that_is_not_there_yet_will_be_made(self):
        self.assertFalse((self.folder / "results").exists())
        self.assertEqual(readiness.missing(), {})

    def test_looking_leaves_nothing(self):
        readiness.missing()
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_bucket_is_not_asked(self):
        bucket = settings.STORAGES | {"results": storage("s3://results/breast")}
        with override_settings(STORAGES=bucket):
            self.assertEqual((readiness.missing(), list(readiness.folders())), ({}, ["work"]))
