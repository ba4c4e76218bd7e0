import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.request import UnreadablePostError
from django.test import TestCase, override_settings

from breastcancer_api import sending, studies
from breastcancer_api.access import Throttle
from breastcancer_api.models import Study
from breastwise.storages import storage
from detection.pipeline import ScanResult
from detection.results import SliceResult
from detection.sources import SliceSource
from imaging.tests.slices import FEW_PIXELS, exam_files, slice_bytes, zip_bytes

FILE_NAME, STRUCTURE = "Invalid file name: no series.zip found. ", "Invalid folder structure. "
EXAM = Path(__file__).resolve().parents[4] / "shared" / "exam" / "series.zip"


class UploadFiles:
    """Folders of the test's own, that for work empty in the end, and no limit to how often it may send."""

    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch.object(Throttle, "THROTTLE_RATES", dict.fromkeys(Throttle.THROTTLE_RATES)))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work, self.results = Path(folder.name, "work"), Path(folder.name, "results")
        self.work.mkdir()
        storages = settings.STORAGES | {"results": storage(str(self.results))}
        override = override_settings(WORK_DIR=self.work, STORAGES=storages)
        override.enable()
        self.addCleanup(override.disable)
        self.addCleanup(self.assert_nothing_left)

    def assert_nothing_left(self):
        self.assertEqual(list(self.work.iterdir()), [])

    def file(self, files: dict[str, bytes] | bytes, name: str = "series.zip") -> SimpleUploadedFile:
        return SimpleUploadedFile(name, files if isinstance(files, bytes) else zip_bytes(files))


class UploadTestCase(UploadFiles, TestCase):
    def upload(self, content: bytes, name: str = "series.zip", part: str = "file", **headers):
        return self.client.post("/upload/", {part: SimpleUploadedFile(name, content)}, headers=headers)

    def exam(self, **changes: bytes | None) -> bytes:
        files = exam_files(count=2) | changes
        return zip_bytes({name: content for name, content in files.items() if content is not None})

    def refused(self, response, status: int, code: str) -> dict:
        self.assertEqual((response.status_code, response["Content-Type"]), (status, "application/problem+json"))
        body = response.json()
        self.assertEqual(sorted(body), ["code", "detail", "errors", "status", "title", "type"])
        self.assertEqual((body["status"], body["code"], body["type"]), (status, code, f"urn:breastwise:problem:{code}"))
        self.assertFalse(Study.objects.filter(state=Study.State.DONE).exists())
        return body


class AcceptedTests(UploadTestCase):
    def test_exam_answers_201_with_a_bare_array_and_where_its_study_is(self):
        response = self.upload(self.exam())
        self.assertEqual((response.status_code, response["Content-Type"]), (201, "application/json"))
        self.assertIsInstance(response.json(), list)
        self.assertEqual(response["Location"], f"/studies/{Study.objects.get().id}/")

    def test_slices_are_counted_from_1(self):
        rows = [SliceResult(number, 0.9, 1, 0.9, 1, int(number in (1, 3))) for number in (1, 2, 3)]
        source = SliceSource("001.dcm", 0.0, ("", "", "", ""))
        with mock.patch.object(studies, "scan", return_value=ScanResult(tuple(rows), (source,) * 3, (), (), ())):
            self.assertEqual(self.upload(b"any").json(), [1, 3])

    def test_address_may_lack_its_slash(self):
        archive = SimpleUploadedFile("series.zip", self.exam())
        self.assertEqual(self.client.post("/upload", {"file": archive}).status_code, 201)

    def test_name_of_digits_that_are_no_numbers(self):
        files = {name.replace("001.dcm", "²"): content for name, content in exam_files(count=1).items()}
        self.assertEqual(self.upload(zip_bytes(files)).status_code, 201)

    def test_study_behind_the_location_says_what_was_found_and_by_which_networks(self):
        response = self.upload(self.exam())
        study = self.client.get(response["Location"]).json()
        self.assertEqual((study["state"], study["slice_count"]), ("done", 2))
        self.assertEqual(study["warnings"], [FEW_PIXELS.format(32)])
        self.assertEqual(study["positive_slices"], response.json())
        self.assertEqual([each["role"] for each in study["networks"]], ["single", "scantype"])

    def test_answer_names_its_networks_and_what_they_are_for(self):
        told = self.upload(self.exam())["X-BreastWise-Networks"]
        self.assertRegex(
            told, r"^single \S+/\S+ sha256:[0-9a-f]{12}, scantype \S+/\S+ sha256:[0-9a-f]{12}; research use only$"
        )

    def test_client_that_accepts_nothing_we_speak_still_gets_json(self):
        self.assertEqual(self.upload(self.exam(), Accept="text/html").status_code, 201)

    def test_zip_of_a_file_manager_is_taken(self):
        files = {f"My Series/{name.replace('pre/', 'PRE/')}": content for name, content in exam_files(count=2).items()}
        files |= {"__MACOSX/My Series/pre/._001.dcm": b"x", "My Series/.DS_Store": b"x"}
        self.assertEqual(self.upload(zip_bytes(files)).status_code, 201)

    def test_files_beside_the_folders_are_told_without_their_names(self):
        response = self.upload(self.exam(**{"Doe Jane.txt": b"x"}))
        study = self.client.get(response["Location"]).json()
        self.assertEqual(study["warnings"], [FEW_PIXELS.format(32), "Not part of the exam, ignored: 1."])

    def test_real_slices_without_tumour_are_all_negative(self):
        if not EXAM.exists():
            self.skipTest("no real exam beside the checkout")
        response = self.upload(EXAM.read_bytes())
        self.assertEqual((response.status_code, response.json()), (201, []))
        study = self.client.get(response["Location"]).json()
        self.assertEqual((study["slice_count"], study["warnings"]), (24, []))


class RefusedTests(UploadTestCase):
    def test_no_file(self):
        body = self.refused(self.client.post("/upload/"), 400, "no_archive")
        told = "A multipart form with one part named 'file' is needed, holding series.zip; there are 0."
        self.assertEqual(body["detail"], FILE_NAME + told)

    def test_two_files(self):
        both = [SimpleUploadedFile("series.zip", self.exam()) for _ in range(2)]
        body = self.refused(self.client.post("/upload/", {"file": both}), 400, "no_archive")
        self.assertTrue(body["detail"].endswith("there are 2."))

    def test_form_that_cannot_be_read(self):
        response = self.client.post("/upload/", b"x", content_type="multipart/form-data")
        body = self.refused(response, 400, "bad_request")
        self.assertTrue(body["detail"].startswith(FILE_NAME))

    def test_empty_images(self):
        files = {name: slice_bytes(np.zeros((32, 32)), 1, 0.0) for name in exam_files(count=1)}
        body = self.refused(self.upload(zip_bytes(files)), 400, "no_signal")
        self.assertEqual(body["detail"], STRUCTURE + "pre holds no signal: every pixel has the same value.")

    def test_file_in_another_part(self):
        self.refused(self.upload(self.exam(), part="archive"), 400, "no_archive")

    def test_wrong_name(self):
        body = self.refused(self.upload(self.exam(), name="exam.zip"), 400, "no_archive")
        self.assertEqual(body["detail"], FILE_NAME + "The file is named 'exam.zip'; 'series.zip' is needed.")
        self.assertEqual(body["errors"][0]["file"], "exam.zip")

    def test_not_a_zip(self):
        body = self.refused(self.upload(b"hello"), 400, "not_a_zip")
        self.assertTrue(body["detail"].startswith(FILE_NAME))

    def test_nothing_but_clutter(self):
        for nothing in ({}, {"__MACOSX/pre/._001.dcm": b"x", "pre/.DS_Store": b"x"}):
            body = self.refused(self.upload(zip_bytes(nothing)), 400, "empty_archive")
            self.assertEqual(body["detail"], STRUCTURE + "There is no file in the archive.")

    def test_missing_folder(self):
        files = {name: content for name, content in exam_files(count=2).items() if "3rd" not in name}
        body = self.refused(self.upload(zip_bytes(files)), 400, "missing_folder")
        self.assertTrue(body["detail"].startswith(STRUCTURE + "No files in a folder named 3rd_pass"))

    def test_unequal_counts(self):
        body = self.refused(self.upload(self.exam(**{"2nd_pass/002.dcm": None})), 400, "unequal_counts")
        self.assertIn("they hold: pre 2, 1st_pass 2, 2nd_pass 1, 3rd_pass 2", body["detail"])

    def test_names_that_do_not_match(self):
        files = exam_files(2, ImagePositionPatient=None)
        files["2nd_pass/009.dcm"] = files.pop("2nd_pass/002.dcm")
        body = self.refused(self.upload(zip_bytes(files)), 400, "names_differ")
        told = "pre/002.dcm has no file of the same name in 2nd_pass, and not every file has a position."
        self.assertEqual(body["detail"], STRUCTURE + told)
        self.assertEqual(body["errors"][0]["file"], "pre/002.dcm")

    def test_file_that_is_no_dicom_image(self):
        body = self.refused(self.upload(self.exam(**{"1st_pass/002.dcm": b"text"})), 400, "not_a_dicom_image")
        self.assertEqual(body["detail"], STRUCTURE + "1st_pass/002.dcm is not a DICOM file.")

    def test_slices_of_a_few_pixels(self):
        body = self.refused(self.upload(zip_bytes(exam_files(2, rows=8))), 400, "too_few_pixels")
        self.assertEqual(body["detail"], "Not analysable. Slices have 8 x 8 pixels; 32 x 32 are the least.")

    def test_another_patients_slice(self):
        other = slice_bytes(np.zeros((32, 32)), 2, 2.0, PatientID="P2")
        body = self.refused(self.upload(self.exam(**{"1st_pass/002.dcm": other})), 400, "mixed_exams")
        self.assertNotIn("P2", body["detail"])

    @override_settings(MAX_UPLOAD_BYTES=1000)
    def test_upload_over_the_limit_is_413(self):
        self.refused(self.upload(self.exam()), 413, "limit_exceeded")

    @override_settings(MAX_UNPACKED_BYTES=3000)
    def test_archive_that_unpacks_over_the_limit_is_413(self):
        self.refused(self.upload(self.exam()), 413, "limit_exceeded")

    @override_settings(MAX_COMPRESSION_RATIO=1)
    def test_archive_over_the_compression_ratio_is_refused(self):
        self.refused(self.upload(self.exam()), 400, "compression_bomb")

    def test_chunked_body_is_411(self):
        self.refused(self.upload(self.exam(), **{"Transfer-Encoding": "chunked"}), 411, "length_required")

    def test_body_that_is_no_form_is_415(self):
        response = self.client.post("/upload/", b"{}", content_type="application/json")
        self.refused(response, 415, "unsupported_media_type")

    def test_other_methods_are_405_and_say_which_is_taken(self):
        response = self.client.get("/upload/")
        self.refused(response, 405, "method_not_allowed")
        self.assertEqual(response["Allow"], "POST, OPTIONS")

    def test_address_without_anything_is_404(self):
        self.refused(self.client.get("/nothing/"), 404, "not_found")
        self.refused(self.client.get("/studies/00000000-0000-0000-0000-000000000000/"), 404, "not_found")

    def test_foreign_host_name_is_400(self):
        self.refused(self.client.get("/livez", headers={"Host": "evil.example"}), 400, "bad_request")


class FailureTests(UploadTestCase):
    def test_body_that_broke_off_is_400(self):
        with mock.patch.object(sending, "uploaded_archive", side_effect=UnreadablePostError):
            self.refused(self.upload(b"any"), 400, "incomplete_body")

    @override_settings(REQUEST_TIMEOUT_SECONDS=-1)
    def test_exam_that_takes_too_long_to_be_read_is_504(self):
        body = self.refused(self.upload(self.exam()), 504, "time_up")
        self.assertEqual(body["detail"], "The work was not done within REQUEST_TIMEOUT_SECONDS.")
        self.assertEqual(Study.objects.get().state, Study.State.FAILED)
        self.refused(self.client.post("/validate/", {"file": self.file(self.exam())}), 504, "time_up")

    def test_unknown_failure_is_500_with_an_id_and_nothing_of_its_text(self):
        patient = "Doe^Jane"

        def fail(_archive, folder, *_):
            (folder / "pre").mkdir()
            raise RuntimeError(patient)

        with mock.patch.object(studies, "scan", fail), self.assertLogs("breastcancer_api.problems") as logged:
            body = self.refused(self.upload(self.exam()), 500, "internal_error")
        incident = body["detail"].rsplit(" ", 1)[1].rstrip(".")
        self.assertIn(f"incident {incident} in a study: RuntimeError", logged.output[0])
        self.assertNotIn("Doe", body["detail"] + logged.output[0])

    def test_refusal_logs_no_name_from_the_upload(self):
        with self.assertLogs(level="DEBUG") as logged:
            self.upload(self.exam(**{"pre/Doe Jane.dcm": b"text", "pre/002.dcm": None}))
        self.assertNotIn("Doe", "".join(logged.output))
