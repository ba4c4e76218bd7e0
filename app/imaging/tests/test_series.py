import numpy as np

from imaging.errors import NotADicomImage, PositionsDiffer, SizesDiffer, UnequalCounts
from imaging.series import read_series
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import slice_bytes, write_files

PIXELS = np.arange(256).reshape(16, 16)


class SeriesTests(FolderTestCase):
    def series(self, files: dict[str, bytes]):
        return read_series(
            write_files({f"pre/{name}": content for name, content in files.items()}, self.folder) / "pre"
        )

    def order(self, files: dict[str, bytes]) -> list[str]:
        return [each.file.path.name for each in self.series(files).slices]

    def refused(self, files: dict[str, bytes]) -> NotADicomImage:
        with self.assertRaises(NotADicomImage) as caught:
            [each.brightness() for each in self.series(files).slices]
        return caught.exception

    def test_slices_come_by_position_in_the_direction_in_which_names_rise(self):
        files = {f"{n}.dcm": slice_bytes(PIXELS, n, z=-5.0 * n) for n in (1, 2, 10)}
        self.assertEqual(self.order(files), ["1.dcm", "2.dcm", "10.dcm"])

    def test_positions_win_over_names_with_a_warning(self):
        places = {"1": 0.0, "2": 4.0, "3": 2.0, "4": 6.0}
        found = self.series({name: slice_bytes(PIXELS, 1, z) for name, z in places.items()})
        self.assertEqual([each.file.path.name for each in found.slices], ["1", "3", "2", "4"])
        self.assertEqual(found.warnings, ("file names and positions disagree about the order; positions decide.",))

    def test_without_positions_instance_numbers_decide_with_a_warning(self):
        files = {name: slice_bytes(PIXELS, number, z=None) for name, number in (("a", 3), ("b", 1), ("c", 2))}
        found = self.series(files)
        self.assertEqual([each.file.path.name for each in found.slices], ["b", "c", "a"])
        self.assertIn("not every file says where its slice lies; ordered by InstanceNumber.", found.warnings)

    def test_without_positions_and_numbers_names_decide_with_a_warning(self):
        found = self.series({name: slice_bytes(PIXELS, None, z=None) for name in ("s10", "s9")})
        self.assertEqual([each.file.path.name for each in found.slices], ["s9", "s10"])
        self.assertIn("ordered by file name", found.warnings[0])

    def test_gap_between_slices_is_told(self):
        files = {str(n): slice_bytes(PIXELS, n, 2.0 * n) for n in (1, 2, 3, 6, 7)}
        self.assertEqual(self.series(files).warnings, ("slices 3 and 4 lie 6.0 mm apart, others 2.0.",))

    def test_files_of_two_dicom_series_in_one_folder_are_told(self):
        files = {str(n): slice_bytes(PIXELS, n, 2.0 * n, SeriesInstanceUID=f"1.2.{n % 2}") for n in (1, 2, 3)}
        self.assertEqual(self.series(files).warnings, ("the files belong to 2 DICOM series.",))

    def test_one_missing_instance_number_leaves_the_order_to_the_names(self):
        files = {name: slice_bytes(PIXELS, number, z=None) for name, number in (("a", 2), ("b", None), ("c", 1))}
        found = self.series(files)
        self.assertEqual([each.file.path.name for each in found.slices], ["a", "b", "c"])
        self.assertIn("ordered by file name", found.warnings[0])

    def test_position_that_is_no_number_is_refused(self):
        for value in ("NaN", "inf"):
            files = {"1": slice_bytes(PIXELS, ImagePositionPatient=["0", "0", value])}
            told = "pre/1 holds a number that is not finite in ImagePositionPatient."
            self.assertEqual(self.refused(files).reason, told)

    def test_orientation_that_is_none_is_refused(self):
        for orientation in ([0] * 6, [1, 0, 0, 1, 0, 0]):
            told = self.refused({"1": slice_bytes(PIXELS, ImageOrientationPatient=orientation)}).reason
            self.assertEqual(
                told, "pre/1 has an ImageOrientationPatient that is no pair of perpendicular unit vectors."
            )

    def test_sizes_that_differ_are_refused(self):
        with self.assertRaisesMessage(SizesDiffer, "pre/2 is 8 x 8, pre/1 is 16 x 16."):
            self.series({"1": slice_bytes(PIXELS), "2": slice_bytes(PIXELS[:8, :8], z=2.0)})

    def test_two_slices_at_one_place_are_refused(self):
        with self.assertRaisesMessage(PositionsDiffer, "pre/1 and pre/2 lie at the same place."):
            self.series({"1": slice_bytes(PIXELS, z=4.0), "2": slice_bytes(PIXELS, z=4.0)})

    def test_turned_slice_is_refused(self):
        turned = slice_bytes(PIXELS, z=2.0, ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
        with self.assertRaisesMessage(PositionsDiffer, "pre/2 is turned against pre/1."):
            self.series({"1": slice_bytes(PIXELS), "2": turned})

    def test_empty_folder_is_refused(self):
        (self.folder / "pre").mkdir()
        with self.assertRaisesMessage(UnequalCounts, "pre is empty."):
            read_series(self.folder / "pre")
