import re
from datetime import datetime, timedelta
from unittest import mock

from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import TestCase, override_settings
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from breastcancer_api import exposition, metrics, readiness, studies, sweeping
from breastcancer_api.models import Study, Token
from breastcancer_api.tests.test_studies import StudiesTestCase, phantom_files
from breastcancer_api.tests.test_upload import UploadTestCase

STAGES = ("reading", "preparing", "networks", "findings", "keeping")


def value(name: str, **labels: object) -> float:
    return REGISTRY.get_sample_value(name, {key: str(each) for key, each in labels.items()}) or 0.0


class CountedTests(StudiesTestCase):
    """How much more each figure is after the body."""

    def grown(self, name: str, **labels: object):
        before = value(name, **labels)
        return lambda: value(name, **labels) - before

    def test_exam_that_is_answered_counts_once_with_its_slices_and_the_seconds_of_each_stage(self):
        exams = self.grown("breastwise_exams_total", state="done", code="")
        slices = self.grown("breastwise_slices_total")
        stages = [self.grown("breastwise_stage_seconds_count", stage=stage) for stage in STAGES]
        self.send("/studies/", phantom_files())
        self.assertEqual((exams(), slices(), [each() for each in stages]), (1, 6, [1] * 5))

    def test_stages_together_are_the_work(self):
        seconds = [self.grown("breastwise_stage_seconds_sum", stage=stage) for stage in STAGES]
        answer = self.send("/studies/", phantom_files()).json()
        begun, ended = (datetime.fromisoformat(answer[name]) for name in ("started_at", "finished_at"))
        self.assertGreater(sum(each() for each in seconds), 0.5 * (ended - begun).total_seconds())

    def test_refusal_counts_by_its_code_and_no_stage_but_those_that_were_done(self):
        refused = self.grown("breastwise_exams_total", state="refused", code="missing_folder")
        answered = self.grown("breastwise_problems_total", code="missing_folder")
        done = self.grown("breastwise_stage_seconds_count", stage="networks")
        self.send("/upload/", {"a/1.dcm": b"a"}, "series.zip")
        self.assertEqual((refused(), answered(), done()), (1, 1, 0))

    def test_error_before_there_is_a_study_counts_by_its_code(self):
        answered = self.grown("breastwise_problems_total", code="no_archive")
        self.client.post("/upload/")
        self.assertEqual(answered(), 1)

    def test_incident_counts(self):
        failed = self.grown("breastwise_exams_total", state="failed", code="internal_error")
        incidents = self.grown("breastwise_incidents_total")
        with mock.patch.object(studies, "scan", side_effect=RuntimeError), self.assertLogs(level="ERROR"):
            self.send("/studies/", phantom_files())
        self.assertEqual((failed(), incidents()), (1, 1))

    def test_exams_that_end_without_their_process_count(self):
        interrupted = self.grown("breastwise_exams_total", state="failed", code="interrupted")
        lost = self.grown("breastwise_exams_total", state="failed", code="worker_lost")
        Study.objects.create(state="reading", attempts=2, seen_at="2020-01-01T00:00Z")
        with self.assertLogs("breastcancer_api.sweeping"):
            sweeping.give_up()
        for _ in range(2):
            Study.objects.create(state="reading")
        studies.interrupt(Study.objects.all())
        self.assertEqual((interrupted(), lost()), (2, 1))

    def test_exam_is_in_hand_while_it_is_read(self):
        seen = []

        def scan(*_, **__):
            seen.append(value("breastwise_exams_in_hand"))
            raise RuntimeError

        with mock.patch.object(studies, "scan", scan), self.assertLogs(level="ERROR"):
            self.send("/studies/", phantom_files())
        self.assertEqual((seen, value("breastwise_exams_in_hand")), ([1.0], 0.0))


class RequestsTests(TestCase):
    def counted(self, view: str, method: str, status: int) -> float:
        return value("breastwise_requests_total", view=view, method=method, status=status)

    def test_request_counts_by_view_method_and_status(self):
        before = self.counted("study", "GET", 404), value("breastwise_request_seconds_count", view="study")
        self.client.get("/studies/00000000-0000-4000-8000-000000000000/")
        after = self.counted("study", "GET", 404), value("breastwise_request_seconds_count", view="study")
        self.assertEqual(after, (before[0] + 1, before[1] + 1))

    def test_what_a_client_thinks_up_is_no_label(self):
        before = self.counted("other", "GET", 404), self.counted("livez", "other", 405)
        self.client.get("/Doe^Jane/")
        self.client.generic("DOE", "/livez")
        after = self.counted("other", "GET", 404), self.counted("livez", "other", 405)
        self.assertEqual(after, (before[0] + 1, before[1] + 1))


class ExpositionTests(UploadTestCase):
    def figures(self, **headers: str) -> dict[tuple, float]:
        """By name and labels, in the order of their names, as Prometheus reads them."""
        answer = self.client.get("/metrics", headers=headers)
        self.assertEqual(answer["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        families = text_string_to_metric_families(answer.content.decode())
        samples = (each for family in families for each in family.samples)
        return {(each.name, *(label for _, label in sorted(each.labels.items()))): each.value for each in samples}

    def test_how_things_stand_is_told(self):
        for state in ("queued", "queued", "reading", "done"):
            Study.objects.create(state=state)
        Study.objects.filter(state="queued").update(created_at=timezone.now() - timedelta(seconds=90))
        found = self.figures()
        told = {state: found["breastwise_studies", state] for state in ("queued", "reading", "analysing")}
        self.assertEqual(told, {"queued": 2, "reading": 1, "analysing": 0})
        self.assertEqual(round(found["breastwise_longest_wait_seconds",], -1), 90)
        self.assertEqual([found["breastwise_places", state] for state in ("reading", "queued")], [8, 16])
        self.assertEqual({found["breastwise_ready", name] for name in readiness.parts()}, {1.0})
        self.assertGreater(found["breastwise_free_bytes", "work"], 1e6)
        self.assertGreater(found["process_resident_memory_bytes",], 1e6)

    def test_without_its_database_the_server_tells_the_rest(self):
        with (
            mock.patch.object(exposition, "_unfinished", side_effect=OperationalError),
            mock.patch.object(readiness, "_database", side_effect=readiness.Missing("away")),
        ):
            found = self.figures()
        self.assertEqual((found["breastwise_ready", "database"], found["breastwise_ready", "work"]), (0.0, 1.0))
        self.assertNotIn(("breastwise_studies", "queued"), found)

    def test_networks_in_use_are_told_by_version_and_hash(self):
        metrics.uses({"role": "single", "name": "n", "version": "1", "sha256": "ab"})
        self.assertEqual(self.figures()["breastwise_network_info", "n", "single", "ab", "1"], 1)

    def test_prometheus_is_known_by_a_token_where_others_are(self):
        with override_settings(ANONYMOUS=False):
            self.assertEqual(self.client.get("/metrics").status_code, 401)
            _, token = Token.objects.create(user=User.objects.create(username="prometheus"), name="figures")
            self.assertTrue(self.figures(Authorization=f"Bearer {token}"))

    def test_token_of_prometheus_shows_nobodys_studies(self):
        user = User.objects.create(username="prometheus")
        Study.objects.create(owner=User.objects.create(username="radiology"), state="done")
        self.assertEqual(Study.objects.of(user).count(), 0)

    def test_no_figure_names_a_study_a_user_or_what_a_sender_wrote(self):
        user = User.objects.create(username="radiology")
        self.client.force_login(user)
        files = {f"{name}/Doe^Jane 19700101.dcm": b"text" for name in ("pre", "1st_pass", "2nd_pass", "3rd_pass")}
        self.client.post("/studies/", {"file": self.file(files, "Doe^Jane.zip")}, headers={"X-Request-ID": "Doe"})
        self.client.get("/studies/Doe^Jane/?state=Doe")
        self.assertEqual(Study.objects.get().state, "refused")
        told = str(list(self.figures()))
        self.assertIn("not_a_dicom_image", told)
        for name in ("Doe", "Jane", "1970", "radiology", str(Study.objects.get().pk), str(self.work)):
            self.assertNotIn(name, told)
        self.assertEqual(re.findall("[0-9a-f]{8}-[0-9a-f]{4}-", told), [])


class WorkerTests(TestCase):
    def serve(self, place) -> mock.Mock:
        with override_settings(WORKER_METRICS=place), mock.patch.object(exposition, "start_http_server") as started:
            exposition.serve_worker()
        return started

    def test_worker_listens_where_it_is_told(self):
        self.serve(("127.0.0.1", 9464)).assert_called_once_with(9464, "127.0.0.1")
        self.serve(None).assert_not_called()

    def test_worker_that_cannot_listen_reads_exams_all_the_same(self):
        taken = mock.patch.object(exposition, "start_http_server", side_effect=OSError(98, "Address already in use"))
        with override_settings(WORKER_METRICS=("127.0.0.1", 1)), taken, self.assertLogs(level="ERROR") as told:
            exposition.serve_worker()
        self.assertIn("WORKER_METRICS cannot be listened at: Address already in use", told.output[0])
