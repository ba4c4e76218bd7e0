"""How fast each network computes, beside what a matrix product reaches on the same device in the same run."""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from nets.bundle import SIZE
from nets.device import DTYPES, Device
from nets.runtime import Network, load_networks
from nets.vgg import Topology, build_vgg19

# Rows and columns of the two matrices: large enough that the product runs at the device's full rate.
SIDES = {"cpu": 3072, "cuda": 8192}
BATCHES = 4


@dataclass(frozen=True)
class Rate:
    """One network in one precision: ``flops`` floating-point operations a slice (a multiplication and an addition are
    two), ``seconds`` a slice, ``share`` of the rate of the matrix product; medians of the rounds."""

    flops: int
    seconds: float
    share: float


@dataclass(frozen=True)
class Rates:
    """``product``: FLOP a second of the matrix product, median of the rounds; ``networks`` by role."""

    precision: str
    product: float
    networks: dict[str, Rate]


def flops(topology: Topology) -> int:
    """Floating-point operations of one slice, counted on shapes alone."""
    network = build_vgg19(topology)
    with FlopCounterMode(display=False) as counter:
        network(torch.empty(1, topology.channels, *SIZE, device="meta"))
    return counter.get_total_flops()


def product_rate(device: Device) -> float:
    """FLOP a second of the product of two square matrices on ``device``."""
    side = SIDES[device.name]
    one, other = (torch.randn(side, side, dtype=device.dtype, device=device.name) for _ in range(2))

    def multiply() -> None:
        result = one @ other
        float(result[0, 0])  # waits until a GPU is done

    device.compute(multiply)
    return 2 * side**3 / _seconds(lambda: device.compute(multiply))


def rates(folder: Path, device: Device, rounds: Iterable[int]) -> Rates:
    """Both networks in ``folder`` on ``device``; product and networks take turns in each of ``rounds``."""
    networks = load_networks(folder, device)
    networks.warm()
    roles = {"single": networks.single, "scantype": networks.scantype}
    costs = {role: flops(network.card.topology) for role, network in roles.items()}
    products, seconds = [], []
    for _ in rounds:
        products.append(product_rate(device))
        seconds.append({role: _seconds_a_slice(network) for role, network in roles.items()})
    found = {}
    for role, cost in costs.items():
        each = [one[role] for one in seconds]
        shares = [cost / spent / product for spent, product in zip(each, products, strict=True)]
        found[role] = Rate(cost, statistics.median(each), statistics.median(shares))
    return Rates(device.precision, statistics.median(products), found)


def every_precision(device: Device) -> list[Device]:
    """``device`` in each precision."""
    return [Device(device.name, precision, device.batch) for precision in DTYPES]


def _seconds_a_slice(network: Network) -> float:
    count = BATCHES * network.device.batch
    images = np.random.default_rng(0).uniform(0, 255, (count, network.card.topology.channels, *SIZE)).astype(np.float32)
    return _seconds(lambda: network.logits(images)) / count


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
