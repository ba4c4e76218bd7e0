import io
from dataclasses import replace
from unittest import mock

import highdicom
import numpy as np
from django.test import SimpleTestCase

from reports.errors import FormError, NoGeometry, NoInstanceUids, NoPositiveSlice
from reports.identity import write, written
from reports.parametric_map import check_parametric_map, parametric_map
from reports.report import Report
from reports.tests.dicom import of_frames, positions, read
from reports.tests.reports import (
    KINDS,
    UNPLACED,
    a_report,
    true_centroid,
    true_mask,
    true_slices,
    with_description,
    with_header,
)


def frames(found) -> np.ndarray:
    return np.frombuffer(found.FloatPixelData, "<f4").reshape(found.NumberOfFrames, found.Rows, found.Columns)


def places(found, frame: int, rows, columns) -> np.ndarray:
    """(N, 3) mm in patient coordinates of pixels of ``frame``, from 0."""
    shared = found.SharedFunctionalGroupsSequence[0]
    return positions(
        found.PerFrameFunctionalGroupsSequence[frame].PlanePositionSequence[0],
        shared.PixelMeasuresSequence[0],
        shared.PlaneOrientationSequence[0],
        rows,
        columns,
    )


def centroid(found) -> np.ndarray:
    """Where the heat lies, (3,) mm in patient coordinates, as the file alone tells it."""
    heat = frames(found).astype(float)
    found = [places(found, frame, *np.nonzero(each)) * each[each > 0][:, None] for frame, each in enumerate(heat)]
    return np.concatenate(found).sum(axis=0) / heat.sum()


class PixelsTests(SimpleTestCase):
    def test_heat_is_asked_for_a_few_slices_at_a_time_while_it_is_written(self):
        report, asked, file = a_report(), [], io.BytesIO()

        def heat(numbers):
            asked.append((list(numbers), file.tell()))
            return report.heat(numbers)

        with mock.patch("reports.parametric_map.AT_ONCE", 2):
            made = parametric_map(replace(report, heat=heat))
            self.assertEqual(asked, [])
            write(made, file)
        numbers = report.positive_slices
        self.assertEqual(
            [each for each, _ in asked], [numbers[first : first + 2] for first in range(0, len(numbers), 2)]
        )
        self.assertGreater(asked[-1][1], asked[0][1])
        self.assertEqual(file.getvalue(), written(parametric_map(report)))


class PlaceTests(SimpleTestCase):
    def test_heat_lies_where_the_phantom_has_its_tumour_to_a_pixel(self):
        for kind in KINDS:
            found = read(parametric_map(a_report(kind)))
            spacing = min(found.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing)
            with self.subTest(kind):
                off = np.linalg.norm(centroid(found) - true_centroid(kind))
                self.assertLess(off, spacing)
                self.assertLess(off, 0.01)  # mm: nothing but rounding

    def test_every_pixel_lies_where_the_stack_has_it(self):
        for kind in KINDS:
            report = a_report(kind)
            found = read(parametric_map(report))
            for frame, number in enumerate(report.positive_slices):
                wanted = report.exam.stack.patient_position(number, 100, 30)
                np.testing.assert_allclose(places(found, frame, [100], [30])[0], wanted, atol=1e-6, err_msg=kind)

    def test_frame_of_reference_is_that_of_the_exam(self):
        report = a_report("oblique")
        self.assertEqual(
            read(parametric_map(report)).FrameOfReferenceUID, report.exam.description.header["FrameOfReferenceUID"]
        )


class HeatTests(SimpleTestCase):
    def test_frames_are_the_heat_of_the_positive_slices_in_reading_order(self):
        for kind in KINDS:
            found = read(parametric_map(a_report(kind)))
            labels = [each.FrameContentSequence[0].FrameLabel for each in found.PerFrameFunctionalGroupsSequence]
            with self.subTest(kind):
                self.assertEqual(labels, [f"Slice {number}" for number in true_slices(kind)])
                np.testing.assert_array_equal(frames(found), [true_mask(kind, each) for each in true_slices(kind)])

    def test_each_network_has_a_map_of_its_own(self):
        report = a_report()
        pair = np.zeros((2, 2, 128, 144), np.float32)
        pair[:, 0], pair[:, 1] = 0.25, 0.75
        halves = replace(report, heat=lambda numbers: pair[[0] * len(numbers)])
        single, scantype = (read(parametric_map(halves, role)) for role in ("single", "scantype"))
        self.assertEqual((set(frames(single).ravel()), set(frames(scantype).ravel())), ({0.25}, {0.75}))
        self.assertNotEqual(single.SeriesInstanceUID, scantype.SeriesInstanceUID)

    def test_each_frame_says_what_its_heat_is_worth(self):
        single, scantype = (
            read(parametric_map(a_report(), role)).PerFrameFunctionalGroupsSequence[0].FrameContentSequence[0]
            for role in ("single", "scantype")
        )
        self.assertIn("no guide to where a tumour lies", single.FrameComments)
        self.assertNotIn("no guide to where a tumour lies", scantype.FrameComments)
        self.assertTrue(scantype.FrameComments.startswith("Research use only."))

    def test_highdicom_reads_a_volume_of_it_in_the_same_place(self):
        for kind in KINDS:
            report = a_report(kind)
            volume = highdicom.pm.ParametricMap.from_dataset(read(parametric_map(report))).get_volume()
            values = np.argwhere(volume.array > 0)
            with self.subTest(kind):
                centre = volume.map_indices_to_reference(values).mean(axis=0)
                np.testing.assert_allclose(centre, true_centroid(kind), atol=0.01)

    def test_values_are_told_to_be_saliency_from_0_to_1(self):
        (mapping,) = read(parametric_map(a_report())).SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence
        self.assertEqual((mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept), (1, 0))
        self.assertEqual(mapping.DoubleFloatRealWorldValueLastValueMapped, 1)
        self.assertEqual(mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeValue, "130404")


class SourceTests(SimpleTestCase):
    def test_each_frame_refers_to_the_images_of_its_slice(self):
        report = a_report()
        found = read(parametric_map(report))
        for number, groups in zip(true_slices("axial"), found.PerFrameFunctionalGroupsSequence, strict=True):
            told = [each.ReferencedSOPInstanceUID for each in groups.DerivationImageSequence[0].SourceImageSequence]
            self.assertEqual(told, [each.sop_instance_uid for each in report.exam.description.sources[number - 1]])

    def test_each_frame_refers_to_frames_of_files_that_have_them(self):
        found = read(parametric_map(of_frames(a_report())))
        told = [
            {each.ReferencedFrameNumber for each in groups.DerivationImageSequence[0].SourceImageSequence}
            for groups in found.PerFrameFunctionalGroupsSequence
        ]
        self.assertEqual(told, [{number} for number in true_slices("axial")])
        (series,) = found.ReferencedSeriesSequence
        self.assertEqual(len(series.ReferencedInstanceSequence), 4)


class RefusalTests(SimpleTestCase):
    def assert_refused(self, report: Report, error: type[FormError], told: str = ""):
        for refused in (parametric_map, check_parametric_map):
            with self.assertRaisesMessage(error, told):
                refused(report)

    def test_exam_without_positive_slices_has_no_map(self):
        self.assert_refused(a_report(positive=False), NoPositiveSlice)

    def test_exam_without_geometry_has_no_map(self):
        told = "lack ImagePositionPatient, ImageOrientationPatient, PixelSpacing, so heat cannot be placed"
        self.assert_refused(a_report(UNPLACED), NoGeometry, told)

    def test_exam_without_pixel_spacing_has_no_map(self):
        report = a_report()
        silent = with_description(report, stack=replace(report.exam.stack, pixel_spacing=None))
        self.assert_refused(silent, NoGeometry, "The files of this exam lack PixelSpacing, so heat")

    def test_exam_without_a_frame_of_reference_has_no_map(self):
        self.assert_refused(with_header(a_report(), FrameOfReferenceUID=""), NoGeometry, "lack FrameOfReferenceUID, so")

    def test_exam_without_uids_has_no_map(self):
        self.assert_refused(with_header(a_report(), StudyInstanceUID=""), NoInstanceUids)

    def test_equal_reports_make_equal_files(self):
        self.assertEqual(written(parametric_map(a_report())), written(parametric_map(a_report())))
