from dataclasses import replace

import numpy as np
from django.test import SimpleTestCase

from reports.errors import NoInstanceUids, NoPositiveSlice
from reports.identity import written
from reports.pictures import WINDOW
from reports.secondary_capture import check_secondary_captures, secondary_captures
from reports.tests.dicom import of_frames, positions, read
from reports.tests.reports import KINDS, UNPLACED, a_report, true_mask, true_position, true_slices, with_header


def captures(report, **options) -> list:
    return [read(each) for each in secondary_captures(report, **options)]


class PictureTests(SimpleTestCase):
    def test_an_image_for_each_positive_slice_in_reading_order(self):
        for kind in KINDS:
            found = captures(a_report(kind))
            with self.subTest(kind):
                self.assertEqual([each.InstanceNumber for each in found], list(range(1, len(found) + 1)))
                told = [each.ImageComments.split(".")[0] for each in found]
                self.assertEqual(told, [f"Slice {number}" for number in true_slices(kind)])

    def test_pixels_are_what_was_painted(self):
        def paint(grey: np.ndarray, heat: np.ndarray) -> np.ndarray:
            return np.stack([255 * heat, 255 * grey, 7 + 0 * heat], axis=-1).astype(np.uint8)

        report = a_report()
        for each, number in zip(captures(report, paint=paint), true_slices("axial"), strict=True):
            red, green, blue = np.moveaxis(each.pixel_array, -1, 0)
            np.testing.assert_array_equal(red, 255 * true_mask("axial", number))
            first = report.exam.picture("1st_pass", number).astype(float) / (WINDOW * report.exam.bright)
            np.testing.assert_allclose(green, 255 * np.clip(first, 0, 1), atol=1)
            self.assertEqual(set(blue.ravel()), {7})

    def test_each_network_has_overlays_of_its_own(self):
        pair = np.zeros((1, 2, 128, 144), np.float32)
        pair[:, 0], pair[:, 1] = 0.25, 0.75
        halves = replace(a_report(), heat=lambda numbers: pair[[0] * len(numbers)])
        for role, wanted in (("single", 25), ("scantype", 75)):
            found = captures(halves, role=role, paint=lambda _, heat: np.stack([100 * heat] * 3, axis=-1))
            self.assertEqual({value for each in found for value in each.pixel_array.ravel()}, {wanted})

    def test_heat_is_asked_for_many_slices_at_a_time(self):
        asked, report = [], a_report()
        counted = replace(report, heat=lambda numbers: asked.append(numbers) or report.heat(numbers))
        captures(counted)
        self.assertEqual(asked, [true_slices("axial")])

    def test_heat_is_seen_in_colour_and_nothing_else_is(self):
        for each, number in zip(captures(a_report()), true_slices("axial"), strict=True):
            coloured = np.ptp(each.pixel_array.astype(int), axis=-1) > 0
            np.testing.assert_array_equal(coloured, true_mask("axial", number))

    def test_is_for_research(self):
        self.assertTrue(all("Research use only" in each.ImageComments for each in captures(a_report())))

    def test_nothing_is_written_into_the_picture(self):
        self.assertEqual({each.BurnedInAnnotation for each in captures(a_report())}, {"NO"})


class PlaceTests(SimpleTestCase):
    def test_image_lies_where_its_slice_lies(self):
        for kind in KINDS:
            for each, number in zip(captures(a_report(kind)), true_slices(kind), strict=True):
                (found,) = positions(each, each, each, [100], [30])
                np.testing.assert_allclose(found, true_position(kind, number, 100, 30), atol=0.01, err_msg=kind)

    def test_sides_of_the_picture_are_named(self):
        wanted = {"axial": ["L", "P"], "reversed": ["L", "P"], "sagittal": ["P", "F"], "oblique": ["LP", "PHR"]}
        for kind in KINDS:
            with self.subTest(kind):
                self.assertEqual(captures(a_report(kind))[0].PatientOrientation, wanted[kind])

    def test_exam_without_geometry_is_shown_without_a_place(self):
        found = captures(a_report(UNPLACED))
        self.assertEqual(len(found), len(true_slices(UNPLACED)))
        self.assertNotIn("ImagePositionPatient", found[0])
        self.assertNotIn("FrameOfReferenceUID", found[0])


class SourceTests(SimpleTestCase):
    def test_image_refers_to_those_that_it_was_made_of(self):
        report = a_report()
        for each, number in zip(captures(report), true_slices("axial"), strict=True):
            told = [image.ReferencedSOPInstanceUID for image in each.SourceImageSequence]
            self.assertEqual(told, [image.sop_instance_uid for image in report.exam.description.sources[number - 1]])

    def test_image_refers_to_frames_of_files_that_have_them(self):
        each = captures(of_frames(a_report()))[0]
        frames = {image.ReferencedFrameNumber for image in each.SourceImageSequence}
        self.assertEqual(frames, {true_slices("axial")[0]})

    def test_exam_without_positive_slices_or_uids_has_no_images(self):
        nameless = with_header(a_report(), StudyInstanceUID="")
        for refused in (secondary_captures, check_secondary_captures):
            self.assertRaises(NoPositiveSlice, refused, a_report(positive=False))
            self.assertRaises(NoInstanceUids, refused, nameless)

    def test_equal_reports_make_equal_files(self):
        one, other = ([written(each) for each in secondary_captures(a_report())] for _ in range(2))
        self.assertEqual(one, other)
