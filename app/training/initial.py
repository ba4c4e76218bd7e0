"""Weights a training can start from: an earlier run's, or torchvision's published ones."""

import json
from pathlib import Path
from urllib.error import URLError

import torch
from torchvision.models import VGG19_BN_Weights

from nets.bundle import CARD
from training.classifier import Classifier

# torchvision's networks take values 0..1, less these means, over these deviations; ours take 0..255
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PUBLISHED = "torchvision's VGG19_BN_Weights.IMAGENET1K_V1"
FIRST, LAST = "features.0", "classifier.6"


class WeightsMissing(Exception):
    """Weights to start from cannot be had; the text says which and what to do."""


def published_weights() -> dict[str, torch.Tensor]:
    """The state dict of torchvision's VGG19 with batch norm trained on ImageNet, fetched or from torch's cache.

    Raises WeightsMissing when it is neither.
    """
    published = VGG19_BN_Weights.IMAGENET1K_V1
    try:
        return published.get_state_dict(progress=True, check_hash=True)
    except (URLError, OSError, RuntimeError) as error:
        cache = Path(torch.hub.get_dir(), "checkpoints", Path(published.url).name)
        raise WeightsMissing(
            f"torchvision's weights cannot be fetched ({error}). Put {published.url} at {cache}, or train without "
            "--init imagenet."
        ) from error


def take_published(classifier: Classifier, published: dict[str, torch.Tensor]) -> list[str]:
    """Gives ``classifier`` the ``published`` weights of all layers that are shaped like its own; returns the names of
    those that are not and stay as they are: the last layer, and the first convolution of single."""
    published = {name: value for name, value in published.items() if not name.startswith(LAST)}
    published |= _for_bytes(published)
    own = classifier.network.state_dict()
    taken = {name: value for name, value in published.items() if name in own and own[name].shape == value.shape}
    if f"{FIRST}.weight" not in taken:
        taken.pop(f"{FIRST}.bias")
    classifier.network.load_state_dict(own | taken)
    return [name for name in own if name not in taken]


def _for_bytes(published: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The first convolution for values 0..255 that are not normalised."""
    weight, bias = published[f"{FIRST}.weight"], published[f"{FIRST}.bias"]
    mean, deviation = (torch.tensor(each).view(1, 3, 1, 1) for each in (MEAN, DEVIATION))
    return {
        f"{FIRST}.weight": weight / (255 * deviation),
        f"{FIRST}.bias": bias - (weight * mean / deviation).sum((1, 2, 3)),
    }


def take_run(classifier: Classifier, out: Path, checkpoint: Path) -> dict:
    """Gives ``classifier`` the weights of the ``checkpoint`` of the finished training in ``out``; returns how those
    were made.

    Raises WeightsMissing when there is no finished training of such a network.
    """
    try:
        saved = torch.load(checkpoint, weights_only=True)
        classifier.load_state_dict({name: saved["state_dict"][name] for name in classifier.state_dict()})
        return json.loads((out / CARD).read_text())["made_by"] | {"epochs_done": saved["epoch"] + 1}
    except (OSError, KeyError, RuntimeError) as error:
        raise WeightsMissing(f"{out}: no finished training of a network like this: {error}") from error
