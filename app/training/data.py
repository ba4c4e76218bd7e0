"""Slices of a prepared set as training draws them and validation reads them."""

from collections.abc import Iterator, Sequence

import lightning
import numpy as np
from torch.utils.data import DataLoader, Dataset, Sampler

from training.exam_set import LEFT_OUT, NEGATIVE, POSITIVE, TRAINING, VALIDATION, ExamSet, Labelled

# mm; of smaller tumours slices are drawn more often, up to so many times as often
LARGE, OFTEN = 30.0, 4.0
VALIDATION_BATCH = 64


class Slices(Dataset):
    """(image (channels, 128, 128) uint8, label 0. or 1., places of tumour (32, 32) uint8) of slices of a set."""

    def __init__(self, slices: Labelled, role: str):
        self.images, self.labels, self.places = slices.channels(role), slices.labels, slices.places

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.float32, np.ndarray]:
        return np.array(self.images[index]), np.float32(self.labels[index]), np.array(self.places[index])


class Balanced(Sampler):
    """``count`` indices an epoch, index i drawn with the probability ``shares[i]``, the same for the same ``seed``."""

    def __init__(self, shares: np.ndarray, count: int, seed: Sequence[int]):
        self.shares, self.count, self.seed, self.epoch = shares, count, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning says which epoch begins, so that a run that goes on draws what it would have drawn."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[int]:
        drawn = np.random.default_rng([*self.seed, self.epoch])
        return iter(drawn.choice(len(self.shares), self.count, p=self.shares).tolist())


def shares(slices: Labelled) -> np.ndarray:
    """(N,) how probably each slice is drawn: half of what is drawn holds tumour, small tumours come up more often, and
    what nobody can judge never does. There are positive and negative slices among them."""
    labels, sizes = np.asarray(slices.labels), np.nan_to_num(slices.sizes, nan=LARGE)
    drawn = np.where(labels == POSITIVE, np.clip(LARGE / np.maximum(sizes, 1), 1, OFTEN), labels != LEFT_OUT)
    for label in (POSITIVE, NEGATIVE):
        drawn[labels == label] /= 2 * drawn[labels == label].sum()
    return drawn


class TrainingData(lightning.LightningDataModule):
    """``steps`` batches of ``batch`` slices an epoch over all processes together; each process draws its own share.

    Raises SetError when the set holds no exam for training or for validation.
    """

    def __init__(self, exams: ExamSet, role: str, steps: int, batch: int, seed: int):
        super().__init__()
        self.role, self.batch, self.seed, self.count = role, batch, seed, steps * batch
        self.training, self.validation = exams.split(TRAINING).slices, exams.split(VALIDATION).slices

    def train_dataloader(self) -> DataLoader:
        rank, processes = self.trainer.global_rank, self.trainer.world_size
        sampler = Balanced(shares(self.training), self.count // processes, (self.seed, rank))
        return DataLoader(Slices(self.training, self.role), max(1, self.batch // processes), sampler=sampler)

    def val_dataloader(self) -> DataLoader:
        judged, processes = np.flatnonzero(self.validation.judged), self.trainer.world_size
        batches = even_batches(judged[self.trainer.global_rank :: processes], -(-len(judged) // processes))
        return DataLoader(Slices(self.validation, self.role), batch_sampler=batches)


def even_batches(mine: np.ndarray, most: int) -> list[list[int]]:
    """``mine`` in as many batches as a process with ``most`` slices needs: where one process is done before another,
    both wait for ever."""
    return [part.tolist() for part in np.array_split(mine, -(-most // VALIDATION_BATCH))]
