import json
from unittest import mock

from breastcancer_api import remembered, studies
from breastcancer_api.claims import Erased
from breastcancer_api.models import AuditEvent, Study
from breastcancer_api.remembered import PASSPORT, PROBLEM, forget, remember
from breastcancer_api.tests.test_studies import StudiesTestCase, flat, phantom_files


class RememberedTests(StudiesTestCase):
    def setUp(self):
        super().setUp()
        self.study = Study.objects.create()

    def test_it_is_told_until_it_is_forgotten(self):
        for what in (PROBLEM, PASSPORT):
            remember(what, self.study, {"told": what})
        self.assertEqual(remembered.remembered(PASSPORT, self.study), {"told": "passport"})
        forget(self.study)
        self.assertEqual([remembered.remembered(what, self.study) for what in (PROBLEM, PASSPORT)], [None, None])

    def test_cache_that_is_away_is_asked_again_and_costs_the_text_alone(self):
        away = {"set": mock.Mock(side_effect=OSError("Doe")), "get": mock.Mock(side_effect=OSError("Doe"))}
        with mock.patch.multiple(remembered.cache, **away), self.assertLogs(remembered.log) as logged:
            remember(PROBLEM, self.study, {}, tries=(0, 0, 0))
            self.assertIsNone(remembered.remembered(PROBLEM, self.study))
        self.assertEqual(away["set"].call_count, 3)
        self.assertEqual(logged.records[0].getMessage(), "a problem could not be told: OSError")
        self.assertNotIn("Doe", str(logged.output))


class PassportTests(StudiesTestCase):
    def passport(self, study: str):
        return self.client.get(f"{study}passport/")

    def told(self, answer, status: int) -> str:
        self.assertEqual((answer.status_code, answer["Content-Type"]), (status, "application/problem+json"))
        return answer.json()["code"]

    def test_it_says_what_validation_says(self):
        files = flat(phantom_files()) | {"export/Doe Jane.txt": b"hello"}
        study = self.send("/studies/", files).json()
        answer = self.client.get(study["links"]["passport"])
        wanted = self.send("/validate/", files).json()
        self.assertEqual((answer.status_code, answer["Cache-Control"]), (200, "no-store"))
        judged = ("accepted", "problems", "problem_count")
        self.assertEqual(answer.json(), {name: wanted[name] for name in wanted if name not in judged})
        self.assertIn("export/Doe Jane.txt", answer.content.decode())

    def test_four_folders_are_told_too(self):
        body = self.passport(self.send("/upload/", phantom_files(), "series.zip")["Location"]).json()
        self.assertEqual((body["slice_count"], len(body["passes"]), len(body["series"])), (6, 4, 4))

    def test_it_is_there_before_the_networks_run(self):
        seen = []

        def analysed(*_):
            seen.append(self.passport(f"/studies/{Study.objects.get().pk}/").json()["slice_count"])
            raise RuntimeError

        with mock.patch("detection.pipeline.process_single", analysed), self.assertLogs("breastcancer_api.problems"):
            self.send("/studies/", phantom_files())
        self.assertEqual(seen, [6])

    def test_nothing_of_it_is_written(self):
        files = {name.replace("pre/", "Doe Jane/"): content for name, content in phantom_files().items()}
        self.send("/studies/", files)
        study = Study.objects.get()
        self.assertIn("Doe Jane", json.dumps(studies.passport_of(study)))
        self.assertNotIn("Doe", str(Study.objects.values()) + str(AuditEvent.objects.values()))

    def test_before_the_exam_is_read_it_is_409(self):
        for state in ("queued", "reading", "analysing"):
            study = Study.objects.create(state=state)
            self.assertEqual(self.told(self.passport(f"/studies/{study.pk}/"), 409), "not_read")

    def test_an_hour_later_it_is_410(self):
        location = self.send("/studies/", phantom_files())["Location"]
        remembered.cache.clear()
        self.assertEqual(self.told(self.passport(location), 410), "not_kept")

    def test_exam_that_was_refused_unread_has_none(self):
        self.send("/studies/", {"a.txt": b"x"})
        self.assertEqual(self.told(self.passport(f"/studies/{Study.objects.get().pk}/"), 410), "not_kept")

    def test_it_goes_with_the_study(self):
        location = self.send("/studies/", phantom_files())["Location"]
        study = Study.objects.get()
        self.client.delete(location)
        self.assertIsNone(remembered.remembered(PASSPORT, study))

    def test_study_that_was_erased_while_it_was_read_leaves_none(self):
        with mock.patch.object(studies, "write", side_effect=Erased):
            self.send("/studies/", phantom_files())
        self.assertIsNone(remembered.remembered(PASSPORT, Study.objects.get()))

    def test_asking_leaves_a_trace_once_the_study_has_ended(self):
        self.passport(self.send("/studies/", phantom_files())["Location"])
        self.assertEqual(AuditEvent.objects.filter(action="read").count(), 1)
