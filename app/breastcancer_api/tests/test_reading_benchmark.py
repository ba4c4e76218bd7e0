from unittest import mock

from breastcancer_api import reading_benchmark
from breastcancer_api.reading_benchmark import CORES, Memory, ReadDifferently, Seconds, memory, one_round
from imaging.tests.folders import FolderTestCase
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol


class ReadingBenchmarkTests(FolderTestCase):
    def setUp(self):
        super().setUp()
        self.archive = self.folder / "phantom.zip"
        write_zip(Exam(7, Protocol(48, 64, 5)), self.archive)

    def test_plain_code_reads_what_the_service_reads(self):
        found = one_round(self.archive)  # raises ReadDifferently otherwise
        self.assertGreater(min(found.exam, found.inputs, found.prepare), 0)

    def test_difference_between_plain_code_and_the_service_is_told(self):
        with mock.patch.object(reading_benchmark, "_inputs", return_value=0), self.assertRaises(ReadDifferently):
            one_round(self.archive)

    def test_ratio_is_to_an_even_share_for_each_core(self):
        one = Seconds(inflate=2.0, decode=1.0, prepare=3.0, exam=3.0, inputs=12.0)
        self.assertEqual((one.exam_ratio, one.inputs_ratio), (1.0 * CORES, 2.0 * CORES))

    def test_memory_counts_the_inputs_and_one_pass(self):
        held = memory(self.archive)
        self.assertEqual((held.inputs, held.one_pass), (4 * 5 * 128 * 128 * 4, 5 * 48 * 64 * 2))
        self.assertGreater(held.peak, held.inputs)

    def test_allowed_memory_is_two_and_a_half_times_the_inputs_and_one_pass(self):
        self.assertEqual(Memory(peak=0, inputs=100, one_pass=7).allowed, 257)
