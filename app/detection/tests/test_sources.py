import re

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from detection.sources import WORDS, nameless, sources
from imaging.exam import FOLDERS, match
from imaging.series import read_series
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import exam_files, write_files


class NamelessTests(SimpleTestCase):
    def test_words_of_programs_and_the_last_number_are_kept(self):
        for name in ("001.dcm", "IM00017", "slice 12.dcm", "SLICE-12.IMA", "MR.0003.ima", "image", "pre_003.dcm"):
            self.assertEqual(nameless(name), name)

    def test_whatever_else_is_hidden(self):
        hidden = {
            "DOE_JANE_1961-03-07_SSN 123-45-6789_001.dcm": "*001.dcm",
            "Doe^Jane_slice_001.dcm": "*slice_001.dcm",
            "1-001.dcm": "*001.dcm",
            "IM-0001-0012.dcm": "IM*0012.dcm",
            "pre_003.dcm frame 3": "pre*.dcm frame 3",
            "im1 (copy).dcm": "im1*.dcm",
            "Doe": "*",
            "": "",
        }
        self.assertEqual({name: nameless(name) for name in hidden}, hidden)

    def test_number_of_more_than_four_digits_hides_those_before_it_too(self):
        self.assertEqual(nameless("001_19610307.dcm"), "*.dcm")
        self.assertEqual(nameless("00019610307"), "*")

    def test_names_in_any_script_are_hidden(self):
        self.assertEqual(nameless("김 영 희 1961.03.07 001.dcm"), "*001.dcm")
        self.assertEqual(nameless("सीता_slice.dcm"), "*slice.dcm")
        self.assertEqual(nameless("فَاطِمَة ١٩٦١"), "*")
        self.assertEqual(nameless("imé preé \u017fe 李.dcm"), "*.dcm")

    def test_control_characters_are_hidden(self):
        for sign in ("\n", "\x1b", "\u202e", "\0"):
            self.assertEqual(nameless(f"{sign}slice{sign}12{sign}"), "*12*")

    def test_nothing_is_kept_with_which_a_spreadsheet_begins_a_formula(self):
        for name in ("=1+1.dcm", "+1.dcm", "-1.dcm", "@1.dcm", "\t1.dcm", "\r1.dcm"):
            self.assertEqual(nameless(name), "*1.dcm")

    @given(st.text() | st.lists(st.sampled_from((*WORDS, *"0719 ._-*=é١", "Doe", "1961"))).map("".join))
    def test_whatever_the_name_what_is_kept_is_words_one_number_and_signs_between(self, name):
        kept = nameless(name)
        self.assertRegex(kept, r"\A([.*0-9A-Za-z]([ ._*0-9A-Za-z-]*))?\Z")
        self.assertEqual([each for each in re.findall("[A-Za-z]+", kept) if each.lower() not in WORDS], [])
        self.assertLessEqual([len(each.lstrip("0")) <= 4 for each in re.findall("[0-9]+", kept)], [True])
        self.assertLessEqual(len(kept), len(name))


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
