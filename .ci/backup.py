#!/usr/bin/env python3
"""What docs/backup.md says, done on a PostgreSQL and a server of its own on loopback: studies of the first schema are
dumped, restored and brought up to date; studies of today are dumped with their files, lost, and put back.

Everything that is told, kept and traced must be the same before and after. Needs Debian's postgresql, and .venv. Prints
a line for each check.
"""

import hashlib
import json
import shutil
import sys
import tempfile
import uuid
from pathlib import Path

APP = Path(__file__).resolve().parents[1] / "app"
sys.path.insert(0, str(APP))

from breastcancer_api.browsing.server import manage  # noqa: E402
from breastcancer_api.local_postgres import NAME, Postgres, running_postgres  # noqa: E402
from breastcancer_api.local_server import Server, post, serving  # noqa: E402
from phantom.dicom import write_zip  # noqa: E402
from phantom.exam import Exam, Protocol  # noqa: E402

# the project's first schema (migration 0001): one table, in which a study held its slices as one value
OLD = str(uuid.UUID(int=1))
OLD_ROWS = [
    {
        "number": number,
        "single_probability": 0.25 * number,
        "single_decision": number // 2,
        "scantype_probability": 0.75,
        "scantype_decision": 1,
        "fused": number // 2,
    }
    for number in (1, 2, 3)
]
OLD_STUDY = (
    "INSERT INTO breastcancer_api_study "
    "(id, created_at, state, slice_count, positive_slices, slices, warnings, networks) VALUES "
    " (%s, '2026-01-02T03:04:05Z', 'done', 3, '[2, 3]', %s, '[\"w\"]', '[]')"
)
ADMINISTRATOR = {"SUPERUSER_NAME": "administrator", "SUPERUSER_PASSWORD": "a long word"}
TABLES = ("study", "slice", "auditevent", "token")


def expect(true: object, told: object) -> None:
    if not true:
        raise SystemExit(f"FAIL {told}")


def backed_up(postgres: Postgres, state: Path, backup: Path) -> None:
    """The database first, then the files: what docs/backup.md says."""
    backup.mkdir()
    postgres.tool("pg_dump", "--format=custom", "--no-owner", f"--file={backup / 'breastwise.dump'}", NAME)
    for name in ("results", "secret_key"):
        if (state / name).is_dir():
            shutil.copytree(state / name, backup / name)
        elif (state / name).exists():
            shutil.copy2(state / name, backup / name)


def lose(postgres: Postgres, state: Path) -> None:
    postgres.drop_database()
    shutil.rmtree(state)
    state.mkdir()
    postgres.make_database()


def put_back(postgres: Postgres, state: Path, backup: Path) -> None:
    postgres.tool("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={NAME}", str(backup / "breastwise.dump"))
    for each in backup.iterdir():
        if each.is_dir():
            shutil.copytree(each, state / each.name)
        elif each.suffix != ".dump":
            shutil.copy2(each, state / each.name)


def kept(postgres: Postgres, state: Path) -> dict:
    """Every row of every table of ours, and every kept file by its SHA-256."""
    rows = {
        table: sorted(row for (row,) in postgres.query(f"SELECT row_to_json(t)::text FROM breastcancer_api_{table} t"))
        for table in TABLES
    }
    users = postgres.query("SELECT username, password, is_superuser FROM auth_user ORDER BY 1")
    files = {
        str(file.relative_to(state)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted((state / "results").rglob("*"))
        if file.is_file()
    }
    return {"rows": rows, "users": users, "files": files}


def told(server: Server, paths: list[str]) -> dict[str, str]:
    """What the server says at each address: status and SHA-256 of the body, links without the server's port."""
    answers = {path: server.client.get(f"{server.url}{path}", timeout=600) for path in paths}
    bodies = {path: each.content.replace(server.url.encode(), b"") for path, each in answers.items()}
    return {path: f"{answers[path].status_code} {hashlib.sha256(body).hexdigest()}" for path, body in bodies.items()}


def of_study(location: str) -> list[str]:
    ends = ("", "results.json", "results.csv", "slices/", "pictures/", "slices/2/pixels", "slices/2.png?heat=single")
    return [f"{location}{each}" for each in ends]


def first_schema(postgres: Postgres, folder: Path) -> None:
    """A database as the first version left it, restored from a dump and migrated by the start of this one."""
    state = folder / "first"
    state.mkdir()
    manage(state, "migrate", "breastcancer_api", "0001_initial", "--verbosity=0", "--skip-checks", **postgres.settings)
    postgres.query(OLD_STUDY, OLD, json.dumps(OLD_ROWS))
    backed_up(postgres, state, folder / "first-backup")
    lose(postgres, state)
    put_back(postgres, state, folder / "first-backup")
    with serving(state, **postgres.settings) as server:
        study = server.client.get(f"{server.url}/studies/{OLD}/results.json").json()
    expect((study["state"], study["positive_slices"], study["warnings"]) == ("done", [2, 3], ["w"]), study)
    rows = [{name: row[name] for name in OLD_ROWS[0]} for row in study["slices"]]
    expect(rows == OLD_ROWS, f"other rows than were kept: {rows}")
    print("ok   a study of the first schema, dumped, restored and migrated: all three slices with their numbers")


def todays(postgres: Postgres, folder: Path) -> None:
    """Studies of this version beside the old one: dumped with their files, lost and put back."""
    state, exam = folder / "first", folder / "exam.zip"
    write_zip(Exam(7, Protocol(48, 48, 6)), exam)
    with serving(state, **postgres.settings) as server:
        manage(state, "make_superuser", **ADMINISTRATOR, **postgres.settings)
        manage(state, "token", "radiology", "workstation", **postgres.settings)
        locations = [post(server, exam).location for _ in range(2)]
        refused = server.client.post(f"{server.url}/studies/", files={"file": ("series.zip", b"no zip")})
        expect(refused.status_code == 400, refused.text)
        keyed = {"headers": {"Idempotency-Key": "key-1"}}
        first = server.client.post(f"{server.url}/studies/", files={"file": ("series.zip", exam.read_bytes())}, **keyed)
        studies = [each["id"] for each in listed(server)]
        expect(len(studies) == 5, studies)
    # a new one: what a refusal quotes is in the memory of the one that answered it, and in no backup
    with serving(state, **postgres.settings) as server:
        paths = [path for each in (*locations, f"/studies/{OLD}/") for path in of_study(each)]
        paths += [f"/studies/{each['id']}/" for each in listed(server)]
        before = told(server, paths)
    rows = kept(postgres, state)
    expect(len(rows["files"]) >= 3 + 2, f"kept files: {list(rows['files'])}")
    backed_up(postgres, state, folder / "backup")
    lose(postgres, state)
    put_back(postgres, state, folder / "backup")
    manage(state, "migrate", "--verbosity=0", "--skip-checks", **postgres.settings)
    expect(kept(postgres, state) == rows, "other rows or files than were backed up")
    counts = ", ".join(f"{len(found)} of {table}" for table, found in rows["rows"].items())
    print(f"ok   dumped, dropped, restored and migrated: {counts} and {len(rows['files'])} kept files are as before")
    with serving(state, **postgres.settings) as server:
        after = told(server, paths)
        expect(after == before, [path for path in paths if before[path] != after[path]])
        again = server.client.post(f"{server.url}/studies/", files={"file": ("series.zip", exam.read_bytes())}, **keyed)
        expect(again.json()["id"] == first.json()["id"], "the Idempotency-Key is not known any more")
        expect(post(server, exam).slices == first.json()["positive_slices"], "a new exam is answered otherwise")
    print(f"ok   {len(paths)} answers of {len(studies)} studies are the same, pictures and heat among them")
    print("ok   a retry with its Idempotency-Key is still known, and a new exam is answered")


def listed(server: Server) -> list[dict]:
    return server.client.get(f"{server.url}/studies/").json()["results"]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="breastwise-backup-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running_postgres(folder) as postgres:
            first_schema(postgres, folder)
            todays(postgres, folder)


if __name__ == "__main__":
    main()
