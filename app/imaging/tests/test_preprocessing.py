from concurrent.futures import ThreadPoolExecutor
from threading import Event
from unittest import mock

import numpy as np
from django.test import SimpleTestCase

from imaging.errors import NoSignal
from imaging.preprocessing import (
    BY_SLICE,
    Normalisation,
    channels,
    normalize,
    percentile_of_all,
    prepare,
    process_scantype,
    process_single,
)
from imaging.series import read_series
from imaging.slice_file import SliceFile
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import exam_files, slice_bytes, write_files

EXAM = Normalisation(maximum="exam")


class NormalizeTests(SimpleTestCase):
    def test_largest_value_becomes_255_and_the_rest_is_truncated(self):
        self.assertEqual(normalize(np.array([[0, 100, 199, 300]])).tolist(), [[0, 85, 169, 255]])

    def test_largest_value_becomes_255_whatever_it_is(self):
        self.assertEqual({int(normalize(np.array([[value]]))[0, 0]) for value in range(1, 3000)}, {255})

    def test_maximum_can_be_given_and_larger_values_become_255(self):
        self.assertEqual(normalize(np.array([[50, 100, 400]]), maximum=200).tolist(), [[63, 127, 255]])

    def test_slice_of_zeros_stays_zero(self):
        self.assertEqual(normalize(np.zeros((2, 2))).tolist(), [[0, 0], [0, 0]])

    def test_values_below_zero_become_zero(self):
        self.assertEqual(normalize(np.array([[-50, 0, 10]])).tolist(), [[0, 0, 255]])

    def test_bytes_come_out(self):
        self.assertEqual(normalize(np.array([[1, 2]])).dtype, np.uint8)


class PrepareTests(SimpleTestCase):
    def test_slice_is_128_by_128_float(self):
        prepared = prepare(np.ones((300, 200)))
        self.assertEqual((prepared.shape, prepared.dtype), ((128, 128), np.float32))

    def test_monochrome1_is_inverted_after_scaling(self):
        self.assertEqual(np.unique(prepare(np.full((4, 4), 10), maximum=20, inverted=True)).tolist(), [128.0])

    def test_resizing_is_bilinear_between_pixel_centres_without_antialiasing(self):
        stripes = np.zeros((256, 256))
        stripes[:, ::4] = 255  # columns 0, 4, 8...: of every two output pixels one sees half a stripe, the other none
        self.assertEqual(prepare(stripes)[0, :4].tolist(), [127.5, 0.0, 127.5, 0.0])


class NormalisationTests(SimpleTestCase):
    def test_scale_of_the_exam_is_one_and_a_half_times_a_high_percentile(self):
        reference = [np.full((4, 4), value) for value in range(1, 1002)]
        self.assertAlmostEqual(EXAM.scale(reference), 1.5 * 1000, delta=0.01)

    def test_percentile_by_counting_is_numpys(self):
        generator = np.random.default_rng(0)
        for kind, largest in ((np.uint16, 65535), (np.uint16, 40), (np.uint8, 255), (np.int16, 3000), (np.float32, 9)):
            for percentile in (0.0, 50.0, 99.9, 100.0, *generator.uniform(0, 100, 20)):
                sizes = generator.integers(1, 300, 3)
                values = [generator.integers(0, largest + 1, size).astype(kind) for size in sizes]
                expected = np.percentile(np.concatenate(values), percentile)
                self.assertEqual(percentile_of_all(values, float(percentile)), expected)

    def test_slices_of_a_pass_may_differ_in_type(self):
        whole, signed, rescaled = np.array([1, 2], np.uint16), np.array([-3, 4], np.int16), np.array([0.5, 6.5])
        for values in ([whole, signed], [whole, rescaled], [rescaled, whole], [whole, whole.astype(np.uint8)]):
            self.assertEqual(percentile_of_all(values, 40.0), np.percentile(np.concatenate(values), 40.0))

    def test_each_slice_by_its_own_maximum_has_no_scale(self):
        self.assertIsNone(Normalisation().scale([np.ones((2, 2))]))

    def test_reference_without_signal_has_no_scale(self):
        with self.assertRaisesMessage(NoSignal, "The pass that sets the scale holds no signal."):
            EXAM.scale([np.zeros((4, 4))])

    def test_scale_that_is_none_is_refused(self):
        for wrong in ({"factor": 0}, {"factor": float("nan")}, {"percentile": 200}):
            with self.assertRaisesMessage(ValueError, "is no scale"):
                Normalisation(maximum="exam", **wrong)

    def test_unknown_normalisation_is_refused(self):
        with self.assertRaisesMessage(ValueError, "normalisation by 'median' is not known; slice and exam are"):
            Normalisation(maximum="median")


class ProcessTests(FolderTestCase):
    def setUp(self):
        super().setUp()
        flat = {"pre": 100, "1st_pass": 200, "2nd_pass": 300, "3rd_pass": 400}
        files = {
            f"{folder}/{n}.dcm": slice_bytes(np.full((20, 20), value * n), n, 2.0 * n)
            for folder, value in flat.items()
            for n in (1, 2)
        }
        write_files(files, self.folder)
        self.passes = [self.folder / name for name in ("1st_pass", "2nd_pass", "3rd_pass")]

    def test_single_is_one_channel_a_slice(self):
        self.assertEqual(process_single(self.folder / "pre").shape, (2, 1, 128, 128))

    def test_by_slice_every_flat_slice_is_white(self):
        self.assertEqual(np.unique(process_scantype(*self.passes)).tolist(), [255.0])

    def test_by_exam_brightness_across_slices_and_passes_survives(self):
        images = process_scantype(*self.passes, normalisation=EXAM)
        # the scale is 1.5 times (almost) 400, the brightest slice of the first pass
        self.assertEqual(images[:, :, 0, 0].tolist(), [[85.0, 127.0, 170.0], [170.0, 255.0, 255.0]])

    def test_value_that_became_white_is_told_for_each_slice_of_each_pass(self):
        passes = [read_series(folder) for folder in self.passes]
        self.assertEqual(channels(passes, BY_SLICE).scales.tolist(), [[200, 300, 400], [400, 600, 800]])
        np.testing.assert_allclose(channels(passes, EXAM).scales, np.full((2, 3), 600))

    def test_channels_are_the_passes_in_order(self):
        write_files(exam_files(count=1), self.folder / "exam")
        folders = [self.folder / "exam" / name for name in ("1st_pass", "2nd_pass", "3rd_pass")]
        images = process_scantype(*folders)
        for k, folder in enumerate(folders):
            np.testing.assert_array_equal(images[:, k], process_single(folder)[:, 0])

    def test_pass_without_signal_is_refused(self):
        write_files({f"2nd_pass/{n}.dcm": slice_bytes(np.zeros((20, 20)), n, 2.0 * n) for n in (1, 2)}, self.folder)
        with self.assertRaisesMessage(NoSignal, "2nd_pass holds no signal."):
            process_scantype(*self.passes)

    def test_one_slice_without_signal_is_taken(self):
        write_files({"pre/1.dcm": slice_bytes(np.zeros((20, 20)), 1, 2.0)}, self.folder)
        self.assertEqual(process_single(self.folder / "pre")[:, 0, 0, 0].tolist(), [0.0, 255.0])

    def test_pixels_of_one_exam_are_decoded_at_a_time(self):
        first, second = read_series(self.folder / "pre"), read_series(self.folder / "1st_pass")
        begun, second_done, decode = Event(), Event(), SliceFile.values

        def watched(image: SliceFile) -> np.ndarray:
            if any(image is each for each in first.slices):
                begun.set()
                self.assertFalse(second_done.wait(0.1))
            return decode(image)

        def another_exam() -> None:
            begun.wait()
            process_single(second)
            second_done.set()

        with mock.patch.object(SliceFile, "values", watched), ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(another_exam)
            process_single(first)
            waiting.result()

    def test_by_exam_monochrome1_gives_what_monochrome2_gives(self):
        upright = np.random.default_rng(0).integers(0, 300, (20, 20))
        for name, pixels, kind in (("up", upright, "MONOCHROME2"), ("down", 4095 - upright, "MONOCHROME1")):
            tags = {"PhotometricInterpretation": kind, "BitsStored": 12, "HighBit": 11}
            write_files({f"{name}/1.dcm": slice_bytes(pixels, **tags)}, self.folder)
        up, down = (process_single(self.folder / name, EXAM) for name in ("up", "down"))
        np.testing.assert_array_equal(up, down)
