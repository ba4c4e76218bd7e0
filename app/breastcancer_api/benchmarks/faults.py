"""What is done to a server while it is soaked, each fault for a while and never two at once."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from breastcancer_api.local_postgres import Postgres
from breastcancer_api.local_server import Server

AFTERWARDS = 20.0  # seconds after a fault in which an answer may still be one about it: work in hand ends with it
LIBRARY = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
DISK_MEGABYTES = 64
MEGABYTE = 1_000_000
CLOCK_HOURS = (25, -25)


@dataclass(frozen=True)
class Window:
    """``fault`` was there from ``begin`` to ``end``, seconds of time.monotonic."""

    fault: str
    begin: float
    end: float

    def explains(self, begin: float, end: float) -> bool:
        """Whether a request that ran from ``begin`` to ``end`` met the fault, or what it left behind."""
        return begin <= self.end + AFTERWARDS and end >= self.begin


class Fault(Protocol):
    """Is there within the body of ``there``; ``codes`` are those of the problems it explains."""

    name: str
    codes: frozenset[str]

    def there(self) -> Iterator[None]: ...


@dataclass
class NoDatabase:
    """PostgreSQL is stopped at once, and started again."""

    postgres: Postgres
    name = "database stopped"
    codes = frozenset({"database_away", "unavailable", "interrupted", "no_answer"})

    @contextmanager
    def there(self) -> Iterator[None]:
        self.postgres.stop()
        try:
            yield
        finally:
            self.postgres.start()


@dataclass
class FullDisk:
    """A file takes all room of the disk on which ``folder`` lies, but for a few pages."""

    folder: Path
    name = "disk full"
    codes = frozenset({"no_room", "unavailable"})

    @contextmanager
    def there(self) -> Iterator[None]:
        ballast = self.folder / "ballast"
        try:
            with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
                while file.write(bytes(1 << 16)):
                    pass
            yield
        finally:
            ballast.unlink()


@dataclass
class SetClock:
    """The database's clock stands ``hours`` away from that of the server: machines have their own."""

    clock: Path
    hours: int
    codes = frozenset()  # nobody may notice

    @property
    def name(self) -> str:
        return f"database's clock set {self.hours:+d} h"

    @contextmanager
    def there(self) -> Iterator[None]:
        set_clock(self.clock, self.hours)
        try:
            yield
        finally:
            set_clock(self.clock, 0)


def set_clock(file: Path, hours: int) -> None:
    """What processes with ``clock_settings`` take for the time from now on: so many ``hours`` off."""
    draft = file.with_suffix(".draft")
    draft.write_text(f"{3600 * hours:+d}\n")
    draft.chmod(0o644)
    draft.replace(file)


def clock_settings(file: Path) -> dict[str, str]:
    """Environment of a process whose wall clock ``set_clock`` sets; empty without Debian's libfaketime."""
    if not LIBRARY:
        return {}
    return {
        "LD_PRELOAD": str(LIBRARY[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """``folder`` on a disk in memory of DISK_MEGABYTES while the body runs; False where this process may mount none."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES * MEGABYTE}", "breastwise-soak", str(folder)]
    mounted = os.getuid() == 0 and not subprocess.run(command, check=False).returncode  # noqa: S603  # nosec B603
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607  # nosec B603, B607


@dataclass
class Faults:
    """Lets ``faults`` take turns, each there for ``seconds`` after as long a rest; ``windows`` tells when."""

    faults: list[Fault]
    seconds: float
    windows: list[Window] = field(default_factory=list)

    def run(self, until: float, wait=time.sleep) -> None:
        """Goes on until the next fault and what it leaves behind would not be over by ``until``, of time.monotonic."""
        turn = 0
        while self.faults and time.monotonic() + 2 * self.seconds + AFTERWARDS < until:
            wait(self.seconds)
            fault = self.faults[turn % len(self.faults)]
            begin = time.monotonic()
            with fault.there():
                wait(self.seconds)
            self.windows.append(Window(fault.name, begin, time.monotonic()))
            wait(AFTERWARDS)
            turn += 1

    def explain(self, code: str, begin: float, end: float) -> str:
        """The fault that explains a problem of this ``code`` from ``begin`` to ``end``; empty: none does."""
        codes = {fault.name: fault.codes for fault in self.faults}
        return next((w.fault for w in self.windows if code in codes[w.fault] and w.explains(begin, end)), "")


def left_in(server: Server, work: Path) -> list[str]:
    """Names in the work folder, and open files without a name in it of the process that answers."""
    named = [each.name for each in work.iterdir()]
    links = [os.readlink(each) for each in (server.worker / "fd").iterdir() if each.is_symlink()]
    return named + [each for each in links if each.startswith(f"{work}/")]
