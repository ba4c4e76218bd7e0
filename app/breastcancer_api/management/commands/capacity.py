"""``manage.py capacity``: how many workers a number of exams a day needs (docs/scaling.md is its output)."""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import matplotlib
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from matplotlib import pyplot
from tqdm import tqdm

from breastcancer_api.benchmarks import kept
from breastcancer_api.benchmarks.capacity import DAY, PATIENCE, SLICES, Load, Service, load, measured
from breastcancer_api.provenance import command, commit

matplotlib.use("Agg")
BENCHMARK, FIGURES, PAGE, PICTURE = "performance.json", "scaling.json", "scaling.md", "scaling.png"
SIDE = 512
USUAL = sum(SLICES) // 2
HEAD = (
    "| exams a day | workers | busy at the busiest hour | mean wait | 95 % wait less than | longest wait "
    "| most wait at once |"
)
TEMPLATE = Path(__file__).with_name("scaling.txt")


class Command(BaseCommand):
    help = "Simulate a queue with the seconds that `manage.py benchmark` measured; write page, figures and picture."

    def add_arguments(self, parser):
        parser.add_argument("--exams", type=int, nargs="+", default=[10, 1000, 100_000], help="a day")
        parser.add_argument("--benchmark", type=Path, metavar="JSON", help=f"default: DIR/{BENCHMARK}")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--out", type=Path, metavar="DIR", help="folder (default: STATE_DIR/benchmark)")

    def handle(self, **options):
        out = options["out"] or settings.STATE_DIR / "benchmark"
        benchmark = options["benchmark"] or out / BENCHMARK
        if not benchmark.exists():
            raise CommandError(f"{benchmark}: no such file; make it with manage.py benchmark")
        call_command("migrate", verbosity=0)  # what a study weighs is asked of the database
        told = json.loads(benchmark.read_text())
        archive, pictures = kept.exam_bytes(USUAL, SIDE, partial(tqdm, desc="exam", unit="slice"))
        about = {
            "command": command(),
            "commit": commit(),
            "measured": {name: told[name] for name in ("machine", "commit", "device", "precision")},
            "service": asdict(measured(told["figures"])),
            "seed": options["seed"],
            "exams": options["exams"],
            "archive_bytes": archive,
            "picture_bytes": pictures,
            "database": connection.vendor,
            "database_bytes": kept.database_bytes(USUAL, tqdm(range(kept.STUDIES), desc="studies")),
        }
        loads = simulated(about)
        (out / FIGURES).write_text(json.dumps(about, indent=2) + "\n")
        (out / PAGE).write_text(page(about, loads))
        draw(about, out / PICTURE)
        self.stdout.write(table(loads) + f"\n{out}")


def simulated(about: dict) -> list[Load]:
    """The loads that ``about`` asks for, the same whenever they are asked for again."""
    return [load(exams, Service(**about["service"]), about["seed"]) for exams in about["exams"]]


def table(loads: list[Load]) -> str:
    rows = [
        f"| {each.exams:,} | {each.workers} | {each.busy:.0%} | {each.mean:.1f} s | {each.most:.0f} s "
        f"| {each.longest:.0f} s | {each.queue} |"
        for each in loads
    ]
    return "\n".join([HEAD, "|---|---|---|---|---|---|---|", *rows])


def page(about: dict, loads: list[Load]) -> str:
    """docs/scaling.md."""
    service, most = Service(**about["service"]), max(loads, key=lambda each: each.exams)
    bytes_a_day = most.exams * about["archive_bytes"]
    return TEMPLATE.read_text().format(
        table=table(loads),
        command=about["command"],
        commit=about["commit"],
        seed=about["seed"],
        queue=settings.CELERY_TASK_DEFAULT_QUEUE,
        **{f"machine_{name}": value for name, value in about["measured"].items()},
        fixed=service.fixed,
        a_slice=1000 * service.a_slice,
        rate=1 / service.a_slice,
        usual=USUAL,
        seconds=float(service.seconds(USUAL)),
        fewest=SLICES[0],
        largest=SLICES[1],
        patience=PATIENCE,
        archive=about["archive_bytes"] / 1e6,
        pictures=about["picture_bytes"] / 1e6,
        pictures_a_day=most.exams * about["picture_bytes"] / 1e12,
        database=about["database"],
        kilobytes=about["database_bytes"] / 1e3,
        most=most.exams,
        workers=most.workers,
        waiting=most.queue,
        terabytes=bytes_a_day / 1e12,
        gigabits=8 * bytes_a_day / DAY / 1e9,
        rows=most.exams * (USUAL + 1) / 1e6,
        gigabytes=most.exams * about["database_bytes"] / 1e9,
    )


def draw(about: dict, file: Path) -> None:
    """Wait against exams a day for a few numbers of workers."""
    picture, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
    service = Service(**about["service"])
    for workers in (1, 2, 4, 8):
        exams = [round(workers * each) for each in (250, 500, 1000, 1500, 2000, 2500, 3000, 3500)]
        waited = [load(each, service, about["seed"], workers).most for each in exams]
        axes.plot(exams, waited, marker=".", label=f"{workers} worker{'s' if workers > 1 else ''}")
    axes.axhline(PATIENCE, color="grey", linestyle=":")
    axes.set(xlabel="exams a day", ylabel="95 % wait less than, seconds", xscale="log", yscale="symlog", ylim=(0, 300))
    axes.legend()
    picture.savefig(file, dpi=110)
    pyplot.close(picture)
