import functools
import io
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pydicom
from django.core.files.uploadedfile import SimpleUploadedFile

from breastcancer_api.models import Slice, Study
from breastcancer_api.tests.test_upload import EXAM, UploadTestCase
from imaging.exam import FOLDERS
from imaging.tests.slices import exam_files, zip_bytes
from phantom.dicom import dicom_bytes
from phantom.exam import PASSES, Exam, Protocol

PROTOCOL = Protocol(48, 48, 6)
DESCRIPTIONS = ("ax dyn pre", "ax dyn 1st pass", "ax dyn 2nd pass", "ax dyn 3rd pas")


def phantom_files() -> dict[str, bytes]:
    """``pre/001.dcm`` and so on: a small phantom in the four folders."""
    return dict(_phantom_files())


@functools.cache
def _phantom_files() -> dict[str, bytes]:
    exam = Exam(7, PROTOCOL)
    files = {}
    for index in range(PROTOCOL.slices):
        for k, pixels in enumerate(exam.slice(index)):
            files[f"{PASSES[k]}/{index + 1:03d}.dcm"] = dicom_bytes(exam, index, k, pixels)
    return files


def flat(files: dict[str, bytes], seed: int = 0) -> dict[str, bytes]:
    """The same files in one folder, under names in no order."""
    names = np.random.default_rng(seed).permutation(len(files))
    return {f"export/IM{name:05d}": content for name, content in zip(names, files.values(), strict=True)}


def numbers(study: str) -> list[tuple]:
    """What the networks say of each slice of ``study``."""
    columns = ("number", "single_probability", "single_decision", "scantype_probability", "scantype_decision", "fused")
    return list(Slice.objects.filter(study=study).values_list(*columns))


class StudiesTestCase(UploadTestCase):
    def send(self, address: str, files: dict[str, bytes] | bytes, name: str = "exam.zip", **fields: str):
        return self.client.post(address, {"file": self.file(files, name), **fields})


class StudiesTests(StudiesTestCase):
    def test_flat_folder_gives_the_same_study_as_four_folders(self):
        files = phantom_files()
        answers = [self.send("/studies/", each).json() for each in (files, flat(files))]
        self.assertEqual([each["state"] for each in answers], ["done", "done"])
        for name in ("slice_count", "positive_slices"):
            self.assertEqual(answers[0][name], answers[1][name])
        rows = [numbers(each["id"]) for each in answers]
        self.assertEqual(rows[0], rows[1])

    def test_study_is_answered_where_its_location_says(self):
        answer = self.send("/studies/", phantom_files())
        self.assertEqual(answer.status_code, 201)
        self.assertIn("research use only", answer["X-BreastWise-Networks"])
        self.assertEqual(self.client.get(answer["Location"]).json(), answer.json())

    def test_passes_that_are_not_clear_are_refused_with_the_candidates(self):
        body = self.refused(self.send("/studies/", flat(exam_files(3))), 400, "ambiguous_passes")
        self.assertIn("with each phase in a series or a folder of its own it can be read", body["detail"])

    def test_form_fields_say_which_is_which(self):
        files = {}
        for name, content in phantom_files().items():
            files[
                name.replace("pre/", "a/").replace("1st_pass", "b").replace("2nd_pass", "c").replace("3rd_pass", "d")
            ] = content
        wrong = self.send("/studies/", files, pre="b", pass_1="a", pass_2="c", pass_3="d")
        self.refused(wrong, 400, "passes_out_of_order")
        right = self.send("/studies/", files, pre="a", pass_1="b", pass_2="c", pass_3="d")
        self.assertEqual(right.status_code, 201)

    def test_fields_that_say_nothing_readable_are_refused(self):
        four = {"pre": "a", "pass_1": "b", "pass_2": "c", "pass_3": "d"}
        text = SimpleUploadedFile("p.txt", b"a")
        for fields in (four | {"pass1": "b"}, four | {"pre": ""}, four | {"pre": text}, four | {"pre": ["a", "b"]}):
            self.refused(self.send("/studies/", phantom_files(), **fields), 400, "unknown_field")

    def test_series_whose_files_share_names_in_another_order_are_matched_by_position(self):
        files = phantom_files()
        turned = {name: content for name, content in files.items() if not name.startswith("2nd_pass")}
        turned |= {f"2nd_pass/{7 - i:03d}.dcm": files[f"2nd_pass/{i:03d}.dcm"] for i in range(1, 7)}
        renamed = [{name.replace("_pass", "_series"): each[name] for name in each} for each in (files, turned)]
        answers = [self.send("/studies/", each).json()["id"] for each in renamed]
        rows = [numbers(answer) for answer in answers]
        self.assertEqual(rows[0], rows[1])

    def test_file_that_is_left_out_is_named_where_passes_are_missing(self):
        files = flat(phantom_files()) | {"export/broken": b"nothing"}
        only = {name: files[name] for name in list(files)[:6]} | {"export/broken": b"nothing"}
        body = self.refused(self.send("/studies/", only), 400, "missing_passes")
        self.assertIn(
            "Files left out as no MR slices: 1; the first: export/broken is not a DICOM file.", body["detail"]
        )

    def test_addresses_that_take_an_exam_may_lack_their_slash(self):
        answers = [self.send(address, phantom_files()) for address in ("/studies", "/validate")]
        self.assertEqual([each.status_code for each in answers], [201, 200])

    def test_any_name_of_the_zip_is_taken(self):
        self.assertEqual(self.send("/studies/", phantom_files(), name="anything.zip").status_code, 201)


class ValidateTests(StudiesTestCase):
    def test_passport_of_a_flat_exam(self):
        answer = self.send("/validate/", flat(phantom_files()) | {"export/readme.txt": b"hello"})
        body = answer.json()
        self.assertEqual((answer.status_code, body["accepted"], body["slice_count"]), (200, True, 6))
        self.assertEqual(
            [each["series_description"] for each in body["passes"]],
            ["ax dyn pre", "ax dyn 1st pass", "ax dyn 2nd pass", "ax dyn 3rd pass"],
        )
        self.assertEqual(body["passes"][0]["seconds_after_pre"], 0.0)
        self.assertEqual(body["geometry"]["orientation"], "axial")
        self.assertEqual([each["label"] for each in body["ignored"]], ["export/readme.txt"])
        self.assertEqual(Study.objects.count(), 0)

    def test_every_file_that_is_damaged_is_told(self):
        files = phantom_files()
        for name in ("1st_pass/003.dcm", "2nd_pass/002.dcm"):
            files[name] = files[name][:-100]  # pixels are missing
        body = self.send("/validate/", files).json()
        self.assertFalse(body["accepted"])
        self.assertEqual({each["code"] for each in body["problems"]}, {"not_a_dicom_image"})
        named = [each["errors"][0]["file"] for each in body["problems"]]
        self.assertEqual(named, ["1st_pass/003.dcm", "2nd_pass/002.dcm"])
        self.assertEqual((body["slice_count"], body["geometry"]["orientation"]), (6, "axial"))

    def test_every_file_that_is_no_slice_is_told_with_what_else_is_there(self):
        files = phantom_files() | {"pre/001.dcm": b"hello", "3rd_pass/005.dcm": b"hello"}
        body = self.send("/validate/", files).json()
        self.assertEqual([each["errors"][0]["file"] for each in body["problems"]], ["pre/001.dcm", "3rd_pass/005.dcm"])
        self.assertEqual([each["slice_count"] for each in body["series"]], [6, 6, 5, 5])
        self.assertEqual((body["passes"], body["geometry"]), ([], None))

    def test_every_member_that_does_not_unpack_is_told(self):
        files = phantom_files() | {"notes.txt": b"x" * 99}
        content = zip_bytes(files)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in ("1st_pass/003.dcm", "notes.txt"):
                entry = archive.getinfo(name)
                at = entry.header_offset + 30 + len(name) + entry.compress_size // 2
                content = content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :]
        problems = self.send("/validate/", content).json()["problems"]
        self.assertEqual([each["code"] for each in problems], ["damaged_archive"] * len(problems))
        self.assertIn("notes.txt", [each["errors"][0]["file"] for each in problems])
        self.refused(self.send("/studies/", content), 400, "damaged_archive")

    def test_series_are_told_where_the_passes_are_not_clear(self):
        body = self.send("/validate/", flat(exam_files(3))).json()
        self.assertEqual([each["code"] for each in body["problems"]], ["ambiguous_passes"])
        self.assertEqual([each["slice_count"] for each in body["series"]], [12])
        self.assertIn("holds 4 slices at each place", body["series"][0]["reason"])

    def test_a_hundred_problems_of_a_code_are_listed_and_the_others_counted(self):
        files = {f"{folder}/{n}": b"x" for folder in FOLDERS for n in range(26)}
        body = self.send("/validate/", files).json()
        self.assertEqual((len(body["problems"]), body["problem_count"]), (101, 104))
        self.assertEqual({each["code"] for each in body["problems"]}, {"not_a_dicom_image"})
        last = body["problems"][-1]
        self.assertIn("4 more: A file is not a DICOM image this system reads.", last["detail"])
        self.assertEqual(last["errors"], [])

    def test_archive_that_does_not_unpack_is_one_problem(self):
        body = self.send("/validate/", b"no zip").json()
        self.assertEqual([each["code"] for each in body["problems"]], ["not_a_zip"])
        self.assertEqual(body["series"], [])

    def test_exam_that_a_network_could_not_take_is_not_accepted(self):
        files = phantom_files()
        lost = pydicom.dcmread(io.BytesIO(files["2nd_pass/003.dcm"]))
        lost.PixelData = bytes(len(lost.PixelData))
        lost.save_as(content := io.BytesIO())
        body = self.send("/validate/", files | {"2nd_pass/003.dcm": content.getvalue()}).json()
        self.assertEqual([each["code"] for each in body["problems"]], ["no_signal"])

    def test_no_name_of_a_patient_is_in_the_passport(self):
        told = json.dumps(self.send("/validate/", phantom_files()).json())
        self.assertNotIn("Phantom^", told)
        self.assertNotIn("PHANTOM-", told)


class RealExamTests(StudiesTestCase):
    def setUp(self):
        super().setUp()
        if not EXAM.exists():
            self.skipTest("the real exam is not here")
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(EXAM) as archive:
            archive.extractall(folder)
            paths = sorted(path for path in Path(folder).rglob("*") if path.is_file() and path.parent.name in FOLDERS)
            self.files = {f"{path.parent.name}/{path.name}": path.read_bytes() for path in paths}

    def test_one_flat_folder_with_shuffled_names_gives_the_same_answer(self):
        few = {name: content for name, content in self.files.items() if Path(name).stem <= "010"}
        first = self.send("/studies/", few).json()
        again = self.send("/studies/", flat(few)).json()
        of_scantype = Slice.objects.values_list("scantype_probability", flat=True)
        probabilities = [list(of_scantype.filter(study=each["id"])) for each in (first, again)]
        self.assertIn(probabilities[1], (probabilities[0], probabilities[0][::-1]))

    def test_passport_says_what_the_headers_say(self):
        body = self.send("/validate/", flat(self.files)).json()
        self.assertEqual([each["series_description"][:6] for each in body["passes"]], ["ax dyn"] * 4)
        self.assertEqual((body["slice_count"], body["geometry"]["rows"]), (24, 448))
