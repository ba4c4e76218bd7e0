import io
import threading
import zipfile
from pathlib import Path
from unittest import mock

import numpy as np
import pydicom

from detection import pipeline, second_look
from detection.pipeline import PICTURES, scan
from detection.watch import Watch
from imaging.archive import Limits
from imaging.errors import NoSignal
from imaging.exam import FOLDERS
from imaging.kept_exam import KeptExam
from imaging.preprocessing import normalize, process_scantype, process_single
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import FEW_PIXELS, exam_files, slice_bytes, write_files, zip_bytes
from nets.bundle import Card
from nets.runtime import Networks, load_networks
from nets.vgg import TORCHVISION_FIRST, Topology
from phantom.dicom import write_zip
from phantom.exam import PASSES, Exam, Protocol

LIMITS = Limits(files=100, unpacked_bytes=10_000_000, compression_ratio=600)
BUNDLES = Path(__file__).parents[2] / "nets" / "bundles"


class Listening:
    """A network that keeps what it was shown and says yes to the slices that are brighter than ``level`` on average."""

    rounds = False

    def __init__(self, channels: int, level: float):
        role = "single" if channels == 1 else "scantype"
        topology = Topology(channels, TORCHVISION_FIRST, "pooled", 2)
        self.card = Card("listening", "1", role, topology, {"maximum": "slice"}, 0.5, "tests")
        self.level = level

    def logits(self, images: np.ndarray, *_) -> np.ndarray:
        self.shown = images
        brightness = images.mean(axis=(1, 2, 3))
        return np.stack([np.full(len(images), self.level), brightness], axis=1)


def no_heat(inputs: np.ndarray, _networks: Networks) -> np.ndarray:
    """Of networks that only listen."""
    return np.zeros((len(inputs), 128, 128), np.float32)


class ScanTests(FolderTestCase):
    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch.object(second_look, "heat_of_scantype", no_heat))

    def scan(self, files: dict[str, bytes], networks: Networks):
        work = self.folder / "work"
        work.mkdir()
        return scan(io.BytesIO(zip_bytes(files)), work, networks, LIMITS)

    def test_single_is_shown_the_slices_before_contrast_and_scantype_the_passes(self):
        files = exam_files()
        networks = Networks(Listening(1, 100), Listening(3, 100))
        self.scan(files, networks)
        plain = write_files(files, self.folder / "plain")
        np.testing.assert_array_equal(networks.single.shown, process_single(plain / "pre"))
        np.testing.assert_array_equal(
            networks.scantype.shown, process_scantype(*(plain / name for name in FOLDERS[1:]))
        )

    def test_rows_hold_each_networks_word_and_the_fused_decision(self):
        result = self.scan(exam_files(), Networks(Listening(1, 0), Listening(3, 0)))
        self.assertEqual([each.number for each in result.slices], [1, 2, 3])
        self.assertEqual(
            {(each.single_decision, each.scantype_decision, each.fused) for each in result.slices}, {(1, 1, 1)}
        )
        self.assertEqual(result.positive_slices, [1, 2, 3])

    def test_networks_that_say_no_leave_nothing_positive(self):
        self.assertEqual(self.scan(exam_files(), Networks(Listening(1, 999), Listening(3, 0))).positive_slices, [])

    def test_slice_that_was_lost_from_a_pass_is_refused(self):
        files = exam_files() | {"2nd_pass/002.dcm": slice_bytes(np.zeros((32, 32)), 2, 2.0)}
        with self.assertRaisesMessage(NoSignal, "2nd_pass/002.dcm holds no signal"):
            self.scan(files, Networks(Listening(1, 0), Listening(3, 0)))

    def test_single_computes_while_the_passes_are_still_read(self):
        reading = threading.Event()

        class Waits(Listening):
            def logits(self, images, *_):
                if not reading.wait(20):
                    raise AssertionError("the passes are read only after single has computed")
                return super().logits(images)

        def read(*passes, **how):
            reading.set()
            return process_scantype(*passes, **how)

        with mock.patch.object(pipeline, "process_scantype", read):
            self.scan(exam_files(), Networks(Waits(1, 100), Listening(3, 100)))

    def test_watch_is_told_how_far_it_is(self):
        told = []
        watch = Watch(
            read=lambda reading: told.append(len(reading.exam.pre)),
            computed=lambda role, slices: told.append((role, slices)),
        )
        (self.folder / "work").mkdir()
        files = io.BytesIO(zip_bytes(exam_files()))
        scan(files, self.folder / "work", load_networks(BUNDLES), LIMITS, watch=watch)
        self.assertEqual((told[0], sorted(told[1:])), (3, [("scantype", 3), ("single", 3)]))

    def test_positive_slices_side_by_side_are_a_finding(self):
        (found,) = self.scan(exam_files(), Networks(Listening(1, 0), Listening(3, 0))).findings
        self.assertEqual((found.first_slice, found.last_slice, found.peak), (1, 3, None))

    def test_pictures_are_left_in_the_workspace(self):
        files = exam_files()
        self.scan(files, Networks(Listening(1, 999), Listening(3, 999)))
        with KeptExam(self.folder / "work" / PICTURES) as exam:
            stored = pydicom.dcmread(io.BytesIO(files["2nd_pass/003.dcm"])).pixel_array
            np.testing.assert_array_equal(exam.picture("2nd_pass", 3), stored)
            self.assertEqual(exam.inputs(1).shape, (4, 128, 128))

    def test_files_beside_the_folders_become_a_warning(self):
        result = self.scan(exam_files() | {"notes.txt": b"x"}, Networks(Listening(1, 0), Listening(3, 0)))
        self.assertEqual(result.warnings, (FEW_PIXELS.format(32), "Not part of the exam, ignored: 1."))


class PhantomTests(FolderTestCase):
    """The phantom plays the scanner: what it writes is read back as it was rendered."""

    exam = Exam(7, Protocol(rows=64, columns=64, slices=5))

    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch.object(second_look, "heat_of_scantype", no_heat))

    def scan(self, archive: Path, work: str, networks: Networks):
        (self.folder / work).mkdir()
        with archive.open("rb") as content:
            return scan(content, self.folder / work, networks, LIMITS)

    def test_scanner_and_reader_mean_the_same_folders(self):
        self.assertEqual(PASSES, FOLDERS)

    def test_slices_come_in_the_order_in_which_they_were_rendered(self):
        write_zip(self.exam, self.folder / "series.zip")
        networks = Networks(Listening(1, 100), Listening(3, 100))
        self.assertEqual(self.scan(self.folder / "series.zip", "work", networks).warnings, (FEW_PIXELS.format(64),))
        means = [normalize(self.exam.slice(index)[0]).mean() for index in range(5)]
        np.testing.assert_allclose(networks.single.shown.mean(axis=(1, 2, 3)), means, rtol=0.02)

    def test_reversed_names_reverse_the_answer_of_the_shipped_networks_and_nothing_else(self):
        write_zip(self.exam, self.folder / "series.zip")
        self.rename({f"00{n}": f"00{6 - n}" for n in range(1, 6)})
        shipped = load_networks(BUNDLES)
        forward = self.scan(self.folder / "series.zip", "one", shipped)
        backward = self.scan(self.folder / "renamed.zip", "other", shipped)
        self.assertEqual(backward.warnings, (FEW_PIXELS.format(64),))
        for one, other in zip(forward.slices, backward.slices[::-1], strict=True):
            self.assertAlmostEqual(one.scantype_probability, other.scantype_probability, places=4)
            self.assertEqual((one.number, one.fused), (6 - other.number, other.fused))

    def rename(self, names: dict[str, str]) -> None:
        with (
            zipfile.ZipFile(self.folder / "series.zip") as source,
            zipfile.ZipFile(self.folder / "renamed.zip", "w") as target,
        ):
            for member in source.namelist():
                folder, name = member.split("/")
                target.writestr(f"{folder}/{names[name.removesuffix('.dcm')]}.dcm", source.read(member))
