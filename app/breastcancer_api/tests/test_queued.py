"""EXECUTION=celery without a broker: messages are put through by hand."""

from unittest import mock

from django.test import override_settings
from kombu.exceptions import OperationalError

from breastcancer_api import networks, queued, readiness, startup, tasks
from breastcancer_api.models import Slice, Study
from breastcancer_api.tasks import read_exam
from breastcancer_api.tests.test_archives import ArchiveTestCase
from breastcancer_api.tests.test_studies import numbers, phantom_files
from imaging.exam import FOLDERS
from imaging.tests.slices import zip_bytes


class QueuedTestCase(ArchiveTestCase):
    def setUp(self):
        super().setUp()
        self.enterContext(override_settings(EXECUTION="celery"))
        # a worker that is there at once; with a Mock in its place a message waits
        self.deliver = self.enterContext(
            mock.patch.object(queued, "deliver", side_effect=lambda key: read_exam(str(key)))
        )

    def send(self, files: dict[str, bytes] | bytes, key: str = "", address: str = "/studies/", **fields: str):
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post(address, {"file": self.file(files), **fields}, headers=headers)

    def queue(self, files: dict[str, bytes] | bytes, key: str = "", **fields: str) -> str:
        """The id of a study whose message waits."""
        headers = {"Prefer": "respond-async"} | ({"Idempotency-Key": key} if key else {})
        with mock.patch.object(queued, "deliver"):
            answer = self.client.post("/studies/", {"file": self.file(files), **fields}, headers=headers)
        self.assertEqual(answer.status_code, 202)
        return answer.json()["id"]


class SentTests(QueuedTestCase):
    def test_worker_answers_as_the_process_itself(self):
        answers = [self.send(phantom_files()).json()]
        with override_settings(EXECUTION="inline"):
            answers.append(self.send(phantom_files()).json())
        self.assertEqual([each["state"] for each in answers], ["done", "done"])
        rows = [numbers(each["id"]) for each in answers]
        self.assertEqual(rows[0], rows[1])
        self.assertEqual(self.stored(), [])

    def test_archive_waits_until_it_is_read_and_no_longer(self):
        key = self.queue(phantom_files())
        self.assertEqual(self.stored(), [f"{key}.json", f"{key}.zip"])
        read_exam(key)
        self.assertEqual((Study.objects.get().state, self.stored()), ("done", []))

    def test_second_message_of_a_study_does_nothing(self):
        key = self.queue(phantom_files())
        read_exam(key)
        read_exam(key)
        self.assertEqual((Study.objects.get().attempts, Slice.objects.count()), (1, 6))

    def test_message_of_a_study_that_another_reads_leaves_its_archive(self):
        key = self.queue(phantom_files())
        Study.objects.update(state="reading")
        read_exam(key)
        self.assertEqual((Study.objects.get().state, len(self.stored())), ("reading", 2))

    def test_fields_that_say_which_pass_is_which_reach_the_worker_and_not_the_database(self):
        files = {name.replace("pre/", "Doe Jane/"): content for name, content in phantom_files().items()}
        fields = {"pre": "Doe Jane", "pass_1": "1st_pass", "pass_2": "2nd_pass", "pass_3": "3rd_pass"}
        key = self.queue(files, **fields)
        self.assertNotIn("Doe", str(Study.objects.values()))
        read_exam(key)
        self.assertEqual(Study.objects.get().state, "done")

    def test_refusal_reaches_the_sender_in_full(self):
        answer = self.send({f"{name}/Doe Jane.dcm": b"text" for name in FOLDERS})
        self.refused(answer, 400, "not_a_dicom_image")
        self.assertIn("Doe Jane", answer.json()["detail"])
        self.assertEqual((Study.objects.get().state, self.stored()), ("refused", []))

    def test_archive_that_is_gone_ends_the_study_as_failed(self):
        key = self.queue(phantom_files())
        (self.store / f"{key}.zip").unlink()
        read_exam(key)
        self.assertEqual((Study.objects.get().state, Study.objects.get().problem["code"]), ("failed", "archive_lost"))
        self.assertEqual(self.stored(), [])

    def test_exam_that_takes_too_long_ends_as_failed(self):
        key = self.queue(phantom_files())
        with override_settings(REQUEST_TIMEOUT_SECONDS=-1):
            read_exam(key)
        self.assertEqual((Study.objects.get().state, Study.objects.get().problem["code"]), ("failed", "time_up"))

    def test_failure_that_no_study_can_tell_is_logged_without_its_text(self):
        key = self.queue(phantom_files())
        with mock.patch.object(tasks, "claim", side_effect=RuntimeError("Doe Jane")), self.assertLogs() as told:
            read_exam(key)
        self.assertIn("in a worker: RuntimeError", told.output[0])
        self.assertNotIn("Doe Jane", str(told.output))


class KeyTests(QueuedTestCase):
    def setUp(self):
        super().setUp()
        self.exam = zip_bytes(phantom_files())

    def test_second_request_with_a_key_stores_nothing_more(self):
        first, second = (self.queue(self.exam, "k") for _ in range(2))
        self.assertEqual(first, second)
        self.assertEqual(self.stored(), [f"{first}.json", f"{first}.zip"])

    def test_key_that_came_with_another_body_leaves_nothing(self):
        self.queue(self.exam, "k")
        self.refused(self.send({"a": b"b"}, "k"), 409, "key_used")
        self.assertEqual(len(self.stored()), 2)

    def test_sender_who_comes_again_gets_what_the_worker_found(self):
        key = self.queue(self.exam, "k")
        read_exam(key)
        self.assertEqual(self.send(self.exam, "k").json()["positive_slices"], Study.objects.get().positive_slices)

    def test_exam_that_was_lost_makes_another_study_when_it_comes_again(self):
        key = self.queue(self.exam, "k")
        (self.store / f"{key}.zip").unlink()
        read_exam(key)
        again = self.send(self.exam, "k").json()
        self.assertEqual((again["state"], again["id"] == key, self.stored()), ("done", False, []))


class EndedTests(QueuedTestCase):
    def test_study_that_is_erased_while_it_waits_takes_its_archive_along(self):
        key = self.queue(phantom_files())
        receipt = self.client.delete(f"/studies/{key}/").json()
        self.assertEqual([each["name"] for each in receipt["files"]], [f"{key}.zip", f"{key}.json"])
        self.assertEqual(self.stored(), [])
        read_exam(key)
        self.assertEqual(Study.objects.count(), 0)

    def test_sender_who_hangs_up_ends_the_study_and_no_worker_begins_it(self):
        self.deliver.side_effect = None
        with mock.patch("breastcancer_api.clients._closed", return_value=True):
            self.client.post("/upload/", {"file": self.file(phantom_files())}, **{"gunicorn.socket": mock.Mock()})
        read_exam(str(Study.objects.get().pk))
        study = Study.objects.get()
        self.assertEqual((study.state, study.problem["code"], study.attempts), ("failed", "client_gone", 0))
        self.assertEqual(self.stored(), [])

    @override_settings(QUEUE=1)
    def test_one_more_than_the_queue_takes_is_503(self):
        self.queue(phantom_files())
        self.refused(self.send(phantom_files()), 503, "busy")
        self.assertEqual(len(self.stored()), 2)

    @override_settings(QUEUE=1)
    def test_who_comes_again_is_answered_while_the_queue_is_full(self):
        exam = zip_bytes(phantom_files())
        self.assertEqual(self.queue(exam, "k"), self.queue(exam, "k"))
        self.refused(self.send({"a": b"b"}, "k"), 409, "key_used")


class WithoutNetworksTests(QueuedTestCase):
    def setUp(self):
        super().setUp()
        self.enterContext(
            mock.patch.object(networks, "load_networks", side_effect=AssertionError("networks are loaded"))
        )
        networks.networks.cache_clear()
        self.addCleanup(networks.networks.cache_clear)

    def test_web_starts_without_networks_and_leaves_unfinished_studies_to_the_workers(self):
        Study.objects.create(state="reading")
        with (
            mock.patch.object(startup, "purge_now_and_then"),
            mock.patch.object(startup.sweeping, "sweep_now_and_then") as swept,
            mock.patch.object(startup, "tune_heaps"),
        ):
            startup.prepare()
        self.assertEqual((Study.objects.get().state, swept.call_count), ("reading", 1))

    def test_cards_and_what_is_in_a_zip_are_told_without_networks(self):
        self.assertEqual([each["role"] for each in self.client.get("/networks/").json()], ["single", "scantype"])
        self.assertTrue(self.send(phantom_files(), address="/validate/").json()["accepted"])

    def test_readiness_is_the_brokers(self):
        with mock.patch.object(readiness, "waiting", return_value=3):
            self.assertEqual(self.client.get("/readyz").json()["status"], "ready")
        with mock.patch.object(readiness, "waiting", side_effect=OperationalError):
            self.refused(self.client.get("/readyz"), 503, "unavailable")


class DeliveryTests(QueuedTestCase):
    def test_broker_that_is_away_does_not_fail_the_request(self):
        with mock.patch.object(tasks.read_exam, "apply_async", side_effect=OperationalError), self.assertLogs():
            tasks.deliver(Study.objects.create().pk)
