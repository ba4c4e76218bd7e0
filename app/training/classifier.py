"""The network while it learns: VGG19 with batch norm, its loss, its augmentation, its metric."""

import lightning
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from torchmetrics.classification import BinaryAUROC

from nets.vgg import Topology, build_vgg19, draw_weights
from training.phantoms import PhantomSet

# A window of a quarter of the pixels costs a quarter, and the tumour fills four times as much of it.
WINDOW = 64
GAIN, GAMMA = (0.7, 1.4), (0.75, 1.35)


class Slices(Dataset):
    """(image (channels, 128, 128) uint8, label 0. or 1., row and column of the tumour) of each slice of a set."""

    def __init__(self, phantoms: PhantomSet, role: str):
        self.images, self.labels, self.centres = phantoms.channels(role), phantoms.labels, phantoms.centres

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.float32, np.ndarray]:
        return np.array(self.images[index]), np.float32(self.labels[index]), np.array(self.centres[index])


def windows(images: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    """A window (N, C, 64, 64) of each image (N, C, 128, 128) that holds the tumour somewhere.

    ``centres`` (N, 2) are row and column of the tumours, not a number where there is none. Of such images half are cut
    where another image's tumour lies, so that the place of a window tells little, and half anywhere, so that heart and
    chest wall are seen too.
    """
    known = centres[centres.isfinite().all(dim=1)]
    anywhere = torch.rand_like(centres) * images.shape[-1]
    others = known[torch.randint(len(known), (len(centres),))] if len(known) else anywhere
    others = torch.where(torch.rand(len(centres), 1) < 0.5, others, anywhere)
    at = torch.where(centres.isfinite(), centres, others)
    reach = 0.4 * WINDOW
    corner = at - WINDOW / 2 + torch.empty_like(at).uniform_(-reach, reach)
    corner = corner.clamp(0, images.shape[-1] - WINDOW).round().int().tolist()
    cut = [image[:, r : r + WINDOW, c : c + WINDOW] for image, (r, c) in zip(images, corner, strict=True)]
    return torch.stack(cut)


def augment(images: torch.Tensor) -> torch.Tensor:
    """Random mirror images, gain and gamma of (N, C, H, W) in 0..255, the same for the channels of a slice."""
    count = len(images)
    for axis in (2, 3):
        flipped = torch.rand(count, 1, 1, 1, device=images.device) < 0.5
        images = torch.where(flipped, images.flip(axis), images)
    gain = torch.empty(count, 1, 1, 1, device=images.device).uniform_(*GAIN)
    gamma = torch.empty(count, 1, 1, 1, device=images.device).uniform_(*GAMMA)
    return 255 * (images / 255 * gain).clamp(0, 1) ** gamma


class Classifier(lightning.LightningModule):
    """Learns ``window_epochs`` epochs on windows, the rest on whole slices, with one learning-rate cycle over all."""

    def __init__(self, topology: Topology, seed: int, learning_rate: float, window_epochs: int):
        super().__init__()
        self.network = draw_weights(build_vgg19(topology, batch_norm=True), seed)
        self.network.to(memory_format=torch.channels_last)
        self.learning_rate, self.window_epochs = learning_rate, window_epochs
        self.loss = nn.CrossEntropyLoss(label_smoothing=0.02)
        self.auc = BinaryAUROC()

    def training_step(self, batch, _):
        images, labels, centres = batch
        if self.current_epoch < self.window_epochs:
            images = windows(images, centres)
        images = augment(images.float())
        logits = self.network(images.contiguous(memory_format=torch.channels_last))
        loss = self.loss(logits.float(), labels.long())
        self.log("loss", loss, prog_bar=True, on_step=False, on_epoch=True)
        return loss

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
