from pathlib import Path
from unittest import skipUnless

import numpy as np

from detection.pipeline import prepared
from imaging.errors import NotAZip
from imaging.exam import FOLDERS
from imaging.preprocessing import BY_SLICE, Normalisation
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import exam_files, zip_bytes
from training.sources.source import TruthError, prepared_images
from training.sources.tables import TableError
from training.sources.zips import labelled_zips
from training.tests.zip_sources import write_labels, write_zips

BOXED = "exam,patient,slices,Start Row,End Row,Start Column,End Column,size_mm"
REAL = Path(__file__).resolve().parents[4] / "shared" / "exam"


class LabelledZipsTests(FolderTestCase):
    def source(self, *lines: str, head: str = "exam,patient,slices", zips=("a.zip",)):
        write_zips(self.folder, zips)
        write_labels(self.folder, *lines, head=head)
        return labelled_zips(self.folder)

    def truth(self, *lines: str, **options):
        item = self.source(*lines, **options).items[0]
        return item.truth(item.read(self.folder / "work").exam)

    def test_zips_at_any_depth_come_with_their_patients(self):
        source = self.source("a.zip,p1,", "north/2020/b.ZIP,p2,3", zips=("a.zip", "north/2020/b.ZIP"))
        self.assertEqual(
            [(each.name, each.patient) for each in source.items], [("a.zip", "p1"), ("north/2020/b.ZIP", "p2")]
        )
        self.assertEqual((source.kind, source.left_out), ("zips", ()))

    def test_spans_and_single_numbers_are_positive_and_the_rest_is_negative(self):
        self.assertEqual(self.truth("a.zip,p1,2-3 6").labels.tolist(), [0, 1, 1, 0, 0, 1])

    def test_exam_without_slices_is_free_of_tumour(self):
        truth = self.truth("a.zip,p1,")
        self.assertEqual(
            (truth.labels.any(), truth.places.any(), truth.sizes.any(), truth.placed), (False,) * 3 + (True,)
        )

    def test_without_a_box_places_are_zero_and_said_to_be_unknown(self):
        truth = self.truth("a.zip,p1,2")
        self.assertEqual((truth.places.any(), truth.placed), (False, False))
        np.testing.assert_array_equal(truth.sizes, [0, np.nan, 0, 0, 0, 0])

    def test_box_gives_places_and_size_of_its_slices(self):
        truth = self.truth("a.zip,p1,2-3,1,16,9,12,", head=BOXED)
        expected = np.zeros((32, 32), np.uint8)
        expected[:16, 8:12] = 255  # a place is a pixel of these exams
        np.testing.assert_array_equal(truth.places[1], expected)
        self.assertEqual(truth.places[[0, 3]].any(), False)
        self.assertEqual((truth.sizes.tolist(), truth.placed), ([0, 24, 24, 0, 0, 0], True))

    def test_size_in_the_table_goes_before_that_of_the_box(self):
        self.assertEqual(self.truth("a.zip,p1,2,1,16,9,12,17.5", head=BOXED).sizes[1], 17.5)

    def test_slice_beyond_the_exam_is_an_error_with_its_name(self):
        with self.assertRaisesMessage(TruthError, "a.zip: slice 7 is said to hold tumour; the exam has 6"):
            self.truth("a.zip,p1,7")

    def test_box_beyond_the_picture_is_an_error(self):
        with self.assertRaisesMessage(TruthError, "a.zip: the box ends at column 33; the exam has 32"):
            self.truth("a.zip,p1,2,1,16,9,33,", head=BOXED)

    def test_zips_without_a_row_and_rows_without_a_zip_are_listed(self):
        source = self.source("a.zip,p1,", "gone.zip,p2,3", zips=("a.zip", "extra.zip"))
        self.assertEqual(
            [(each.name, each.patient, each.reason.replace(str(self.folder), "FOLDER")) for each in source.left_out],
            [("gone.zip", "p2", "is not in FOLDER"), ("extra.zip", "", "has no row in FOLDER/labels.csv")],
        )

    def test_any_layout_is_read_and_images_are_those_of_an_upload(self):
        item = self.source("a.zip,p1,2").items[0]
        loose = {
            f"export/{name.replace('/', '-')}": content
            for k, folder in enumerate(FOLDERS)
            for name, content in exam_files(4, rows=32, AcquisitionTime=f"09000{k}", SeriesNumber=k + 1).items()
            if name.startswith(folder)
        }
        item.path.write_bytes(zip_bytes(loose))
        exam = item.read(self.folder / "work").exam
        for normalisation in (BY_SLICE, Normalisation(maximum="exam")):
            served = prepared(exam, normalisation, normalisation)
            images, scales, _ = prepared_images(exam, normalisation)
            np.testing.assert_array_equal(images[:, :1], np.rint(served.single))
            np.testing.assert_array_equal(images[:, 1:], np.rint(served.scantype))
            self.assertEqual((images.dtype, scales.shape), (np.uint8, (4, 4)))

    def test_zip_that_is_none_is_refused_when_it_is_read(self):
        item = self.source("a.zip,p1,2").items[0]
        (self.folder / "a.zip").write_bytes(b"no zip")
        with self.assertRaises(NotAZip):
            item.read(self.folder / "work")


class DamagedLabelsTests(FolderTestCase):
    def refused(self, reason: str, *lines: str, head: str = "exam,patient,slices"):
        write_labels(self.folder, *lines, head=head)
        with self.assertRaises(TableError) as caught:
            labelled_zips(self.folder)
        self.assertEqual(str(caught.exception), f"{self.folder / 'labels.csv'}{reason}")

    def test_table_that_is_not_there_is_an_error(self):
        with self.assertRaisesMessage(TableError, "labels.csv: No such file or directory"):
            labelled_zips(self.folder)

    def test_missing_column_is_named(self):
        self.refused(": has no column 'slices'; it has exam, patient", "a.zip,p1", head="exam,patient")

    def test_missing_patient_is_named_with_its_line(self):
        self.refused(", line 3: nothing stands under 'patient'", "a.zip,p1,", "b.zip,,")

    def test_exam_that_is_there_twice_is_named(self):
        self.refused(", line 3: a.zip is in line 2 already", "a.zip,p1,", "a.zip,p1,3")

    def test_exam_of_two_patients_is_named_with_both(self):
        self.refused(
            ", line 3: a.zip is in line 2 already, of patient p1 and of patient p2", "a.zip,p1,", "./a.zip,p2,"
        )

    def test_slices_that_are_no_numbers_are_named(self):
        wrong = "is no slice number from 1 on, nor a span such as 10-12"
        self.refused(f", line 2: '0' under 'slices' {wrong}", "a.zip,p1,3 0")
        self.refused(f", line 2: 'left' under 'slices' {wrong}", "a.zip,p1,left")
        self.refused(", line 2: '5-3' under 'slices' ends before it begins", "a.zip,p1,5-3")

    def test_comma_without_quotes_is_seen(self):
        self.refused(", line 2: has more cells than there are columns", "a.zip,p1,3,5")

    def test_box_that_is_none_is_named(self):
        self.refused(", line 2: 'End Row' is 1, before 'Start Row', 2", "a.zip,p1,2,2,1,9,12,", head=BOXED)
        self.refused(", line 2: nothing stands under 'End Column'", "a.zip,p1,2,1,16,9,,", head=BOXED)
        self.refused(
            ", line 2: 'x' under 'Start Row' is no whole number from 1 on", "a.zip,p1,2,x,16,9,12,", head=BOXED
        )
        self.refused(", line 2: has a box and no slices that hold tumour", "a.zip,p1,,1,16,9,12,", head=BOXED)
        self.refused(
            ": has no column 'End Row', 'Start Column', 'End Column', which a box needs",
            "a.zip,p1,2,1",
            head="exam,patient,slices,Start Row",
        )

    def test_size_that_is_none_is_named(self):
        self.refused(", line 2: 'nan' under 'size_mm' is no size in mm", "a.zip,p1,2,,,,,nan", head=BOXED)

    def test_table_of_a_spreadsheet_with_semicolons_and_a_mark_is_read(self):
        write_zips(self.folder, ["a.zip"])
        (self.folder / "labels.csv").write_text("\ufeffexam;patient;slices\r\na.zip;p1;2,4-5\r\n")
        self.assertEqual(labelled_zips(self.folder).items[0].slices, (2, 4, 5))


@skipUnless(REAL.is_dir(), "the real exam is not here")
class RealExamTests(FolderTestCase):
    def test_real_exam_free_of_tumour_is_prepared(self):
        write_labels(self.folder, "series.zip,p1,")
        item = labelled_zips(REAL, self.folder / "labels.csv").items[0]
        made = item.prepared(Normalisation(maximum="exam"), self.folder / "work")
        self.assertEqual(made.labelled.images.shape, (24, 4, 128, 128))
        self.assertEqual((made.labelled.labels.tolist(), made.placed), ([0] * 24, True))
        self.assertTrue((made.labelled.scales[:, 0] < made.labelled.scales[:, 1]).all())
