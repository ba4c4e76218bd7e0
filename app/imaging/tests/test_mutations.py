"""Whatever is changed in a DICOM file, it is read as its header says or refused."""

import faulthandler
from random import Random
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import uid

from imaging.pixels import TRANSFER_SYNTAXES
from imaging.tests.encodings import every_syntax
from imaging.tests.folders import FolderTestCase
from imaging.tests.mutations import damaged_dicom, mutated, read_or_refused

HUNG = 120  # seconds


class MutationsTests(FolderTestCase):
    def setUp(self):
        super().setUp()
        # a decoder that never returns is never interrupted either: the traceback is written and the process ends
        faulthandler.dump_traceback_later(HUNG, exit=True)
        self.addCleanup(faulthandler.cancel_dump_traceback_later)

    def test_nothing_changed_is_read(self):
        for content in every_syntax().values():
            self.assertEqual(read_or_refused(content, self.folder / "1.dcm"), "read")

    @mock.patch("warnings.warn")  # pydicom's, of every odd value
    def test_damaged_file_of_every_syntax_is_read_or_refused(self, _):
        told = set()

        @settings(max_examples=400, deadline=None, derandomize=True, database=None)
        @given(random=st.randoms(use_true_random=False), syntax=st.sampled_from(TRANSFER_SYNTAXES))
        def check(random, syntax):
            told.add(read_or_refused(damaged_dicom(syntax, random), self.folder / "1.dcm"))

        check()
        self.assertEqual(told, {"read", "refused"})

    def test_the_same_seed_damages_alike(self):
        content, other = every_syntax()[uid.RLELossless], every_syntax()[uid.JPEG2000]
        self.assertEqual(mutated(content, other, Random(1)), mutated(content, other, Random(1)))
        self.assertNotEqual(mutated(content, other, Random(1)), content)
