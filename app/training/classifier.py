"""The network while it learns: VGG19 with batch norm, its loss, its augmentation, its metric."""

import lightning
import numpy as np
import torch
from torch import nn
from torch.nn.functional import adaptive_max_pool2d, binary_cross_entropy_with_logits
from torch.utils.data import Dataset
from torchmetrics.classification import BinaryAUROC

from nets.vgg import Topology, build_vgg19, draw_weights
from training.phantoms import PLACES, PhantomSet

# A window of a quarter of the pixels costs a quarter, and the tumour fills four times as much of it.
WINDOW = 64
GAIN, GAMMA = (0.7, 1.4), (0.75, 1.35)
# Features ahead of the last two poolings of vgg19_bn: 1/8 and 1/16 of the side of what the first convolution gives.
GUIDED_LAYERS = (38, 51)
FEATURES = 512
# Most places hold no tumour: one that does weighs as much as this many that do not.
POSITIVE_PLACE = 10.0
# A place counts in full when a quarter of a square of 4 x 4 pixels in it is tumour.
FULL_SHARE = 0.25


class Slices(Dataset):
    """(image (channels, 128, 128) uint8, label 0. or 1., places of tumour (32, 32) uint8) of each slice of a set."""

    def __init__(self, phantoms: PhantomSet, role: str):
        self.images, self.labels, self.places = phantoms.channels(role), phantoms.labels, phantoms.places

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.float32, np.ndarray]:
        return np.array(self.images[index]), np.float32(self.labels[index]), np.array(self.places[index])


def windows(images: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A window (N, C, 64, 64) of each image (N, C, 128, 128) that holds a place of tumour somewhere, and its places
    (N, 16, 16) of ``places`` (N, 32, 32).

    Of images without tumour half are cut where another image's tumour lies, so that the place of a window tells
    little, and half anywhere, so that heart and chest wall are seen too.
    """
    step = images.shape[-1] // PLACES
    reach = WINDOW // step
    corners = (_aims(places) - torch.randint(1, reach - 1, (len(places), 2))).clamp(0, PLACES - reach).tolist()
    cut = [image[:, step * r :, step * c :][:, :WINDOW, :WINDOW] for image, (r, c) in zip(images, corners, strict=True)]
    kept = [place[r : r + reach, c : c + reach] for place, (r, c) in zip(places, corners, strict=True)]
    return torch.stack(cut), torch.stack(kept)


def _aims(places: torch.Tensor) -> torch.Tensor:
    """Row and column (N, 2) of the place each window is to hold."""
    share = places.flatten(1).float()
    has = share.sum(dim=1) > 0
    aims = torch.randint(share.shape[1], (len(share),))
    if has.any():
        found = torch.multinomial(share[has], 1).squeeze(1)
        borrowed = found[torch.randint(len(found), (len(share),))]
        aims = torch.where(torch.rand(len(share)) < 0.5, borrowed, aims)
        aims[has] = found
    return torch.stack([aims // PLACES, aims % PLACES], dim=1)


def mirror(images: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Each image (N, C, H, W) and its places (N, h, w) turned over up and down, left and right, or not, at random."""
    for axis in (1, 2):
        flipped = torch.rand(len(images), 1, 1, device=images.device) < 0.5
        images = torch.where(flipped[:, None], images.flip(axis + 1), images)
        places = torch.where(flipped, places.flip(axis), places)
    return images, places


def vary_brightness(images: torch.Tensor) -> torch.Tensor:
    """Random gain and gamma of (N, C, H, W) in 0..255, the same for the channels of a slice."""
    count = len(images)
    gain = torch.empty(count, 1, 1, 1, device=images.device).uniform_(*GAIN)
    gamma = torch.empty(count, 1, 1, 1, device=images.device).uniform_(*GAMMA)
    return 255 * (images / 255 * gain).clamp(0, 1) ** gamma


class Classifier(lightning.LightningModule):
    """Learns ``window_epochs`` epochs on windows, the rest on whole slices, with one learning-rate cycle over all.

    Beside the slice's label it learns where the tumour lies, on two layers, each with a convolution of its own that is
    thrown away after training (deep supervision: Lee et al., AISTATS 2015). A label a slice says little about a tumour
    of a few pixels; its place says it at once.
    """

    def __init__(self, topology: Topology, seed: int, learning_rate: float, window_epochs: int):
        super().__init__()
        self.network = draw_weights(build_vgg19(topology, batch_norm=True), seed)
        self.network.to(memory_format=torch.channels_last)
        self.guides = nn.ModuleList(nn.Conv2d(FEATURES, 1, 1) for _ in GUIDED_LAYERS)
        self.learning_rate, self.window_epochs = learning_rate, window_epochs
        self.loss = nn.CrossEntropyLoss(label_smoothing=0.02)
        self.auc = BinaryAUROC()

    def training_step(self, batch, _):
        images, labels, places = batch
        if self.current_epoch < self.window_epochs:
            images, places = windows(images, places)
        images, places = mirror(images, places)
        logits, guided = self._look(vary_brightness(images.float()))
        slice_loss = self.loss(logits.float(), labels.long())
        place_loss = sum(map(_place_loss, guided, (places, places))) / len(guided)
        self.log("slice_loss", slice_loss, prog_bar=True, on_step=False, on_epoch=True)
        self.log("place_loss", place_loss, prog_bar=True, on_step=False, on_epoch=True)
        return slice_loss + place_loss

    def _look(self, images: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Logits of the slices, and of tumour at the places of each guided layer."""
        features, guided = images.contiguous(memory_format=torch.channels_last), []
        guides = dict(zip(GUIDED_LAYERS, self.guides, strict=True))
        for index, layer in enumerate(self.network.features):
            features = layer(features)
            if index in guides:
                guided.append(guides[index](features))
        return self.network.classifier(self.network.avgpool(features).flatten(1)), guided

    def validation_step(self, batch, _):
        images, labels, _ = batch
        logits = self.network(images.float().contiguous(memory_format=torch.channels_last))
        self.auc.update(logits.float().softmax(1)[:, 1], labels.int())
        self.log("validation_auc", self.auc, prog_bar=True)

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.learning_rate, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.learning_rate, total_steps=int(self.trainer.estimated_stepping_batches), pct_start=0.15
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _place_loss(logits: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Of tumour logits (N, 1, h, w) against the places (N, H, W) uint8 they cover."""
    share = adaptive_max_pool2d(places[:, None].float() / 255, logits.shape[-2:])
    target = (share / FULL_SHARE).clamp(max=1)
    weight = torch.tensor(POSITIVE_PLACE, device=logits.device)
    return binary_cross_entropy_with_logits(logits.float(), target, pos_weight=weight)
