"""Where networks compute and how precisely, as asked for or as suits the machine, and the one lane that leads there."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import torch

T = TypeVar("T")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
DEVICES, PRECISIONS = ("auto", "cpu", "cuda"), ("auto", *DTYPES)
# A processor computes its fastest from about this many slices on; more only cost memory.
CPU_BATCH = 16
# Values alive at once for a slice at the widest place of a VGG19: two layers of 64 x 128 x 128, and room to convolve.
VALUES_A_SLICE = 4 * 64 * 128 * 128
LARGEST_CUDA_BATCH, CUDA_SHARE = 256, 0.25


class DeviceMissing(Exception):
    """The device asked for is not there."""


def _lane() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="lane")


@dataclass(frozen=True)
class Device:
    """``name`` is ``cpu`` or ``cuda``, ``precision`` a key of DTYPES, ``batch`` the slices computed at once."""

    name: str = "cpu"
    precision: str = "float32"
    batch: int = CPU_BATCH
    lane: ThreadPoolExecutor = field(default_factory=_lane, repr=False, compare=False)

    @property
    def dtype(self) -> torch.dtype:
        return DTYPES[self.precision]

    def compute(self, work: Callable[[], T]) -> T:
        """The result of ``work``, which waits for its turn.

        One thread computes for all exams, a batch of each in turn: several would share the same cores, each with
        threads of its own, and all would wait for the slowest.
        """
        return self.lane.submit(work).result()


def limit_threads(cores: int) -> int:
    """torch computes with at most ``cores`` threads, of its own choice if that is fewer; the number is given back."""
    torch.set_num_threads(min(torch.get_num_threads(), cores))
    return torch.get_num_threads()


def choose(device: str = "auto", precision: str = "auto") -> Device:
    """What DEVICES and PRECISIONS mean on this machine. Raises DeviceMissing when CUDA is asked for and not there.

    ``auto``: CUDA where there is a device; bfloat16 where the device computes it natively, else float32.
    """
    # float32 means float32: cuDNN would compute convolutions with 10 bits of mantissa
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    if device == "cuda" and not torch.cuda.is_available():
        raise DeviceMissing("DEVICE is 'cuda', and no CUDA device is there")
    name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    if precision == "auto":
        precision = "bfloat16" if _native_bfloat16(name) else "float32"
    return Device(name, precision, _batch(name, DTYPES[precision]))


def _native_bfloat16(name: str) -> bool:
    if name == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    found = torch.cpu.get_capabilities()
    return any(found.get(each) for each in ("amx_bf16", "avx512_bf16", "bf16"))


def _batch(name: str, dtype: torch.dtype) -> int:
    if name == "cpu":
        return CPU_BATCH
    free, _ = torch.cuda.mem_get_info()
    return max(1, min(LARGEST_CUDA_BATCH, int(CUDA_SHARE * free) // (VALUES_A_SLICE * dtype.itemsize)))
