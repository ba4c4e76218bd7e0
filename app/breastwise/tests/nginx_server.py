"""Debian's nginx with the file of production, for the length of a test."""

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from breastwise.tests.files import REPOSITORY, env_file

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
FILL_IN = REPOSITORY / "nginx" / "fill_in"
# without a master process it dies of a socket that it inherits
MAIN = """
daemon off;
user {user};
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    include {folder}/default.conf;
}}
"""


@dataclass(frozen=True)
class Nginx:
    """``port`` on loopback; ``log`` is the file of accesses, ``errors`` of what it printed."""

    port: int
    log: Path
    errors: Path
    process: subprocess.Popen


def configured(folder: Path, **settings: str) -> str:
    """nginx's file as fill_in prints it of .env.prod and ``settings``."""
    environ = os.environ | env_file() | {"NGINX_CERTIFICATE": str(folder / "certificate")} | settings
    return subprocess.run([FILL_IN], env=environ, check=True, capture_output=True, text=True).stdout


@contextmanager
def nginx(folder: Path, upstream: str, change: tuple[str, str] = ("", ""), **settings: str) -> Iterator[Nginx]:
    """nginx before ``upstream``, host and port, on a free port. https where ``folder/certificate`` holds a certificate.
    ``change`` is a text of its file and what takes its place."""
    # it inherits a socket that listens already: a first request waits until it is ready, or fails when it dies
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port, shared = listening.getsockname()[1], listening.fileno()
        listen = f"127.0.0.1:{port}"
        told = {"NGINX_LISTEN": listen, "NGINX_UPSTREAM": upstream, "NGINX_LOG": str(folder / "access.log")}
        (folder / "default.conf").write_text(configured(folder, **told | settings).replace(*change))
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=getpass.getuser()))
        errors = folder / "errors.log"
        with errors.open("w") as written:
            process = subprocess.Popen(
                [NGINX, "-e", "stderr", "-c", folder / "nginx.conf"],
                env=os.environ | {"NGINX": f"{shared};"},
                pass_fds=[shared],
                stdout=written,
                stderr=written,
            )
    try:
        yield Nginx(port, folder / "access.log", errors, process)
    finally:
        process.terminate()
        process.wait()


def certify(folder: Path, name: str = "localhost") -> Path:
    """Makes ``folder/certificate`` with a key and a certificate that it signs itself; the latter's path."""
    made = folder / "certificate"
    made.mkdir()
    names = f"subjectAltName=DNS:{name},IP:127.0.0.1"
    made_with = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    called = ("-subj", f"/CN={name}", "-addext", names)
    files = ("-keyout", made / "key.pem", "-out", made / "certificate.pem")
    subprocess.run(["openssl", "req", *made_with, *called, *files], check=True, capture_output=True)
    return made / "certificate.pem"
