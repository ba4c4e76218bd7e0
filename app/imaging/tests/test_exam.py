import numpy as np

from imaging.errors import DuplicateSlice, MixedExams, NamesDiffer, PositionsDiffer, SizesDiffer, UnequalCounts
from imaging.exam import FOLDERS
from imaging.tests.folders import FolderTestCase, read_exam
from imaging.tests.slices import exam_files, slice_bytes, write_files

PIXELS = np.arange(1024).reshape(32, 32)


class ExamTests(FolderTestCase):
    def exam(self, **changes: bytes | None):
        files = exam_files() | changes
        return read_exam(write_files({name: content for name, content in files.items() if content}, self.folder))

    def changed(self, name: str, content: bytes | None, **more: bytes | None):
        return self.exam(**{name: content, **more})

    def test_four_folders_make_an_exam_without_a_warning(self):
        exam = self.exam()
        self.assertEqual([series.name for series in (exam.pre, *exam.passes)], list(FOLDERS))
        self.assertEqual((len(exam.pre), exam.warnings), (3, ()))

    def test_what_holds_for_several_series_is_told_once_with_their_names(self):
        write_files(exam_files(ImagePositionPatient=None), self.folder)
        told = "pre, 1st_pass, 2nd_pass, 3rd_pass: not every file says where its slice lies; ordered by InstanceNumber."
        self.assertEqual(read_exam(self.folder).warnings, (told,))

    def test_missing_slice_is_refused(self):
        with self.assertRaisesMessage(UnequalCounts, "pre holds 3 slices, 2nd_pass holds 2."):
            self.changed("2nd_pass/002.dcm", None)

    def test_names_that_do_not_match_are_refused_with_the_file_when_positions_are_missing(self):
        write_files(exam_files(ImagePositionPatient=None), self.folder)
        (self.folder / "3rd_pass" / "003.dcm").rename(self.folder / "3rd_pass" / "004.dcm")
        told = "pre/003.dcm has no file of the same name in 3rd_pass, and not every file has a position."
        with self.assertRaisesMessage(NamesDiffer, told):
            read_exam(self.folder)

    def test_names_that_do_not_match_give_way_to_positions_with_a_warning(self):
        exam = self.changed("3rd_pass/003.dcm", None, **{"3rd_pass/004.dcm": slice_bytes(PIXELS, 4, 4.0)})
        self.assertEqual([each.position for each in exam.passes[2].slices], [0, 2, 4])
        told = "3rd_pass: file names differ from those of pre; positions match the slices."
        self.assertEqual(exam.warnings, (told,))

    def test_pass_whose_other_names_run_backwards_is_turned_to_its_positions(self):
        write_files(exam_files(), self.folder)
        for number, name in ((1, "z"), (2, "y"), (3, "x")):
            (self.folder / "2nd_pass" / f"00{number}.dcm").rename(self.folder / "2nd_pass" / name)
        exam = read_exam(self.folder)
        self.assertEqual([each.file.path.name for each in exam.passes[1].slices], ["z", "y", "x"])

    def test_names_that_do_not_match_at_other_positions_are_refused(self):
        with self.assertRaisesMessage(PositionsDiffer, "pre/003.dcm and 3rd_pass/004.dcm lie 1.00 mm apart."):
            self.changed("3rd_pass/003.dcm", None, **{"3rd_pass/004.dcm": slice_bytes(PIXELS, 4, 5.0)})

    def test_names_match_without_their_ending_and_in_any_case(self):
        exam = self.changed("1st_pass/001.dcm", None, **{"1st_pass/001.DCM": slice_bytes(PIXELS, 1, 0.0)})
        self.assertEqual(len(exam.passes[0]), 3)

    def test_pass_that_lies_elsewhere_is_refused(self):
        with self.assertRaisesMessage(PositionsDiffer, "pre/002.dcm and 1st_pass/002.dcm lie 0.21 mm apart."):
            self.changed("1st_pass/002.dcm", slice_bytes(PIXELS, 2, 2.21))

    def test_pass_within_a_tenth_of_the_spacing_is_taken(self):
        self.assertEqual(len(self.changed("1st_pass/002.dcm", slice_bytes(PIXELS, 2, 2.19)).pre), 3)

    def test_pass_shifted_within_its_plane_is_refused(self):
        shifted = slice_bytes(PIXELS, 2, ImagePositionPatient=[3, 0, 2])
        with self.assertRaisesMessage(PositionsDiffer, "pre/002.dcm and 2nd_pass/002.dcm lie 3.00 mm apart."):
            self.changed("2nd_pass/002.dcm", shifted)

    def test_pass_with_swapped_names_is_refused(self):
        swapped = {"3rd_pass/001.dcm": slice_bytes(PIXELS, 2, 2.0), "3rd_pass/002.dcm": slice_bytes(PIXELS, 1, 0.0)}
        with self.assertRaisesMessage(PositionsDiffer, "pre/001.dcm and 3rd_pass/002.dcm come at the same place"):
            self.exam(**swapped)

    def test_another_patients_slice_is_refused_without_her_id(self):
        with self.assertRaises(MixedExams) as caught:
            self.changed("3rd_pass/003.dcm", slice_bytes(PIXELS, 3, 4.0, PatientID="P2"))
        self.assertEqual(caught.exception.reason, "3rd_pass/003.dcm and pre/001.dcm belong to different patients.")

    def test_another_studys_slice_is_refused(self):
        with self.assertRaisesMessage(MixedExams, "2nd_pass/001.dcm and pre/001.dcm belong to different studies."):
            self.changed("2nd_pass/001.dcm", slice_bytes(PIXELS, 1, 0.0, StudyInstanceUID="1.2.3"))

    def test_pass_of_another_size_is_refused(self):
        small = {f"1st_pass/00{n}.dcm": slice_bytes(PIXELS[:8], n, 2.0 * n - 2) for n in (1, 2, 3)}
        with self.assertRaisesMessage(SizesDiffer, "pre/001.dcm is 32 x 32, 1st_pass/001.dcm 8 x 32."):
            self.exam(**small)

    def test_same_instance_in_two_passes_is_refused(self):
        copied = exam_files()["1st_pass/002.dcm"]
        with self.assertRaisesMessage(
            DuplicateSlice, "2nd_pass/002.dcm and 1st_pass/002.dcm are the same DICOM instance."
        ):
            self.exam(**{"1st_pass/002.dcm": copied, "2nd_pass/002.dcm": copied})

    def test_pass_in_another_frame_of_reference_is_refused(self):
        other = slice_bytes(PIXELS, 3, 4.0, FrameOfReferenceUID="1.2.3")
        with self.assertRaisesMessage(PositionsDiffer, "3rd_pass/003.dcm and pre/001.dcm have different frames"):
            self.changed("3rd_pass/003.dcm", other)

    def test_pass_of_another_pixel_spacing_is_refused(self):
        files = exam_files(PixelSpacing=[0.7, 0.7])
        files["2nd_pass/001.dcm"] = slice_bytes(PIXELS, 1, 0.0, PixelSpacing=[0.8, 0.8])
        with self.assertRaisesMessage(PositionsDiffer, "pre/001.dcm and 2nd_pass/001.dcm have different PixelSpacing."):
            self.exam(**files)

    def test_tilted_pass_is_refused(self):
        tilted = {
            f"1st_pass/00{n}.dcm": slice_bytes(
                PIXELS, n, 2.0 * n - 2, ImageOrientationPatient=[1, 0, 0, 0, 0.995, 0.0998]
            )
            for n in (1, 2, 3)
        }
        with self.assertRaisesMessage(PositionsDiffer, "pre/001.dcm is turned against 1st_pass/001.dcm."):
            self.exam(**tilted)
