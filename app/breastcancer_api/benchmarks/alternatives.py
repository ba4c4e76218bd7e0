"""Other engines that could run the networks, beside torch as it is used, all in one run (docs/decisions).

None but torch is needed to run BreastWise: ``pip install -r requirements-alternatives.txt`` brings the others.
"""

import importlib
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from detection.analysis import interpreted
from nets.bundle import SIZE, load
from nets.device import Device
from nets.runtime import Network

Run = Callable[[np.ndarray], np.ndarray]  # images (N, channels, 128, 128) float32 -> logits (N, outputs) float32


@dataclass(frozen=True)
class Engine:
    """``make`` prepares a network, given some images that are like those it will see; ``needs`` names its packages."""

    name: str
    make: Callable[[Network, np.ndarray], Run]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tried:
    """``seconds`` a slice, median of the rounds; ``ready`` seconds until it can compute; against float32 torch, the
    share of ``decisions`` that are equal and by how much a probability differs at most."""

    name: str
    role: str
    seconds: float
    ready: float
    decisions: float
    difference: float


def tried(folder: Path, role: str, images: np.ndarray, seen: np.ndarray, rounds: Iterable[int]) -> list[Tried]:
    """Every engine whose packages are there, with the network for ``role`` in ``folder``.

    They take turns in each of ``rounds``. ``images`` (N, channels, 128, 128) are what they are timed and judged on;
    ``seen`` are others, on which 8-bit engines choose their ranges.
    """
    networks = {name: Network(*load(folder, role), device=Device("cpu", name)) for name in ("float32", "bfloat16")}
    card, runs, ready = networks["float32"].card, {}, {}
    for engine in ENGINES:
        if all(importlib.util.find_spec(name) for name in engine.needs):
            started = time.perf_counter()
            runs[engine.name] = engine.make(networks[_precision(engine)], seen)
            runs[engine.name](images[:16])
            ready[engine.name] = time.perf_counter() - started
    oracle = interpreted(networks["float32"].logits(images), card)
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    answers = {}
    for _ in rounds:
        for name, run in runs.items():
            started = time.perf_counter()
            answers[name] = run(images)
            seconds[name].append((time.perf_counter() - started) / len(images))
    found = []
    for name in runs:
        said = interpreted(answers[name], card)
        equal = float((said.decisions == oracle.decisions).mean())
        most = float(np.abs(said.probabilities - oracle.probabilities).max())
        found.append(Tried(name, role, float(np.median(seconds[name])), ready[name], equal, most))
    return found


def _precision(engine: Engine) -> str:
    return "bfloat16" if engine.name.startswith("torch") and engine.name.endswith("bfloat16") else "float32"


def _torch(network: Network, _: np.ndarray) -> Run:
    return network.logits


def _compiled(network: Network, _: np.ndarray) -> Run:
    model = torch.compile(network.model)

    @torch.inference_mode()
    def run(images: np.ndarray) -> np.ndarray:
        batch = torch.from_numpy(images).to(network.device.dtype, memory_format=torch.channels_last)
        return model(batch).float().numpy()

    return _in_batches(run, network.device.batch)


def _onnxruntime(network: Network, _: np.ndarray) -> Run:
    onnxruntime = importlib.import_module("onnxruntime")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "network.onnx")
        names = {"input_names": ["images"], "output_names": ["logits"], "dynamic_axes": {"images": {0: "batch"}}}
        # the newer exporter does not know adaptive maximum pooling
        torch.onnx.export(network.model, (_example(network),), file, dynamo=False, **names)
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return _in_batches(lambda images: session.run(None, {"images": images})[0], network.device.batch)


def _openvino(precision: str) -> Callable[[Network, np.ndarray], Run]:
    def make(network: Network, seen: np.ndarray) -> Run:
        openvino = importlib.import_module("openvino")
        model = openvino.convert_model(network.model, example_input=_example(network))
        hint = {"f32": "f32"}.get(precision, "bf16")
        if precision.startswith("int8"):
            nncf = importlib.import_module("nncf")
            left = nncf.IgnoredScope(types=["MatMul"] if precision == "int8 but last" else [])
            images = nncf.Dataset([image[None] for image in seen])
            model = nncf.quantize(model, images, subset_size=len(seen), ignored_scope=left)
        ready = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": hint})
        return _in_batches(lambda images: ready(images)[0], network.device.batch)

    return make


ENGINES = (
    Engine("torch float32", _torch),
    Engine("torch bfloat16", _torch),
    Engine("torch.compile bfloat16", _compiled),
    Engine("ONNX Runtime float32", _onnxruntime, ("onnx", "onnxruntime")),
    Engine("OpenVINO float32", _openvino("f32"), ("openvino",)),
    Engine("OpenVINO bfloat16", _openvino("bf16"), ("openvino",)),
    Engine("OpenVINO 8 bits", _openvino("int8"), ("openvino", "nncf")),
    Engine("OpenVINO 8 bits but the last layer", _openvino("int8 but last"), ("openvino", "nncf")),
)


def _example(network: Network) -> torch.Tensor:
    return torch.zeros(2, network.card.topology.channels, *SIZE)


def _in_batches(run: Run, size: int) -> Run:
    def logits(images: np.ndarray) -> np.ndarray:
        return np.concatenate([run(images[start : start + size]) for start in range(0, len(images), size)])

    return logits
