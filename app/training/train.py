"""Trains one network on phantoms and writes it as a bundle, in reading order: knobs, data, network, fit, card."""

import json
import platform
import shutil
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader, WeightedRandomSampler

from nets.bundle import CARD, Card, load_bundle, save_bundle
from nets.runtime import Network
from nets.vgg import TORCHVISION_FIRST, FirstConvolution, Topology, fold_batch_norm
from training.classifier import Classifier, Slices
from training.evaluate import read
from training.figures import Cohort, Opinion, card_figures, cohort_of
from training.phantoms import EXAM_SCALE, PhantomSet, phantom_set
from training.thresholds import best_threshold, threshold_at_sensitivity

TOPOLOGIES = {
    "single": Topology(1, FirstConvolution(kernel=7, stride=2, padding=3, bias=True), "pooled", 2),
    "scantype": Topology(3, TORCHVISION_FIRST, "pooled", 2),
}
INTENDED_USE = (
    "Demonstration and research only. Trained on synthetic exams (phantoms) alone: it has never seen a patient, and "
    "its figures say nothing about patients."
)
VERSION = "0.1.0"
CHECKPOINT = "last.ckpt"
ROLES = tuple(TOPOLOGIES)
# The rule needs both networks to agree somewhere, so the weaker one, which sees no contrast, shall seldom object.
SINGLE_SENSITIVITY = 0.95
# Seeds are kept apart: training, threshold, and the figures in the card never share an exam.
TRAINING_SEED, VALIDATION_SEED, TEST_SEED = 1_000_000, 2_000_000, 5_000_000

# mm; tumours from this diameter on are large
LARGE = 30.0


class KnobsDiffer(Exception):
    """A run cannot go on from a checkpoint that was made with other knobs."""


@dataclass(frozen=True)
class Knobs:
    """``steps`` of ``batch`` slices an epoch, drawn so that half of them hold tumour; ``window_epochs`` of ``epochs``
    look at windows of 64 x 64 around the tumour, the rest at whole slices. ``start`` names an earlier run, a folder
    beside this one's, whose network is where this run starts; empty: random weights."""

    role: str
    exams: int = 2400
    validation_exams: int = 60
    test_exams: int = 40
    epochs: int = 80
    window_epochs: int = 60
    validate_every: int = 10
    steps: int = 40
    batch: int = 32
    learning_rate: float = 7e-4
    seed: int = 0
    precision: str = "bf16-mixed"
    start: str = ""


def train(knobs: Knobs, work: Path, out: Path, command: str, commit: str) -> Card:
    """Trains, or goes on from the last checkpoint in ``work``, and writes the bundle to ``out``."""
    started = time.monotonic()
    lightning.seed_everything(knobs.seed, verbose=False)
    training, validation, test = data(knobs, work / "data")
    classifier = Classifier(TOPOLOGIES[knobs.role], knobs.seed, knobs.learning_rate, knobs.window_epochs)
    before = start_from(classifier, work / knobs.start) if knobs.start else None
    fit(classifier, knobs, training, validation, work / knobs.role)
    card = Card(
        name=f"phantom-{knobs.role}",
        version=VERSION,
        role=knobs.role,
        topology=TOPOLOGIES[knobs.role],
        normalisation=asdict(EXAM_SCALE),
        threshold=0.5,
        intended_use=INTENDED_USE,
        made_by={
            "command": command,
            "commit": commit,
            "knobs": asdict(knobs),
            "first_seeds": {"training": TRAINING_SEED, "validation": VALIDATION_SEED, "test": TEST_SEED},
            "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
            "torch": torch.__version__,
            "seconds": round(time.monotonic() - started),
            "started_from": before,
        },
    )
    card = write(card, fold_batch_norm(classifier.network), out, validation, test)
    shutil.copy(out / CARD, work / knobs.role / CARD)
    return card


def data(knobs: Knobs, folder: Path) -> tuple[PhantomSet, PhantomSet, PhantomSet]:
    """Training, validation and test exams, of seeds that do not overlap."""
    counts = (
        (TRAINING_SEED, knobs.exams),
        (VALIDATION_SEED, knobs.validation_exams),
        (TEST_SEED, knobs.test_exams),
    )
    return tuple(phantom_set(range(first, first + count), folder) for first, count in counts)


def start_from(classifier: Classifier, run: Path) -> dict:
    """Gives ``classifier`` the weights of the last checkpoint in ``run``; returns how those were made."""
    checkpoint = torch.load(run / CHECKPOINT, weights_only=True)
    weights = checkpoint["state_dict"]
    classifier.load_state_dict({name: weights[name] for name in classifier.state_dict()})
    return json.loads((run / CARD).read_text())["made_by"] | {"epochs_done": checkpoint["epoch"] + 1}


def fit(classifier: Classifier, knobs: Knobs, training: PhantomSet, validation: PhantomSet, folder: Path) -> None:
    """Trains ``classifier`` in place; a checkpoint after every epoch lets the same command go on where it stopped.

    Raises KnobsDiffer when the checkpoint in ``folder`` comes from a run with other knobs.
    """
    _check_same_run(knobs, folder / "knobs.json")
    sampler = WeightedRandomSampler(drawn_weights(training), knobs.steps * knobs.batch)
    trainer = lightning.Trainer(
        max_epochs=knobs.epochs,
        precision=knobs.precision,
        accelerator="auto",
        devices=1,
        logger=CSVLogger(folder, name=None, version="log"),
        callbacks=[ModelCheckpoint(folder, filename=Path(CHECKPOINT).stem, save_on_train_epoch_end=True)],
        num_sanity_val_steps=0,
        check_val_every_n_epoch=knobs.validate_every,
        log_every_n_steps=8,
        enable_model_summary=False,
    )
    checkpoint = folder / CHECKPOINT
    trainer.fit(
        classifier,
        DataLoader(Slices(training, knobs.role), knobs.batch, sampler=sampler),
        DataLoader(Slices(validation, knobs.role), 64),
        ckpt_path=checkpoint if checkpoint.exists() else None,
    )


def drawn_weights(slices: PhantomSet) -> torch.Tensor:
    """How often each slice is drawn: half of what is drawn holds tumour, and small tumours come up to four times as
    often as large ones."""
    weights = np.where(slices.labels, np.clip(LARGE / np.maximum(slices.sizes, 1), 1, 4), 1.0)
    for held in (slices.labels, ~slices.labels):
        weights[held] /= weights[held].sum()
    return torch.from_numpy(weights)


def _check_same_run(knobs: Knobs, file: Path) -> None:
    """The first run writes its knobs down; what goes on from its checkpoint must have the same."""
    mine = json.dumps(asdict(knobs), indent=2)
    if file.exists() and file.read_text() != mine:
        raise KnobsDiffer(f"{file.parent} holds a run with other knobs; delete it, or give its knobs")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(mine)


def choose_threshold(role: str, scores: np.ndarray, labels: np.ndarray) -> float:
    if role == "single":
        return threshold_at_sensitivity(scores, labels, SINGLE_SENSITIVITY)
    return best_threshold(scores, labels)


def write(card: Card, state: dict, out: Path, validation: PhantomSet, test: PhantomSet) -> Card:
    """Writes the bundle; threshold and figures come from the 8-bit network as it will be loaded, not the float one."""
    save_bundle(out, card, state)
    network = Network(*load_bundle(out))
    validated = read(network, validation, EXAM_SCALE).probabilities
    threshold = choose_threshold(card.role, validated, np.asarray(validation.labels))
    scores = read(network, test, EXAM_SCALE).probabilities
    figures = card_figures(Opinion(scores, scores >= threshold), _cohort(test))
    return save_bundle(out, replace(card, threshold=threshold, figures={"phantoms": figures}), state)


def _cohort(phantoms: PhantomSet) -> Cohort:
    """Every phantom is a patient of her own."""
    seeds, starts = np.unique(phantoms.exams, return_index=True)
    labels, sizes = (np.split(np.asarray(of), starts[1:]) for of in (phantoms.labels.astype(int), phantoms.sizes))
    return cohort_of(labels, sizes, seeds)
