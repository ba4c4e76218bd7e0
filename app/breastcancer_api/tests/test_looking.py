import gzip
import tempfile
from datetime import timedelta
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.utils import timezone

from breastcancer_api import forms, heats, looking, queued, tasks
from breastcancer_api.access import Throttle
from breastcancer_api.models import AuditEvent, Study
from breastcancer_api.retention import purge
from breastcancer_api.tests.test_forms import FormsTestCase, decisions
from breastcancer_api.tests.test_studies import phantom_files
from breastwise.storages import storage
from imaging.tests.slices import zip_bytes
from reports.brightness import brightness, projection
from reports.layers import LAYERS


class LookingTestCase(FormsTestCase):
    """A study of six slices, 2 and 3 of them positive. It is sent once, and what is kept of it lies there anew for each
    test."""

    @classmethod
    def setUpTestData(cls):
        with (
            tempfile.TemporaryDirectory() as folder,
            override_settings(WORK_DIR=Path(folder), STORAGES=settings.STORAGES | {"results": storage(folder)}),
            mock.patch.object(Throttle, "THROTTLE_RATES", dict.fromkeys(Throttle.THROTTLE_RATES)),
            mock.patch("detection.pipeline.average_results", side_effect=decisions),
        ):
            exam = SimpleUploadedFile("exam.zip", zip_bytes(phantom_files()))
            cls.location = cls.client_class().post("/studies/", {"file": exam})["Location"]
            cls.key = Study.objects.get().pk
            cls.pictures = Path(folder, str(cls.key), "exam.zip").read_bytes()

    def setUp(self):
        super().setUp()
        kept = self.results / str(self.key) / "exam.zip"
        kept.parent.mkdir(parents=True)
        kept.write_bytes(self.pictures)
        self.addCleanup(forms.kept._shelf.drop, self.key)

    def get(self, path: str, **headers: str):
        return self.client.get(f"{self.location}{path}", headers=headers)

    def numbers(self, path: str, shape: tuple[int, ...]) -> np.ndarray:
        answer = self.get(path)
        self.assertEqual((answer.status_code, answer["Content-Type"]), (200, "application/octet-stream"))
        return np.frombuffer(answer.content, "<i2").reshape(shape)

    def layer(self, name: str, number: int = 2) -> np.ndarray:
        answer = self.get(f"slices/{number}/layers/{name}.png")
        self.assertEqual((answer.status_code, answer["Content-Type"]), (200, "image/png"), answer.content[:500])
        return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)


class PicturesTests(LookingTestCase):
    def test_what_there_is_to_look_at(self):
        body = self.client.get(self.client.get(self.location).json()["links"]["pictures"]).json()
        self.assertEqual([body[name] for name in ("rows", "columns", "slice_count")], [48, 48, 6])
        self.assertEqual(body["edges"], {"left": "R", "right": "L", "top": "A", "bottom": "P"})
        self.assertEqual(body["slice_normal"], {"negative": "feet", "positive": "head"})
        self.assertEqual(body["windows"], {"pass": [0, 3072], "subtraction": [0, 2458]})
        self.assertEqual(len(body["pixel_spacing_mm"]), 2)
        self.assertEqual([each["name"] for each in body["passes"]], ["pre", "1st_pass", "2nd_pass", "3rd_pass"])
        self.assertEqual(body["passes"][0], {"name": "pre", "title": "before contrast", "seconds": 0.0})
        self.assertIn("never seen a patient", body["research"])

    def test_layers_say_what_their_colours_mean(self):
        layers = {each["name"]: each for each in self.get("pictures/").json()["layers"]}
        self.assertEqual(list(layers), list(LAYERS))
        (ramp,) = layers["heat-scantype"]["legend"]
        self.assertEqual((ramp["low"], ramp["high"], len(ramp["colours"])), ("less", "most", 16))
        self.assertEqual((ramp["colours"][0], ramp["colours"][-1]), ("#fed976", "#e31a1c"))
        self.assertEqual(
            layers["curve_types"]["legend"],
            [
                {"colour": "#337ad6", "text": "persistent"},
                {"colour": "#f5d000", "text": "plateau"},
                {"colour": "#e31a1c", "text": "wash-out"},
            ],
        )

    def test_exam_whose_headers_are_silent_has_no_sides(self):
        with forms.kept.kept_exam(self.key) as exam:
            description = exam.description
            stack = type(exam.stack)(48, 48, None, None, (None,) * 6)
            exam.description = type(description)(stack, description.sources, None, description.header)
            body = looking.pictures_of(Study.objects.get(), exam)
        told = (body["pixel_spacing_mm"], body["edges"], body["slice_normal"], body["passes"][0]["seconds"])
        self.assertEqual(told, (None, None, None, None))


class PixelsTests(LookingTestCase):
    def test_slice_before_and_in_each_pass(self):
        with forms.kept.kept_exam(self.key) as exam:
            np.testing.assert_array_equal(self.numbers("slices/2/pixels", (4, 48, 48)), brightness(exam, 2))

    def test_projection(self):
        with forms.kept.kept_exam(self.key) as exam:
            np.testing.assert_array_equal(self.numbers("projection/pixels", (48, 48)), projection(exam))

    def test_client_that_accepts_gzip_gets_it(self):
        for path in ("slices/2/pixels", "projection/pixels"):
            plain, answer = self.get(path), self.get(path, accept_encoding="gzip")
            self.assertEqual(answer["Content-Encoding"], "gzip")
            self.assertIn("Accept-Encoding", answer["Vary"])
            self.assertEqual(gzip.decompress(answer.content), plain.content)

    def test_a_slice_is_opened_once_for_all_who_look(self):
        with mock.patch.object(forms.kept._shelf, "_opening", wraps=forms.kept._shelf._opening) as opened:
            for number in (1, 2, 3):
                self.numbers(f"slices/{number}/pixels", (4, 48, 48))
        self.assertEqual(opened.call_count, 1)

    def test_study_that_another_process_erased_is_not_shown_from_what_is_open(self):
        self.get("slices/2/pixels")
        (self.results / str(self.key) / "exam.zip").unlink()
        self.assertEqual(self.problem(self.get("slices/2/pixels"), 410), "not_kept")


class LayerTests(LookingTestCase):
    def test_each_lies_over_the_slice(self):
        seen = {name: self.layer(name) for name in LAYERS}
        self.assertEqual({each.shape for each in seen.values()}, {(48, 48, 4)})
        self.assertEqual(len({each.tobytes() for each in seen.values()}), len(LAYERS))

    def test_heat_of_positive_slices_side_by_side_is_made_at_once(self):
        with mock.patch.object(heats, "make", wraps=heats.make) as made:
            self.layer("heat-scantype", 2)
            self.layer("heat-single", 3)
            self.layer("heat-scantype", 5)
        self.assertEqual([list(call.args[1]) for call in made.call_args_list], [[2, 3], [5]])

    def test_heat_that_another_made_while_this_waited_is_not_made_again(self):
        heats.make(Study.objects.get(), [2])
        with mock.patch.object(heats, "make") as made:
            found = looking._made(Study.objects.get(), [2, 3], 2, lambda: None)
        self.assertEqual((list(found), made.call_count), ([2], 0))

    def test_those_far_away_and_those_that_are_negative_are_left(self):
        study = Study(positive_slices=[1, 2, 7, 9, 10, 11, 12])
        self.assertEqual(looking._together(study, 7), [7, 9, 10, 11])
        self.assertEqual(looking._together(study, 8), [8])

    def test_layer_that_there_is_not_is_not_found(self):
        for name in ("heat-both", "pre", "x"):
            self.assertEqual(self.problem(self.get(f"slices/2/layers/{name}.png"), 404), "not_found")

    def test_heat_of_other_networks_than_those_that_read_is_not_made(self):
        study = Study.objects.get()
        study.networks[1]["sha256"] = "0" * 64
        study.save()
        self.assertEqual(self.problem(self.get("slices/2/layers/heat-single.png"), 409), "networks_changed")
        self.layer("curve_types")

    def test_worker_makes_the_heat_that_is_missing(self):
        asked = mock.Mock(side_effect=lambda key, numbers: tasks.make_heat(str(key), numbers))
        with mock.patch.object(queued, "ask_for_heat", asked), override_settings(EXECUTION="celery"):
            self.layer("heat-scantype")
        self.assertEqual([each.args[1] for each in asked.call_args_list], [[2, 3]])


class PatientTests(LookingTestCase):
    def test_whose_it_is_as_the_headers_say(self):
        answer = self.client.get(self.client.get(self.location).json()["links"]["patient"])
        self.assertEqual((answer.status_code, answer["Cache-Control"]), (200, "no-store"))
        self.assertEqual(
            answer.json(),
            {
                "patient_name": "Phantom^Seed7",
                "patient_id": "PHANTOM-7",
                "patient_birth_date": "",
                "study_date": "20200101",
                "accession_number": "",
            },
        )

    def test_each_who_asks_leaves_a_trace_that_names_nobody(self):
        for _ in range(2):
            self.get("patient/")
        traces = AuditEvent.objects.filter(action="named")
        self.assertEqual((traces.count(), traces[0].study), (2, self.key))
        self.assertNotIn("Phantom", str(traces.values()))

    def test_who_is_not_answered_leaves_none(self):
        forms.kept.delete(self.key)
        self.assertEqual(self.problem(self.get("patient/"), 410), "not_kept")
        other = Study.objects.create()
        self.assertEqual(self.problem(self.client.get(f"/studies/{other.pk}/patient/"), 409), "not_done")
        self.assertFalse(AuditEvent.objects.filter(action="named").exists())


PARTS = ("pictures/", "slices/2/pixels", "projection/pixels", "slices/2/layers/curve_types.png")


class AllTests(LookingTestCase):
    def test_nothing_stays_in_a_cache_and_all_name_their_networks(self):
        for path in PARTS:
            answer = self.get(path)
            self.assertEqual((answer.status_code, answer["Cache-Control"]), (200, "no-store"), path)
            self.assertIn("research use only", answer["X-BreastWise-Networks"])

    def test_looking_leaves_one_trace(self):
        for path in PARTS:
            self.get(path)
        self.assertEqual(AuditEvent.objects.filter(action="read").count(), 1)

    def test_parameter_that_is_not_known_is_refused(self):
        parts = (*PARTS, "", "passport/", "patient/", "results.json", "results.csv", "sr.dcm", "slices/2/curve/")
        for path in parts:
            answer = self.get(f"{path}?windw=1")
            self.assertEqual(self.problem(answer, 400), "bad_query", path)
            self.assertEqual(answer.json()["detail"], "windw: There is no such parameter.")
        self.assertEqual(self.problem(self.client.delete(f"{self.location}?dry=1"), 400), "bad_query")
        self.assertEqual(self.get("").status_code, 200)

    def test_slice_that_there_is_not_is_not_found(self):
        for path in ("slices/0/pixels", "slices/7/pixels", "slices/7/layers/curve_types.png"):
            self.assertEqual(self.problem(self.get(path), 404), "not_found")

    def test_study_that_is_not_done_or_not_kept_has_none(self):
        purge(timezone.now() + timedelta(hours=25))
        for path in (*PARTS, "slices/2/layers/heat-single.png"):
            self.assertEqual(self.problem(self.get(path), 410), "not_kept")
        self.location = f"/studies/{Study.objects.create().pk}/"
        for path in PARTS:
            self.assertEqual(self.problem(self.get(path), 409), "not_done")
