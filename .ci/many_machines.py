#!/usr/bin/env python3
"""Web, two workers, Redis and PostgreSQL on loopback, without Docker, while one after the other is killed or stopped.

Shows that every exam is read, and none twice. Needs Debian's redis-server and postgresql, and .venv; where redis-server
is not installed it says so and ends well. Prints a line for each check.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
APP = REPOSITORY / "app"
sys.path.insert(0, str(APP))

import psycopg2  # noqa: E402
import requests  # noqa: E402

from breastcancer_api.local_postgres import asked, program  # noqa: E402
from phantom.dicom import write_zip  # noqa: E402
from phantom.exam import Exam, Protocol  # noqa: E402

EVENT_SECONDS = 180  # in which whatever is waited for must happen
NUMBERS = "number, single_probability, single_decision, scantype_probability, scantype_decision, fused"


def say(*told: object) -> None:
    print(f"ok   {time.monotonic() - STARTED:5.0f} s ", *told, flush=True)


def expect(true: object, told: object) -> None:
    if not true:
        raise SystemExit(f"FAIL {told}")


def eventually(look: Callable[[], object], told: str, seconds: float = EVENT_SECONDS):
    """What ``look`` gives once that is true; ends the script with ``told`` when it does not come true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := look():
                return found
        except (requests.RequestException, psycopg2.OperationalError, ProcessLookupError, FileNotFoundError):
            pass
        time.sleep(0.05)
    raise SystemExit(f"FAIL {told}, not within {seconds} s")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


class Site:
    """All processes, with their folder, ports and settings."""

    def __init__(self, folder: Path):
        self.folder, self.processes = folder, {}
        self.web_port, self.redis_port, self.postgres_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.web_port}"
        self.figures = {name: free_port() for name in ("worker-1", "worker-2")}
        self.password = secrets.token_urlsafe(24)
        self.archives, self.results, self.work = (folder / name for name in ("archives", "results", "work"))
        self.environ = os.environ | {
            "EXECUTION": "celery",
            "BROKER_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "ARCHIVES": str(self.archives),
            "RESULTS": str(self.results),
            "DATABASE_HOST": "127.0.0.1",
            "DATABASE_PORT": str(self.postgres_port),
            "DATABASE_PASSWORD": self.password,
            "STATE_DIR": str(folder / "state"),
            "STATIC_ROOT": str(folder / "static"),
            "WORK_DIR": str(self.work),
            "TMPDIR": str(folder),
            "BIND": f"127.0.0.1:{self.web_port}",
            "UPLOAD_RATE": "none",
            "REQUEST_RATE": "none",
        }
        self.client = requests.Session()
        self.client.trust_env = False  # a proxy set for the house must not be asked for this address

    # --- processes ---

    def start(self, name: str, *command: str, user: str | None = None, cwd: Path = APP, **environ: str) -> int:
        if user and os.getuid() == 0:
            command = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *command)
        with (self.folder / f"{name}.log").open("a") as log:
            environ = self.environ | environ
            started = subprocess.Popen(command, cwd=cwd, env=environ, stdout=log, stderr=log, process_group=0)
        self.processes[name] = started
        return started.pid

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        process.wait(EVENT_SECONDS)

    def kill(self, name: str) -> None:
        """kill -9 of the process and all that it has forked."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(EVENT_SECONDS)

    def start_postgres(self) -> None:
        data = self.folder / "postgres"
        data.mkdir()
        secret = self.folder / "password"
        secret.write_text(self.password)
        if os.getuid() == 0:
            shutil.chown(data, "postgres")
            shutil.chown(secret, "postgres")
        options = ("-U", "breastwise", "-A", "scram-sha-256", "--no-sync", f"--pwfile={secret}")
        self.start("initdb", program("initdb"), "-D", str(data), *options, user="postgres", cwd=data)
        expect(self.processes.pop("initdb").wait(EVENT_SECONDS) == 0, "PostgreSQL's files are not made")
        self.run_postgres()
        self.query("CREATE DATABASE breastwise", database="postgres")

    def run_postgres(self) -> None:
        data = self.folder / "postgres"
        where = ("-h", "127.0.0.1", "-p", str(self.postgres_port), "-k", str(data), "-F")
        self.start("postgres", program("postgres"), "-D", str(data), *where, user="postgres", cwd=data)
        eventually(lambda: self.query("SELECT 1", database="postgres"), "PostgreSQL answers")

    def start_redis(self) -> None:
        data = self.folder / "redis"
        if not data.exists():
            data.mkdir()
            if os.getuid() == 0:
                shutil.chown(data, "redis")
        where = ("--bind", "127.0.0.1", "--port", str(self.redis_port), "--dir", str(data))
        # nothing is kept: what Redis forgets must be sent again
        self.start("redis", "redis-server", *where, "--save", "", "--appendonly", "no", user="redis", cwd=data)

    def start_web(self) -> None:
        self.start("web", sys.executable, "-m", "gunicorn")
        eventually(lambda: self.get("/livez").ok, "the web answers")

    def start_worker(self, name: str) -> int:
        figures = f"127.0.0.1:{self.figures[name]}"
        return self.start(name, sys.executable, "manage.py", "worker", WORKER_METRICS=figures)

    def figure(self, sample: str) -> float:
        """What the workers that live have counted, together."""
        ports = [port for name, port in self.figures.items() if name in self.processes]
        texts = [self.client.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text for port in ports]
        return sum(float(line.split()[-1]) for text in texts for line in text.splitlines() if line.startswith(sample))

    def reader(self, name: str) -> int:
        """The process of a worker that reads: the one its first process has forked."""
        pid = self.processes[name].pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def finish(self) -> None:
        services = {"postgres", "redis"} & set(self.processes)
        for name in set(self.processes) - services:
            self.kill(name)  # a worker would finish its exam first
        for name in services:
            self.stop(name)  # PostgreSQL waits for those who are connected

    # --- questions ---

    def query(self, sql: str, *values: object, database: str = "breastwise") -> list[tuple]:
        return asked(self.postgres_port, self.password, database, sql, *values)

    def get(self, path: str) -> requests.Response:
        return self.client.get(f"{self.url}{path}", timeout=30)

    def post(self, path: str, archive: Path, key: str = "", wait: bool = True) -> requests.Response:
        headers = {} if wait else {"Prefer": "respond-async"}
        headers |= {"Idempotency-Key": key} if key else {}
        with archive.open("rb") as content:
            files = {"file": ("series.zip", content)}
            return self.client.post(f"{self.url}{path}", files=files, headers=headers, timeout=EVENT_SECONDS)

    def send(self, archive: Path) -> str:
        """The id of a study that is sent without waiting."""
        answer = self.post("/studies/", archive, wait=False)
        expect(answer.status_code == 202, f"{answer.status_code} {answer.text}")
        return answer.json()["id"]

    def study(self, key: str) -> dict:
        columns = ("state", "attempts", "problem", "slice_count", "slices_done")
        row = self.query(f"SELECT {', '.join(columns)} FROM breastcancer_api_study WHERE id = %s", key)
        return dict(zip(columns, row[0], strict=True))

    def state(self, key: str) -> str:
        return self.study(key)["state"]

    def rows(self, key: str) -> list[tuple]:
        return self.query(f"SELECT {NUMBERS} FROM breastcancer_api_slice WHERE study_id = %s ORDER BY number", key)

    def done(self, key: str) -> dict:
        """The study once it is over, which must be as done."""
        eventually(lambda: self.state(key) in ("done", "refused", "failed"), f"{key} ends")
        found = self.study(key)
        expect(found["state"] == "done" and len(self.rows(key)) == found["slice_count"], found)
        return found

    def reading(self, key: str) -> None:
        """Waits until the networks have seen some of a study and not all of it."""
        eventually(lambda: 0 < self.study(key)["slices_done"] < self.study(key)["slice_count"], f"{key} is half read")


def installation_is_well(site: Site) -> None:
    command = [sys.executable, "manage.py", "doctor"]
    found = subprocess.run(command, cwd=APP, env=site.environ, capture_output=True, text=True, timeout=EVENT_SECONDS)
    expect(found.returncode == 0, found.stdout + found.stderr)
    eventually(lambda: site.figure('breastwise_exams_total{code="",state="done"}') == 1, "a worker counts the exam")
    expect(site.figure("breastwise_stage_seconds_count") == 5, "not every stage of the exam was counted once")
    expect('breastwise_studies{state="queued"} 0.0' in site.get("/metrics").text, "the web tells of no queue")
    say("manage.py doctor, through the broker:", found.stdout.splitlines()[-1], "- and a worker has counted the exam")


def inline_rows(site: Site, archive: Path) -> list[tuple]:
    """What EXECUTION=inline says of each slice, from a server of its own with SQLite."""
    script = (
        "import json, sys; from pathlib import Path; import django; django.setup();"
        "from breastcancer_api.local_server import post, serving;"
        "from breastcancer_api.tests.test_local_server import studies;"
        "state = Path(sys.argv[1]); state.mkdir();\n"
        "with serving(state) as server: post(server, Path(sys.argv[2]))\n"
        "print(json.dumps(list(studies(state).values())))"
    )
    environ = site.environ | {"EXECUTION": "inline", "DJANGO_SETTINGS_MODULE": "breastwise.settings"}
    command = [sys.executable, "-c", script, str(site.folder / "inline"), str(archive)]
    found = subprocess.run(command, cwd=APP, env=environ, capture_output=True, text=True, timeout=EVENT_SECONDS)
    expect(found.returncode == 0, found.stderr)
    (rows,) = json.loads(found.stdout.splitlines()[-1])
    return [tuple(row) for row in rows]


# --- checks -----------------------------------------------------------------------------------------------------------


def answers_as_inline(site: Site, short: Path) -> None:
    answer = site.post("/upload/", short)
    expect(answer.status_code == 201, f"{answer.status_code} {answer.text}")
    rows = site.rows(answer.headers["Location"].split("/")[2])
    expect(rows == inline_rows(site, short), "another answer than inline's")
    expect(answer.json() == [row[0] for row in rows if row[-1]], "an answer that is not in the database")
    say(f"an exam is answered by a worker as inline, all {len(rows)} probabilities alike: {answer.json()}")


def heat_by_a_worker(site: Site, short: Path) -> None:
    """The web has no networks, and shares the pictures with the workers."""
    path = site.post("/upload/", short).headers["Location"]
    asked = [site.get(f"{path}slices/3.png?kind=1st_pass&heat=scantype") for _ in range(2)]
    expect([each.status_code for each in asked] == [200, 200], f"{asked[0].status_code} {asked[0].text[:500]}")
    expect(asked[0].content == asked[1].content, "another picture at the second time")
    report = site.get(f"{path}results.pdf")
    expect(report.status_code == 200 and report.content[:5] == b"%PDF-", f"{report.status_code}")
    say("a worker makes the heat of a slice, and the web shows it")


def passport_from_a_worker(site: Site, short: Path) -> None:
    """What the worker reads goes through Redis: it quotes the sender, and is not for the database."""
    answer = site.get(f"{site.post('/upload/', short).headers['Location']}passport/")
    expect(answer.status_code == 200 and len(answer.json()["passes"]) == 4, f"{answer.status_code} {answer.text}")
    say("what is in an exam is told by the web as the worker read it")


def refusal_reaches_the_sender(site: Site, broken: Path) -> None:
    answer = site.post("/upload/", broken)
    expect(answer.status_code == 400 and "pre/secret name.dcm" in answer.text, f"{answer.status_code} {answer.text}")
    kept = site.query("SELECT row_to_json(s)::text FROM breastcancer_api_study s WHERE state = 'refused'")
    expect(len(kept) == 1 and "secret" not in kept[0][0], f"the database holds {kept}")
    say("a refusal reaches the sender who waits in full, and the database without what the sender wrote")


def killed_reader(site: Site, long: Path) -> None:
    key = site.send(long)
    site.reading(key)
    name = worker_of(site, key)
    os.kill(site.reader(name), signal.SIGKILL)
    found = site.done(key)
    expect(found["attempts"] == 2, found)
    say("kill -9 of the process that reads: the study ends done, at the second attempt")


def killed_worker(site: Site, long: Path) -> None:
    key = site.send(long)
    site.reading(key)
    name = worker_of(site, key)
    site.kill(name)
    found = site.done(key)
    expect(found["attempts"] == 2, found)
    site.start_worker(name)
    say("kill -9 of a whole worker: the study ends done, at the other's attempt")


def worker_of(site: Site, key: str) -> str:
    """The worker that claimed a study last."""
    claims = {
        line: log.stem
        for log in site.folder.glob("worker-*.log")
        for line in log.read_text().splitlines()
        if f"study {key} is claimed" in line
    }
    return claims[max(claims)]  # lines begin with the time


def stopped_broker(site: Site, short: Path, long: Path) -> None:
    keys = [site.send(long), *(site.send(short) for _ in range(4))]
    site.reading(keys[0])
    site.kill("redis")
    stopped = time.monotonic()
    expect(site.get("/readyz").status_code == 503, "the web is ready without its broker")
    keys.append(site.send(short))
    eventually(lambda: time.monotonic() - stopped > 10, "ten seconds")
    site.start_redis()
    attempts = [site.done(key)["attempts"] for key in keys]
    expect(set(attempts) == {1}, attempts)
    eventually(lambda: site.get("/readyz").ok, "the web is ready again")
    say("Redis stopped for ten seconds and forgetting all: six studies end done, one of them sent meanwhile")
    keys = [site.send(long) for _ in range(2)]
    expect({site.done(key)["attempts"] for key in keys} == {1}, "a study after the broker's return")
    expect({worker_of(site, key) for key in keys} == {"worker-1", "worker-2"}, "a worker reads no more")
    say("both workers read on afterwards")


def frozen_broker(site: Site, long: Path) -> None:
    key = site.send(long)
    site.reading(key)
    site.processes["redis"].send_signal(signal.SIGSTOP)
    site.done(key)
    log = site.folder / f"{worker_of(site, key)}.log"
    eventually(lambda: "could not be taken off the broker" in log.read_text(), "the worker misses the broker")
    site.processes["redis"].send_signal(signal.SIGCONT)
    keys = [site.send(long) for _ in range(2)]
    expect({site.done(each)["attempts"] for each in keys} == {1}, "a study after the broker thawed")
    expect({worker_of(site, each) for each in keys} == {"worker-1", "worker-2"}, "a worker reads no more")
    say("Redis frozen while an exam ends: it is done, and both workers read on afterwards")


def restarted_web(site: Site, short: Path, long: Path) -> None:
    site.stop("worker-2")
    key = uuid.uuid4().hex
    first = site.post("/studies/", long, key, wait=False).json()["id"]
    queued = [site.send(short) for _ in range(2)]
    site.reading(first)
    site.kill("web")
    site.start_web()
    expect(site.state(first) in ("reading", "analysing", "done"), site.study(first))
    answer = site.post("/studies/", long, key)
    expect((answer.status_code, answer.json()["id"]) == (201, first), answer.text)
    for each in queued:
        site.done(each)
    site.start_worker("worker-2")
    say("kill -9 of the web: nothing is lost, and who sends again with the key gets the first study's answer")


def restarted_database(site: Site, long: Path) -> None:
    key = site.send(long)
    site.reading(key)
    site.kill("postgres")
    stopped = time.monotonic()
    eventually(lambda: time.monotonic() - stopped > 5, "five seconds")
    site.run_postgres()
    expect(site.done(key)["attempts"] == 1, site.study(key))
    eventually(lambda: site.get("/readyz").ok, "the web is ready again")
    say("kill -9 of PostgreSQL in mid-exam, five seconds without: the study ends done, at the first attempt")


def erased(site: Site, long: Path) -> None:
    first, second = site.send(long), site.send(long)
    third = site.send(long)
    site.reading(first)
    for key in (first, third):
        receipt = site.client.delete(f"{site.url}/studies/{key}/", timeout=30).json()
        told = [(each["name"], each["bytes"]) for each in receipt["files"]]
        expect((f"{key}.zip", long.stat().st_size) in told, receipt)
        expect(not list(site.archives.glob(f"{key}*")), f"the archive of {key} is left")
    site.done(second)
    expect(not site.query("SELECT 1 FROM breastcancer_api_study WHERE id IN (%s, %s)", first, third), "not erased")
    say("a study that is read and one that waits are erased with their archives, which the receipt lists")


def sender_hangs_up(site: Site, long: Path) -> None:
    before = site.query("SELECT count(*) FROM breastcancer_api_study WHERE problem->>'code' = 'client_gone'")
    try:
        with long.open("rb") as content:
            site.client.post(f"{site.url}/upload/", files={"file": ("series.zip", content)}, timeout=2)
    except requests.Timeout:
        pass
    gone = "SELECT count(*) FROM breastcancer_api_study WHERE problem->>'code' = 'client_gone'"
    eventually(lambda: site.query(gone)[0][0] == before[0][0] + 1, "the sender who hung up is noticed")
    say("a sender who hangs up ends the work")


def poison(site: Site, long: Path) -> None:
    key = site.send(long)
    for attempt in (1, 2):
        eventually(lambda attempt=attempt: site.study(key)["attempts"] == attempt, f"attempt {attempt} begins")
        site.reading(key)
        os.kill(site.reader(worker_of(site, key)), signal.SIGKILL)
    eventually(lambda: site.state(key) == "failed", "the poison ends as failed")
    found = site.study(key)
    expect((found["attempts"], found["problem"]["code"]) == (2, "worker_lost"), found)
    expect(site.get(f"/studies/{key}/").json()["problem"]["detail"], "no reason is told")
    say(f"an exam that costs its worker twice ends as failed: {found['problem']['detail']}")


def nothing_left(site: Site) -> None:
    unfinished = site.query("SELECT id FROM breastcancer_api_study WHERE state NOT IN ('done', 'refused', 'failed')")
    expect(not unfinished, f"studies left: {unfinished}")
    twice = site.query("SELECT study_id, number FROM breastcancer_api_slice GROUP BY 1, 2 HAVING count(*) > 1")
    wrong = site.query(
        "SELECT id FROM breastcancer_api_study s WHERE state = 'done' AND slice_count <> "
        "(SELECT count(*) FROM breastcancer_api_slice WHERE study_id = s.id)"
    )
    expect(not twice and not wrong, f"slices there twice, or not there: {twice} {wrong}")
    told = "".join(each.read_text() for each in site.folder.glob("worker-*.log")).count(" is done\n")
    done = site.query("SELECT count(*) FROM breastcancer_api_study WHERE state = 'done'")[0][0]
    expect(told == done + 1, f"{done} studies are done, and one that is erased; workers tell of {told}")
    eventually(lambda: not list(site.archives.iterdir()), f"archives left: {list(site.archives.iterdir())}", 20)
    eventually(lambda: not list(site.work.iterdir()), f"left in the work folder: {list(site.work.iterdir())}", 20)
    pictures = sorted(each.name for each in site.results.iterdir())
    keys = sorted(str(key) for (key,) in site.query("SELECT id FROM breastcancer_api_study WHERE state = 'done'"))
    expect(pictures == keys, f"pictures of {len(pictures)} studies, and {len(keys)} are done")
    say("no study is left running, none was done twice, no file is left in the archives or the work folder")


def exams(folder: Path) -> tuple[Path, Path, Path]:
    """A short exam, one that takes several seconds, and one that is refused."""
    short, long, broken = (folder / f"{name}.zip" for name in ("short", "long", "broken"))
    write_zip(Exam(7, Protocol(48, 48, 6)), short)
    write_zip(Exam(8, Protocol(48, 48, 200)), long)
    with zipfile.ZipFile(broken, "w") as archive:
        for name in ("pre", "1st_pass", "2nd_pass", "3rd_pass"):
            archive.writestr(f"{name}/secret name.dcm", "text")
    return short, long, broken


@contextmanager
def running(folder: Path) -> Iterator[Site]:
    site = Site(folder)
    try:
        site.start_postgres()
        site.start_redis()
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0", "--skip-checks"]
        subprocess.run(migrate, cwd=APP, env=site.environ, check=True)
        site.start_web()
        for name in site.figures:
            site.start_worker(name)
        eventually(lambda: site.get("/readyz").ok, "the web is ready")
        yield site
    except BaseException:
        for log in sorted(folder.glob("*.log")):
            print(f"--- {log.name}", *log.read_text().splitlines()[-25:], sep="\n")
        raise
    finally:
        site.finish()


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all that was started ends, too
    if not shutil.which("redis-server"):
        print("skipped: redis-server is not installed")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        short, long, broken = exams(folder)
        with running(folder) as site:
            installation_is_well(site)
            answers_as_inline(site, short)
            heat_by_a_worker(site, short)
            passport_from_a_worker(site, short)
            refusal_reaches_the_sender(site, broken)
            erased(site, long)
            sender_hangs_up(site, long)
            restarted_web(site, short, long)
            restarted_database(site, long)
            killed_reader(site, long)
            killed_worker(site, long)
            stopped_broker(site, short, long)
            frozen_broker(site, long)
            poison(site, long)
            nothing_left(site)


STARTED = time.monotonic()
if __name__ == "__main__":
    main()
