import itertools
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imaging.errors import NoUptake
from imaging.exam import Exam
from imaging.preprocessing import Normalisation
from imaging.reading import Reading
from imaging.tests.folders import FolderTestCase
from training.exam_set import SetError
from training.prepare import SHARES, PrepareError, in_splits, prepare_set, prepared_exam, split_patients
from training.sources.source import Item, LeftOut, PreparedExam, Source, Truth, TruthError
from training.sources.zips import labelled_zips
from training.tests.exam_sets import EXAM_SCALE, labelled
from training.tests.zip_sources import write_labels, write_zips

HALVES = (0.5, 0, 0.5)
ERRORS = {
    "refused": NoUptake("nothing is brighter", ("pre/001.dcm",)),
    "wrong": TruthError("wrong: slice 7 of 6"),
    "unreadable": PermissionError(13, "Permission denied", "exam.zip"),
    "interrupted": KeyboardInterrupt(),
    "unforeseen": ZeroDivisionError("division by zero"),
}


@dataclass(frozen=True)
class Made(Item):
    """Slices of noise, or the error of ERRORS that the exam is named after; it leaves a file in its workspace."""

    name: str
    patient: str

    def prepared(self, normalisation: Normalisation, workspace: Path) -> PreparedExam:  # noqa: ARG002
        (workspace / "slice").write_text("pixels")
        if self.name in ERRORS:
            raise ERRORS[self.name]
        noise = labelled([0, 1, -1], seed=zlib.crc32(self.name.removesuffix(" again").encode()))
        return PreparedExam(noise, self.name != "placeless", ("odd",) if self.name == "odd" else ())

    def read(self, workspace: Path) -> Reading:
        raise NotImplementedError

    def truth(self, exam: Exam) -> Truth:
        raise NotImplementedError


def source(*names: str, left_out: tuple[LeftOut, ...] = ()) -> Source:
    return Source("made", tuple(Made(name, f"patient of {name}") for name in names), left_out, {"table": "labels.csv"})


class SplitTests(FolderTestCase):
    def test_shares_are_those_of_the_patients(self):
        splits = split_patients(map(str, range(100)), 0, SHARES)
        counts = [list(splits.values()).count(name) for name in ("training", "validation", "test")]
        self.assertEqual(counts, [70, 15, 15])

    def test_split_does_not_depend_on_the_order_of_patients(self):
        self.assertEqual(split_patients("abcdefgh", 0, SHARES), split_patients("hgfedcba", 0, SHARES))

    def test_another_seed_splits_differently(self):
        splits = [split_patients(map(str, range(100)), seed, SHARES) for seed in (0, 1)]
        self.assertNotEqual(*splits)

    def test_exams_of_one_patient_stand_in_one_split(self):
        items = [Made(f"exam {number}", f"patient {number // 3}") for number in range(60)]
        found = {}
        for item, split in in_splits(items, 0, SHARES):
            found.setdefault(item.patient, set()).add(split)
        self.assertEqual((len(found), {len(each) for each in found.values()}), (20, {1}))

    def test_exams_stand_in_the_order_of_splits_and_names(self):
        items = [Made(name, name) for name in "gcaebfhd"]
        known = [(split, item.name) for item, split in in_splits(items, 0, HALVES)]
        self.assertEqual([split for split, _ in known], ["training"] * 4 + ["test"] * 4)
        for _, part in itertools.groupby(known, key=lambda each: each[0]):
            names = [name for _, name in part]
            self.assertEqual(names, sorted(names))

    def test_shares_that_are_none_are_refused(self):
        for wrong in ((0.7, 0.3), (0.7, 0.7, 0.7), (1.5, -0.5, 0)):
            with self.assertRaisesMessage(PrepareError, "there must be one from 0 to 1 a split, 1 together"):
                split_patients("ab", 0, wrong)


class PreparedExamTests(FolderTestCase):
    def test_reasons_name_the_exam_its_patient_and_the_files(self):
        expected = {
            "refused": ("nothing is brighter", ("pre/001.dcm",)),
            "wrong": ("wrong: slice 7 of 6", ()),
            "unreadable": ("Permission denied", ("exam.zip",)),
        }
        for name, (reason, files) in expected.items():
            found = prepared_exam(Made(name, "p"), EXAM_SCALE, self.folder)
            self.assertEqual(found, LeftOut(name, "p", reason, files))
        self.assertEqual(list(self.folder.iterdir()), [])


class PrepareTests(FolderTestCase):
    def setUp(self):
        super().setUp()
        self.out = self.folder / "set"

    def test_set_tells_what_is_in_it_and_what_is_left_out(self):
        absent = LeftOut("absent", "p", "has no box")
        exams = source("a", "placeless", "odd", "refused", left_out=(absent,))
        made = prepare_set(exams, self.out, EXAM_SCALE, shares=(1, 0, 0), workers=2, command="manage.py prepare")
        self.assertEqual([each.name for each in made.exams], ["a", "odd", "placeless"])
        self.assertEqual([each.placed for each in made.exams], [True, True, False])
        told = made.manifest
        self.assertEqual([each["warnings"] for each in told["exams"]], [[], ["odd"], []])
        self.assertEqual([each["name"] for each in told["left_out"]], ["absent", "refused"])
        self.assertEqual(told["counts"]["training"], {"exams": 3, "positive": 3, "negative": 3, "left_out": 3})
        self.assertEqual(told["counts"]["test"], {"exams": 0, "positive": 0, "negative": 0, "left_out": 0})
        self.assertEqual((told["bytes"], told["bytes_per_1000_slices"]), (9 * 66_581, 66_581_000))
        self.assertEqual(sum((self.out / name).stat().st_size for name in os.listdir(self.out)) // 66_581, 9)
        self.assertEqual((told["seed"], told["shares"], told["command"]), (0, [1, 0, 0], "manage.py prepare"))
        self.assertEqual(told["source"], {"kind": "made", "table": "labels.csv"})

    def test_exam_that_is_there_under_two_names_is_taken_once(self):
        made = prepare_set(source("a", "a again"), self.out, EXAM_SCALE, shares=(1, 0, 0))
        again = {
            "name": "a again",
            "patient": "patient of a again",
            "reason": "holds the same images as a",
            "files": [],
        }
        self.assertEqual((len(made.exams), made.manifest["left_out"]), (1, [again]))

    def test_exam_that_fails_in_an_unforeseen_way_stops_the_run_with_its_name(self):
        with self.assertRaisesMessage(PrepareError, "unforeseen: ZeroDivisionError: division by zero"):
            prepare_set(source("a", "unforeseen"), self.out, EXAM_SCALE)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_run_that_is_interrupted_leaves_nothing(self):
        with self.assertRaises(KeyboardInterrupt):
            prepare_set(source("a", "interrupted"), self.out, EXAM_SCALE, shares=(1, 0, 0))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_set_without_exams_is_not_written(self):
        for exams, told in (
            (source("refused"), "no exam remains, 1 are left out; refused: nothing is brighter"),
            (source(), "no exam remains, 0 are left out"),
        ):
            with self.assertRaisesMessage(PrepareError, told):
                prepare_set(exams, self.out, EXAM_SCALE)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_set_that_is_there_is_not_touched(self):
        self.out.mkdir()
        with self.assertRaisesMessage(SetError, "is there already"):
            prepare_set(source("a"), self.out, EXAM_SCALE)
        self.assertEqual(list(self.out.iterdir()), [])

    def test_zips_become_the_same_set_again_with_any_number_of_workers(self):
        write_zips(self.folder / "zips", ["a.zip", "b.zip", "c.zip"], count=4)
        write_labels(self.folder / "zips", "a.zip,p1,2", "b.zip,p2,", "c.zip,p1,1-3")
        for name, workers in (("one", 1), ("two", 2)):
            exams = labelled_zips(self.folder / "zips")
            made = prepare_set(exams, self.folder / name, EXAM_SCALE, shares=HALVES, workers=workers)
        one, two = (self.folder / name for name in ("one", "two"))
        for name in ("images", "labels", "places", "sizes", "scales"):
            self.assertEqual((one / name).read_bytes(), (two / name).read_bytes())
        splits = {each.name: each.split for each in made.exams}
        self.assertEqual((len(splits), splits["a.zip"]), (3, splits["c.zip"]))
        self.assertNotEqual(splits["a.zip"], splits["b.zip"])
        by_name = {each.name: made.labelled(each).labels.tolist() for each in made.exams}
        self.assertEqual(by_name, {"a.zip": [0, 1, 0, 0], "b.zip": [0, 0, 0, 0], "c.zip": [1, 1, 1, 0]})
        self.assertTrue(np.isfinite(made.arrays.scales).all())
