"""``manage.py benchmark``: seconds and memory that the whole line takes for given archives, over HTTP."""

import tempfile
from pathlib import Path

from django.core.management.base import BaseCommand

from breastcancer_api.local_server import post, serving

ROW = "{name:32} {slices:>7} {seconds:>9} {peak:>10}"


class Command(BaseCommand):
    help = "Post each archive to a server of its own; print slices, seconds to the answer and the server's peak memory."

    def add_arguments(self, parser):
        parser.add_argument("archives", nargs="+", type=Path)

    def handle(self, **options):
        self.stdout.write(ROW.format(name="archive", slices="slices", seconds="seconds", peak="peak MB"))
        for archive in options["archives"]:
            self.stdout.write(self._row(archive))

    def _row(self, archive: Path) -> str:
        with tempfile.TemporaryDirectory(prefix="breastwise-benchmark-") as state, serving(Path(state)) as server:
            answer = post(server, archive)
            slices = server.client.get(f"{server.url}{answer.location}", timeout=10).json()["slice_count"]
            peak = server.peak_memory() / 1e6
        return ROW.format(name=archive.name, slices=slices, seconds=f"{answer.seconds:.1f}", peak=f"{peak:.0f}")
