import io
import tempfile
import zipfile
from pathlib import Path
from threading import BoundedSemaphore
from unittest import mock

from django.core.management import call_command

from breastcancer_api import places, synthetic
from breastcancer_api.clients import ClientGone
from breastcancer_api.tests.test_upload import UploadTestCase
from phantom.protocol import Protocol

SMALL = mock.patch.object(synthetic, "PLAIN", Protocol(48, 48, 4))


class SyntheticTests(UploadTestCase):
    def get(self, query: str = ""):
        with SMALL:
            return self.client.get(f"/synthetic.zip{query}")

    def content(self, query: str = "") -> bytes:
        answer = self.get(query)
        self.assertEqual((answer.status_code, answer["Content-Type"]), (200, "application/zip"))
        return b"".join(answer.streaming_content)

    def test_it_is_what_the_command_makes_of_the_seed(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "series.zip")
            call_command("phantom", seed=7, rows=48, slices=4, out=file, stdout=io.StringIO())
            self.assertEqual(self.content("?seed=7"), file.read_bytes())

    def test_it_is_as_large_as_that_of_the_demo(self):
        self.assertEqual((synthetic.PLAIN.rows, synthetic.PLAIN.columns, synthetic.PLAIN.slices), (256, 256, 48))

    def test_no_seed_is_that_of_the_demo(self):
        self.assertEqual(self.content(), self.content("?seed=1"))

    def test_upload_takes_it(self):
        answer = self.get("?seed=7")
        self.assertEqual(answer["Content-Disposition"], 'attachment; filename="series.zip"')
        self.assertEqual(answer["Cache-Control"], "no-store")
        content = b"".join(answer.streaming_content)
        self.assertEqual(int(answer["Content-Length"]), len(content))
        self.assertEqual(len(zipfile.ZipFile(io.BytesIO(content)).namelist()), 16)
        self.assertEqual(self.upload(content).status_code, 201)

    def test_seed_that_cannot_be_read_is_refused(self):
        for query in ("seed=-1", "seed=4294967296", "seed=a", "sead=1"):
            self.refused(self.get(f"?{query}"), 400, "bad_query")

    def test_one_too_many_at_once_is_asked_to_come_again(self):
        with mock.patch.object(places, "_making", BoundedSemaphore(1)), mock.patch.object(places, "MAKING_SECONDS", 0):
            with places.making():
                self.refused(self.get(), 503, "busy")
            self.assertEqual(self.get().status_code, 200)

    def test_work_ends_with_its_client(self):
        check = mock.Mock(side_effect=[None, ClientGone])
        with SMALL, self.assertRaises(ClientGone):
            synthetic.synthetic_exam(7, check)
        self.assertEqual(check.call_count, 2)
