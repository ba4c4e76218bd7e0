"""The client of ``clients/python`` and the pages' curl lines, against a real server that asks for tokens."""

import importlib.util
import io
import os
import re
import select
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import enterModuleContext, mock, skipUnless
from urllib.parse import urlsplit

import requests
from django.test import tag

from breastcancer_api.local_server import APP, Server, serving
from imaging.exam import FOLDERS
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import zip_bytes
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol

ROOT = APP.parent
FOLDER = ROOT / "clients" / "python"
PAGES = (ROOT / "README.md", ROOT / "docs" / "install.md", ROOT / "docs" / "api.md")
URL, TOKEN = "http://127.0.0.1:8000", "<token>"  # as the pages write them


def loaded():
    """The client as a module; its file has the name of a package here."""
    spec = importlib.util.spec_from_file_location("client", FOLDER / "breastwise.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


client = loaded()
server: Server
token: str


def setUpModule():
    global server, token
    state = Path(enterModuleContext(tempfile.TemporaryDirectory()))
    enterModuleContext(mock.patch.dict(os.environ, ANONYMOUS="0"))
    server = enterModuleContext(serving(state))
    made = [sys.executable, "manage.py", "token", "radiology", "tests"]
    environ = os.environ | {"STATE_DIR": str(state), "DATABASE_HOST": ""}
    token = subprocess.run(made, cwd=APP, env=environ, check=True, capture_output=True, text=True).stdout.strip()


def known(url: str = "") -> "client.BreastWise":
    """A client with a token that asks no proxy of the house for this address."""
    made = client.BreastWise(url or server.url, token)
    made.session.trust_env = False
    return made


class _Relay(socketserver.BaseRequestHandler):
    """Passes bytes on in both directions until ``cut`` says that the connection breaks here."""

    def handle(self):
        self.server.connections += 1
        cut = self.server.cuts.pop() if self.server.cuts else _never
        with socket.create_connection(self.server.target) as upstream:
            other = {self.request: upstream, upstream: self.request}
            while True:
                for each in select.select(list(other), [], [])[0]:
                    data = each.recv(1 << 16)
                    if not data or cut(each is upstream, len(data)):
                        return
                    other[each].sendall(data)


def _never(answer: bool, count: int) -> bool:  # noqa: ARG001
    return False


def in_the_upload(size: int) -> Callable[[bool, int], bool]:
    """Cuts once ``size`` bytes have come from the client."""
    left = [size]

    def cut(answer: bool, count: int) -> bool:
        left[0] -= 0 if answer else count
        return left[0] < 0

    return cut


def before_the_answer(answer: bool, count: int) -> bool:  # noqa: ARG001
    return answer


@contextmanager
def line_that_breaks(cut: Callable[[bool, int], bool]) -> Iterator[socketserver.ThreadingTCPServer]:
    """A TCP proxy before the server; ``cut`` breaks its first connection."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Relay) as line:
        line.daemon_threads = True
        line.target, line.cuts, line.connections = ("127.0.0.1", urlsplit(server.url).port), [cut], 0
        line.url = f"http://127.0.0.1:{line.server_address[1]}"
        threading.Thread(target=line.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield line
        line.shutdown()


@tag("servers")
class ClientTestCase(FolderTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.exam = folder / "exam.zip"
        write_zip(Exam(7, Protocol(48, 48, 5)), cls.exam)

    def setUp(self):
        super().setUp()
        self.client = known()
        self.enterContext(mock.patch.multiple(client, FIRST_WAIT_SECONDS=0.01, LOOK_SECONDS=0.01))

    def erase_all(self):
        for study in list(self.client.studies()):
            self.client.erase(study["id"])


class SendTests(ClientTestCase):
    def test_exam_is_sent_and_waited_for(self):
        study = self.client.send(self.exam)
        self.assertEqual((study["state"], study["slice_count"]), ("done", 5))

    def test_progress_is_told_until_the_study_is_done(self):
        seen = []
        study = self.client.send(self.exam, on_progress=seen.append)
        self.assertEqual((seen[-1], study["progress"]), (study, 1.0))
        self.assertEqual([each["progress"] for each in seen], sorted(each["progress"] for each in seen))

    def test_refusal_is_a_problem_that_names_the_file(self):
        broken = self.folder / "broken.zip"
        broken.write_bytes(zip_bytes({f"{name}/1.dcm": b"text" for name in FOLDERS}))
        for options in ({}, {"on_progress": lambda _: None}):
            with self.assertRaises(client.Problem) as told:
                self.client.send(broken, **options)
            self.assertEqual((told.exception.status, told.exception.code), (400, "not_a_dicom_image"))
            self.assertEqual(told.exception.errors[0]["file"], "pre/1.dcm")

    def test_passes_are_sent_along(self):
        with self.assertRaisesRegex(client.Problem, "pre are named"):
            self.client.send(self.exam, passes={"pre": "a series"})

    def test_same_key_is_one_study(self):
        self.erase_all()
        first, second = self.client.send(self.exam, key="a"), self.client.submit(self.exam, key="a")
        self.assertEqual(first, second)
        self.assertEqual(len(list(self.client.studies())), 1)

    def test_name_of_the_file_is_not_sent(self):
        named = self.folder / "Doe Jane.zip"
        self.assertNotIn("Doe", client._Form(named, {}).head.decode())

    def test_file_is_read_a_megabyte_at_a_time(self):
        large = self.folder / "large.zip"
        with large.open("wb") as file:
            file.truncate(5_000_000)
        self.assertLessEqual(max(map(len, client._Form(large, {}))), 1 << 20)

    def test_form_is_as_long_as_it_says(self):
        form = client._Form(self.exam, {"pre": "ä"})
        self.assertEqual(sum(map(len, form)), len(form))


class BrokenLineTests(ClientTestCase):
    def sent_over(self, cut) -> int:
        """How many connections it takes to send an exam over a line that breaks once."""
        self.erase_all()
        with line_that_breaks(cut) as line:
            study = known(line.url).send(self.exam)
        self.assertEqual([each["id"] for each in self.client.studies()], [study["id"]])
        return line.connections

    def test_upload_that_breaks_off_is_sent_again(self):
        self.assertEqual(self.sent_over(in_the_upload(self.exam.stat().st_size // 2)), 2)

    def test_exam_whose_answer_is_lost_is_one_study(self):
        self.assertEqual(self.sent_over(before_the_answer), 2)

    def test_line_that_stays_broken_is_told_after_five_tries(self):
        with line_that_breaks(before_the_answer) as line:
            line.cuts *= 9
            with self.assertRaises(requests.ConnectionError):
                known(line.url).networks()
        self.assertEqual(line.connections, 5)


class BusyTests(ClientTestCase):
    def answers(self, *told: tuple[int, dict[str, str]]):
        """The client as if the server answered with these statuses and headers, and the waits it makes."""
        made = []
        for status, headers in told:
            answer = requests.Response()
            answer.status_code, answer._content = status, b"[]"
            answer.headers.update(headers)
            made.append(answer)
        self.enterContext(mock.patch.object(self.client.session, "request", side_effect=made))
        return self.enterContext(mock.patch.object(client.time, "sleep"))

    def waits(self, sleep) -> list[float]:
        return [call.args[0] for call in sleep.call_args_list]

    def test_busy_server_is_asked_again_when_it_says(self):
        sleep = self.answers((503, {"Retry-After": "30"}), (429, {"Retry-After": "7"}), (502, {}), (200, {}))
        self.assertEqual(self.client.networks(), [])
        self.assertEqual(self.waits(sleep), [30, 7, 0.04])

    def test_five_tries_are_the_most(self):
        sleep = self.answers(*[(503, {"Retry-After": "1"})] * 5)
        with self.assertRaisesRegex(client.Problem, "^503"):
            self.client.networks()
        self.assertEqual(self.waits(sleep), [1, 1, 1, 1])

    def test_wait_of_an_hour_is_a_problem_at_once(self):
        sleep = self.answers((429, {"Retry-After": "3600"}))
        with self.assertRaisesRegex(client.Problem, "^429"):
            self.client.networks()
        self.assertEqual(self.waits(sleep), [])

    def test_redirect_is_a_problem_that_says_where_to(self):
        self.answers((301, {"Location": "https://other/"}))
        with self.assertRaisesRegex(client.Problem, "https://other/"):
            self.client.networks()


class StudyTests(ClientTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.study = known().send(cls.exam)["id"]

    def test_slices_come_from_all_pages(self):
        rows = list(self.client.slices(self.study, page_size=2))
        self.assertEqual([row["number"] for row in rows], [1, 2, 3, 4, 5])
        self.assertEqual(set(rows[0]), set(client.Slice.__annotations__))

    def test_slices_can_be_filtered(self):
        self.assertEqual([row["number"] for row in self.client.slices(self.study, first=2, last=3)], [2, 3])

    def test_types_name_what_the_server_tells(self):
        self.assertEqual(set(self.client.study(self.study)), set(client.Study.__annotations__))
        self.assertEqual(set(next(self.client.studies())), set(client.ListedStudy.__annotations__))
        self.assertEqual(set(self.client.validate(self.exam)), set(client.Validation.__annotations__))

    def test_form_is_written(self):
        self.client.form(self.study, "results.pdf", self.folder / "report.pdf")
        self.assertEqual((self.folder / "report.pdf").read_bytes()[:5], b"%PDF-")
        self.client.form(self.study, "slices/1.png", self.folder / "1.png", kind="1st_subtraction")
        self.assertEqual((self.folder / "1.png").read_bytes()[1:4], b"PNG")

    def test_csv_is_written(self):
        self.client.csv(self.study, self.folder / "slices.csv")
        self.assertEqual(len((self.folder / "slices.csv").read_text().splitlines()), 6)

    def test_zip_is_validated(self):
        found = self.client.validate(self.exam)
        self.assertEqual((found["accepted"], found["slice_count"]), (True, 5))

    def test_study_is_erased_with_a_receipt(self):
        study = self.client.send(self.exam)["id"]
        receipt = self.client.erase(study)
        self.assertEqual(set(receipt), set(client.Receipt.__annotations__))
        self.assertEqual(receipt["rows"], {"studies": 1, "slices": 5})
        with self.assertRaisesRegex(client.Problem, "^404 not_found"):
            self.client.study(study)

    def test_networks_tell_their_cards(self):
        self.assertEqual([card["role"] for card in self.client.networks()], ["single", "scantype"])


class TokenTests(ClientTestCase):
    def told(self, **options) -> client.Problem:
        self.client = client.BreastWise(server.url, **options)
        self.client.session.trust_env = False
        with self.assertRaises(client.Problem) as told:
            self.client.send(self.exam)
        return told.exception

    def test_without_a_token_nothing_is_sent(self):
        self.assertEqual((self.told(token="").status, self.told(token="").code), (401, "not_authenticated"))
        self.assertEqual(self.told(token="wrong").code, "authentication_failed")

    def test_token_is_taken_from_the_environment(self):
        self.enterContext(mock.patch.dict(os.environ, BREASTWISE_TOKEN=token))
        self.assertEqual(client.BreastWise(server.url).session.auth.token, token)


class CommandLineTests(ClientTestCase):
    def run_with(self, *arguments: str | Path) -> tuple[int, str, str]:
        environ = {"BREASTWISE_TOKEN": token, "NO_PROXY": "127.0.0.1"}
        with (
            mock.patch.dict(os.environ, environ),
            redirect_stdout(io.StringIO()) as out,
            redirect_stderr(io.StringIO()) as err,
        ):
            status = client.main([*map(str, arguments), "--url", server.url])
        return status, out.getvalue(), err.getvalue()

    def test_positive_slices_are_printed_with_their_reasons(self):
        status, out, err = self.run_with(self.exam, "--csv", self.folder / "all.csv")
        *rows, last = out.splitlines()
        self.assertEqual((status, last), (0, f"{len(rows)} of 5 slices are positive. Research use only."))
        for row in rows:
            self.assertRegex(row, r"^slice \d: single 0\.\d\d .*: positive$")
        self.assertIn("done 100%", err)
        self.assertTrue((self.folder / "all.csv").exists())

    def test_refusal_is_printed(self):
        (self.folder / "no.zip").write_bytes(b"no zip")
        self.assertEqual(self.run_with(self.folder / "no.zip")[:2], (1, ""))
        self.assertIn("400 not_a_zip: ", self.run_with(self.folder / "no.zip")[2])

    def test_file_that_is_not_there_is_told(self):
        status, _, err = self.run_with(self.folder / "nothing.zip")
        self.assertEqual(status, 1)
        self.assertIn("nothing.zip", err)


def curl_lines(page: Path) -> list[str]:
    return re.findall(r"^ *(curl (?:.*\\\n)*.*)$", page.read_text(), re.MULTILINE)


@skipUnless(shutil.which("curl"), "curl is not here")
class PagesTests(ClientTestCase):
    def setUp(self):
        super().setUp()
        for name in ("series.zip", "exam.zip"):
            shutil.copy(self.exam, self.folder / name)
        (self.folder / "token").write_text(f'header = "Authorization: Bearer {token}"\n')
        (self.folder / ".curlrc").write_text("silent\nshow-error\nfail-with-body\nnoproxy = *\n")

    def run_line(self, line: str, study: str) -> str:
        line = line.replace(URL, server.url).replace(TOKEN, token).replace("<id>", study)
        if "Authorization" not in line:
            line = line.replace("curl ", "curl --config token ", 1)
        environ = os.environ | {"CURL_HOME": str(self.folder)}
        ran = subprocess.run(["sh", "-euc", line], cwd=self.folder, env=environ, capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, f"{line}\n{ran.stdout}{ran.stderr}")
        return ran.stdout

    def test_curl_lines_of_the_pages_do_what_they_say(self):
        study = self.client.send(self.exam)["id"]
        for page in PAGES:
            for line in curl_lines(page):
                with self.subTest(page=page.name, line=line):
                    self.run_line(line, study)

    def test_first_line_of_the_readme_is_answered_with_slice_numbers(self):
        self.assertRegex(self.run_line(curl_lines(PAGES[0])[0], ""), r"^\[[\d, ]*\]$")

    def test_script_of_the_clients_page_runs(self):
        script = re.search(r"```python\n(.*?)```", (FOLDER / "README.md").read_text(), re.DOTALL)[1]
        environ = os.environ | {"BREASTWISE_TOKEN": token, "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(FOLDER)}
        command = [sys.executable, "-c", script.replace(URL, server.url)]
        ran = subprocess.run(command, cwd=self.folder, env=environ, capture_output=True, text=True)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertEqual(len((self.folder / "slices.csv").read_text().splitlines()), 6)
