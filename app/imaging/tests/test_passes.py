import io
import random
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
from django.test import SimpleTestCase
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.errors import AmbiguousPasses, DuplicateSlice, MissingPasses, MixedExams, ScanError
from imaging.pass_times import seconds_after_first
from imaging.passes import Passes, find_passes
from imaging.slice_file import SliceFile
from imaging.slice_reading import read_slices
from imaging.tests.enhanced import enhanced_bytes
from imaging.tests.exam_slices import PassesTestCase, changed, described, dynamic, one_series, stack, without
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import write_files
from phantom.dicom import dicom_bytes
from phantom.exam import PASSES, Exam, Protocol

EXAM = Path(__file__).resolve().parents[4] / "shared" / "exam" / "series.zip"


class TimeTests(PassesTestCase):
    def test_acquisition_times_order_four_series(self):
        self.assertEqual(self.found(dynamic()).ignored, ())

    def test_series_numbers_and_instance_numbers_do_not_order(self):
        slices = [replace(each, series_number=-each.series_number) for each in dynamic()]
        self.found(slices)
        told = self.refused(AmbiguousPasses, dynamic(acquired=None))
        self.assertIn("Neither times nor descriptions tell the order. Found: series 11, folder a (4 slices);", told)

    def test_later_passes_are_ignored(self):
        self.assertEqual(self.ignored(dynamic(6)), ["a later pass", "a later pass"])

    def test_midnight_is_crossed_by_dates(self):
        midnight = 18_000 * 86400.0
        self.found(dynamic(start=midnight - 100))

    def test_midnight_without_a_date_is_a_new_day(self):
        self.found([replace(each, acquired=each.acquired % 86400) for each in dynamic(start=86400.0 - 100)])

    def test_times_with_and_without_a_date_are_not_compared(self):
        slices = changed(dynamic(start=18_000 * 86400.0), "b", acquired=5.0)
        told = self.refused(AmbiguousPasses, slices)
        self.assertIn("Neither times nor descriptions tell the order.", told)

    def test_one_series_of_all_phases(self):
        self.found(one_series(dynamic(5)))

    def test_pre_in_its_own_series_and_passes_in_another(self):
        slices = stack("a", acquired=1.0) + one_series(without(dynamic(), "a"))
        self.found(slices)

    def test_trigger_times_order_phases_of_one_acquisition_time(self):
        slices = dynamic(acquired=5.0)
        for folder, trigger in zip("abcd", (0.0, 9e4, 18e4, 27e4), strict=True):
            slices = changed(slices, folder, trigger_time=trigger)
        self.found(slices)

    def test_trigger_times_of_another_series_do_not_come_before_acquisition_times(self):
        passes = one_series(without(dynamic(acquired=1090.0), "a"))
        passes = [replace(each, trigger_time={"b": 0.0, "c": 9e4, "d": 18e4}[each.name[4]]) for each in passes]
        self.found(stack("a", acquired=1000.0, trigger_time=5e4) + passes)

    def test_temporal_positions_and_content_times_order_what_has_no_other_time(self):
        for field in ("temporal_position", "content"):
            slices = dynamic(acquired=None)
            for folder, value in zip("abcd", (1, 2, 3, 4), strict=True):
                slices = changed(slices, folder, **{field: value})
            self.found(slices)

    def test_times_of_one_series_that_contradict_each_other_refuse(self):
        slices = [replace(each, temporal_position="dcba".index(each.name[4])) for each in one_series(dynamic())]
        told = self.refused(AmbiguousPasses, slices)
        self.assertIn("contradict each other about their order", told)

    def test_content_times_that_contradict_only_warn(self):
        slices = dynamic()
        for folder, value in zip("abcd", (4, 3, 2, 1), strict=True):
            slices = changed(slices, folder, content=value)
        told = "ContentTime tells another order of the passes than AcquisitionTime, which decided."
        self.assertIn(told, self.found(slices).warnings)

    def test_copy_of_a_pass_with_a_later_content_time_refuses(self):
        slices = [replace(each, content=each.acquired) for each in dynamic()]
        copy = [replace(each, name=f"x{each.name}", series_instance_uid="1.7", content=5000.0) for each in slices[4:8]]
        self.refused(AmbiguousPasses, slices + copy)

    def test_trigger_times_of_other_series_against_content_times_refuse(self):
        passes = one_series(without(dynamic(acquired=None), "a"))
        passes = [replace(each, trigger_time=9e4 * "bcd".index(each.name[4]), content=1090.0) for each in passes]
        told = self.refused(AmbiguousPasses, stack("a", trigger_time=5e4, content=1000.0) + passes)
        self.assertIn("contradict each other about their order", told)

    def test_acquisition_times_of_some_against_temporal_positions_refuse(self):
        slices = changed(dynamic(), "d", acquired=None)
        for folder, number in zip("abcd", (2, 1, 3, 4), strict=True):
            slices = changed(slices, folder, temporal_position=number)
        self.assertIn("contradict each other about their order", self.refused(AmbiguousPasses, slices))

    def test_slices_that_two_passes_exchanged_refuse(self):
        for swap in ({"b/002.dcm": 1180.0}, {"b/002.dcm": 1180.0, "c/002.dcm": 1090.0}):
            slices = described("pre", "1st pass", "2nd pass", "3rd pass")
            slices = [replace(each, acquired=swap.get(each.name, each.acquired)) for each in slices]
            self.assertIn("they may be mixed", self.refused(AmbiguousPasses, slices))

    def test_gap_in_temporal_positions_is_a_missing_pass(self):
        slices = [replace(each, temporal_position=1 + "abcde".index(each.name[4])) for each in one_series(dynamic(5))]
        told = self.refused(MissingPasses, [each for each in slices if each.name[4] != "c"])
        self.assertIn("TemporalPositionIdentifier goes from 2 to 4", told)
        told = self.refused(MissingPasses, [each for each in slices if each.name[4] != "a"])
        self.assertIn("begins with TemporalPositionIdentifier 2", told)

    def test_that_nothing_names_the_pre_contrast_phase_is_told(self):
        told = "No description names the pre-contrast phase; the earliest was taken for it."
        self.assertEqual(self.found(dynamic()).warnings, (told,))
        self.assertEqual(self.found(changed(dynamic(), "a", series_description="dyn pre")).warnings, ())


class IdentityTests(PassesTestCase):
    def test_several_patients_refuse_without_their_ids(self):
        told = self.refused(MixedExams, changed(dynamic(), "c", patient_id="P2"))
        self.assertEqual(told, "c/001.dcm and a/001.dcm belong to different patients.")

    def test_several_studies_refuse(self):
        told = self.refused(MixedExams, changed(dynamic(), "d", study_instance_uid="1.2"))
        self.assertEqual(told, "d/001.dcm and a/001.dcm belong to different studies.")

    def test_one_instance_twice_refuses(self):
        slices = [replace(each, sop_instance_uid=f"1.{number}") for number, each in enumerate(dynamic())]
        twin = replace(slices[0], name="e/001.dcm")
        told = self.refused(DuplicateSlice, [*slices, twin])
        self.assertEqual(told, "e/001.dcm and a/001.dcm are the same DICOM instance.")


class OrderOfFilesTests(PassesTestCase):
    EXAMS = (
        dynamic(5),
        one_series(dynamic(5)),
        described("ax 3d dyn", "Ph1/ax 3d dyn", "Ph2/ax 3d dyn", "Ph3/ax 3d dyn", acquired=None),
        [*dynamic(), *stack("s", series_description="SUB 1-0", acquired=1300.0)],
        described("1st pass", "2nd pass", "3rd pass", "4th pass"),
        dynamic(acquired=None),
    )

    @given(st.sampled_from(EXAMS), st.randoms(use_true_random=False))
    @settings(max_examples=60, deadline=None)
    def test_order_of_the_files_changes_nothing(self, slices: list[SliceFile], rng: random.Random):
        self.assertEqual(self.answer(rng.sample(slices, len(slices))), self.answer(slices))

    def answer(self, slices: list[SliceFile]) -> Passes | str:
        try:
            return find_passes(slices)
        except ScanError as error:
            return f"{error.code} {error.reason}"


class PhantomTests(FolderTestCase):
    """One phantom exam in every layout: the same pixels for pre and each pass."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        exam = Exam(7, Protocol(rows=16, columns=16, slices=4, field_of_view=336.0, coverage=120.0))
        cls.pixels = np.stack([exam.slice(index) for index in range(4)], axis=1)
        cls.files = {(k, i): dicom_bytes(exam, i, k, exam.slice(i)[k]) for k in range(4) for i in range(4)}

    def assert_found(self, files: dict[str, bytes]) -> Passes:
        root = write_files(files, self.folder)
        slices = [each for name in files for each in read_slices(root / name, name)]
        found = find_passes(slices)
        read = [[each.stored() for each in phase.slices] for phase in (found.pre, *found.passes)]
        np.testing.assert_array_equal(read, self.pixels)
        return found

    def retagged(self, content: bytes, **tags) -> bytes:
        dataset = pydicom.dcmread(io.BytesIO(content))
        for name, value in tags.items():
            setattr(dataset, name, value)
        buffer = io.BytesIO()
        dataset.save_as(buffer)
        return buffer.getvalue()

    def test_one_folder_a_series(self):
        found = self.assert_found({f"{PASSES[k]}/{i}.dcm": each for (k, i), each in self.files.items()})
        self.assertEqual(found.warnings, ())

    def test_flat(self):
        self.assert_found({f"IM{7 * k + 5 * i:03d}": each for (k, i), each in self.files.items()})

    def test_one_series_of_all_phases(self):
        tags = {"SeriesInstanceUID": "1.2.3", "SeriesDescription": "ax dyn", "SeriesNumber": 4}
        self.assert_found({f"{i}-{k}": self.retagged(each, **tags) for (k, i), each in self.files.items()})

    def test_one_enhanced_file_a_pass(self):
        files = {
            f"{'dbca'[k]}.dcm": enhanced_bytes([(self.files[k, i], None) for i in range(4)], SeriesNumber=9 - k)
            for k in range(4)
        }
        self.assert_found(files)

    def test_one_enhanced_file_of_all_passes_by_temporal_position(self):
        frames = [
            (self.retagged(self.files[k, i], AcquisitionTime="090000"), k + 1) for i in range(4) for k in range(4)
        ]
        found = self.assert_found({"all.dcm": enhanced_bytes(frames)})
        self.assertEqual([each.of for each in found.passes], [4, 4, 4])
        self.assertEqual(found.passes[1].slices[0].frame, 2)


class RealExamTests(SimpleTestCase):
    def test_flat_and_renamed_the_real_exam_keeps_its_passes(self):
        if not EXAM.exists():
            self.skipTest("no real exam beside the checkout")
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(EXAM) as archive:
            archive.extractall(folder)
            names = sorted(path for path in Path(folder).rglob("*.dcm"))
            random.Random(3).shuffle(names)
            flat = [each for n, path in enumerate(names) for each in read_slices(path, f"IM{n}")]
        found = find_passes(flat)
        folders = [{each.file.path.parent.name for each in phase.slices} for phase in (found.pre, *found.passes)]
        self.assertEqual(folders, [{"pre"}, {"1st_pass"}, {"2nd_pass"}, {"3rd_pass"}])
        self.assertEqual([len(each) for each in (found.pre, *found.passes)], [24, 24, 24, 24])
        self.assertEqual((found.ignored, found.warnings), ((), ()))
        seconds = seconds_after_first((found.pre, *found.passes))
        self.assertEqual([round(each) for each in seconds], [0, 1371, 1493, 1615])
