"""``manage.py hammer``: what a server of the command's own withstands, on loopback."""

import random
import tempfile
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from breastcancer_api.benchmarks import hammer
from breastcancer_api.local_server import serving


class Command(BaseCommand):
    help = "Send good, bad and broken uploads from many clients at once, then kill servers with uploads in hand."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--clients", type=int, default=50)
        parser.add_argument("--seconds", type=float, default=120)
        parser.add_argument("--kills", type=int, default=30)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, **options):
        with tempfile.TemporaryDirectory(prefix="breastwise-hammer-") as name:
            exams = hammer.exams(Path(name))
            try:
                self._clients(Path(name, "clients"), exams, **options)
                if options["kills"]:
                    self._kills(Path(name, "kills"), exams, options["kills"], options["seed"])
            except hammer.Withstood as error:
                raise CommandError(error) from error

    def _clients(self, state: Path, exams: list[bytes], clients: int, seconds: float, seed: int, **_) -> None:
        state.mkdir()
        with serving(state) as server:
            good = hammer.answered_alone(server, exams)
            uploads = good + hammer.bad(good[0])
            before = server.held()
            tally = hammer.clients(server, uploads, clients, seconds, seed)
            hammer.settled(state)
            after = server.held()
        self.stdout.write(f"{clients} clients for {seconds:g} s, uploads by kind and answer:")
        for (kind, status), count in sorted(tally.answers.items()):
            self.stdout.write(f"  {kind}: {status}: {count}")
        self._studies(state)
        self.stdout.write(f"files open before and after: {before.files}, {after.files}")
        if tally.wrong:
            raise hammer.Withstood(f"{len(tally.wrong)} wrong answers; the first: {tally.wrong[:5]}")

    def _kills(self, state: Path, exams: list[bytes], kills: int, seed: int) -> None:
        state.mkdir()
        uploads = [hammer.Upload("good", each) for each in exams]
        draw = random.Random(seed)  # noqa: S311  # nosec B311  # which upload comes next
        for _ in tqdm(range(kills), desc="kills"):
            hammer.killed(state, uploads, draw)
            with serving(state):
                hammer.settled(state)
        self.stdout.write(f"{kills} servers killed; every study has ended, no file is left")
        self._studies(state)

    def _studies(self, state: Path) -> None:
        ended = [kept for _, kept in hammer.states(state)]
        self.stdout.write("studies: " + ", ".join(f"{ended.count(kept)} {kept}" for kept in hammer.FINAL))
