"""An exam by the plain recipe: one slice at a time in float32, in the order of the names, with nothing loaded twice.

It is what the service is compared with, in seconds and in what it answers. It takes the scale of the card, as the
service does, and none of its checks, batches, threads or orders.
"""

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import torch

from detection.analysis import interpreted
from detection.fusion import average_results
from detection.pipeline import normalisation
from imaging.exam import FOLDERS
from imaging.preprocessing import prepare
from nets.bundle import load
from nets.vgg import build_vgg19


@torch.inference_mode()
def rows(archive: Path, folder: Path) -> np.ndarray:
    """(N, 5): decisions of single, scantype and both, probabilities of single and scantype, of the exam in the four
    folders of ``archive``, by the networks in ``folder``."""
    with zipfile.ZipFile(archive) as packed:
        names = sorted(name for name in packed.namelist() if name.endswith(".dcm"))
        pixels = {name: pydicom.dcmread(BytesIO(packed.read(name))).pixel_array for name in names}
    passes = [[pixels[name] for name in names if name.startswith(f"{each}/")] for each in FOLDERS]
    answers = {}
    for role, channels in (("single", passes[:1]), ("scantype", passes[1:])):
        card, state = load(folder, role)
        network = build_vgg19(card.topology)
        network.load_state_dict(state, assign=True)
        network.eval()
        scale = normalisation(card).scale(channels[0])
        logits = []
        for slices in zip(*channels, strict=True):
            image = np.stack([prepare(each, scale) for each in slices])
            logits.append(network(torch.from_numpy(image)[None]).numpy())
        answers[role] = interpreted(np.concatenate(logits), card)
    single, scantype = answers["single"], answers["scantype"]
    fused = average_results(single.decisions, scantype.decisions)
    decisions = (single.decisions, scantype.decisions, fused)
    return np.column_stack([*decisions, single.probabilities, scantype.probabilities])
