"""One result in every form, as the server answers them: axial, oblique, sagittal and reversed exams."""

import csv
import io
import zipfile
from unittest import mock

import numpy as np
import pydicom
from django.core.management import call_command

from breastcancer_api.tests.test_studies import StudiesTestCase
from imaging.tests.slices import zip_bytes
from reports.tests.dicom import positions
from reports.tests.readers import pdf_slices
from reports.tests.reports import COUNT, KINDS, files, true_position, true_slices
from reports.tests.test_structured_report import groups, judged

NUMBERS = ("single_probability", "single_decision", "scantype_probability", "scantype_decision", "fused")


class AgreeTests(StudiesTestCase):
    def send_exam(self, kind: str) -> None:
        """The networks are the shipped ones; the fused decisions are the truth, so that there is a finding."""
        true = [int(number in true_slices(kind)) for number in range(1, COUNT + 1)]
        with mock.patch("detection.pipeline.average_results", return_value=true):
            self.location = self.send("/studies/", zip_bytes(files(kind)))["Location"]
        self.result = self.get("results.json").json()

    def get(self, form: str):
        answer = self.client.get(f"{self.location}{form}")
        self.assertEqual(answer.status_code, 200)
        return answer

    def dicom(self, form: str) -> pydicom.FileDataset:
        return pydicom.dcmread(io.BytesIO(self.get(form).getvalue()))

    def test_every_form_of_every_exam_tells_the_same(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.send_exam(kind)
                self.assertEqual(self.result["positive_slices"], true_slices(kind))
                for check in (self.csv, self.pdf, self.report, self.heat_map, self.overlays):
                    with self.subTest(check.__name__):
                        check(kind)

    def rows(self) -> dict[int, tuple]:
        return {row["number"]: tuple(row[name] for name in NUMBERS) for row in self.result["slices"]}

    def csv(self, _):
        text = b"".join(self.get("results.csv").streaming_content).decode()
        told = {
            int(row["number"]): tuple(float(row[name]) for name in NUMBERS) for row in csv.DictReader(io.StringIO(text))
        }
        self.assertEqual(told, self.rows())

    def pdf(self, _):
        told = pdf_slices(self.get("results.pdf").getvalue())
        rows = {number: (f"{row[0]:.3f}", f"{row[2]:.3f}") for number, row in self.rows().items() if row[-1]}
        self.assertEqual(told, rows)

    def report(self, _):
        told = self.dicom("sr.dcm")
        self.assertEqual({number: judged(group) for number, group in groups(told, "Slice").items()}, self.rows())
        self.assertEqual(len(groups(told, "Finding")), len(self.result["findings"]))

    def sources(self) -> dict[str, int]:
        """The number of a slice by the UID of its image before contrast and in each pass."""
        return {uid: row["number"] for row in self.result["slices"] for uid in row["sop_instance_uids"].values()}

    def heat_map(self, kind):
        """Frames are the positive slices, and each pixel lies where the phantom has it."""
        told, known = self.dicom("heatmap.dcm"), self.sources()
        shared = told.SharedFunctionalGroupsSequence[0]
        numbers = []
        for frame in told.PerFrameFunctionalGroupsSequence:
            sources = frame.DerivationImageSequence[0].SourceImageSequence
            (number,) = {known[each.ReferencedSOPInstanceUID] for each in sources}
            numbers.append(number)
            measures, turned = shared.PixelMeasuresSequence[0], shared.PlaneOrientationSequence[0]
            rows, columns = np.array([0, 17, told.Rows - 1]), np.array([0, 40, told.Columns - 1])
            found = positions(frame.PlanePositionSequence[0], measures, turned, rows, columns)
            wanted = [true_position(kind, number, *place) for place in zip(rows, columns, strict=True)]
            np.testing.assert_allclose(found, wanted, atol=0.01)
        self.assertEqual(numbers, true_slices(kind))

    def overlays(self, kind):
        with zipfile.ZipFile(io.BytesIO(self.get("overlays.zip").getvalue())) as archive:
            images = [pydicom.dcmread(io.BytesIO(archive.read(name))) for name in sorted(archive.namelist())]
        known = self.sources()
        told = [{known[each.ReferencedSOPInstanceUID] for each in image.SourceImageSequence} for image in images]
        self.assertEqual(told, [{number} for number in true_slices(kind)])
        for number, image in zip(true_slices(kind), images, strict=True):
            np.testing.assert_allclose(image.ImagePositionPatient, true_position(kind, number, 0, 0), atol=0.01)

    def test_command_tells_the_same_as_the_server(self):
        self.send_exam(kind := "oblique")
        archive, out = self.results.parent / f"{kind}.zip", self.results.parent / kind
        archive.write_bytes(zip_bytes(files(kind)))
        true = [int(number in true_slices(kind)) for number in range(1, COUNT + 1)]
        with mock.patch("detection.pipeline.average_results", return_value=true):
            call_command("scan", archive, out=out, stdout=io.StringIO())
        self.assertEqual(pdf_slices((out / "results.pdf").read_bytes()), pdf_slices(self.get("results.pdf").getvalue()))
        told = groups(pydicom.dcmread(out / "sr.dcm"), "Slice")
        self.assertEqual({number: judged(group) for number, group in told.items()}, self.rows())
