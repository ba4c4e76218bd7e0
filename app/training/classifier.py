"""The network while it learns: VGG19 with batch norm, its loss, its metric."""

import lightning
import torch
from torch import nn
from torch.nn.functional import adaptive_max_pool2d, binary_cross_entropy_with_logits
from torchmetrics.classification import BinaryAUROC

from nets.vgg import Topology, build_vgg19, draw_weights
from training.augmentation import mirror, turn, vary, windows

# Features ahead of the last two poolings of vgg19_bn: 1/8 and 1/16 of the side of what the first convolution gives.
GUIDED_LAYERS = (38, 51)
FEATURES = 512
# Most places hold no tumour: one that does weighs as much as this many that do not.
POSITIVE_PLACE = 10.0
# A place counts in full when a quarter of a square of 4 x 4 pixels in it is tumour.
FULL_SHARE = 0.25


class Classifier(lightning.LightningModule):
    """Learns ``window_epochs`` epochs on windows, the rest on whole slices, with one learning-rate cycle over all.

    Beside the slice's label it learns where the tumour lies, on two layers, each with a convolution of its own that is
    thrown away after training (deep supervision: Lee et al., AISTATS 2015). A label a slice says little about a tumour
    of a few pixels; its place says it at once. Slices with tumour whose place is not known teach their label alone.
    """

    def __init__(self, topology: Topology, seed: int, learning_rate: float, window_epochs: int):
        super().__init__()
        self.network = draw_weights(build_vgg19(topology, batch_norm=True), seed)
        self.network.to(memory_format=torch.channels_last)
        self.guides = nn.ModuleList(nn.Conv2d(FEATURES, 1, 1) for _ in GUIDED_LAYERS)
        self.seed, self.learning_rate, self.window_epochs = seed, learning_rate, window_epochs
        self.loss = nn.CrossEntropyLoss(label_smoothing=0.02)
        self.auc = BinaryAUROC()

    def on_train_batch_start(self, *_):
        # what is drawn follows from the step and the process, so that a run that goes on draws what it would have
        torch.manual_seed(hash((self.seed, self.global_step, self.global_rank)))

    def training_step(self, batch, _):
        images, labels, places = batch
        known = (labels == 0) | places.any(2).any(1)
        images, places = turn(images.float(), places)
        if self.current_epoch < self.window_epochs:
            images, places = windows(images, places)
        images, places = mirror(images, places)
        logits, guided = self._look(vary(images))
        slice_loss = self.loss(logits.float(), labels.long())
        place_loss = sum(place_loss_of(each, places, known) for each in guided) / len(guided)
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


def place_loss_of(logits: torch.Tensor, places: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Of tumour logits (N, 1, h, w) against the places (N, H, W) uint8 they cover, of the slices where those are
    ``known``, (N,) bool."""
    share = adaptive_max_pool2d(places[:, None].float() / 255, logits.shape[-2:])
    target = (share / FULL_SHARE).clamp(max=1)
    weight = torch.tensor(POSITIVE_PLACE, device=logits.device)
    loss = binary_cross_entropy_with_logits(logits.float(), target, pos_weight=weight, reduction="none").mean((1, 2, 3))
    return (loss * known).sum() / known.sum().clamp(min=1)
