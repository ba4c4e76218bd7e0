import io
import json
import zipfile
from unittest import mock

import imagecodecs
import numpy as np

from imaging.archive import Limits, plan
from imaging.exam import FOLDERS, Exam
from imaging.header_values import REPEATED_KEYWORDS
from imaging.kept_exam import KeptExam, _looked_at, _npy, _small, _thinned, exam_writer
from imaging.preprocessing import Normalisation, process_scantype, process_single
from imaging.reading import arranged, contents
from imaging.tests.enhanced import enhanced_bytes
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import exam_files, slice_bytes, zip_bytes

LIMITS = Limits(files=1000, unpacked_bytes=100_000_000, compression_ratio=600)
TAGS = {"PixelSpacing": [0.5, 0.75], "StudyDate": "20200102", "PatientBirthDate": "19610203", "SliceThickness": "2"}


class KeptExamTestCase(FolderTestCase):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "kept"

    def exam(self, files: dict[str, bytes] | None = None, **tags) -> Exam:
        content = zip_bytes(files or exam_files(3, **TAGS | tags))
        return arranged(contents(io.BytesIO(content), self.folder, LIMITS, plan)).exam

    def kept(self, exam: Exam, maximum: str = "exam") -> KeptExam:
        """As an upload keeps it."""
        scaled = Normalisation(maximum)
        with exam_writer(self.file, exam) as writer:
            single = process_single(exam.pre, scaled, writer.picture)
            scantype = process_scantype(*exam.passes, normalisation=scaled, seen=writer.picture)
            writer.inputs(np.concatenate([single, scantype], axis=1))
        return self.enterContext(KeptExam(self.file))


class PicturesTests(KeptExamTestCase):
    def test_every_picture_is_kept_as_it_shines(self):
        exam = self.exam()
        kept = self.kept(exam)
        self.assertEqual(len(kept), 3)
        for folder, series in zip(FOLDERS, (exam.pre, *exam.passes), strict=True):
            for number, image in enumerate(series.slices, start=1):
                np.testing.assert_array_equal(kept.picture(folder, number), image.brightness())
                self.assertEqual(kept.picture(folder, number).dtype, np.uint16)

    def test_brightness_is_kept_whatever_the_networks_take(self):
        tags = {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": 12, "HighBit": 11}
        exam = self.exam(RescaleSlope="0.5", RescaleIntercept="1", **tags)
        kept = self.kept(exam, "slice")
        for number, image in enumerate(exam.pre.slices, start=1):
            np.testing.assert_allclose(kept.picture("pre", number), image.brightness())
        self.assertEqual(kept.picture("pre", 1).dtype, np.float32)

    def test_passes_of_a_slice_stand_together(self):
        kept = self.kept(self.exam())
        self.assertEqual((kept.passes(2).shape, kept.passes(2).dtype), ((4, 32, 32), np.float32))
        np.testing.assert_array_equal(kept.passes(2)[3], kept.picture("3rd_pass", 2))

    def test_inputs_are_what_the_networks_took_rounded(self):
        exam = self.exam()
        kept = self.kept(exam)
        scaled = Normalisation("exam")
        taken = np.concatenate(
            [process_single(exam.pre, scaled), process_scantype(*exam.passes, normalisation=scaled)], axis=1
        )
        np.testing.assert_array_equal(kept.inputs(3), np.rint(taken[2]))

    def test_members_are_numpy_files_packed_by_blosc2(self):
        exam = self.exam()
        self.kept(exam)
        with zipfile.ZipFile(self.file) as archive:
            picture = np.load(io.BytesIO(imagecodecs.blosc2_decode(archive.read("pictures/pre/0001.npy.b2"))))
        self.assertEqual((picture.shape, picture.dtype), ((32, 32), np.uint16))
        np.testing.assert_array_equal(picture, exam.pre.slices[0].stored())

    def test_signed_values_and_fractions_come_back(self):
        for kind in (np.int8, np.uint8, np.int16, np.float64):
            image = np.arange(-60, 60).reshape(10, 12)
            np.testing.assert_array_equal(np.load(io.BytesIO(_npy(_small(image.astype(kind))))), image.astype(kind))

    def test_file_that_is_there_is_not_written_over(self):
        self.file.write_bytes(b"mine")
        with self.assertRaises(FileExistsError), exam_writer(self.file, self.exam()):
            self.fail("it was opened")


class BrightTests(KeptExamTestCase):
    def untold(self) -> KeptExam:
        """As an earlier version kept it."""
        with zipfile.ZipFile(self.file) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        told = json.loads(members["exam.json"])
        del told["bright"]
        older = io.BytesIO(zip_bytes(members | {"exam.json": json.dumps(told).encode()}))
        return self.enterContext(KeptExam(older))

    def test_is_told_as_it_is_measured_in_the_pictures(self):
        for kind, tags in (("<u2", {}), ("<f4", {"RescaleSlope": "0.3", "RescaleIntercept": "-7"})):
            exam = self.exam(exam_files(10, **TAGS | tags))
            kept = self.kept(exam)
            every = [each.brightness().astype(kind) for each in exam.passes[0].slices]
            self.assertEqual(kept.description.bright, float(np.percentile(np.array(every), 99.9)))
            self.assertEqual((kept.bright, self.untold().bright), (kept.description.bright,) * 2)
            self.file.unlink()

    def test_few_of_a_large_exam_and_many_of_a_small_one_are_looked_at(self):
        for slices, lines, numbers, across in (
            (160, 448, 20, 56),
            (64, 256, 8, 32),
            (48, 128, 8, 32),
            (8, 64, 8, 32),
            (3, 16, 3, 16),
        ):
            self.assertEqual(len(_looked_at(slices)), numbers)
            self.assertEqual(_thinned(np.zeros((lines, 448))).size, across * 56)

    def test_no_picture_is_read_for_it(self):
        kept = self.kept(self.exam())
        with mock.patch.object(KeptExam, "picture", side_effect=AssertionError):
            self.assertGreater(kept.bright, 0)


class DescriptionTests(KeptExamTestCase):
    def test_says_where_the_slices_lie(self):
        stack = self.kept(self.exam()).stack
        self.assertEqual((stack.rows, stack.columns, stack.pixel_spacing), (32, 32, (0.5, 0.75)))
        self.assertEqual(stack.image_positions, ((0.0, 0.0, 0.0), (0.0, 0.0, 2.0), (0.0, 0.0, 4.0)))
        self.assertEqual((stack.image_orientation, stack.slice_spacing), ((1.0, 0.0, 0.0, 0.0, 1.0, 0.0), 2.0))

    def test_says_from_which_image_each_slice_is(self):
        exam = self.exam()
        sources = self.kept(exam).description.sources
        self.assertEqual(sources[1][2].sop_instance_uid, exam.passes[1].slices[1].sop_instance_uid)
        self.assertEqual((sources[0][0].sop_class_uid, sources[0][0].frame), ("1.2.840.10008.5.1.4.1.1.4", None))

    def test_frames_are_told(self):
        files = {}
        for k, folder in enumerate(FOLDERS):
            slices = [
                (slice_bytes(np.full((16, 16), 100 + 50 * k + n), n, 2.0 * n, PixelSpacing=[1, 1]), None)
                for n in range(3)
            ]
            files[f"{folder}/all.dcm"] = enhanced_bytes(slices)
        sources = self.kept(self.exam(files)).description.sources
        self.assertEqual([each[1].frame for each in sources], [0, 1, 2])

    def test_repeats_what_headers_say_of_patient_and_study(self):
        header = self.kept(self.exam()).description.header
        self.assertEqual((header["PatientName"], header["StudyDate"]), ("Doe^Jane", "20200102"))
        self.assertLessEqual(header.keys(), set(REPEATED_KEYWORDS))

    def test_name_in_another_character_set(self):
        tags = {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Müller^Änne"}
        self.assertEqual(self.kept(self.exam(**tags)).description.header["PatientName"], "Müller^Änne")

    def test_silent_headers_are_none(self):
        files = exam_files(3, PixelSpacing=None)
        stack = self.kept(self.exam(files)).stack
        self.assertIsNone(stack.pixel_spacing)
        self.assertFalse(stack.placed)

    def test_is_a_zip_that_others_can_read(self):
        self.kept(self.exam())
        with zipfile.ZipFile(self.file) as archive:
            names = archive.namelist()
            self.assertEqual(json.loads(archive.read("exam.json"))["stack"]["rows"], 32)
        self.assertIn("pictures/pre/0001.npy.b2", names)
        self.assertEqual(len(names), 1 + 4 * 3 + 3)
