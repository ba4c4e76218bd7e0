import numpy as np

from imaging.exam import FOLDERS
from imaging.passes import Ignored
from imaging.passport import passport
from imaging.phases import Phase, read_phases
from imaging.reading import Reading, judged
from imaging.tests.exam_slices import EMPTY
from imaging.tests.folders import FolderTestCase, read_exam
from imaging.tests.slices import FEW_PIXELS, exam_files, slice_bytes, write_files

SAGITTAL = [0, 1, 0, 0, 0, -1]


class PassportTests(FolderTestCase):
    def passport(self, files: dict[str, bytes]) -> dict:
        exam = read_exam(write_files(files, self.folder))
        slices = [each for series in (exam.pre, *exam.passes) for each in series.slices]
        reading = judged(Reading(exam, (), (Ignored("notes.txt", "no image"),)))
        return passport(reading, read_phases(slices), reading.ignored)

    def test_passes_are_told_with_their_first_and_last_slice(self):
        found = self.passport(exam_files(SeriesDescription="ax dyn", SeriesNumber=4))
        self.assertEqual([each["role"] for each in found["passes"]], list(FOLDERS))
        self.assertEqual(
            found["passes"][1],
            {
                "role": "1st_pass",
                "series_number": 4,
                "series_description": "ax dyn",
                "seconds_after_pre": None,
                "first_slice": "1st_pass/001.dcm",
                "last_slice": "1st_pass/003.dcm",
            },
        )

    def test_geometry_of_an_axial_stack_from_the_feet(self):
        found = self.passport(exam_files(rows=128, PixelSpacing=[0.8, 0.8]))
        self.assertEqual(
            found["geometry"],
            {
                "rows": 128,
                "columns": 128,
                "pixel_spacing_mm": [0.8, 0.8],
                "slice_spacing_mm": 2.0,
                "orientation": "axial",
                "numbered_from": "feet to head",
            },
        )

    def test_exam_without_positions_has_no_orientation(self):
        found = self.passport(exam_files(ImagePositionPatient=None))["geometry"]
        self.assertEqual((found["orientation"], found["numbered_from"], found["slice_spacing_mm"]), (None, None, None))

    def test_sagittal_stack_is_numbered_from_side_to_side(self):
        files = {
            f"{folder}/{i}": slice_bytes(
                _noise(folder, i), i, ImageOrientationPatient=SAGITTAL, ImagePositionPatient=[-3 * i, 0, 0]
            )
            for folder in FOLDERS
            for i in range(3)
        }
        found = self.passport(files)["geometry"]
        self.assertEqual((found["orientation"], found["numbered_from"]), ("sagittal", "left to right"))

    def test_seconds_count_from_the_series_before_contrast(self):
        minutes = dict(zip(FOLDERS, ("0900", "0922", "0924", "0926"), strict=True))
        files = {
            f"{folder}/{i}": slice_bytes(
                _noise(folder, i), i, 2.0 * i, AcquisitionDate="20200101", AcquisitionTime=f"{minute}30.5"
            )
            for folder, minute in minutes.items()
            for i in range(2)
        }
        found = self.passport(files)
        self.assertEqual([each["seconds_after_pre"] for each in found["passes"]], [0.0, 1320.0, 1440.0, 1560.0])

    def test_a_hundred_are_listed_for_each_reason_and_the_others_counted(self):
        notes = [Ignored(f"{n}.txt", f"{n}.txt is not a DICOM file.") for n in range(103)]
        series = [Phase((EMPTY, EMPTY), aside="fewer than 3 slices") for _ in range(104)]
        found = passport(None, series, [Ignored("t2", "a later pass"), *notes])
        self.assertEqual((len(found["ignored"]), found["ignored_count"], len(found["series"])), (102, 104, 101))
        self.assertEqual(found["ignored"][0], {"label": "t2", "reason": "a later pass"})
        self.assertEqual(found["ignored"][-1], {"label": "3 more", "reason": "is not a DICOM file."})
        self.assertEqual(found["series"][-1], {"label": "4 more", "slice_count": 8, "reason": "fewer than 3 slices"})

    def test_what_is_left_out_is_told_to_the_sender_and_counted_in_the_warnings(self):
        found = self.passport(exam_files())
        self.assertEqual(found["ignored"], [{"label": "notes.txt", "reason": "no image"}])
        self.assertEqual(found["ignored_count"], 1)
        self.assertEqual(found["warnings"], [FEW_PIXELS.format(32), "Not part of the exam, ignored: 1."])


def _noise(folder: str, index: int):
    return np.random.default_rng([FOLDERS.index(folder), index]).integers(0, 400, (32, 32))
