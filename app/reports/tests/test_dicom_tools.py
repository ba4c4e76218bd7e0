"""What tools that know nothing of this product say of its DICOM objects: dicom3tools, dcmtk and Orthanc, an archive."""

import io
import json
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import skipUnless

import pydicom
import requests
from django.test import SimpleTestCase, tag

from reports.identity import written
from reports.parametric_map import parametric_map
from reports.report import Report
from reports.secondary_capture import secondary_captures
from reports.structured_report import structured_report
from reports.tests.dicom import of_frames
from reports.tests.reports import KINDS, UNPLACED, a_report, with_header

SECONDS = 60  # longest that a tool or an answer is waited for
# dcmtk says so of every text in UTF-8
UNCHECKED = "W: The VR checker does not support this Specific Character Set: ISO_IR 192\n"
ORTHANC = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")


def objects(report: Report) -> dict[str, pydicom.FileDataset]:
    """An object of every kind of an exam that is placed, by a name."""
    maps = {f"map of {role}": parametric_map(report, role) for role in ("single", "scantype")}
    return {"report": structured_report(report), "overlay": next(secondary_captures(report))} | maps


def tool(*command: str) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS)


class ToolTestCase(SimpleTestCase):
    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def file(self, made: pydicom.FileDataset) -> str:
        file = self.folder / f"{made.SOPInstanceUID}.dcm"
        file.write_bytes(written(made))
        return str(file)


@skipUnless(shutil.which("dciodvfy"), "dicom3tools is not installed")
class StandardTests(ToolTestCase):
    def errors(self, made: pydicom.FileDataset) -> list[str]:
        said = tool("dciodvfy", self.file(made))
        return [line for line in (said.stdout + said.stderr).splitlines() if line.startswith("Error")]

    def test_every_object_of_every_exam_is_as_the_standard_has_it(self):
        for kind in KINDS:
            for name, made in objects(a_report(kind)).items():
                with self.subTest(kind=kind, name=name):
                    self.assertEqual(self.errors(made), [])

    def test_objects_of_an_exam_without_geometry_are(self):
        report = a_report(UNPLACED)
        for made in (structured_report(report), next(secondary_captures(report))):
            with self.subTest(made.SOPClassUID.name):
                self.assertEqual(self.errors(made), [])

    def test_objects_of_an_exam_of_frames_are(self):
        for name, made in objects(of_frames(a_report())).items():
            with self.subTest(name):
                self.assertEqual(self.errors(made), [])

    def test_objects_of_an_exam_with_an_odd_header_are(self):
        odd = {
            "PatientName": "Yamada^Tarou=山田^太郎",
            "PatientBirthDate": "unknown",
            "PatientSex": "female",
            "PatientIdentityRemoved": "YES",
            "PatientAge": "45",
            "LossyImageCompression": "01",
            "LossyImageCompressionRatio": "9.5",
            "LossyImageCompressionMethod": "ISO_10918_1",
        }
        for name, made in objects(with_header(a_report(), **odd)).items():
            with self.subTest(name):
                self.assertEqual(self.errors(made), [])

    def test_report_of_a_finding_without_heat_is(self):
        report = a_report()
        cold = replace(report, findings=[replace(report.findings[0], peak=None)])
        self.assertEqual(self.errors(structured_report(cold)), [])

    def test_an_error_would_be_seen(self):
        made = structured_report(a_report())
        del made.CompletionFlag
        self.assertNotEqual(self.errors(made), [])


@skipUnless(shutil.which("dcmdump") and shutil.which("dsrdump"), "dcmtk is not installed")
class DcmtkTests(ToolTestCase):
    def test_dcmdump_reads_every_object(self):
        for name, made in objects(a_report("oblique")).items():
            with self.subTest(name):
                said = tool("dcmdump", "--quiet", self.file(made))
                self.assertEqual((said.returncode, said.stderr), (0, ""))
                self.assertIn(made.SOPInstanceUID, said.stdout)

    def test_dsrdump_reads_the_report_as_its_template_has_it(self):
        said = tool("dsrdump", "--print-long-values", "--print-template-id", self.file(structured_report(a_report())))
        self.assertEqual((said.returncode, said.stderr), (0, UNCHECKED))
        self.assertIn("TID 1500 (DCMR)", said.stdout)
        self.assertIn("5 of 14 slices are positive", said.stdout)

    def test_dsr2html_makes_a_page_of_it(self):
        said = tool("dsr2html", self.file(structured_report(with_header(a_report(), PatientName="Müller^Zoë"))))
        self.assertEqual((said.returncode, said.stderr), (0, UNCHECKED))
        self.assertIn("Müller", said.stdout)


@dataclass(frozen=True)
class Archive:
    """``url`` without a slash at its end; ``port`` of its DICOM service."""

    url: str
    port: int

    def get(self, path: str) -> requests.Response:
        client = requests.Session()
        client.trust_env = False  # a proxy set for the house must not be asked for this address
        answer = client.get(f"{self.url}{path}", timeout=SECONDS)
        answer.raise_for_status()
        return answer


@contextmanager
def archive(folder: Path) -> Iterator[Archive]:
    """Orthanc for the length of a test, with its storage in ``folder``."""
    http, dicom = free_ports(2)
    settings = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": http,
        "DicomPort": dicom,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": [],
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    command = [ORTHANC, str(folder / "orthanc.json")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as server:
        try:
            said = []
            for line in server.stderr:  # until it says so, or ends
                said.append(line)
                if "Orthanc has started" in line:
                    break
            else:
                raise AssertionError("".join(said))
            yield Archive(f"http://127.0.0.1:{http}", dicom)
        finally:
            server.kill()  # nothing of it is kept, and to stop takes it seconds


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


@tag("servers")
@skipUnless(ORTHANC and shutil.which("storescu"), "Orthanc or dcmtk is not installed")
class ArchiveTests(ToolTestCase):
    def test_orthanc_takes_every_kind_of_object_and_gives_it_back_as_it_was(self):
        sent = [made for kind in KINDS for made in objects(a_report(kind)).values()]
        files = [self.file(made) for made in sent]
        with archive(self.folder) as server:
            said = tool("storescu", "--required", "-aec", "ORTHANC", "127.0.0.1", str(server.port), *files)
            self.assertEqual((said.returncode, said.stderr), (0, ""))
            instances = server.get("/instances").json()
            returned = [
                pydicom.dcmread(io.BytesIO(server.get(f"/instances/{each}/file").content)) for each in instances
            ]
        found = {each.SOPInstanceUID: each for each in returned}
        self.assertEqual(len(found), len(sent))
        for made in sent:
            with self.subTest(made.SeriesDescription):
                self.assertEqual(found[made.SOPInstanceUID], pydicom.dcmread(self.file(made)))
