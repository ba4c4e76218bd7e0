import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import BoundedSemaphore
from unittest import mock

import cv2
import numpy as np
import pydicom
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from breastcancer_api import forms, heats, places, queued, tasks, views
from breastcancer_api.forms import FORMS
from breastcancer_api.models import AuditEvent, Study
from breastcancer_api.networks import cards, identity
from breastcancer_api.retention import purge
from breastcancer_api.tests.test_studies import StudiesTestCase, phantom_files
from imaging.exam import FOLDERS
from imaging.tests.slices import exam_files, write_files, zip_bytes
from nets.bundle import ROLES
from reports import planes
from reports.pictures import KINDS
from reports.tests.reports import a_report

POSITIVE = [2, 3]
OVER = [f"&heat={role}" for role in ROLES]


def decisions(*_: object) -> list[int]:
    """In the place of the networks' decisions, so that slices 2 and 3 of six are positive."""
    return [int(number in POSITIVE) for number in range(1, 7)]


class FormsTestCase(StudiesTestCase):
    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch("detection.pipeline.average_results", side_effect=decisions))

    def study(self) -> str:
        """Where a study is that is done."""
        return self.send("/studies/", phantom_files())["Location"]

    def problem(self, response, status: int) -> str:
        self.assertEqual((response.status_code, response["Content-Type"]), (status, "application/problem+json"))
        return response.json()["code"]


class FormsTests(FormsTestCase):
    def test_study_tells_what_it_found(self):
        (finding,) = self.client.get(self.study()).json()["findings"]
        self.assertEqual((finding["first_slice"], finding["last_slice"], finding["number"]), (2, 3, 1))
        self.assertIn(finding["best_slice"], POSITIVE)
        self.assertEqual(len(finding["peak"]["patient_position"]), 3)

    def test_every_form_is_answered_where_the_study_says(self):
        location = self.study()
        links = self.client.get(location).json()["links"]
        for form in FORMS:
            with self.subTest(form.file):
                (link,) = (link for link in links.values() if link.endswith(form.file))
                answer = self.client.get(link)
                self.assertEqual((answer.status_code, answer["Content-Type"]), (200, form.content_type))
                self.assertEqual(answer["Cache-Control"], "no-store")
                self.assertIn("research use only", answer["X-BreastWise-Networks"])
                name = f'attachment; filename="breastwise-{location.split("/")[2]}-{form.file}"'
                self.assertEqual(answer["Content-Disposition"], name)
                self.assertEqual(answer["X-Content-Type-Options"], "nosniff")

    def test_answer_tells_how_long_the_form_is(self):
        answer = self.client.get(f"{self.study()}overlays.zip")
        self.assertEqual(int(answer["Content-Length"]), len(answer.getvalue()))

    def test_form_that_fails_halfway_is_an_error_and_nothing_of_it_goes_out(self):
        location = self.study()
        with (
            mock.patch("reports.secondary_capture.grey", side_effect=[np.zeros((48, 48), np.float32), RuntimeError]),
            self.assertLogs("breastcancer_api.problems"),
        ):
            self.assertEqual(self.problem(self.client.get(f"{location}overlays.zip"), 500), "internal_error")

    def test_zip_is_written_image_by_image(self):
        report, file, written = a_report(), io.BytesIO(), []

        def heat(numbers):
            written.append(file.tell())
            return report.heat(numbers)

        (overlays,) = (form for form in FORMS if form.file == "overlays.zip")
        with mock.patch.object(planes, "AT_ONCE", 1):
            overlays.write(replace(report, heat=heat), file)
        self.assertEqual((written[0], len(written)), (0, len(report.positive_slices)))
        self.assertEqual(written, sorted(set(written)))

    def test_structured_report_is_of_the_same_patient_and_study(self):
        report = pydicom.dcmread(io.BytesIO(self.client.get(f"{self.study()}sr.dcm").getvalue()))
        source = pydicom.dcmread(io.BytesIO(phantom_files()["pre/001.dcm"]))
        for name in ("PatientName", "PatientID", "StudyInstanceUID"):
            self.assertEqual(report[name].value, source[name].value)
        self.assertNotEqual(report.SeriesInstanceUID, source.SeriesInstanceUID)

    def test_equal_requests_are_answered_with_equal_bytes(self):
        location = self.study()
        for form in FORMS:
            with self.subTest(form.file):
                one, other = (self.client.get(f"{location}{form.file}").getvalue() for _ in range(2))
                self.assertEqual(one, other)

    def test_overlays_are_a_series_of_the_positive_slices(self):
        with zipfile.ZipFile(io.BytesIO(self.client.get(f"{self.study()}overlays.zip").getvalue())) as archive:
            found = [pydicom.dcmread(io.BytesIO(archive.read(name))) for name in archive.namelist()]
        self.assertEqual(len(found), len(POSITIVE))
        self.assertEqual(len({each.SeriesInstanceUID for each in found}), 1)

    def test_study_without_a_positive_slice_has_no_heat_map(self):
        with mock.patch("detection.pipeline.average_results", return_value=[0] * 6):
            location = self.study()
        self.assertEqual(self.client.get(location).json()["findings"], [])
        self.assertEqual(self.problem(self.client.get(f"{location}heatmap.dcm"), 409), "no_positive_slice")
        self.assertEqual(self.client.get(f"{location}results.pdf").status_code, 200)

    def test_reading_a_form_leaves_a_trace(self):
        self.client.get(f"{self.study()}results.pdf")
        self.assertEqual(AuditEvent.objects.filter(action="read").count(), 1)

    def test_looking_at_many_pictures_leaves_one_trace_an_hour(self):
        location = self.study()
        for number in (1, 2, 3):
            self.client.get(f"{location}slices/{number}.png")
        self.assertEqual(AuditEvent.objects.filter(action="read").count(), 1)
        AuditEvent.objects.update(at=timezone.now() - timedelta(minutes=61))
        self.client.get(f"{location}slices/1.png")
        self.assertEqual(AuditEvent.objects.filter(action="read").count(), 2)

    def test_study_that_is_not_done_has_no_forms(self):
        study = Study.objects.create()
        self.assertEqual(self.problem(self.client.get(f"/studies/{study.pk}/results.pdf"), 409), "not_done")

    def test_after_the_retention_time_the_numbers_are_left(self):
        location = self.study()
        purge(timezone.now() + timedelta(hours=25))
        self.assertEqual(self.problem(self.client.get(f"{location}results.pdf"), 410), "not_kept")
        self.assertEqual(len(self.client.get(location).json()["findings"]), 1)

    @override_settings(RETENTION_HOURS=0)
    def test_with_no_time_there_is_nothing_to_look_at(self):
        self.assertEqual(self.problem(self.client.get(f"{self.study()}slices/2.png"), 410), "not_kept")


class HeadTests(FormsTestCase):
    """HEAD tells what GET would, and makes nothing."""

    def setUp(self):
        super().setUp()
        self.location = self.study()

    def head(self, address: str):
        with mock.patch.object(views, "made", None), mock.patch.object(views, "png", None):
            return self.client.head(f"{self.location}{address}")

    def test_headers_are_those_of_the_form_but_for_its_length(self):
        for address in (*(form.file for form in FORMS), "slices/2.png?heat=single"):
            with self.subTest(address):
                answer, whole = self.head(address), self.client.get(f"{self.location}{address}")
                self.assertEqual((answer.status_code, answer.getvalue()), (200, b""))
                del whole["Content-Length"], whole["X-Request-ID"], answer["X-Request-ID"]
                self.assertEqual(answer.headers, whole.headers)

    def test_leaves_no_trace(self):
        self.head("results.pdf")
        self.assertFalse(AuditEvent.objects.filter(action="read").exists())

    def test_form_that_cannot_be_made_is_told(self):
        with mock.patch("detection.pipeline.average_results", return_value=[0] * 6):
            self.location = self.study()
        for name, status in (("heatmap.dcm", 409), ("overlays.zip", 409), ("sr.dcm", 200), ("results.pdf", 200)):
            self.assertEqual(self.head(name).status_code, status)

    def test_what_is_not_there_is_not_found(self):
        self.assertEqual(self.head("slices/7.png").status_code, 404)
        self.assertEqual(self.head("slices/2.png?kind=x").status_code, 400)

    def test_pictures_that_are_not_kept_are_told(self):
        purge(timezone.now() + timedelta(hours=25))
        self.assertEqual(self.head("results.pdf").status_code, 410)


class PictureTests(FormsTestCase):
    def picture(self, address: str) -> np.ndarray:
        answer = self.client.get(address)
        self.assertEqual((answer.status_code, answer["Content-Type"]), (200, "image/png"), answer.content[:500])
        return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)

    def test_slice_in_every_kind(self):
        location = self.study()
        seen = {kind: self.picture(f"{location}slices/2.png?kind={kind}") for kind in KINDS}
        self.assertEqual({each.shape[:2] for each in seen.values()}, {(48, 48)})
        self.assertEqual(len({each.tobytes() for each in seen.values()}), len(KINDS))

    def test_heat_of_a_network_lies_over_it(self):
        location = self.study()
        plain, *heated = (self.picture(f"{location}slices/2.png?kind=1st_pass{over}") for over in ("", *OVER))
        for each in heated:
            self.assertFalse(np.array_equal(plain, each))

    def test_heat_is_made_once(self):
        location = self.study()
        with mock.patch.object(heats, "heat", wraps=heats.heat) as made:
            one, other = (self.client.get(f"{location}slices/5.png?heat=single").content for _ in range(2))
        self.assertEqual((made.call_count, one), (1, other))

    def test_full_disk_costs_the_kept_heat_and_not_the_picture(self):
        location = self.study()
        with mock.patch.object(forms.kept, "keep_heat", side_effect=OSError(28, "No space left on device")):
            self.picture(f"{location}slices/5.png?heat=single")

    def test_heat_of_other_networks_than_those_that_read_is_not_made(self):
        location = self.study()
        self.picture(f"{location}slices/5.png?heat=single")
        study = Study.objects.get()
        study.networks[1]["sha256"] = "0" * 64
        study.save()
        self.picture(f"{location}slices/5.png?heat=single")  # it was made before
        self.assertEqual(self.problem(self.client.get(f"{location}slices/4.png?heat=single"), 409), "networks_changed")
        self.assertEqual(self.client.get(f"{location}slices/4.png").status_code, 200)

    def test_one_form_too_many_at_once_is_asked_to_come_again(self):
        location = self.study()
        with mock.patch.object(places, "_making", BoundedSemaphore(1)), mock.patch.object(places, "MAKING_SECONDS", 0):
            with places.making():
                self.assertEqual(self.problem(self.client.get(f"{location}results.pdf"), 503), "busy")
            self.assertEqual(self.client.get(f"{location}results.pdf").status_code, 200)

    def test_study_that_is_erased_meanwhile_is_told(self):
        location = self.study()
        found = forms.kept.kept_exam

        def erased(key):
            Study.objects.all().delete()
            forms.kept.delete(key)
            return found(key)

        with mock.patch.object(forms.kept, "kept_exam", erased):
            self.assertEqual(self.problem(self.client.get(f"{location}results.pdf"), 410), "erased")

    def test_legend_lies_beside_the_slice(self):
        self.assertNotEqual(self.picture(f"{self.study()}slices/2.png?legend=1").shape[:2], (48, 48))

    def test_what_is_not_there_is_not_found(self):
        location = self.study()
        for number in (0, 7):
            self.assertEqual(self.problem(self.client.get(f"{location}slices/{number}.png"), 404), "not_found")

    def test_query_that_cannot_be_read_is_refused(self):
        location = self.study()
        for query in ("kind=x", "heat=x", "colour=red", "kind=curve_types&heat=single"):
            self.assertEqual(self.problem(self.client.get(f"{location}slices/2.png?{query}"), 400), "bad_query")


class CurveTests(FormsTestCase):
    def test_curve_of_a_place(self):
        files = phantom_files()
        told = self.client.get(f"{self.study()}slices/2/curve/?row=14&column=38").json()  # in a breast
        pixels = [pydicom.dcmread(io.BytesIO(files[f"{name}/002.dcm"])).pixel_array for name in FOLDERS]
        expected = [round(float(each[13:16, 37:40].mean()), 2) for each in pixels]
        np.testing.assert_allclose(told["brightness"], expected, atol=0.01)
        self.assertEqual((told["seconds"][0], len(told["seconds"])), (0.0, 4))
        self.assertIn(told["curve_type"], ("not enhancing", "persistent", "plateau", "wash-out"))

    def test_place_outside_the_slice_is_not_found(self):
        location = self.study()
        for query in ("row=48&column=0", "row=0&column=48"):
            answer = self.client.get(f"{location}slices/2/curve/?{query}")
            self.assertEqual(self.problem(answer, 404), "not_found")
            self.assertEqual(answer.json()["detail"], "The slices have 48 rows and 48 columns, counted from 0.")

    def test_place_that_cannot_be_read_is_refused(self):
        location = self.study()
        for query in ("row=-1&column=0", "row=1", "row=a&column=1"):
            self.assertEqual(self.problem(self.client.get(f"{location}slices/2/curve/?{query}"), 400), "bad_query")


class WorkersTests(FormsTestCase):
    """EXECUTION=celery: the web has no networks."""

    def asked(self, worker) -> mock.Mock:
        asked = mock.Mock(side_effect=worker)
        self.enterContext(mock.patch.object(queued, "ask_for_heat", asked))
        self.enterContext(override_settings(EXECUTION="celery"))
        return asked

    def test_worker_makes_the_heat_that_is_missing(self):
        location = self.study()
        asked = self.asked(lambda key, numbers: tasks.make_heat(str(key), numbers))
        for _ in range(2):
            self.assertEqual(self.client.get(f"{location}slices/2.png?heat=scantype").status_code, 200)
        self.assertEqual(asked.call_count, 1)

    def test_worker_that_finds_no_study_or_no_pictures_makes_nothing_and_tells_of_no_incident(self):
        study = Study.objects.create(networks=[identity(card) for card in cards()])
        with mock.patch.object(tasks, "incident") as told, mock.patch.object(heats, "heat") as made:
            for key in ("00000000-0000-0000-0000-000000000000", str(study.pk)):
                tasks.make_heat(key, [1])
        self.assertEqual((told.call_count, made.call_count), (0, 0))

    def test_heat_that_nobody_makes_is_given_up(self):
        location = self.study()
        self.asked(lambda *_: None)
        with override_settings(REQUEST_TIMEOUT_SECONDS=0):
            self.assertEqual(self.problem(self.client.get(f"{location}heatmap.dcm"), 504), "time_up")

    def test_who_waits_hears_that_the_pictures_are_gone(self):
        location = self.study()
        self.asked(lambda key, _: forms.kept.delete(key))
        self.assertEqual(self.problem(self.client.get(f"{location}heatmap.dcm"), 410), "not_kept")


class ScanCommandTests(FormsTestCase):
    def setUp(self):
        super().setUp()
        self.folder = self.results.parent / "exams"
        self.out = self.results.parent / "out"
        self.folder.mkdir()

    def scan(self, exam: Path, **options: bool) -> str:
        call_command("scan", exam, out=self.out, stdout=(told := io.StringIO()), **options)
        return told.getvalue()

    def written(self, folder: Path) -> set[str]:
        return {each.name for each in folder.iterdir()}

    def test_every_form_is_written(self):
        (self.folder / "a.zip").write_bytes(zip_bytes(phantom_files()))
        self.assertIn("positive_slices 2 3", self.scan(self.folder / "a.zip"))
        forms = {form.file for form in FORMS}
        self.assertEqual(self.written(self.out), {"results.json", "results.csv", "slices"} | forms)
        self.assertEqual(len(self.written(self.out / "slices")), len(POSITIVE) * (len(KINDS) - 1 + len(ROLES)))

    def test_numbers_are_those_of_the_server(self):
        (self.folder / "a.zip").write_bytes(zip_bytes(phantom_files()))
        self.scan(self.folder / "a.zip")
        here = json.loads((self.out / "results.json").read_text())
        there = self.client.get(f"{self.study()}results.json").json()
        for name in ("slices", "findings", "warnings", "networks", "positive_slices", "state", "slice_count"):
            self.assertEqual(here[name], there[name])

    def test_folder_is_an_exam(self):
        write_files(phantom_files(), self.folder)
        self.assertIn("state done", self.scan(self.folder))

    def test_each_exam_of_a_folder(self):
        (self.folder / "a.zip").write_bytes(zip_bytes(phantom_files()))
        write_files(phantom_files(), self.folder / "b")
        (self.folder / "c.zip").write_bytes(zip_bytes(exam_files(2) | {"pre/001.dcm": b"x"}))
        with self.assertRaises(SystemExit):
            self.scan(self.folder, each=True)
        self.assertEqual(self.written(self.out), {"a.zip", "b", "summary.csv"})
        lines = (self.out / "summary.csv").read_text().splitlines()
        self.assertEqual(
            [line.split(",")[:4] for line in lines[1:3]], [[n, "done", "6", "2 3"] for n in ("a.zip", "b")]
        )
        self.assertRegex(lines[3], "^c.zip,refused,.*not_a_dicom_image")

    def test_refused_exam_ends_with_its_reason(self):
        (self.folder / "a.zip").write_bytes(zip_bytes({"a.txt": b"x"}))
        with self.assertRaisesMessage(CommandError, "missing_passes"):
            self.scan(self.folder / "a.zip")

    def test_nothing_is_written_over(self):
        self.out.mkdir()
        (self.out / "mine").write_text("")
        with self.assertRaisesMessage(CommandError, "not written over"):
            self.scan(self.folder)

    def test_folder_of_zips_is_asked_about(self):
        (self.folder / "a.zip").write_bytes(b"")
        with self.assertRaisesMessage(CommandError, "--each"):
            self.scan(self.folder)

    def test_results_do_not_come_among_the_exams(self):
        self.out = self.folder / "out"
        with self.assertRaisesMessage(CommandError, "lies among the exams"):
            self.scan(self.folder, each=True)

    def test_owner_alone_may_read_reports(self):
        write_files(phantom_files(), self.folder)
        self.scan(self.folder)
        self.assertEqual(self.out.stat().st_mode & 0o777, 0o700)

    def test_exam_that_is_not_there(self):
        with self.assertRaisesMessage(CommandError, "is not there"):
            self.scan(self.folder / "b")
