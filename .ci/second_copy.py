#!/usr/bin/env python3
"""What it costs that nginx receives an upload whole before it hands it on (docs/decisions/0022).

Sends an upload as large as an exam of 160 slices through Debian's nginx, with and without proxy_request_buffering, to a
server that reads all of it and answers. Prints the median of the seconds to the answer, and those without nginx.
"""

import socket
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from http.client import parse_headers
from pathlib import Path
from threading import Thread

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "app"))

from breastwise.tests.nginx_server import nginx

MEGABYTES, ROUNDS, CHUNK = 174, 7, 1 << 16
BUFFERED = "proxy_request_buffering on;"
STREAMED = "proxy_request_buffering off;"


def answer_all(listening: socket.socket) -> None:
    """Reads one request after the other and answers each, until the socket is closed."""
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, connection.makefile("rb") as request:
            request.readline()
            left = int(parse_headers(request)["Content-Length"])
            while left:
                left -= len(request.read(min(left, CHUNK)))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def seconds(port: int, body: bytes) -> float:
    head = f"POST /upload/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(head.encode())
        client.sendall(body)
        if client.recv(12) != b"HTTP/1.1 200":
            raise SystemExit("the upload was refused")
    return time.monotonic() - started


def main() -> None:
    body = bytes(MEGABYTES * 1_000_000)
    with ExitStack() as running:
        listening = running.enter_context(socket.create_server(("127.0.0.1", 0)))
        Thread(target=answer_all, args=(listening,), daemon=True).start()
        port = listening.getsockname()[1]
        ports = {"without nginx": port}
        for name, mode in (("streamed", STREAMED), ("received whole", BUFFERED)):
            folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
            ports[name] = running.enter_context(nginx(folder, f"127.0.0.1:{port}", (BUFFERED, mode))).port
        print(f"{MEGABYTES} MB, median of {ROUNDS}")
        for name, each in ports.items():
            print(f"{name:15} {statistics.median(seconds(each, body) for _ in range(ROUNDS)):5.2f} s")


if __name__ == "__main__":
    main()
