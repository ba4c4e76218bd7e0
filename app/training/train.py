"""Trains one network on a prepared set and writes it as a bundle, in reading order: knobs, data, network, fit, card."""

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from nets.bundle import Card
from nets.device import choose
from nets.vgg import TORCHVISION_FIRST, FirstConvolution, Topology, fold_batch_norm
from training.classifier import Classifier
from training.data import TrainingData
from training.exam_set import NEGATIVE, POSITIVE, TRAINING, VALIDATION, ExamSet, SetError
from training.finish import LOG, finish
from training.initial import PUBLISHED, published_weights, take_published, take_run
from training.machine import machine
from training.seen import intended_use

FIRST_CONVOLUTIONS = {
    "single": (1, FirstConvolution(kernel=7, stride=2, padding=3, bias=True)),
    "scantype": (3, TORCHVISION_FIRST),
}
ROLES = tuple(FIRST_CONVOLUTIONS)
INITS = ("random", "imagenet")
VERSION = "0.2.0"
# In the folder of a training, beside the bundle.
RUN, KNOBS, HISTORY, LAST, BEST = "run", "knobs.json", "history.json", "last.ckpt", "best.ckpt"
OVER = "over"  # is there once the last epoch is trained


class KnobsError(Exception):
    """Knobs that cannot go together; the text names them."""


class KnobsDiffer(Exception):
    """A training cannot go on from a checkpoint that was made with other knobs."""


#: knob -> what it means, for those who turn it
MEANINGS = {
    "head": "pooled: the largest value of each feature; classifier: the original's three linear layers",
    "init": "weights to begin with: random, or imagenet, those that torchvision publishes",
    "start": "folder of a finished training whose best network is begun with",
    "epochs": "a multiple of --validate-every",
    "window_epochs": "the first of them, which look at windows of 64 x 64 around the tumour; the rest at whole slices",
    "validate_every": "epochs from one look at the validation split to the next",
    "patience": "looks in a row without a better network, after which training ends",
    "steps": "batches an epoch",
    "batch": "slices a batch, over all processes together; half of them hold tumour",
    "learning_rate": "the highest of the cycle that runs over all epochs",
    "seed": "of the first weights and of all that is drawn",
    "precision": "of the arithmetic, as Lightning names it",
}


@dataclass(frozen=True)
class Knobs:
    """What a training is made of; MEANINGS tells what each but ``role`` means."""

    role: str
    head: str = "pooled"
    init: str = "random"
    start: str = ""
    epochs: int = 80
    window_epochs: int = 60
    validate_every: int = 10
    patience: int = 4
    steps: int = 40
    batch: int = 32
    learning_rate: float = 7e-4
    seed: int = 0
    precision: str = "bf16-mixed"

    @property
    def topology(self) -> Topology:
        channels, first = FIRST_CONVOLUTIONS[self.role]
        return Topology(channels, first, self.head, outputs=2)


@dataclass(frozen=True)
class Machines:
    """Where a training runs, in Lightning's words; it may go on elsewhere."""

    accelerator: str = "auto"
    devices: str = "1"
    num_nodes: int = 1
    strategy: str = "auto"


def train(knobs: Knobs, exams: ExamSet, out: Path, machines: Machines, command: str, commit: str) -> Card | None:
    """Trains, or goes on from the last checkpoint in ``out``, and writes the bundle to ``out``; returns its card, or
    None in the processes that only help.

    Raises KnobsError, KnobsDiffer, SetError when the set lacks what is needed, WeightsMissing when there is nothing to
    start from.
    """
    run = out / RUN
    check_set(knobs, exams)
    check_epochs(knobs)
    check_same_run(knobs, exams, run / KNOBS)
    lightning.seed_everything(knobs.seed, verbose=False)
    classifier = Classifier(knobs.topology, knobs.seed, knobs.learning_rate, knobs.window_epochs)
    began = begin(classifier, knobs)
    keep_knobs(knobs, exams, run / KNOBS)
    trainer = fit(classifier, knobs, exams, run, machines, Diary(run / HISTORY, command, commit))
    if not trainer.is_global_zero:
        return None
    best = torch.load(run / BEST, weights_only=True)
    classifier.load_state_dict(best["state_dict"])
    history = json.loads((run / HISTORY).read_text())
    made_by = {
        "command": command,
        "commit": commit,
        "seconds": sum(each["seconds"] for each in history),
        "machine": machine(),
        "torch": torch.__version__,
        "knobs": asdict(knobs),
        "data": exams.summary,
        "best_epoch": best["epoch"] + 1,
        "history": history,
        "started_from": began,
    }
    device = choose("cuda" if trainer.strategy.root_device.type == "cuda" else "cpu", "float32")
    return finish(unfinished_card(knobs, exams, made_by), fold_batch_norm(classifier.network), exams, run, out, device)


def unfinished_card(knobs: Knobs, exams: ExamSet, made_by: dict) -> Card:
    """The card of a network whose threshold and figures are not known yet."""
    return Card(
        name=f"{exams.manifest['source']['kind']}-{knobs.role}",
        version=VERSION,
        role=knobs.role,
        topology=knobs.topology,
        normalisation=exams.manifest["normalisation"],
        threshold=0.5,
        intended_use=intended_use(made_by),
        made_by=made_by,
    )


def begin(classifier: Classifier, knobs: Knobs) -> dict | str:
    """Gives ``classifier`` the weights it starts from; returns where they are from."""
    if knobs.start:
        start = Path(knobs.start)
        return take_run(classifier, start, start / RUN / BEST)
    if knobs.init == "imagenet":
        kept = take_published(classifier, published_weights())
        return f"{PUBLISHED}, but for {', '.join(kept)}"
    return "random weights"


def fit(
    classifier: Classifier, knobs: Knobs, exams: ExamSet, run: Path, machines: Machines, diary: lightning.Callback
) -> lightning.Trainer:
    """Trains ``classifier`` in place; a checkpoint after every epoch lets the same command go on where it stopped.

    Ends the process when somebody interrupts it, as Lightning does.
    """
    # a folder of its own for each start: the loggers write over what an earlier one left
    start = f"start-{len(list((run / LOG).glob('start-*'))) + 1:02d}"
    watched = {"monitor": "validation_auc", "mode": "max"}
    trainer = lightning.Trainer(
        **asdict(machines),
        max_epochs=knobs.epochs,
        precision=knobs.precision,
        logger=[kind(run, name=LOG, version=start) for kind in (CSVLogger, TensorBoardLogger)],
        callbacks=[
            ModelCheckpoint(
                run, filename=Path(BEST).stem, **watched, save_weights_only=True, enable_version_counter=False
            ),
            ModelCheckpoint(run, filename=Path(LAST).stem, save_on_train_epoch_end=True, enable_version_counter=False),
            EarlyStopping(**watched, patience=knobs.patience),
            diary,
        ],
        num_sanity_val_steps=0,
        check_val_every_n_epoch=min(knobs.validate_every, knobs.epochs),
        log_every_n_steps=8,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    data = TrainingData(exams, knobs.role, knobs.steps, knobs.batch, knobs.seed)
    # one that ended early would go on: Lightning forgets why it stopped
    if not (run / OVER).exists():
        trainer.fit(classifier, datamodule=data, ckpt_path=run / LAST if (run / LAST).exists() else None)
    if trainer.is_global_zero:
        (run / OVER).touch()
    return trainer


class Diary(lightning.Callback):
    """Writes down who trained from which epoch on, with what, and for how long, each time the training goes on."""

    def __init__(self, file: Path, command: str, commit: str):
        self.file, self.told = file, {"command": command, "commit": commit, "machine": machine()}

    def on_train_start(self, trainer, _):
        self.before = json.loads(self.file.read_text()) if self.file.exists() else []
        self.told |= {"from_epoch": trainer.current_epoch, "processes": trainer.world_size}
        self.started = time.monotonic()

    def on_train_epoch_end(self, trainer, _):
        self.told |= {"to_epoch": trainer.current_epoch + 1, "seconds": round(time.monotonic() - self.started)}
        if trainer.is_global_zero:
            self.file.write_text(json.dumps([*self.before, self.told], indent=2))


def check_epochs(knobs: Knobs) -> None:
    """Raises KnobsError when nobody would look at the network of the last epochs, in which it learns most slowly."""
    if knobs.epochs % min(knobs.validate_every, knobs.epochs):
        raise KnobsError(
            f"--epochs {knobs.epochs} is no multiple of --validate-every {knobs.validate_every}: the last epochs would "
            "be trained and never looked at"
        )


def check_set(knobs: Knobs, exams: ExamSet) -> None:
    """Raises SetError when a split that is needed lacks positive or negative slices, or when windows are to be cut
    around tumours whose place the set does not know: now, and not after hours."""
    for name in (TRAINING, VALIDATION):
        labels = exams.split(name).slices.labels
        for kind, label in (("positive", POSITIVE), ("negative", NEGATIVE)):
            if not (labels == label).any():
                raise SetError(f"the split for {name} holds no {kind} slice")
    blind = [exam for exam in exams.split(TRAINING).exams if not exam.placed]
    if knobs.window_epochs and blind:
        raise SetError(
            f"{len(blind)} exams do not say where in a slice their tumour lies; train with --window-epochs 0, or "
            "prepare the set with boxes"
        )


def check_same_run(knobs: Knobs, exams: ExamSet, file: Path) -> None:
    """Raises KnobsDiffer when a training that began in ``file``'s folder had other knobs or another set."""
    if file.exists() and file.read_text() != _told(knobs, exams):
        raise KnobsDiffer(f"{file.parent} holds a training with other knobs or another set; delete it, or give its own")


def keep_knobs(knobs: Knobs, exams: ExamSet, file: Path) -> None:
    """The first start writes its knobs and its set down, for those that go on; other processes may read meanwhile."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f"{file.name}.{os.getpid()}")
        partial.write_text(_told(knobs, exams))
        partial.replace(file)


def _told(knobs: Knobs, exams: ExamSet) -> str:
    digest = hashlib.sha256(json.dumps(exams.manifest["exams"]).encode()).hexdigest()
    return json.dumps(asdict(knobs) | {"set": digest}, indent=2)
