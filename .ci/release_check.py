"""What a release needs, one step after the other, and a table of all at the end: `make release-check`.

A step passes, fails, or is not done, because what it must ask does not answer. All steps are tried. This ends with 0
when all passed, but for those that were not done and are named by --without.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 22_000_000  # bytes of a file in the repository
COMMIT = re.compile(r'commit(?:": "| `)([0-9a-f]{7,40})\b')


class Failed(Exception):
    """The step failed; the text says why."""


class NotDone(Exception):
    """The step could not be done here; the text says why."""


def run(*command: str) -> None:
    """Raises Failed when the command does not end with 0."""
    if status := subprocess.run(command, cwd=ROOT).returncode:
        raise Failed(f"{' '.join(command)} ended with {status}")


def told(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def answers(*command: str) -> bool:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def tracked() -> list[Path]:
    return [ROOT / name for name in told("git", "ls-files", "-z").split("\0") if name]


def clean() -> None:
    if changed := told("git", "status", "--porcelain"):
        raise Failed(f"{len(changed.splitlines())} files are not committed")


def version() -> str:
    return re.search(r'^__version__ = "(.+)"$', (ROOT / "app/breastwise/__init__.py").read_text(), re.MULTILINE)[1]


def changelog() -> None:
    newest = re.search(r"^## .*", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
    if not re.fullmatch(rf"## {re.escape(version())}, \d{{4}}-\d\d-\d\d", newest):
        raise Failed(f"CHANGELOG.md begins with '{newest}', not with '## {version()}, ' and a day such as 2027-01-15")


def sizes() -> None:
    if large := [each.name for each in tracked() if each.stat().st_size > LARGEST]:
        raise Failed(f"larger than {LARGEST / 1e6:.0f} MB: {', '.join(large)}")


def figures() -> None:
    """Every commit at which a figure was made can be had: it is one of those that led to this one."""
    files = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").glob("*.json"), *(ROOT / "app/nets").rglob("card.json")]
    named = {(commit, each.name) for each in files for commit in COMMIT.findall(each.read_text())}
    if gone := [each for each in sorted(named) if not answers("git", "merge-base", "--is-ancestor", each[0], "HEAD")]:
        raise Failed(f"no commit before this one: {', '.join(f'{commit} in {name}' for commit, name in gone)}")


def lock() -> None:
    run("make", "lock")
    run("git", "diff", "--exit-code", "--stat", "--", "requirements.lock", "requirements-torch.lock")


def audit() -> None:
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer.json")
        try:
            run("make", "audit", f"AUDIT_OPTIONS=--format json --output {answer}")
        except Failed as error:
            if not answer.exists():
                raise NotDone("the service of advisories could not be asked") from error
            found = [each for each in json.loads(answer.read_text())["dependencies"] if each.get("vulns")]
            holes = [f"{each['name']} {hole['id']}" for each in found for hole in each["vulns"]]
            raise Failed(f"known holes: {', '.join(holes)}") from error


def docker_test() -> None:
    if not answers("docker", "info"):
        raise NotDone("Docker does not answer")
    run("make", "docker-test")


# what takes seconds comes first
STEPS: dict[str, Callable[[], None]] = {
    "clean": clean,
    "changelog": changelog,
    "sizes": sizes,
    "figures": figures,
    **{name: partial(run, "make", name) for name in ("secrets", "lint", "types", "security")},
    "lock": lock,
    "audit": audit,
    **{name: partial(run, "make", name) for name in ("sbom", "docs", "test", "test-servers")},
    "docker-test": docker_test,
}


def state(step: Callable[[], None]) -> str:
    """``ok``, or ``FAILED`` or ``not done`` and why."""
    try:
        step()
    except Failed as error:
        return f"FAILED: {error}"
    except NotDone as error:
        return f"not done: {error}"
    return "ok"


def check(steps: Mapping[str, Callable[[], None]], without: Collection[str]) -> bool:
    """Whether all ``steps`` passed, but for those of ``without`` that were not done. Prints a line before each and the
    table."""
    rows = []
    for name, step in steps.items():
        print(f"\n== {name}", flush=True)
        begun = time.monotonic()
        found = state(step)
        rows.append((name, f"{time.monotonic() - begun:.1f} s", found))
        print(f"== {': '.join(rows[-1])}", flush=True)
    print("\n" + "\n".join(f"{name:13} {seconds:>9}  {found}" for name, seconds, found in rows))
    missing = [name for name, _, found in rows if found != "ok" and not (name in without and found.startswith("not"))]
    print(f"\nNo release yet: {', '.join(missing)}." if missing else f"\n{version()} may be released.")
    return not missing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("steps", nargs="*", metavar="step", help=f"these alone, of: {', '.join(STEPS)}")
    parser.add_argument("--without", nargs="*", default=[], choices=STEPS, help="may be not done, never failed")
    asked = parser.parse_args()
    if unknown := set(asked.steps) - STEPS.keys():
        parser.error(f"no such step: {', '.join(sorted(unknown))}")
    chosen = {name: step for name, step in STEPS.items() if not asked.steps or name in asked.steps}
    return 0 if check(chosen, asked.without) else 1


if __name__ == "__main__":
    sys.exit(main())
