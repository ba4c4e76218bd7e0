import io
import unicodedata

from django.test import SimpleTestCase
from reportlab.platypus import SimpleDocTemplate

from reports.document_fonts import markup, printable, register
from reports.document_styles import paragraph
from reports.scripts import UNKNOWN
from reports.tests.readers import pdf_pages

NAMES = (
    *("Doe, Jane", "Łukasiewicz, Żaneta", "Nguyễn Thị Hương", "Παπαδοπούλου Ελένη", "Иванова Анна"),
    *("山田 太郎 / やまだ たろう / ヤマダ", "髙﨑 彅", "王 小东", "김희중", "ﾔﾏﾀﾞ"),
    *("כהן, דוד", "محمد عبد الله", "پریسا چگینی", "ٹیپو ہاشمی ے", "สมชาย ใจดี", "น้ำฝน ที่รัก ปิ่น"),
)


def printed(text: str, line: int | None = None) -> bytes:
    register()
    file = io.BytesIO()
    SimpleDocTemplate(file, invariant=1).build([paragraph(markup(text, line))])
    return file.getvalue()


def words(text: str) -> set[str]:
    """As a search finds them, forms of letters being letters. Readers differ in the order of Arabic words."""
    return set(unicodedata.normalize("NFKC", text).split())


class NamesTests(SimpleTestCase):
    def test_each_script_is_printable_and_read_back(self):
        for name in NAMES:
            with self.subTest(name):
                self.assertTrue(printable(name))
                self.assertEqual(words(pdf_pages(printed(name))[0]), words(name))

    def test_what_a_font_cannot_write_is_not_printable(self):
        # beyond 16 bits; letters that are stacked or join in ways that are not known here; a decoder's way out
        for name in ("𠮷田", "😀", "देव", "ລາວ", "ߒߞߏ", "ܐܒ", "ݐ", "Doe\ufffd", "a\ud800", "\ue000"):
            self.assertFalse(printable(name), name)

    def test_what_has_no_font_is_shown_as_such(self):
        self.assertEqual(markup("𠮷 <&"), f"{UNKNOWN} &lt;&amp;")

    def test_thai_tone_marks_stand_above_the_vowel_that_is_above_the_letter(self):
        self.assertIn('ท\u0e35<super rise="24%" size="100%">\u0e48</super>', markup("ที่"))
        self.assertIn('น<super rise="24%" size="100%">\u0e49</super>\u0e33', markup("น้ำ"))
        self.assertNotIn("super", markup("ฟ้า"))

    def test_long_text_from_right_to_left_has_its_first_words_in_its_first_line(self):
        first, second = markup(" ".join(["אבגד"] * 7 + ["הוזח"]), line=36).split("<br/>")
        self.assertEqual(first, "\N{NO-BREAK SPACE}".join(["דגבא"] * 7))
        self.assertEqual(second, "חזוה")


class FilesTests(SimpleTestCase):
    def test_a_font_adds_the_letters_that_are_used(self):
        self.assertLess(len(printed("山田 太郎")) - len(printed("Doe")), 60_000)

    def test_equal_text_makes_equal_bytes_whatever_was_printed_before(self):
        first = [printed(name) for name in NAMES]
        self.assertEqual([printed(name) for name in reversed(NAMES)][::-1], first)
