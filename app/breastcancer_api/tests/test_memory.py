import subprocess
import sys
from pathlib import Path

from django.test import SimpleTestCase

APP = Path(__file__).resolve().parents[2]
# Eight threads hold memory at once; the C library tells how many heaps it has.
THREADS = """
import ctypes, sys, threading
from breastcancer_api.memory import tune_heaps
if sys.argv[1] == "tuned":
    tune_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
everybody = threading.Barrier(8)
threads = [threading.Thread(target=lambda: (libc.malloc(10_000), everybody.wait())) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
"""
# 30 MB are asked for, written and freed twenty times, as for batches of slices; the system tells what pages it gave.
BATCHES = """
import ctypes, resource, sys
from breastcancer_api.memory import tune_heaps
if sys.argv[1] == "tuned":
    tune_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    held = [ctypes.c_void_p(libc.malloc(10_000_000)) for _ in range(3)]
    for each in held:
        ctypes.memset(each, 1, 10_000_000)
    for each in held:
        libc.free(each)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
PAGES = 30_000_000 // 4096


def told(program: str, how: str) -> str:
    command = [sys.executable, "-c", program, how]
    return subprocess.run(command, cwd=APP, check=True, capture_output=True, text=True).stdout


class HeapTests(SimpleTestCase):
    def test_threads_share_two_heaps(self):
        self.assertGreater(told(THREADS, "as it comes").count("<heap nr="), 2)
        self.assertEqual(told(THREADS, "tuned").count("<heap nr="), 2)

    def test_memory_of_a_batch_serves_the_next_one(self):
        self.assertGreater(int(told(BATCHES, "as it comes")), 3 * PAGES)
        self.assertLess(int(told(BATCHES, "tuned")), 2 * PAGES)
