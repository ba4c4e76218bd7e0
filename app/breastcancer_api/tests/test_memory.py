import subprocess
import sys
from pathlib import Path

from django.test import SimpleTestCase

APP = Path(__file__).resolve().parents[2]
# Eight threads hold memory at once; the C library tells how many heaps it has.
THREADS = """
import ctypes, sys, threading
from breastcancer_api.memory import limit_arenas
if sys.argv[1] == "limited":
    limit_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
everybody = threading.Barrier(8)
threads = [threading.Thread(target=lambda: (libc.malloc(10_000), everybody.wait())) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
"""


class ArenaTests(SimpleTestCase):
    def heaps(self, how: str) -> int:
        told = subprocess.run([sys.executable, "-c", THREADS, how], cwd=APP, check=True, capture_output=True, text=True)
        return told.stdout.count("<heap nr=")

    def test_threads_share_two_heaps(self):
        self.assertGreater(self.heaps("as it comes"), 2)
        self.assertEqual(self.heaps("limited"), 2)
