import csv
import itertools

import numpy as np
import pydicom

from imaging.tests.folders import FolderTestCase
from phantom.exam import Exam, Protocol
from phantom.tree import BOXES, MAPPING, tree_exams, write_tree

SIEMENS = Exam(5, Protocol(48, 48, 24), tumours=1)
GE = Exam(8, Protocol(48, 48, 24, vendor="GE", one_series=True), tumours=1)
FIRST = "Duke-Breast-Cancer-MRI/Breast_MRI_001/01-01-2020-PHANTOM-5"


class TreeTests(FolderTestCase):
    def setUp(self):
        super().setUp()
        write_tree([SIEMENS, GE], self.folder)

    def rows(self, name: str) -> list[dict]:
        with (self.folder / name).open() as file:
            return list(csv.DictReader(file))

    def test_mapping_names_every_slice_of_every_pass(self):
        rows = self.rows(MAPPING)
        self.assertEqual(len(rows), 2 * 24 * 4)
        self.assertEqual(
            rows[0],
            {
                "original_path_and_filename": "DICOM_Images/Breast_MRI_001/pre/Breast_MRI_001_pre_001.dcm",
                "classic_path": f"{FIRST}/1.000000-ax dyn pre/1-001.dcm",
            },
        )

    def test_mapped_files_hold_the_slices(self):
        third = next(
            row for row in self.rows(MAPPING) if row["original_path_and_filename"].endswith("001_post_2_003.dcm")
        )
        found = pydicom.dcmread(self.folder / third["classic_path"])
        np.testing.assert_array_equal(found.pixel_array, SIEMENS.slice(2)[2])
        self.assertEqual(found.PatientID, "Breast_MRI_001")

    def test_files_of_every_second_patient_have_one_zero_fewer(self):
        names = sorted(file.name for file in self.folder.glob("*/Breast_MRI_002/*/*/*.dcm"))
        self.assertEqual((len(names), names[0]), (96, "1-01.dcm"))

    def test_one_dynamic_series_counts_its_files_through_all_phases(self):
        rows = [row["classic_path"] for row in self.rows(MAPPING) if "Breast_MRI_002" in row["classic_path"]]
        self.assertEqual(len({path.rsplit("/", 1)[0] for path in rows}), 1)
        self.assertEqual(rows[-1].rsplit("/", 1)[1], "1-096.dcm")

    def test_boxes_are_those_of_the_truth(self):
        first = self.rows(BOXES)[0]
        self.assertEqual(first.pop("Patient ID"), "Breast_MRI_001")
        self.assertEqual([int(each) for each in first.values()], list(SIEMENS.truth()["box"].values()))
        self.assertEqual(
            list(first), ["Start Row", "End Row", "Start Column", "End Column", "Start Slice", "End Slice"]
        )

    def test_patients_of_a_tree_have_one_tumour_each(self):
        exams = list(itertools.islice(tree_exams(1), 4))
        self.assertEqual([len(each.patient.tumours) for each in exams], [1, 1, 1, 1])
