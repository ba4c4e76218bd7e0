"""Networks on disk: a bundle is ``card.json`` beside ``weights.safetensors``; the old system's state dicts load too.

Weights in a bundle are 8-bit integers with one scale per output channel, so that a VGG19 with the small head is about
20 MB. The card is the network's contract: what goes in, what comes out, how it was made and what it is worth.
"""

import hashlib
import json
import math
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save_file

from nets.vgg import TORCHVISION_FIRST, FirstConvolution, Topology

CARD, WEIGHTS = "card.json", "weights.safetensors"
ROLES = ("single", "scantype")
CHANNEL_ORDER = {"single": ("pre",), "scantype": ("1st_pass", "2nd_pass", "3rd_pass")}
# Rows and columns that every network takes, and the range of their values.
SIZE, RANGE = [128, 128], [0, 255]
# The largest magnitude of a signed 8-bit weight; -128 stays unused, so that the range is even.
EIGHT_BITS = 127
SMALLEST_TEMPERATURE = 0.01


class BundleError(Exception):
    """A network on disk cannot be used; the text names the file and the reason."""


@dataclass(frozen=True)
class Card:
    """What a network takes, gives and is worth.

    ``normalisation``: how stored values become 0..255, see ``imaging.preprocessing.Normalisation``.
    ``threshold``: probability from which a slice is positive; None: positive when the positive class has the largest
    logit. Before the softmax ``shift`` is added to the logit of the positive class and ``temperature`` divides all.
    ``known_answer``: what the network says of stored slices (``detection.known_answers``).
    """

    name: str
    version: str
    role: str
    topology: Topology
    normalisation: dict
    threshold: float | None
    intended_use: str
    temperature: float = 1.0
    shift: float = 0.0
    positive_class: int = 1
    known_answer: dict = field(default_factory=dict)
    made_by: dict = field(default_factory=dict)
    figures: dict = field(default_factory=dict)
    weights_sha256: str = ""

    def to_json(self) -> str:
        record = asdict(self)
        normalisation = record.pop("normalisation")
        record["input"] = {
            "size": SIZE,
            "range": RANGE,
            "channel_order": list(CHANNEL_ORDER[self.role]),
            "normalisation": normalisation,
        }
        return json.dumps(record, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Card":
        """Raises ValueError, KeyError or TypeError when ``text`` is no complete card."""
        record = json.loads(text)
        topology = record.pop("topology")
        first = FirstConvolution(**topology.pop("first_convolution"))
        taken = record.pop("input")
        if (taken["size"], taken["range"]) != (SIZE, RANGE):
            raise ValueError(f"input is {taken['size']}, {taken['range']}; networks take {SIZE}, {RANGE}")
        card = cls(
            topology=Topology(first_convolution=first, **topology), normalisation=taken["normalisation"], **record
        )
        card._check(tuple(taken["channel_order"]))
        return card

    def _check(self, channel_order: tuple[str, ...]) -> None:
        if self.role not in ROLES:
            raise ValueError(f"role is {self.role!r}, not one of {', '.join(ROLES)}")
        if channel_order != CHANNEL_ORDER[self.role] or len(channel_order) != self.topology.channels:
            raise ValueError(f"a {self.role} network takes the channels {', '.join(CHANNEL_ORDER[self.role])}")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold is {self.threshold}, not a probability")
        if not SMALLEST_TEMPERATURE <= self.temperature < math.inf:
            raise ValueError(f"temperature is {self.temperature}, not at least {SMALLEST_TEMPERATURE}")
        if not math.isfinite(self.shift):
            raise ValueError(f"shift is {self.shift}, not a number")
        if self.positive_class not in range(self.topology.outputs):
            raise ValueError(f"positive_class is {self.positive_class!r}, not one of {self.topology.outputs} outputs")


_OLD_USE = "State dict of the original BreastWise API. Its training data and figures are not known here."
# file name -> card of the old system's two state dicts: torchvision's head with 1000 outputs, argmax decides
STATE_DICTS = {
    "vgg_single_pretrained.pth": Card(
        name="vgg_single_pretrained",
        version="state-dict",
        role="single",
        topology=Topology(1, FirstConvolution(kernel=7, stride=2, padding=3, bias=False), "classifier", 1000),
        normalisation={"maximum": "slice"},
        threshold=None,
        intended_use=_OLD_USE,
    ),
    "vgg_scantype.pth": Card(
        name="vgg_scantype",
        version="state-dict",
        role="scantype",
        topology=Topology(3, TORCHVISION_FIRST, "classifier", 1000),
        normalisation={"maximum": "slice"},
        threshold=None,
        intended_use=_OLD_USE,
    ),
}
# Carried by the old scantype state dict and used by nothing.
UNUSED_WEIGHT = "conv1.weight"


def load(folder: Path, role: str) -> tuple[Card, dict[str, torch.Tensor]]:
    """The network for ``role`` in ``folder``: card and float32 weights.

    An old state dict in ``folder`` goes before a bundle in ``folder``/``role``: someone put it there on purpose.

    Raises BundleError when there is neither, when what is there is damaged, or when it is the other network.
    """
    file = _old_file(folder, role)
    if file:
        return _load_state_dict(file, STATE_DICTS[file.name])
    card, state = load_bundle(folder / role)
    return _of_role(folder, role, card), state


def load_card(folder: Path, role: str) -> Card:
    """The card of what ``load`` loads, for a process that computes nothing: the weights are not read, nor checked.

    Raises BundleError when there is none, when it is incomplete, or when it is the other network's.
    """
    file = _old_file(folder, role)
    if file:
        return replace(STATE_DICTS[file.name], weights_sha256=sha256(file))
    return _of_role(folder, role, _read_card(folder / role))


def load_bundle(folder: Path) -> tuple[Card, dict[str, torch.Tensor]]:
    """Raises BundleError when a file is missing, the card is incomplete or the weights are not the card's."""
    card, weights_file = _read_card(folder), folder / WEIGHTS
    content = weights_file.read_bytes()  # read, not mapped: a file that is replaced must not change a running network
    if hashlib.sha256(content).hexdigest() != card.weights_sha256:
        raise BundleError(f"{weights_file}: not the weights of its card (SHA-256 differs)")
    try:
        return card, dequantise(load_safetensors(content))
    except SafetensorError as error:
        raise BundleError(f"{weights_file}: {error}") from error


def save_bundle(folder: Path, card: Card, state: dict[str, torch.Tensor]) -> Card:
    """Writes the bundle, 8 bits a weight, and returns the card with its weights' SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(quantise(state), folder / WEIGHTS)
    card = replace(card, weights_sha256=sha256(folder / WEIGHTS))
    (folder / CARD).write_text(card.to_json())
    return card


def rewrite_card(folder: Path, card: Card) -> None:
    """Gives the bundle in ``folder`` another ``card``, whole or not at all. Raises BundleError when its weights are not
    the card's."""
    if sha256(folder / WEIGHTS) != card.weights_sha256:
        raise BundleError(f"{folder / WEIGHTS}: not the weights of its card (SHA-256 differs)")
    partial = folder / f"{CARD}.partial"
    partial.write_text(card.to_json())
    partial.replace(folder / CARD)


def holds_bundles(folder: Path) -> bool:
    """Whether no old state dict in ``folder`` goes before a bundle."""
    return not any((folder / name).is_file() for name in STATE_DICTS)


def copy_bundles(source: Path, folder: Path, cards: Iterable[Card]) -> None:
    """The bundles in ``source``, their weights byte for byte, with other ``cards``, as bundles in the new ``folder``.

    ``folder`` is there whole or not at all. Raises BundleError when it is there already, or when weights are not those
    of their card.
    """
    if folder.exists():
        raise BundleError(f"{folder}: is there already")
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for card in cards:
        weights = source / card.role / WEIGHTS
        if sha256(weights) != card.weights_sha256:
            raise BundleError(f"{weights}: not the weights of its card (SHA-256 differs)")
        (partial / card.role).mkdir(parents=True)
        shutil.copyfile(weights, partial / card.role / WEIGHTS)
        (partial / card.role / CARD).write_text(card.to_json())
    partial.rename(folder)


def quantise(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Matrices and kernels as int8 with a float32 ``<name>.scale`` per output channel; biases stay float32."""
    packed = {}
    for name, value in state.items():
        value = value.detach().float().contiguous()
        if value.dim() < 2:
            packed[name] = value
            continue
        flat = value.reshape(len(value), -1)
        scale = flat.abs().amax(dim=1).clamp_min(torch.finfo(torch.float32).tiny) / EIGHT_BITS
        packed[name] = (flat / scale[:, None]).round().to(torch.int8).reshape(value.shape)
        packed[f"{name}.scale"] = scale
    return packed


def dequantise(packed: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Float32 weights from what ``quantise`` made."""
    state = {}
    for name, value in packed.items():
        if name.endswith(".scale"):
            continue
        scale = packed.get(f"{name}.scale")
        if scale is not None:
            value = value.float() * scale.reshape(-1, *[1] * (value.dim() - 1))
        state[name] = value
    return state


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _old_file(folder: Path, role: str) -> Path | None:
    """The old state dict for ``role``, where there is one."""
    names = (name for name, card in STATE_DICTS.items() if card.role == role and (folder / name).is_file())
    return next((folder / name for name in names), None)


def _of_role(folder: Path, role: str, card: Card) -> Card:
    if card.role != role:
        raise BundleError(f"{folder / role / CARD}: a {card.role} network in the place of the {role} one")
    return card


def _read_card(folder: Path) -> Card:
    card_file = folder / CARD
    for file in (card_file, folder / WEIGHTS):
        if not file.is_file():
            raise BundleError(f"{file}: no such file; a network is a bundle or an old state dict")
    try:
        return Card.from_json(card_file.read_text())
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{card_file}: not a network card: {error}") from error


def _load_state_dict(file: Path, card: Card) -> tuple[Card, dict[str, torch.Tensor]]:
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch names no common ancestor of what a damaged file raises
        raise BundleError(f"{file}: not a state dict that loads with weights_only: {error}") from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise BundleError(f"{file}: not a state dict, which maps names to tensors")
    state = {name: value.float() for name, value in state.items() if name != UNUSED_WEIGHT}
    return replace(card, weights_sha256=sha256(file)), state
