"""``manage.py soak``: clients of every kind for long, while the database stops, the disk is full, the clock is set."""

import json
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from breastcancer_api.benchmarks import faults, hammer, soaked
from breastcancer_api.benchmarks.faults import Faults
from breastcancer_api.benchmarks.soak import Soak
from breastcancer_api.local_postgres import Postgres, running_postgres
from breastcancer_api.local_server import Server, serving
from breastcancer_api.provenance import command, commit
from training.machine import machine

FIGURES, PAGE, PICTURE = "soak.json", "soak.md", "soak.png"
SETTLE_SECONDS = 120
# the largest exam must fit into the small disk; few places, so that some are told to come again
LIMITS = {"MAX_UPLOAD_MB": "8", "MAX_UNPACKED_MB": "32", "THREADS": "4", "QUEUE": "4", "SIGN_IN_RATE": "none"}


class Command(BaseCommand):
    help = (
        "Soak a server of the command's own on loopback. Wants Debian's postgresql; libfaketime, and root for a disk."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--minutes", type=float, default=30)
        parser.add_argument("--clients", type=int, default=12)
        parser.add_argument("--fault-seconds", type=float, default=8, help="for which a fault is there")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--out", type=Path, metavar="DIR", help="default: STATE_DIR/soak")

    def handle(self, **options):
        out = options["out"] or settings.STATE_DIR / "soak"
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="breastwise-soak-") as name:
            folder = Path(name)
            folder.chmod(0o755)  # PostgreSQL's user goes through it
            try:
                about, failures = self._soaked(folder, **options)
            except hammer.Withstood as error:
                raise CommandError(error) from error
        (out / FIGURES).write_text(json.dumps(about, indent=2) + "\n")
        (out / PAGE).write_text(soaked.page(about))
        soaked.draw(about, out / PICTURE)
        self.stdout.write(soaked.page(about).partition("\n\n!")[0] + f"\n{out}")
        if failures:
            raise CommandError("\n".join(failures))

    def _soaked(self, folder: Path, minutes: float, clients: int, fault_seconds: float, seed: int, **_):
        state, clock = folder / "state", folder / "clock"
        state.mkdir()
        faults.set_clock(clock, 0)
        clocked = faults.clock_settings(clock)
        exams = hammer.exams(folder)
        with (
            faults.small_disk(state / "work") as mounted,
            running_postgres(folder, clocked) as postgres,
            serving(state, **LIMITS, **postgres.settings) as server,
        ):
            good = hammer.answered_alone(server, exams)
            soak = Soak(server, good, hammer.bad(good[0]))
            turns = Faults(self._faults(postgres, state / "work", clock, mounted, bool(clocked)), fault_seconds)
            begin = time.monotonic()
            self._run(soak, turns, begin + 60 * minutes, clients, seed)
            left = self._settle(server, postgres, state / "work")
            end = asdict(server.held())
            studies = dict(postgres.query("SELECT state, count(*) FROM breastcancer_api_study GROUP BY 1 ORDER BY 1"))
        wrong = [f"{each.kind}: {each.wrong}" for each in soak.records if each.wrong]
        unexplained = soaked.unexplained(soak.records, turns.explain)
        about = {
            **{"command": command(), "commit": commit(), "machine": machine(), "minutes": minutes, "clients": clients},
            "faults": dict(Counter(each.fault for each in turns.windows)),
            "windows": [asdict(w) | {"begin": w.begin - begin, "end": w.end - begin} for w in turns.windows],
            "samples": [{"seconds": at - begin, **asdict(held)} for at, held in soak.samples],
            "rows": [asdict(row) for row in soaked.rows(soak.records, turns.explain)],
            **{"start": asdict(soak.samples[0][1]), "end": end, "left": len(left), "wrong": len(wrong)},
            "studies": ", ".join(f"{count} {name}" for name, count in studies.items()),
        }
        failures = [f"{count} times {told} that no fault explains" for told, count in unexplained.items()]
        failures += [f"wrong: {told}, {count} times" for told, count in Counter(wrong).most_common(10)]
        return about, failures + [f"left: {each}" for each in left]

    def _faults(self, postgres: Postgres, work: Path, clock: Path, mounted: bool, clocked: bool) -> list[faults.Fault]:
        found: list[faults.Fault] = [faults.NoDatabase(postgres)]
        if mounted:
            found.append(faults.FullDisk(work))
        else:
            self.stderr.write("no disk is full: that wants root, who may mount one")
        if clocked:
            found += [faults.SetClock(clock, hours) for hours in faults.CLOCK_HOURS]
        else:
            self.stderr.write("no clock is set: that wants Debian's libfaketime")
        return found

    def _run(self, soak: Soak, turns: Faults, until: float, clients: int, seed: int) -> None:
        over = threading.Event()
        threads = [
            threading.Thread(target=soak.sample, args=(over,)),
            threading.Thread(target=turns.run, args=(until,)),
            threading.Thread(target=_show, args=(until, over)),
        ]
        for each in threads:
            each.start()
        try:
            soak.run(clients, until, seed)
        finally:
            threads[1].join()
            over.set()
            for each in threads:
                each.join()

    def _settle(self, server: Server, postgres: Postgres, work: Path) -> list[str]:
        """What is left once every study has ended. Raises Withstood where one does not."""
        until = time.monotonic() + SETTLE_SECONDS
        unfinished = "SELECT id FROM breastcancer_api_study WHERE state NOT IN ('done', 'refused', 'failed')"
        while (running := postgres.query(unfinished)) or (left := faults.left_in(server, work)):
            if time.monotonic() > until:
                if running:
                    raise hammer.Withstood(f"studies that do not end: {running[:5]}")
                return left
            time.sleep(0.5)
        return []


def _show(until: float, over: threading.Event) -> None:
    left = round(until - time.monotonic())
    with tqdm(total=left, desc="soak", unit="s") as bar:
        while not over.wait(1) and bar.n < left:
            bar.update(1)
