#!/usr/bin/env python3
"""The compose stack as who installs it has it: built, upgraded, used, restarted and stopped while exams come in.

In a project of its own, `breastwise-test`, which is gone at the end with its volumes, whatever happens. Needs Docker
with Compose 2, git and .venv. Prints what it does and, last, a table; `--out FILE` writes that as Markdown.
"""

import argparse
import collections
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "app"))

import requests  # noqa: E402

from phantom.dicom import write_zip  # noqa: E402
from phantom.exam import Exam, Protocol  # noqa: E402

PROJECT = "breastwise-test"
IMAGE = f"{PROJECT}-web"
BASE, SCALE, GPU = "docker-compose.yml", "docker-compose.scale.yml", "docker-compose.gpu.yml"
# how the image is made stays that of now: of a former version its code, its settings and its stack are tried
RECIPE = (
    "Dockerfile.prod",
    ".dockerignore",
    "docker",
    "requirements.txt",
    "requirements.lock",
    "requirements-torch.lock",
)
NETWORKS = "app/nets/bundles/single/card.json"
SENDERS = 3
RECEIVED = "/tmp/client_temp"  # noqa: S108 nginx receives uploads there
EVENT_SECONDS = 300  # in which whatever is waited for must happen
AGAIN_SECONDS = 1  # before an exam is sent again
STARTED = time.monotonic()
# prints what an image that runs does not need, or must not have
NEEDLESS = r"""
for tool in gcc cc make git; do command -v $tool; done
find / -xdev \( -name .env* -o -name *.key -o -name id_rsa* -o -name .git -o -name *.whl -o -path */.cache/* \
  -o -path /home/app/*/tests -o -path /opt/venv/*/pip \) -not -path /usr/* -not -path /proc/*
[ $(id -u) != 0 ] || echo root
"""


class Failed(Exception):
    """What is not as it should be."""


def say(told: str) -> None:
    print(f"{time.monotonic() - STARTED:6.0f} s  {told}", flush=True)


def expect(true: object, told: object) -> None:
    if not true:
        raise Failed(str(told))


def eventually(look: Callable[[], object], told: str) -> None:
    end = time.monotonic() + EVENT_SECONDS
    while not look():
        if time.monotonic() > end:
            raise Failed(f"{told}: not within {EVENT_SECONDS} s")
        time.sleep(0.1)


def run(*command: str, cwd: Path = REPOSITORY) -> str:
    """What ``command`` prints. Raises Failed with the end of what it says when it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    expect(done.returncode == 0, f"{' '.join(command[:12])}: {(done.stderr or done.stdout)[-1500:]}")
    return done.stdout


class Report:
    """A row a check, and whether all is well."""

    def __init__(self):
        self.rows: list[tuple[str, str, str]] = []

    @contextlib.contextmanager
    def check(self, name: str) -> Iterator[list[str]]:
        """OK with what the body puts into the list, or what went wrong; what is unforeseen ends the run."""
        told: list[str] = []
        say(f"{name} ...")
        try:
            yield told
        except (Failed, requests.RequestException) as error:
            self.rows.append((name, "FAIL", str(error)))
        else:
            self.rows.append((name, "OK", ", ".join(told)))
        say(f"    {self.rows[-1][1]} {self.rows[-1][2]}")

    @property
    def well(self) -> bool:
        return all(mark == "OK" for _, mark, _ in self.rows)

    def table(self) -> str:
        head = "| what | | |\n|---|---|---|\n"
        return head + "".join(f"| {name} | {mark} | {' '.join(told.split())} |\n" for name, mark, told in self.rows)


class Stack:
    """The containers of the compose files ``files`` in ``folder``."""

    def __init__(self, *files: str, folder: Path = REPOSITORY, scale: str = ""):
        self.files, self.folder = files, folder
        self.scale = ("--scale", scale) if scale else ()
        self.client = requests.Session()
        self.client.trust_env = False  # a proxy set for the house must not be asked for this address

    def compose(self, *arguments: str) -> str:
        files = [word for file in self.files for word in ("-f", file)]
        return run("docker", "compose", "-p", PROJECT, *files, *arguments, cwd=self.folder)

    def up(self, *options: str) -> None:
        """Returns once every container is healthy."""
        try:
            self.compose("up", "-d", "--wait", "--wait-timeout", str(EVENT_SECONDS), *self.scale, *options)
        except Failed as error:
            raise Failed(f"{error} {self.compose('logs', '--tail', '5')}") from error

    @property
    def url(self) -> str:
        return "http://" + self.compose("port", "nginx", "8080").strip()

    def containers(self, *services: str) -> list[dict]:
        keys = self.compose("ps", "--all", "--quiet", *services).split()
        return json.loads(run("docker", "inspect", *keys))

    def inside(self, service: str, *command: str) -> str:
        return self.compose("exec", "-T", service, *command)

    def upload(self, archive: Path) -> tuple[str, list[int]]:
        """Path of the study, and the answer."""
        with archive.open("rb") as content:
            answer = self.client.post(
                f"{self.url}/upload/", files={"file": ("series.zip", content)}, timeout=EVENT_SECONDS
            )
        expect(answer.status_code == 201, f"{answer.status_code} {answer.text[:300]}")
        return answer.headers["Location"], answer.json()

    def studies(self) -> dict[str, str]:
        """State of every study by its path."""
        answer = self.client.get(f"{self.url}/studies/?page_size=1000", timeout=60)
        expect(answer.status_code == 200, f"{answer.status_code} {answer.text[:300]}")
        return {f"/studies/{each['id']}/": each["state"] for each in answer.json()["results"]}


class Load:
    """Senders who send exam after exam, each until it is answered; what goes wrong meanwhile must be told to them."""

    def __init__(self, stack: Stack, archive: Path):
        self.url, self.archive = stack.url, archive
        self.answers: dict[str, list[int]] = {}  # by study
        self.told: collections.Counter[str] = collections.Counter()
        self.wrong: list[str] = []
        self.enough = threading.Event()
        self.threads = [threading.Thread(target=self._send_on, daemon=True) for _ in range(SENDERS)]

    def __enter__(self) -> "Load":
        for each in self.threads:
            each.start()
        self.goes_on()
        return self

    def __exit__(self, *_) -> None:
        self.enough.set()
        for each in self.threads:
            each.join(EVENT_SECONDS)
        if any(each.is_alive() for each in self.threads):
            self.wrong.append("an exam has no answer")

    def goes_on(self) -> None:
        """Waits until every sender could have got an answer."""
        seen = len(self.answers)
        eventually(lambda: self.wrong or len(self.answers) >= seen + SENDERS, "no exam is answered")
        expect(not self.wrong, self.wrong)

    def _send_on(self) -> None:
        while not (self.enough.is_set() or self.wrong):
            self._send(uuid.uuid4().hex)

    def _send(self, key: str) -> None:
        while not self.wrong:
            try:
                answer = self._once(key)
            except requests.RequestException as error:
                self.told[type(error).__name__] += 1
            else:
                if answer.status_code == 201:
                    self.answers[answer.headers["Location"]] = answer.json()
                    return
                self.told[str(answer.status_code)] += 1
                if answer.status_code < 500 and answer.status_code != 429:
                    self.wrong.append(f"{answer.status_code} {answer.text[:300]}")
            time.sleep(AGAIN_SECONDS)

    def _once(self, key: str) -> requests.Response:
        with self.archive.open("rb") as content, requests.Session() as client:
            client.trust_env = False
            sent = {"files": {"file": ("series.zip", content)}, "headers": {"Idempotency-Key": key}}
            return client.post(f"{self.url}/upload/", timeout=EVENT_SECONDS, **sent)


# --- checks -----------------------------------------------------------------------------------------------------------


def image_is_small(report: Report) -> None:
    with report.check("the image") as told:
        size = int(run("docker", "image", "inspect", "--format", "{{.Size}}", IMAGE))
        told.append(f"{size / 1e9:.2f} GB")
        expect(size < 1.6e9 or os.environ.get("TORCH", "cpu") != "cpu", f"{size / 1e9:.2f} GB, more than 1.6")
    history = run("docker", "history", "--no-trunc", "--human=false", "--format", "{{.Size}}\t{{.CreatedBy}}", IMAGE)
    for size, line in (each.split("\t", 1) for each in history.splitlines()):
        if int(size) > 1e6:
            report.rows.append((f"layer `{' '.join(line.split())[:60]}`", "", f"{int(size) / 1e6:,.0f} MB"))


def nothing_needless_in_the_image(report: Report) -> None:
    with report.check("no tools, caches or secrets in the image") as told:
        found = run("docker", "run", "--rm", "--network", "none", "--entrypoint", "sh", IMAGE, "-fc", NEEDLESS)
        expect(not found.strip(), f"in the image: {found.split()}")
        config = json.loads(run("docker", "image", "inspect", IMAGE))[0]["Config"]
        set_there = [
            each for each in config["Env"] if any(word in each.split("=")[0] for word in ("SECRET", "PASSWORD"))
        ]
        expect(not set_there, f"set in the image: {set_there}")
        told.append(f"user {config['User']}")


def upgraded(report: Report, previous: str, archive: Path, folder: Path) -> None:
    """Leaves the stack of now running, with the volumes of the former one."""
    former, now = Stack(BASE, folder=folder), Stack(BASE)
    checked_out(previous, folder)
    with report.check("upgrade of a former version, with its volumes") as told:
        former.compose("build")
        former.up()
        kept, erased = (former.upload(archive)[0] for _ in range(2))
        now.compose("build")
        now.up("--remove-orphans")
        expect(now.studies() == {kept: "done", erased: "done"}, f"studies after the upgrade: {now.studies()}")
        answer = now.client.delete(f"{now.url}{erased}", timeout=60)
        expect(answer.status_code == 200, f"{answer.status_code} {answer.text[:300]}")
        expect(now.studies() == {kept: "done"}, f"studies after one was erased: {now.studies()}")
        told.append(f"of two studies of commit {previous[:12]} both are listed, and one is erased")


def checked_out(commit: str, folder: Path) -> None:
    run("git", "archive", "--output", f"{folder}.tar", commit)
    run("tar", "--extract", "--file", f"{folder}.tar", "--directory", str(folder))
    run("cp", "--recursive", *RECIPE, str(folder))


def answered(report: Report, stack: Stack, archive: Path) -> list[int]:
    with report.check("an exam is sent through nginx") as told:
        path, answer = stack.upload(archive)
        expect(answer and all(type(each) is int for each in answer), f"answer {answer}")
        expect(stack.studies()[path] == "done", stack.studies())
        told.append(f"slices {answer}")
        return answer
    return []


def doctor(report: Report, stack: Stack) -> None:
    with report.check("`manage.py doctor` in the container") as told:
        told.append(stack.inside("web", "python", "manage.py", "doctor").splitlines()[-1])


def confined(report: Report, stack: Stack) -> None:
    with report.check("what containers may") as told:
        found = stack.containers()
        for each in found:
            name, host = each["Name"], each["HostConfig"]
            once = "secrets" in name  # it ends before others start
            expect(host["ReadonlyRootfs"], f"{name} can write its root file system")
            expect((host["CapDrop"], host["SecurityOpt"]) == (["ALL"], ["no-new-privileges:true"]), f"{name}: {host}")
            expect(host["Memory"], f"{name} has no limit of memory")
            health = each["State"].get("Health", {}).get("Status")
            expect(once or health == "healthy", f"{name} is {health}")
            expect(once or each["Config"]["User"] not in ("", "0", "root"), f"{name} runs as root")
        told.append(f"{len(found)} containers: read-only, no capabilities, no root, bounded memory, healthy")


def logged(report: Report, stack: Stack, *services: str) -> None:
    with report.check("logs") as told:
        lines = [
            line for each in stack.containers(*services) for line in run("docker", "logs", each["Id"]).splitlines()
        ]
        wrong = [line for line in lines if not is_logged(line)]
        expect(lines and not wrong, f"of {len(lines)} lines {wrong[:3]}")
        expect("Phantom" not in str(lines), "a patient is named")
        told.append(f"{len(lines)} lines on stdout, each a JSON object")


def is_logged(line: str) -> bool:
    """Whether the log wrote ``line``, and nothing that prints beside it."""
    try:
        told = json.loads(line)
    except json.JSONDecodeError:
        return False
    return isinstance(told, dict) and {"time", "level", "message"} <= told.keys()


def restarted(report: Report, stack: Stack, load: Load, service: str, how: str = "restart") -> None:
    with report.check(f"{how} {service} under load") as told:
        before = load.told.copy()
        stack.compose(how, service)
        stack.up("--no-build", "--no-recreate")
        load.goes_on()
        told += told_since(load, before)


def told_since(load: Load, before: collections.Counter) -> list[str]:
    new = load.told - before
    return [f"sent again after {what}: {count}" for what, count in sorted(new.items())] or ["no sender noticed"]


def stopped(report: Report, stack: Stack, load: Load, *volumes: str) -> None:
    """Under load; then started again, for the senders who were told."""
    with report.check("stop under load") as told:
        before = load.told.copy()
        stack.compose("stop")
        ended = {each["Name"]: each["State"]["ExitCode"] for each in stack.containers()}
        expect(set(ended.values()) == {0}, f"not all ended by themselves: {ended}")
        for volume in volumes:
            left = run(
                "docker",
                "run",
                "--rm",
                "--network",
                "none",
                "--user",
                "0",
                "-v",
                f"{PROJECT}_{volume}:/looked/at",
                "--entrypoint",
                "find",
                IMAGE,
                "/looked/at",
                "-type",
                "f",
            )
            expect(not left, f"left in {volume}: {left}")
        told.append("every container ended by itself, nothing is left in " + " and ".join(volumes))
        stack.up("--no-build")
        load.goes_on()
        told += told_since(load, before)


def nothing_lost(report: Report, stack: Stack, load: Load, expected: list[int], before: set[str]) -> None:
    with report.check("nothing is lost, nothing is left") as told:
        expect(not load.wrong, load.wrong)
        others = {path: answer for path, answer in load.answers.items() if answer != expected}
        expect(not others, f"another answer than {expected}: {others}")
        states = {path: state for path, state in stack.studies().items() if path not in before}
        expect(states == dict.fromkeys(load.answers, "done"), f"{len(load.answers)} answers, studies: {states}")
        for service, where in (("web", "/work"), ("web", "/archives"), ("nginx", RECEIVED)):
            left = stack.inside(service, "find", where, "-type", "f")
            expect(not left, f"left in {where}: {left}")
        told.append(f"{len(load.answers)} exams, each answered alike and there once; no file of an upload")


def default_stack(report: Report, previous: str, archive: Path, folder: Path) -> None:
    upgraded(report, previous, archive, folder)
    stack = Stack(BASE)
    with report.check("start, without building and downloading"):
        stack.compose("build")
        stack.compose("down")
        stack.up("--no-build", "--pull", "never")
    expected = answered(report, stack, archive)
    doctor(report, stack)
    confined(report, stack)
    before = set(stack.studies())
    with Load(stack, archive) as load:
        for service in ("nginx", "db", "web"):
            restarted(report, stack, load, service)
        restarted(report, stack, load, "web", how="kill")
        stopped(report, stack, load, "work", "received")
    nothing_lost(report, stack, load, expected, before)
    logged(report, stack, "web")
    stack.compose("down", "-v")


def scaled_stack(report: Report, archive: Path) -> None:
    stack = Stack(BASE, SCALE, scale="worker=2")
    with report.check("two workers start, with new volumes") as told:
        stack.compose("build")
        stack.up("--no-build", "--pull", "never")
        told.append(f"{len(stack.containers())} containers")
    expected = answered(report, stack, archive)
    doctor(report, stack)
    confined(report, stack)
    before = set(stack.studies())
    with Load(stack, archive) as load:
        for service in ("worker", "broker", "cache", "web", "db"):
            restarted(report, stack, load, service)
        stopped(report, stack, load, "work", "received")
    nothing_lost(report, stack, load, expected, before)
    logged(report, stack, "web", "worker")
    stack.compose("down", "-v")


def gpu_is_asked_for(report: Report) -> None:
    with report.check("the GPU override") as told:
        stack = Stack(BASE, GPU)
        asked = json.loads(stack.compose("config", "--format", "json"))["services"]["web"]
        expect(asked["build"]["args"]["TORCH"] == "cuda", asked["build"])
        stack.compose("create", "--no-build", "web")
        (web,) = stack.containers("web")
        (request,) = web["HostConfig"]["DeviceRequests"]
        expect((request["Driver"], request["Count"]) == ("nvidia", 1), request)
        expect("DEVICE=cuda" in web["Config"]["Env"], web["Config"]["Env"])
        stack.compose("down", "-v")
        told.append("one NVIDIA GPU is asked for, and PyTorch with CUDA")


def page(report: Report) -> str:
    commit = run("git", "rev-parse", "--short=12", "HEAD").strip()
    engine = run("docker", "version", "--format", "{{.Server.Version}}").strip()
    compose = run("docker", "compose", "version", "--short").strip()
    return (
        "# The compose stack, tried\n\n"
        "Made by `make docker-test`, in one run on one machine; [in Docker](docker.md) tells what it is about.\n\n"
        f"Commit `{commit}`, Docker {engine}, Compose {compose}.\n\n{report.table()}"
    )


def former_commit() -> str:
    """The last release, or else the first commit that brings networks along: the stack was there before."""
    tags = run("git", "tag", "--sort=-creatordate", "--merged", "HEAD^").split()
    if tags:
        return run("git", "rev-list", "-1", tags[0]).strip()
    return run("git", "log", "--diff-filter=A", "--format=%H", "--", NETWORKS).split()[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--previous", help="the former version: a tag or a commit")
    parser.add_argument("--out", type=Path, help="a file for the table")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all that was started ends, too
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        archive, folder = Path(name, "series.zip"), Path(name, "former")
        folder.mkdir()
        write_zip(Exam(7, Protocol(48, 48, 60)), archive)
        try:
            say("building ...")
            Stack(BASE).compose("build")
            image_is_small(report)
            nothing_needless_in_the_image(report)
            default_stack(report, options.previous or former_commit(), archive, folder)
            scaled_stack(report, archive)
            gpu_is_asked_for(report)
        except Failed as error:
            report.rows.append(("the run", "FAIL", str(error)))
        finally:
            say("taking all down ...")
            Stack(BASE, SCALE).compose("down", "-v", "--remove-orphans")
    print(report.table())
    if options.out:
        options.out.write_text(page(report))
    sys.exit(not report.well)


if __name__ == "__main__":
    main()
