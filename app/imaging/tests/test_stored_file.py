import io
from unittest import mock

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from imaging import stored_file
from imaging.errors import FileProblem, LimitExceeded
from imaging.stored_file import AHEAD, Allowance, DiskFile, gradual
from imaging.tests.folders import FolderTestCase

CONTENT = bytes(range(200))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 60)),
        st.tuples(st.just("seek"), st.integers(0, 250)),
        st.tuples(st.just("seek"), st.integers(0, 40), st.just(io.SEEK_CUR)),
        st.tuples(st.just("seek"), st.integers(-40, 0), st.just(io.SEEK_END)),
        st.just(("tell",)),
    )
)


class GradualTests(SimpleTestCase):
    @given(STEPS, st.integers(1, 70))
    def test_it_is_read_like_any_file(self, steps, size):
        pieces = (CONTENT[start : start + size] for start in range(0, len(CONTENT), size))
        with mock.patch.object(stored_file, "AHEAD", 16):
            found, plain = gradual(pieces, Allowance()), io.BytesIO(CONTENT)
        for name, *given_ in steps:
            self.assertEqual(getattr(found, name)(*given_), getattr(plain, name)(*given_))

    def test_no_piece_is_taken_before_it_is_needed(self):
        pieces = iter([b"a" * AHEAD, b"b" * AHEAD, b"c" * AHEAD])
        found = gradual(pieces, Allowance())
        found.seek(2 * AHEAD)
        found.seek(AHEAD - 2)
        self.assertEqual(found.read(3), b"aab")
        self.assertEqual(list(pieces), [b"c" * AHEAD])

    def test_place_before_the_beginning_is_an_error(self):
        with self.assertRaises(OSError):
            gradual(iter([b"abc"]), Allowance()).seek(-1)

    def test_more_than_a_header_can_be_is_refused(self):
        with mock.patch.object(stored_file, "LONGEST_HEAD", 5), self.assertRaises(FileProblem):
            gradual(iter([b"abc"] * 3), Allowance()).read()


class CountedTests(SimpleTestCase):
    def read(self, times: int, together: Allowance) -> None:
        file = gradual(iter([CONTENT]), together)
        for _ in range(times):
            file.read(1)

    def test_header_of_too_many_elements_is_refused(self):
        with mock.patch.object(stored_file, "MOST_READS", 5):
            self.read(5, Allowance())
            with self.assertRaisesMessage(FileProblem, "has a header of more than 5 elements"):
                self.read(6, Allowance())

    def test_all_headers_of_an_upload_share_a_limit(self):
        together = Allowance(7)
        self.read(5, together)
        with self.assertRaises(LimitExceeded):
            self.read(3, together)


class DiskFileTests(FolderTestCase):
    def test_file_on_disk_stays_where_it_is(self):
        (self.folder / "1").write_bytes(CONTENT)
        file = DiskFile(self.folder / "1")
        with file.settled(10**9).opened() as whole, file.head() as head:
            self.assertEqual((whole.read(), head.read(3)), (CONTENT, b"\0\1\2"))
