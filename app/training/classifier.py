"""The network while it learns: VGG19 with batch norm, its loss, its augmentation, its metric."""

import lightning
import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import Dataset
from torchmetrics.classification import BinaryAUROC

from nets.vgg import Topology, build_vgg19, draw_weights
from training.phantoms import PhantomSet

# At a quarter of the pixels a step costs a quarter; most of what there is to learn shows there already.
SMALL = 64
GAIN, GAMMA = (0.7, 1.4), (0.75, 1.35)


class Slices(Dataset):
    """(image (channels, 128, 128) uint8, label 0. or 1.) of each slice of a set."""

    def __init__(self, phantoms: PhantomSet, role: str):
        self.images, self.labels = phantoms.channels(role), phantoms.labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.float32]:
        return np.array(self.images[index]), np.float32(self.labels[index])


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
    """Learns ``small_epochs`` epochs at 64 x 64 and the rest at 128 x 128, with one learning-rate cycle over all."""

    def __init__(self, topology: Topology, seed: int, learning_rate: float, small_epochs: int):
        super().__init__()
        self.network = draw_weights(build_vgg19(topology, batch_norm=True), seed)
        self.network.to(memory_format=torch.channels_last)
        self.learning_rate, self.small_epochs = learning_rate, small_epochs
        self.loss = nn.CrossEntropyLoss(label_smoothing=0.02)
        self.auc = BinaryAUROC()

    def training_step(self, batch, _):
        images, labels = batch
        images = augment(images.float())
        if self.current_epoch < self.small_epochs:
            images = functional.interpolate(images, size=SMALL, mode="area")
        logits = self.network(images.contiguous(memory_format=torch.channels_last))
        loss = self.loss(logits.float(), labels.long())
        self.log("loss", loss, prog_bar=True, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch, _):
        images, labels = batch
        logits = self.network(images.float().contiguous(memory_format=torch.channels_last))
        self.auc.update(logits.float().softmax(1)[:, 1], labels.int())
        self.log("validation_auc", self.auc, prog_bar=True)

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.learning_rate, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.learning_rate, total_steps=int(self.trainer.estimated_stepping_batches), pct_start=0.15
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
