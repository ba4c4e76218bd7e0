"""``manage.py demo``: the whole line as a client sees it, on a synthetic exam, in a folder that deletes itself."""

import json
import tempfile
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from breastcancer_api.local_server import Answer, post, serving
from breastcancer_api.synthetic import SEED
from phantom.protocol import PLAIN

ENOUGH = 0.5  # ``manage.py evaluate`` writes the overlap on exams that nobody chose


class Command(BaseCommand):
    help = "Make a synthetic exam, start the server, post the exam, compare the answer with the truth, stop the server."

    def add_arguments(self, parser):
        parser.add_argument("--seed", type=int, default=SEED)
        parser.add_argument("--slices", type=int, default=PLAIN.slices)

    def handle(self, **options):
        with tempfile.TemporaryDirectory(prefix="breastwise-demo-") as name:
            archive = Path(name, "series.zip")
            call_command("phantom", seed=options["seed"], slices=options["slices"], out=archive, stdout=self.stdout)
            truth = json.loads(archive.with_suffix(".truth.json").read_text())
            with serving(Path(name)) as server:
                answer = post(server, archive)
        self._report(truth["positive_slices"], truth["unclear_slices"], answer, options["slices"])

    def _report(self, truth: list[int], unclear: list[int], answer: Answer, count: int) -> None:
        overlap = intersection_over_union(truth, [number for number in answer.slices if number not in unclear])
        self.stdout.write(f"truth     {truth}, traces of tumour in {unclear}")
        self.stdout.write(f"answer    {answer.slices}")
        self.stdout.write(f"overlap   {overlap:.2f} (intersection over union of clear slices; {ENOUGH} is enough)")
        self.stdout.write(f"time      {answer.seconds:.1f} s for {count} slices, upload to answer")
        self.stdout.write(f"networks  {answer.networks}")
        if overlap < ENOUGH:
            raise CommandError("the answer does not fit the truth")


def intersection_over_union(truth: list[int], answer: list[int]) -> float:
    """Share of the slices in either list that are in both; 1 when both are empty."""
    either = set(truth) | set(answer)
    return len(set(truth) & set(answer)) / len(either) if either else 1.0
