from django.test import SimpleTestCase

from detection.sources import nameless, sources
from imaging.exam import FOLDERS, match
from imaging.series import read_series
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import exam_files, write_files


class NamelessTests(SimpleTestCase):
    def test_names_that_count_slices_are_kept(self):
        for name in ("001.dcm", "IM00017", "1-07.dcm", "slice 12.dcm", "pre_003.dcm frame 3", "MR.1.2.0003.ima"):
            self.assertEqual(nameless(name), name)

    def test_words_and_long_numbers_may_be_a_patients_and_are_hidden(self):
        self.assertEqual(nameless("Doe^Jane_001.dcm"), "*^*_001.dcm")
        self.assertEqual(nameless("19700131-0001.dcm"), "*-0001.dcm")
        self.assertEqual(nameless("Müller 李 7"), "* 李 7")


class SourcesTests(FolderTestCase):
    def sources(self, **tags):
        folder = write_files(exam_files(count=2, **tags), self.folder / "exam")
        return sources(match(*(read_series(folder / name) for name in FOLDERS)))

    def test_each_slice_tells_its_file_its_position_and_the_uids_of_all_passes(self):
        one, two = self.sources()
        self.assertEqual((one.file, two.file), ("001.dcm", "002.dcm"))
        self.assertEqual(two.position - one.position, 2.0)
        self.assertEqual(len({*one.sop_instance_uids, *two.sop_instance_uids}), 8)

    def test_what_is_no_uid_is_not_kept(self):
        found = self.sources(SOPInstanceUID=None)
        self.assertEqual(found[0].sop_instance_uids, ("", "", "", ""))
