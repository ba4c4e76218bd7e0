"""PostgreSQL for the length of a command, on a free port of loopback, with its files in a folder of its own."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from django.core.management.base import CommandError

USER = NAME = "breastwise"
ACCOUNT = "postgres"  # of the system: PostgreSQL refuses to run as root
READY_SECONDS, END_SECONDS, LOOK_SECONDS = 60, 60, 0.1


def program(name: str) -> str | None:
    """Where a program of PostgreSQL's newest version is (Debian keeps servers out of PATH); None where it is not."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda each: float(each.parts[-3]))
    return str(found[-1]) if found else shutil.which(name)


def asked(port: int, password: str, database: str, sql: str, *values: object) -> list[tuple]:
    """Rows of the answer to ``sql`` by a server on loopback; none where it has none."""
    connection = psycopg2.connect(host="127.0.0.1", port=port, user=USER, password=password, dbname=database)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


class Postgres:
    """One cluster, its files under ``folder``, which other users must be able to enter.

    ``environ`` is added to the environment of its programs, and of none that only starts them.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None):
        self.folder, self.environ, self.password = folder, environ or {}, secrets.token_urlsafe(24)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
        self._process: subprocess.Popen | None = None

    @property
    def settings(self) -> dict[str, str]:
        """Settings of ``breastwise.env`` that name this database."""
        return {
            "DATABASE_HOST": "127.0.0.1",
            "DATABASE_PORT": str(self.port),
            "DATABASE_NAME": NAME,
            "DATABASE_USER": USER,
            "DATABASE_PASSWORD": self.password,
        }

    def make(self) -> None:
        """Makes the files, starts the server and makes an empty database."""
        self._data.mkdir(parents=True)
        secret = self.folder / "postgres-password"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        if os.getuid() == 0:
            for each in (self._data, secret):
                shutil.chown(each, ACCOUNT, ACCOUNT)
        options = ["-D", str(self._data), "-U", USER, "-A", "scram-sha-256", "--no-sync", f"--pwfile={secret}"]
        if self._run("initdb", *options).wait(READY_SECONDS):
            raise CommandError(f"PostgreSQL's files are not made:\n{self.log.read_text()}")
        self.start()
        self.make_database()

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-k", str(self._data), "-F"]
        self._process = self._run("postgres", "-D", str(self._data), *where)
        until = time.monotonic() + READY_SECONDS
        while not self._answers():
            if time.monotonic() > until or self._process.poll() is not None:
                raise CommandError(f"PostgreSQL does not start:\n{self.log.read_text()}")
            time.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        """Stops the server at once: who is connected is thrown out, nothing that was committed is lost."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(END_SECONDS)
            self._process = None

    def make_database(self) -> None:
        self.query(f"CREATE DATABASE {NAME}", database="postgres")

    def drop_database(self) -> None:
        self.query(f"DROP DATABASE {NAME} WITH (FORCE)", database="postgres")

    def query(self, sql: str, *values: object, database: str = NAME) -> list[tuple]:
        """As ``asked``."""
        return asked(self.port, self.password, database, sql, *values)

    def tool(self, name: str, *options: str) -> None:
        """Runs a program of PostgreSQL's on this database, as ``pg_dump``."""
        environ = os.environ | {"PGPASSWORD": self.password}
        command = [program(name), "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, *options]
        subprocess.run(command, env=environ, check=True)  # noqa: S603  # nosec B603  # our own command

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def _data(self) -> Path:
        return self.folder / "postgres"

    def _answers(self) -> bool:
        try:
            return bool(self.query("SELECT 1", database="postgres"))
        except psycopg2.OperationalError:
            return False

    def _run(self, name: str, *options: str) -> subprocess.Popen:
        user = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--init-groups"] if os.getuid() == 0 else []
        with self.log.open("a") as log:
            return subprocess.Popen(  # noqa: S603  # nosec B603  # our own command
                [*user, "env", *(f"{key}={value}" for key, value in self.environ.items()), program(name), *options],
                cwd=self._data,
                stdout=log,
                stderr=log,
                process_group=0,  # Ctrl+C is for the command, which then stops it
            )


@contextmanager
def running_postgres(folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[Postgres]:
    """A cluster with an empty database while the body runs. Raises CommandError where it cannot be."""
    if not program("postgres"):
        raise CommandError("PostgreSQL is not installed (Debian: postgresql).")
    postgres = Postgres(folder, environ)
    try:
        postgres.make()
        yield postgres
    finally:
        postgres.stop()
