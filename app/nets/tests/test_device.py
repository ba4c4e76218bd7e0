import threading
from unittest import mock

import torch
from django.test import SimpleTestCase

from nets.device import Device, DeviceMissing, choose, limit_threads

GIGABYTE = 1_000_000_000


def cpu(**capabilities: bool):
    return mock.patch.object(torch.cpu, "get_capabilities", return_value=capabilities)


def cuda(there: bool, bfloat16: bool = True, free: int = 100 * GIGABYTE):
    return mock.patch.multiple(
        torch.cuda,
        is_available=lambda: there,
        is_bf16_supported=lambda including_emulation: bfloat16 or including_emulation,
        mem_get_info=lambda: (free, 2 * free),
    )


class ChoiceTests(SimpleTestCase):
    def test_processor_that_computes_bfloat16_natively_computes_in_it(self):
        for capability in ("avx512_bf16", "amx_bf16", "bf16"):
            with cuda(there=False), cpu(**{capability: True}):
                self.assertEqual(choose(), Device("cpu", "bfloat16", 16))

    def test_other_processors_compute_in_float32(self):
        with cuda(there=False), cpu(avx2=True, avx512_bf16=False):
            self.assertEqual(choose(), Device("cpu", "float32", 16))

    def test_what_is_asked_for_by_name_is_taken(self):
        with cuda(there=True), cpu(avx512_bf16=True):
            self.assertEqual(choose("cpu", "float32"), Device("cpu", "float32", 16))

    def test_gpu_is_taken_where_one_is(self):
        with cuda(there=True):
            self.assertEqual(choose(), Device("cuda", "bfloat16", 256))

    def test_gpu_that_only_emulates_bfloat16_computes_in_float32(self):
        with cuda(there=True, bfloat16=False):
            self.assertEqual(choose().precision, "float32")

    def test_batch_fits_into_a_quarter_of_the_memory_that_is_free(self):
        with cuda(there=True, free=GIGABYTE):
            self.assertEqual(choose("cuda", "float32").batch, 14)  # 250 MB of 16.8 MB a slice
        with cuda(there=True, free=1000):
            self.assertEqual(choose("cuda", "float32").batch, 1)

    def test_float32_on_a_gpu_is_not_rounded_to_tf32(self):
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
        with cuda(there=True):
            choose("cuda", "float32")
        self.assertFalse(torch.backends.cudnn.allow_tf32 or torch.backends.cuda.matmul.allow_tf32)

    def test_gpu_that_is_asked_for_and_not_there_is_told(self):
        with cuda(there=False), self.assertRaisesMessage(DeviceMissing, "no CUDA device is there"):
            choose("cuda")


class LaneTests(SimpleTestCase):
    def test_everything_is_computed_by_one_thread(self):
        device = Device()
        names = {device.compute(lambda: threading.current_thread().name) for _ in range(3)}
        self.assertEqual(names, {"lane_0"})

    def test_error_reaches_the_one_who_asked_and_the_lane_stays_open(self):
        device = Device()
        with self.assertRaises(ZeroDivisionError):
            device.compute(lambda: 1 / 0)
        self.assertEqual(device.compute(lambda: 5), 5)


class ThreadsTests(SimpleTestCase):
    def test_torch_takes_no_more_threads_than_there_are_cores_and_never_more_than_it_chose(self):
        chosen = torch.get_num_threads()
        self.addCleanup(torch.set_num_threads, chosen)
        self.assertEqual(limit_threads(1000), chosen)
        self.assertEqual(limit_threads(1), 1)
        self.assertEqual(limit_threads(2), 1)
