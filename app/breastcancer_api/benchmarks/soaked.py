"""What a soak found: each kind of request with its errors and times, as a table, a page and a picture."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import pyplot

from breastcancer_api.benchmarks.soak import Record

matplotlib.use("Agg")
EXPLAIN = Callable[[str, float, float], str]
BUSY = "busy"
HEAD = ("request", "sent", "busy", "refused by a fault", "unexplained", "p50, s", "p95, s", "p99, s")
PAGE = """# What it withstands for long

Made by `make soak`, which is `python manage.py soak`: a server, its PostgreSQL and its clients on one machine. To try
yours, give the same command, with `MINUTES=2` for a short one:

    {command}

{machine}; commit `{commit}`; {minutes:g} minutes, {clients} clients.

{table}

{summary}

![Memory and open files while faults came and went](soak.png)

## What is done to it

Clients draw what they do next: they send exams and wait, or do not wait and ask; send what is no exam, send slowly,
hang up in the middle; look at results in every form; erase. Meanwhile faults take turns:

{faults}

An answer of 5xx must be one that such a fault explains, by its code and its time, or `busy`. Everything else makes the
command fail: another 5xx, an answer other than the one the same exam got when it was sent alone, a study that does not
end, a file that is left. Open files are those of the process that answers; a connection to the database and what
somebody looked at a minute ago stay open. **Refused by a fault** counts answers whose code says which fault it was.
"""


@dataclass(frozen=True)
class Row:
    """Requests of one kind; ``seconds`` are p50, p95 and p99 of those that were answered."""

    kind: str
    sent: int
    busy: int
    by_fault: int
    unexplained: int
    seconds: tuple[float, float, float] | None

    @property
    def cells(self) -> tuple[str, ...]:
        times = [f"{each:.3f}" for each in self.seconds] if self.seconds else ["", "", ""]
        return self.kind, *map(str, (self.sent, self.busy, self.by_fault, self.unexplained)), *times


def is_fault(record: Record) -> bool:
    """Whether it is the server's, and must be explained."""
    return record.status >= 500 or record.code == "no_answer"


def rows(records: Sequence[Record], explain: EXPLAIN) -> list[Row]:
    """A row a kind, in the order of their names."""
    return [_row(kind, [r for r in records if r.kind == kind], explain) for kind in sorted({r.kind for r in records})]


def _row(kind: str, records: Sequence[Record], explain: EXPLAIN) -> Row:
    faults = [each for each in records if is_fault(each) and each.code != BUSY]
    explained = sum(bool(explain(each.code, each.begin, each.end)) for each in faults)
    answered = [each.end - each.begin for each in records if 200 <= each.status < 500]
    seconds = tuple(float(each) for each in np.quantile(answered, (0.5, 0.95, 0.99))) if answered else None
    busy = sum(each.code == BUSY for each in records)
    return Row(kind, len(records), busy, explained, len(faults) - explained, seconds)


def unexplained(records: Sequence[Record], explain: EXPLAIN) -> Counter:
    """Kind, status and code of faults of the server that nothing explains, counted."""
    found = [r for r in records if is_fault(r) and r.code != BUSY and not explain(r.code, r.begin, r.end)]
    return Counter((r.kind, r.status, r.code) for r in found)


def markdown(found: Sequence[Row]) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *(row.cells for row in found)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def summary(about: dict) -> str:
    """What is held at the start and the end, and what is left."""
    start, end = about["start"], about["end"]
    return (
        f"| | start | end |\n| --- | --- | --- |\n"
        f"| memory, MB | {start['resident'] / 1e6:.0f} | {end['resident'] / 1e6:.0f} |\n"
        f"| open files | {start['files']} | {end['files']} |\n"
        f"| threads | {start['threads']} | {end['threads']} |\n\n"
        f"Files left: {about['left']}. Wrong answers: {about['wrong']}. Studies: {about['studies']}."
    )


def page(about: dict) -> str:
    """docs/soak.md."""
    told = {name: about[name] for name in ("command", "machine", "commit", "minutes", "clients")}
    faults = "\n".join(f"- {name}: {count} times" for name, count in about["faults"].items())
    found = [Row(**each | {"seconds": each["seconds"] and tuple(each["seconds"])}) for each in about["rows"]]
    return PAGE.format(table=markdown(found), summary=summary(about), faults=faults, **told)


def draw(about: dict, file: Path) -> None:
    """Memory and open files over minutes, with the faults as shades."""
    picture, memory = pyplot.subplots(figsize=(8, 3.5), layout="constrained")
    files = memory.twinx()
    minutes = [each["seconds"] / 60 for each in about["samples"]]
    memory.plot(minutes, [each["resident"] / 1e6 for each in about["samples"]], color="C0", label="memory, MB")
    files.plot(minutes, [each["files"] for each in about["samples"]], color="C1", label="open files")
    colours = dict(zip(about["faults"], ("0.6", "C3", "C2", "C4"), strict=False))
    for each in about["windows"]:
        memory.axvspan(each["begin"] / 60, each["end"] / 60, color=colours[each["fault"]], alpha=0.3, linewidth=0)
    handles = [pyplot.Rectangle((0, 0), 1, 1, color=colour, alpha=0.3, label=name) for name, colour in colours.items()]
    memory.legend(handles=[*memory.lines, *files.lines, *handles], fontsize="small", loc="lower right")
    memory.set(xlabel="minutes", ylabel="MB", ylim=(0, 1.2 * max(each["resident"] / 1e6 for each in about["samples"])))
    files.set(ylabel="open files", ylim=(0, 1.2 * max(each["files"] for each in about["samples"])))
    picture.savefig(file, dpi=110)
    pyplot.close(picture)
