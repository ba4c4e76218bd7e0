"""``manage.py benchmark``: seconds and memory, of reading an exam or of the whole line over HTTP."""

import tempfile
from pathlib import Path

from django.core.management.base import BaseCommand
from tqdm import tqdm

from breastcancer_api import reading_benchmark as reading
from breastcancer_api.local_server import post, serving
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol

ROW = "{name:32} {slices:>7} {seconds:>9} {peak:>10}"
SLICES, SIDE = 160, 512


class Command(BaseCommand):
    help = "Measure on this machine. Nothing else should run on it meanwhile; compare figures of one run only."

    def add_arguments(self, parser):
        parts = parser.add_subparsers(dest="part", required=True)
        answers = parts.add_parser("answers", help="post each archive to a server of its own and wait for the answer")
        answers.add_argument("archives", nargs="+", type=Path)
        part = parts.add_parser("reading", help="from the zip to the networks' inputs, beside plain code")
        part.add_argument("--archive", type=Path, help=f"default: a phantom, {SLICES} slices of {SIDE} x {SIDE}")
        part.add_argument("--seed", type=int, default=7, help="of the phantom")
        part.add_argument("--rounds", type=int, default=7)

    def handle(self, **options):
        if options["part"] == "answers":
            self._answers(options["archives"])
            return
        with tempfile.TemporaryDirectory(prefix="breastwise-benchmark-") as folder:
            archive = options["archive"] or self._phantom(Path(folder) / "phantom.zip", options["seed"])
            self._reading(archive, options["rounds"])

    def _answers(self, archives: list[Path]) -> None:
        self.stdout.write(ROW.format(name="archive", slices="slices", seconds="seconds", peak="peak MB"))
        for archive in archives:
            self.stdout.write(self._answer(archive))

    def _answer(self, archive: Path) -> str:
        with tempfile.TemporaryDirectory(prefix="breastwise-benchmark-") as state, serving(Path(state)) as server:
            answer = post(server, archive)
            slices = server.client.get(f"{server.url}{answer.location}", timeout=10).json()["slice_count"]
            peak = server.peak_memory() / 1e6
        return ROW.format(name=archive.name, slices=slices, seconds=f"{answer.seconds:.1f}", peak=f"{peak:.0f}")

    def _phantom(self, file: Path, seed: int) -> Path:
        exam = Exam(seed, Protocol(SIDE, SIDE, SLICES))
        write_zip(exam, file, lambda slices: tqdm(slices, desc="phantom", unit="slice"))
        return file

    def _reading(self, archive: Path, count: int) -> None:
        rounds = [reading.one_round(archive) for _ in tqdm(range(count), desc="reading", unit="round")]
        held = reading.memory(archive)

        def median(name: str) -> float:
            return reading.median(rounds, name)

        plain = ", ".join(f"{name} {median(name):.2f} s" for name in ("inflate", "decode", "prepare"))
        self.stdout.write(
            f"medians of {count} rounds, {reading.CORES} cores\n"
            f"plain code on one core: {plain}\n"
            f"zip to exam, every pixel decoded: {median('exam'):.2f} s, "
            f"{median('exam_ratio'):.2f} times (inflate + decode) / cores\n"
            f"zip to the networks' inputs: {median('inputs'):.2f} s, "
            f"{median('inputs_ratio'):.2f} times (inflate + decode + prepare) / cores\n"
            f"peak memory above idle: {held.peak / 1e6:.0f} MB; "
            f"2.5 times the inputs plus one pass: {held.allowed / 1e6:.0f} MB"
        )
