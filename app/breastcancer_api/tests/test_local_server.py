import os
import socket
import sqlite3
import tempfile
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from http.client import HTTPResponse
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit

import requests
from django.core.management.base import CommandError
from django.test import tag

from breastcancer_api.local_server import post, serving
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import exam_files, zip_bytes
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol

NUMBERS = "number, single_probability, single_decision, scantype_probability, scantype_decision, fused"
# of two exams sent at the same time; .ci/run asks for more than a test while one writes code
ROUNDS = int(os.environ.get("SIMULTANEOUS_ROUNDS", "5"))


def studies(state: Path) -> dict[str, list[tuple]]:
    """location -> what the database in ``state`` keeps of each slice, probabilities included."""
    with closing(sqlite3.connect(state / "db.sqlite3")) as database:
        kept = database.execute(f"SELECT study_id, {NUMBERS} FROM breastcancer_api_slice ORDER BY study_id, number")
        rows = defaultdict(list)
        for key, *numbers in kept:
            rows[f"/studies/{uuid.UUID(key)}/"].append(tuple(numbers))
    return dict(rows)


@tag("servers")
class ServingTests(FolderTestCase):
    """A real gunicorn, as ``make demo`` and ``make run`` start it."""

    def setUp(self):
        super().setUp()
        self.state = self.folder
        (self.state / "series.zip").write_bytes(zip_bytes(exam_files(count=2)))

    def left(self) -> list[str]:
        return [str(each) for each in (self.state / "work").iterdir()]

    def send(self, url: str, share: float) -> None:
        """Posts ``share`` of an upload and hangs up without waiting for the answer."""
        self.begun(url, share).close()

    def begun(self, url: str, share: float) -> socket.socket:
        """The connection on which ``share`` of an upload was posted."""
        prepared = requests.Request("POST", f"{url}/upload/", files={"file": ("series.zip", self.archive())}).prepare()
        head = f"POST /upload/ HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in prepared.headers.items()) + "\r\n"
        client = socket.create_connection(("127.0.0.1", urlsplit(url).port), timeout=60)
        client.sendall(head.encode() + prepared.body[: int(share * len(prepared.body))])
        return client

    def archive(self) -> bytes:
        return (self.state / "series.zip").read_bytes()

    def test_exam_of_a_sender_who_hangs_up_is_dropped_and_the_next_takes_its_turn(self):
        self.enterContext(mock.patch.dict(os.environ, THREADS="1", QUEUE="1"))
        short = self.folder / "short.zip"
        write_zip(Exam(7, Protocol(48, 48, 4)), short)
        write_zip(Exam(3, Protocol(48, 48, 64)), self.state / "series.zip")
        with serving(self.state) as server:
            self.send(server.url, 1.0)
            answer = post(server, short)
        self.assertEqual(list(studies(self.state)), [answer.location])

    def test_senders_who_stall_or_hang_up_leave_nothing_and_keep_nobody_from_stopping(self):
        self.enterContext(mock.patch.dict(os.environ, SILENCE_SECONDS="1"))
        with serving(self.state) as server:
            with self.begun(server.url, 0.5) as client:
                answer = HTTPResponse(client)
                answer.begin()
                self.assertIn(b"incomplete_body", answer.read())
            self.send(server.url, 0.5)
            self.send(server.url, 1.0)
            self.enterContext(self.begun(server.url, 0.5))
        # serving has ended: gunicorn finishes what it has in hand before it goes
        self.assertEqual(self.left(), [])

    def test_exam_that_is_read_in_the_background_is_finished_before_the_server_stops(self):
        self.enterContext(mock.patch.dict(os.environ, THREADS="1"))
        write_zip(Exam(3, Protocol(48, 48, 64)), self.state / "series.zip")
        with serving(self.state) as server:
            for _ in range(5):
                files = {"file": ("series.zip", self.archive())}
                server.client.post(f"{server.url}/studies/", files=files, headers={"Prefer": "respond-async"})
        with closing(sqlite3.connect(self.state / "db.sqlite3")) as database:
            found = database.execute("SELECT state FROM breastcancer_api_study ORDER BY created_at").fetchall()
        states = [state for (state,) in found]
        self.assertEqual((states[0], states[-1]), ("done", "queued"))
        self.assertEqual(set(states), {"done", "queued"})

    def test_server_that_cannot_start_is_told_with_its_reason(self):
        self.enterContext(mock.patch.dict(os.environ, NETWORKS_DIR=str(self.state / "empty")))
        with self.assertRaisesRegex(CommandError, "card.json: no such file"), serving(self.state):
            pass


@tag("servers")
class ServedTests(FolderTestCase):
    """Several tests of one server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.state = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.server = cls.enterClassContext(serving(cls.state))

    def test_two_exams_at_the_same_time_never_mix(self):
        archives = [self.folder / "short.zip", self.folder / "long.zip"]
        for archive, seed, slices in zip(archives, (7, 3), (4, 7), strict=True):
            write_zip(Exam(seed, Protocol(48, 48, slices)), archive)
        alone = [post(self.server, archive).location for archive in archives]
        with ThreadPoolExecutor(2) as together:
            rounds = [list(together.map(partial(post, self.server), archives)) for _ in range(ROUNDS)]
        rows = studies(self.state)
        self.assertEqual([len(rows[location]) for location in alone], [4, 7])
        for short, long in rounds:
            self.assertEqual([rows[short.location], rows[long.location]], [rows[location] for location in alone])

    def test_upload_is_answered_with_slices_and_the_networks_that_read_it(self):
        archive = self.folder / "series.zip"
        archive.write_bytes(zip_bytes(exam_files(count=2)))
        answer = post(self.server, archive)
        self.assertIsInstance(answer.slices, list)
        self.assertIn("research use only", answer.networks)

    def test_all_threads_are_there_before_they_are_needed(self):
        held = self.server.held().threads
        with ThreadPoolExecutor(8) as clients:
            list(clients.map(lambda _: self.server.client.get(f"{self.server.url}/livez"), range(64)))
        self.assertEqual(self.server.held().threads, held)

    def test_torch_is_loaded_after_the_process_that_answers_is_forked(self):
        self.assertNotIn("libtorch", Path(f"/proc/{self.server.pid}/maps").read_text())
        self.assertIn("libtorch", (self.server.worker / "maps").read_text())

    def test_odd_value_of_a_header_does_not_reach_the_log(self):
        archive = self.folder / "series.zip"
        archive.write_bytes(zip_bytes(exam_files(count=2, StudyInstanceUID="Doe.Jane")))
        post(self.server, archive)
        self.assertNotIn("Doe", (self.state / "server.log").read_text())
