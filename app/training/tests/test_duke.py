import csv
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from imaging.errors import NotADicomImage
from imaging.preprocessing import Normalisation
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import FEW_PIXELS
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol
from phantom.tree import BOX_COLUMNS, BOXES, COLLECTION, MAPPING, write_tree
from training.sources.duke import alike, duke
from training.sources.source import TruthError, prepared_images, read_zip
from training.sources.tables import TableError

# Patient 2's files are named with one zero fewer than the mapping says, and lie in one dynamic series.
SIEMENS = Exam(5, Protocol(64, 64, 24), tumours=1)
GE = Exam(8, Protocol(64, 64, 24, vendor="GE", one_series=True), tumours=1)
BY_EXAM = Normalisation(maximum="exam")
# half the picture's rows and columns; pixels are 340 / 64 mm, slices lie 130 / 24 mm apart
BOX = (17, 48, 1, 32, 9, 10)


class DukeTestCase(FolderTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        kept = tempfile.TemporaryDirectory()
        cls.addClassCleanup(kept.cleanup)
        cls.written = Path(kept.name, "tree")
        write_tree([SIEMENS, GE], cls.written)

    def setUp(self):
        super().setUp()
        self.tree = self.folder / "tree"
        shutil.copytree(self.written, self.tree, copy_function=os.link)
        self.rewrite(BOXES, lambda _: [("Breast_MRI_001", *BOX), ("Breast_MRI_002", *BOX)])

    def rewrite(self, table: str, changed) -> None:
        """Replaces the rows of a table with what ``changed`` makes of them."""
        with (self.tree / table).open(newline="") as file:
            head, *rows = csv.reader(file)
        (self.tree / table).unlink()
        with (self.tree / table).open("w", newline="") as file:
            csv.writer(file).writerows([head, *changed(rows)])

    def source(self, **options):
        return duke(self.tree, self.tree / MAPPING, self.tree / BOXES, **options)

    def first(self):
        return next(self.tree.glob(f"{COLLECTION}/Breast_MRI_001/*"))


class DukeTests(DukeTestCase):
    def test_both_habits_of_naming_are_read_as_the_same_exam_in_a_zip(self):
        source = self.source()
        self.assertEqual([each.name for each in source.items], ["Breast_MRI_001", "Breast_MRI_002"])
        self.assertEqual(source.left_out, ())
        for item, exam in zip(source.items, (SIEMENS, GE), strict=True):
            write_zip(exam, self.folder / "series.zip")
            uploaded = read_zip(self.folder / "series.zip", self.folder / "work").exam
            made = item.prepared(BY_EXAM, self.folder / "work")
            np.testing.assert_array_equal(made.labelled.images, prepared_images(uploaded, BY_EXAM)[0])
            self.assertEqual((made.placed, made.warnings), (True, (FEW_PIXELS.format(64),)))

    def truth(self, **options):
        item = self.source(**options).items[0]
        return item.truth(item.read(self.folder / "work").exam)

    def test_slices_of_the_box_are_positive_and_those_nearer_than_the_margin_left_out(self):
        self.assertEqual(self.truth().labels.tolist(), [0] * 4 + [-1] * 4 + [1] * 2 + [-1] * 4 + [0] * 10)
        self.assertEqual(self.truth(margin=2).labels.tolist(), [0] * 7 + [-1] + [1] * 2 + [-1] + [0] * 13)
        self.assertEqual(self.truth(margin=0).labels.tolist(), [0] * 8 + [1] * 2 + [0] * 14)

    def test_places_are_those_of_the_box(self):
        expected = np.zeros((32, 32), np.uint8)
        expected[8:24, :16] = 255
        places = self.truth().places
        np.testing.assert_array_equal(places[8], expected)
        self.assertEqual(places[[7, 10]].any(), False)

    def test_place_that_is_half_covered_says_so(self):
        self.rewrite(BOXES, lambda _: [("Breast_MRI_001", 1, 1, 2, 4, 9, 10)])
        self.assertEqual(self.truth().places[8, :2, :3].tolist(), [[64, 128, 0], [0, 0, 0]])

    def test_size_is_the_largest_side_of_the_box(self):
        sizes = self.truth().sizes
        np.testing.assert_allclose(sizes[[0, 4, 8, 9]], [0, np.nan, 32 * 340 / 64, 32 * 340 / 64])
        self.rewrite(BOXES, lambda _: [("Breast_MRI_001", 1, 1, 1, 1, 1, 12)])
        self.assertAlmostEqual(float(self.truth().sizes[0]), 12 * 130 / 24, places=3)

    def test_files_that_are_not_there_are_listed_with_their_patient(self):
        for name in ("1-003.dcm", "1-020.dcm"):
            (self.first() / "2.000000-ax dyn 1st pass" / name).unlink()
        source = self.source()
        self.assertEqual([each.name for each in source.items], ["Breast_MRI_002"])
        missing = source.left_out[0]
        self.assertEqual((missing.patient, missing.reason), ("Breast_MRI_001", "files that are missing: 2"))
        place = f"{COLLECTION}/Breast_MRI_001/01-01-2020-PHANTOM-5/2.000000-ax dyn 1st pass"
        self.assertEqual(missing.files, (f"{place}/1-003.dcm", f"{place}/1-020.dcm"))

    def test_patients_without_a_pass_or_a_box_or_files_are_left_out_with_the_reason(self):
        self.rewrite(MAPPING, lambda rows: [row for row in rows if "001_post_3" not in row[0]])
        self.rewrite(BOXES, lambda rows: [rows[0], ("Breast_MRI_003", *BOX)])
        self.assertEqual(
            {each.name: each.reason for each in self.source().left_out},
            {
                "Breast_MRI_001": "has no post_3 in the mapping",
                "Breast_MRI_002": "has no box",
                "Breast_MRI_003": "is not in the mapping",
            },
        )

    def test_patient_who_was_not_downloaded_is_left_out_without_a_list_of_files(self):
        shutil.rmtree(self.tree / COLLECTION / "Breast_MRI_001")
        missing = self.source().left_out[0]
        self.assertEqual((missing.reason, missing.files), ("is not in the download", ()))

    def test_later_passes_and_other_series_are_not_read(self):
        other = ("DICOM_Images/Breast_MRI_001/{0}/Breast_MRI_001_{0}_001.dcm", "not/there/1-001.dcm")
        self.rewrite(MAPPING, lambda rows: [*rows, *((other[0].format(each), other[1]) for each in ("post_4", "T1"))])
        self.assertEqual(len(self.source().items), 2)

    def test_damaged_files_are_all_named(self):
        for name in ("1-003.dcm", "1-020.dcm"):
            (self.first() / "1.000000-ax dyn pre" / name).unlink()
            (self.first() / "1.000000-ax dyn pre" / name).write_bytes(b"damaged")
        with self.assertRaisesMessage(
            NotADicomImage, "files of pre that cannot be read: 2; the first: pre/003.dcm"
        ) as caught:
            self.source().items[0].read(self.folder / "work")
        self.assertEqual([Path(name).name for name in caught.exception.files], ["1-003.dcm", "1-020.dcm"])

    def test_files_that_are_not_numbered_as_slices_lie_leave_the_box_nowhere(self):
        def swapped(rows):
            paths = dict(rows)
            for phase in ("pre", "post_1", "post_2", "post_3"):
                one, two = (
                    f"DICOM_Images/Breast_MRI_001/{phase}/Breast_MRI_001_{phase}_{n}.dcm" for n in ("009", "016")
                )
                paths[one], paths[two] = paths[two], paths[one]
            return paths.items()

        self.rewrite(MAPPING, swapped)
        with self.assertRaisesMessage(TruthError, "Breast_MRI_001: files are not numbered as slices lie"):
            self.truth()

    def test_box_beyond_the_exam_is_an_error(self):
        self.rewrite(BOXES, lambda _: [("Breast_MRI_001", *BOX[:5], 25)])
        with self.assertRaisesMessage(TruthError, "Breast_MRI_001: the box ends at slice 25; the exam has 24"):
            self.truth()


class DamagedTablesTests(DukeTestCase):
    def refused(self, reason: str, table: str, changed) -> None:
        self.rewrite(table, changed)
        with self.assertRaisesMessage(TableError, f"{self.tree / table}, line {reason}"):
            self.source()

    def test_boxes_that_are_none_are_named(self):
        self.refused("4: Breast_MRI_002 has a box already", BOXES, lambda rows: [*rows, rows[1]])

    def test_box_the_wrong_way_round_is_named(self):
        turned = ("Breast_MRI_001", 1, 2, 3, 4, 10, 9)
        self.refused("2: 'End Slice' is 9, before 'Start Slice', 10", BOXES, lambda _: [turned])

    def test_slice_that_is_mapped_twice_is_named(self):
        told = "194: slice 1 of pre of Breast_MRI_001 is there already"
        self.refused(told, MAPPING, lambda rows: [*rows, rows[0]])

    def test_path_of_another_form_is_named(self):
        told = "2: 'pre_001.dcm' is no patient/phase/name_number.dcm"
        self.refused(told, MAPPING, lambda _: [("pre_001.dcm", "1-001.dcm")])

    def test_missing_column_is_named(self):
        (self.tree / BOXES).write_text("Patient ID\nBreast_MRI_001\n")
        missing = ", ".join(map(repr, BOX_COLUMNS[1:]))
        with self.assertRaisesMessage(TableError, f"{BOXES}: has no column {missing}; it has Patient ID"):
            self.source()


class NamesTests(FolderTestCase):
    def test_file_may_be_named_with_one_zero_fewer_or_more(self):
        self.assertEqual(list(alike("1-001.dcm")), ["1-001.dcm", "1-01.dcm", "1-0001.dcm"])
        self.assertEqual(list(alike("1-10.dcm")), ["1-10.dcm", "1-010.dcm"])
        self.assertEqual(list(alike("other.txt")), ["other.txt"])
