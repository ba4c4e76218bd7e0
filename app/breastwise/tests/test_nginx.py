"""The real nginx with the file of production, before the application and where that is away."""

import gzip
import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPMessage, HTTPResponse, HTTPSConnection, parse_headers
from pathlib import Path
from threading import Thread
from unittest import skipUnless

from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test import override_settings, tag
from django.test.testcases import QuietWSGIRequestHandler

from breastcancer_api.local_server import serving
from breastwise.env import SETTINGS
from breastwise.tests.nginx_server import FILL_IN, NGINX, certify, nginx
from breastwise.tests.test_production import PUBLISHED, TLS, settings_of
from imaging.tests.folders import FolderTestCase

TOOLS = ("curl", "openssl", "envsubst")
# headers that every answer has, and once
EVERY = (
    *("X-Request-ID", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy"),
    *("Content-Security-Policy", "Cache-Control"),
)
HOSTS = {"ALLOWED_HOSTS": ["127.0.0.1", "localhost"]}
STUDY = "5f0c1a52-93a5-4cb1-8d3c-6f3e4e2b7a10"


@contextmanager
def application() -> Iterator[str]:
    """Host and port of BreastWise, as gunicorn would serve it."""
    with ThreadedWSGIServer(("127.0.0.1", 0), QuietWSGIRequestHandler) as server:
        server.set_app(WSGIHandler())
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def nobody() -> Iterator[str]:
    """Host and port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


class Answer:
    def __init__(self, status: int, headers: HTTPMessage, body: bytes):
        self.status, self.headers, self.body = status, headers, body

    def times(self, name: str) -> int:
        """How often the header is there."""
        return len(self.headers.get_all(name, []))


def ask(
    port: int,
    path: str,
    method: str = "GET",
    tls: ssl.SSLContext | None = None,
    body: bytes | None = None,
    **headers: str,
) -> Answer:
    """``headers`` are written with underscores."""
    address = ("127.0.0.1", port)
    made = HTTPSConnection(*address, context=tls, timeout=60) if tls else HTTPConnection(*address, timeout=60)
    with closing(made) as connection:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


def begun(port: int, text: str) -> socket.socket:
    """A connection on which ``text`` was sent."""
    client = socket.create_connection(("127.0.0.1", port), timeout=60)
    client.sendall(text.encode())
    return client


def received(connection: socket.socket, length: int) -> tuple[str, str, bytes]:
    """The first line of a request, its Host and its body of ``length`` bytes."""
    with connection.makefile("rb") as request:
        first = request.readline().decode().strip()
        return first, parse_headers(request)["Host"], request.read(length)


@tag("servers")
@skipUnless(NGINX and all(map(shutil.which, TOOLS)), f"nginx, {', '.join(TOOLS)}: not all of them are here")
class NginxTestCase(FolderTestCase):
    """``self.before`` starts nginx before an upstream."""

    def before(self, upstream: str, **settings: str) -> int:
        """The port of nginx."""
        self.server = self.enterContext(nginx(self.folder, upstream, **settings))
        return self.server.port

    def before_nobody(self, **settings: str) -> int:
        return self.before(self.enterContext(nobody()), **settings)

    def before_application(self, **settings: str) -> int:
        self.enterContext(override_settings(**HOSTS))
        return self.before(self.enterContext(application()), **settings)

    def told(self) -> list[dict]:
        """The lines of nginx's log, once it has written all of them."""
        self.server.process.terminate()
        self.server.process.wait()
        return [json.loads(line) for line in self.server.log.read_text().splitlines()]

    def assert_problem(self, answer: Answer, status: int, code: str, title: str, detail: str):
        body = {"type": f"urn:breastwise:problem:{code}", "title": title, "status": status}
        self.assertEqual(json.loads(answer.body), body | {"detail": detail, "code": code, "errors": []})
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (status, "application/problem+json"))

    def assert_every_header_once(self, answer: Answer):
        self.assertEqual({name: answer.times(name) for name in EVERY}, dict.fromkeys(EVERY, 1))


class OwnErrorsTests(NginxTestCase):
    DOWN = "The server is starting or being restarted. Try again in a minute."

    def test_application_that_is_away_is_502_and_says_when_to_come_again(self):
        answer = ask(self.before_nobody(), "/networks/")
        self.assert_problem(answer, 502, "unavailable", "The server is not available", self.DOWN)
        self.assertEqual((answer.headers["Retry-After"], answer.headers["Server"]), ("30", "nginx"))
        self.assert_every_header_once(answer)

    def test_browser_is_told_on_a_page(self):
        answer = ask(self.before_nobody(), "/", Accept="text/html,*/*;q=0.8", X_Request_ID="a.1")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (502, "text/html; charset=utf-8"))
        self.assertIn(f"<h1>The server is not available</h1><p>{self.DOWN}</p>", answer.body.decode())
        self.assertIn("502 unavailable, request a.1", answer.body.decode())
        self.assert_every_header_once(answer)

    def test_upload_over_the_limit_is_413_before_it_is_sent(self):
        answer = ask(self.before_nobody(MAX_UPLOAD_MB="1"), "/upload/", "POST", Content_Length="1048577")
        title = "The upload is larger than this server takes"
        self.assert_problem(answer, 413, "limit_exceeded", title, "An upload may have up to 1 MB.")

    def test_what_nginx_does_not_read_is_answered_like_all_errors(self):
        port = self.before_nobody()
        title = "The request cannot be read"
        unreadable = (400, "bad_request", title, "The server could not read the request.")
        self.assert_problem(ask(port, "/", X_Long="a" * 8000), *unreadable)
        too_long = ("The address is too long", "The server does not read addresses of this length.")
        self.assert_problem(ask(port, f"/{'a' * 8000}"), 414, "bad_request", *too_long)
        unknown = ("Method Not Allowed", "The server knows no such method.")
        self.assert_problem(ask(port, "/", "TRACE"), 405, "method_not_allowed", *unknown)
        self.assert_every_header_once(ask(port, "/", "TRACE"))


class ClientTests(NginxTestCase):
    def test_who_does_not_send_on_is_cut_off(self):
        port = self.before_nobody(SILENCE_SECONDS="1")
        for sent in ("GET / HTTP/1.1\r\n", "POST /upload/ HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234"):
            with begun(port, sent) as client, self.assertRaises(ConnectionResetError, msg=sent):
                client.recv(1)

    def test_application_hears_of_an_upload_once_it_is_here(self):
        upload = "POST /upload/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
        with socket.create_server(("127.0.0.1", 0)) as upstream, ExitStack() as stalled:
            port = self.before(f"127.0.0.1:{upstream.getsockname()[1]}")
            last = [stalled.enter_context(begun(port, f"{upload}{'a' * 3}")) for _ in range(40)][-1]
            last.sendall(b"b")
            upstream.settimeout(60)
            with upstream.accept()[0] as first:
                self.assertEqual(received(first, 4), ("POST /upload/ HTTP/1.1", "a", b"aaab"))
            upstream.settimeout(0)
            with self.assertRaises(BlockingIOError):  # the other 39 have not reached it
                upstream.accept()

    def test_one_client_has_a_hundred_requests_at_once(self):
        upload = "POST /upload/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        port = self.before_nobody()
        with ExitStack() as stalled:
            for _ in range(100):
                client = stalled.enter_context(begun(port, upload))
                self.assertEqual(client.recv(64), b"HTTP/1.1 100 Continue\r\n\r\n")
            answer = ask(port, "/networks/")
        detail = "More requests than the server takes from one address are waiting for their answers."
        self.assert_problem(answer, 429, "throttled", "Too Many Requests", detail)
        self.assertEqual(answer.headers["Retry-After"], "30")

    def test_behind_another_proxy_nobody_is_counted(self):
        upload = "POST /upload/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        port = self.before_nobody(PROXIES="2")
        with ExitStack() as stalled:
            for _ in range(101):
                client = stalled.enter_context(begun(port, upload))
                self.assertEqual(client.recv(64), b"HTTP/1.1 100 Continue\r\n\r\n")


class LogTests(NginxTestCase):
    def test_line_is_an_object_without_what_a_client_may_type(self):
        port = self.before_nobody()
        ask(port, "/studies/?patient=Doe", X_Request_ID="a.1")
        ask(port, f"/studies/{STUDY}/results.csv", "HEAD")
        ask(port, "/Doe/")
        ask(port, "/studies/Doe", "DOE")
        ask(port, "/upload/", "POST")
        lines = self.told()
        self.assertEqual((lines[0]["request"], lines[0]["client"]), ("a.1", "127.0.0.1"))
        paths = ("GET /studies", f"HEAD /studies/{STUDY}", "GET other", "other /studies", "POST /upload")
        self.assertEqual([each["message"] for each in lines], [f"{each} 502" for each in paths])
        self.assertEqual({each["status"] for each in lines}, {502})
        self.assertLessEqual({"time", "level", "logger", "message"}, lines[0].keys())
        self.assertNotIn("Doe", (self.server.log.read_text() + self.server.errors.read_text()).title())

    def test_probe_is_told_only_when_it_fails(self):
        port = self.before_application()
        for path in ("/livez", "/nowhere"):
            ask(port, path)
        self.assertEqual([each["path"] for each in self.told()], ["other"])


class ApplicationTests(NginxTestCase):
    def test_headers_come_from_the_application_and_once(self):
        port = self.before_application()
        for path in ("/livez", "/session/login/", "/nowhere"):
            self.assert_every_header_once(ask(port, path))

    def test_id_of_a_request_is_the_clients_where_it_is_plain(self):
        port = self.before_application()
        self.assertEqual(ask(port, "/livez", X_Request_ID="a.1").headers["X-Request-ID"], "a.1")
        self.assertRegex(ask(port, "/livez", X_Request_ID="a 1").headers["X-Request-ID"], r"^[0-9a-f]{32}$")

    def test_answer_that_says_nothing_of_caches_is_kept_in_none(self):
        self.assertEqual(ask(self.before_application(), "/livez").headers["Cache-Control"], "no-store")

    def test_page_comes_packed_to_who_takes_that(self):
        port = self.before_application()
        packed = ask(port, "/session/login/", Accept_Encoding="gzip")
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertIn(b"<!doctype html>", gzip.decompress(packed.body))
        self.assertIn(b"<!doctype html>", ask(port, "/session/login/").body)


class EarlyAnswerTests(NginxTestCase):
    def test_each_upload_that_gunicorn_refuses_unread_hears_so(self):
        served = self.enterContext(serving(self.folder / "state"))
        port = self.before(served.url.removeprefix("http://"))
        answers = [ask(port, "/upload/", "POST", body=bytes(6_000_000), Authorization="Bearer none") for _ in range(10)]
        self.assertEqual([each.status for each in answers], [401] * 10)


class SettingsTests(NginxTestCase):
    def filled_in(self, **settings: str) -> str:
        environ = {"PATH": os.environ["PATH"], "NGINX_LISTEN": "8080", "NGINX_UPSTREAM": "web:8000"} | settings
        return subprocess.run([FILL_IN], env=environ, check=True, capture_output=True, text=True).stdout

    def test_one_that_is_missing_or_empty_has_the_default_of_the_application(self):
        shared = ("MAX_UPLOAD_MB", "REQUEST_TIMEOUT_SECONDS", "SILENCE_SECONDS", "PROXIES")
        expected = self.filled_in(**{each.name: each.default for each in SETTINGS if each.name in shared})
        self.assertEqual(self.filled_in(), expected)
        self.assertEqual(self.filled_in(**dict.fromkeys(shared, "")), expected)


class TlsTests(NginxTestCase):
    def setUp(self):
        super().setUp()
        self.certificate = certify(self.folder)

    def before_application(self) -> int:
        self.enterContext(override_settings(**settings_of(*PUBLISHED, TLS) | HOSTS))
        return self.before(self.enterContext(application()))

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.certificate)

    def test_browser_is_told_of_https_once(self):
        answer = ask(self.before_application(), "/session/login/", tls=self.trusting())
        self.assertEqual(
            (answer.status, answer.headers.get_all("Strict-Transport-Security")), (200, ["max-age=31536000"])
        )
        self.assert_every_header_once(answer)

    def test_http_is_sent_to_https_on_the_same_port(self):
        port = self.before_application()
        answer = ask(port, "/studies/?state=done", "POST", Host="localhost:8443")
        self.assertEqual(
            (answer.status, answer.headers["Location"]), (308, "https://localhost:8443/studies/?state=done")
        )
        self.assertEqual(answer.times("Strict-Transport-Security"), 0)
        self.assert_every_header_once(answer)

    def test_http_that_names_no_host_is_400(self):
        with begun(self.before_nobody(), "GET /livez HTTP/1.0\r\n\r\n") as client:
            answer = HTTPResponse(client)
            answer.begin()
            told = Answer(answer.status, answer.headers, answer.read())
        title, detail = "The request cannot be read", "The server could not read the request."
        self.assert_problem(told, 400, "bad_request", title, detail)

    def test_http_2_is_spoken(self):
        asked = ["curl", "--silent", "--fail", "--noproxy", "*", "--cacert", self.certificate, "--http2"]
        asked += ["--data", "aaab", "--write-out", " %{http_version}"]
        with socket.create_server(("127.0.0.1", 0)) as upstream:
            upstream.settimeout(60)
            port = self.before(f"127.0.0.1:{upstream.getsockname()[1]}")
            url = f"https://localhost:{port}/upload/"
            with subprocess.Popen([*asked, url], stdout=subprocess.PIPE) as curl, upstream.accept()[0] as connection:
                self.assertEqual(received(connection, 4), ("POST /upload/ HTTP/1.1", f"localhost:{port}", b"aaab"))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
                self.assertEqual(curl.stdout.read(), b"done 2")

    def test_versions_before_1_2_are_refused(self):
        port = self.before_nobody()
        for version, spoken in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            self.assertEqual(self.handshake(port, version), spoken)
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with self.assertRaisesRegex(ssl.SSLError, "TLSV1_ALERT_PROTOCOL_VERSION"):  # nginx's word, not ours
                self.handshake(port, version)

    def test_ciphers_without_forward_secrecy_or_authentication_are_refused(self):
        port = self.before_nobody()
        for cipher in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"):
            with self.assertRaisesRegex(ssl.SSLError, "HANDSHAKE_FAILURE"):
                self.handshake(port, ssl.TLSVersion.TLSv1_2, cipher)

    def handshake(self, port: int, version: ssl.TLSVersion, ciphers: str = "ALL") -> str:
        context = self.trusting()
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        line = socket.create_connection(("127.0.0.1", port), timeout=60)
        with line, context.wrap_socket(line, server_hostname="localhost") as client:
            return client.version()

    def test_certificate_without_its_key_stops_the_start(self):
        Path(self.certificate.parent, "key.pem").unlink()
        self.before_nobody()
        self.assertEqual(self.server.process.wait(60), 1)
        self.assertIn('cannot load certificate key "', self.server.errors.read_text())
