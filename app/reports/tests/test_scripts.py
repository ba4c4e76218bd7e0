import unicodedata

from django.test import SimpleTestCase

from reports.scripts import UNKNOWN, drawn, is_right_to_left


class DrawnTests(SimpleTestCase):
    def test_text_from_left_to_right_stays_as_it_is(self):
        for text in ("Doe, Jane", "Łukasiewicz", "山田 太郎 / やまだ", "김희중", "ที่รัก", ""):
            self.assertEqual(drawn(text), text)

    def test_hebrew_is_turned_round_and_what_stands_beside_it_is_not(self):
        self.assertEqual(drawn("כהן, דוד"), "דוד ,ןהכ")
        self.assertEqual(drawn("אב 12 גד"), "דג 12 בא")
        self.assertEqual(drawn("Cohen (אב) 2"), "Cohen (בא) 2")

    def test_arabic_letters_take_the_form_that_joins_their_neighbours(self):
        meem, hah, dal = "\N{ARABIC LETTER MEEM INITIAL FORM}", "\N{ARABIC LETTER HAH MEDIAL FORM}", "\ufeaa"
        self.assertEqual(drawn("محمد"), f"{dal}\N{ARABIC LETTER MEEM MEDIAL FORM}{hah}{meem}")
        self.assertEqual(drawn("لا"), "\N{ARABIC LIGATURE LAM WITH ALEF ISOLATED FORM}")

    def test_persian_letters_that_must_not_join_do_not(self):
        joined, apart = drawn("نام"), drawn("ن\N{ZERO WIDTH NON-JOINER}ام")
        self.assertEqual([unicodedata.normalize("NFKC", each) for each in (joined, apart)], ["مان"] * 2)
        self.assertNotEqual(joined, apart)

    def test_marks_that_are_written_apart_join_their_letter(self):
        self.assertEqual(drawn("e\u0301 и\u0306 か\u3099 \u1112\u1161\u11ab"), "é й が 한")

    def test_variants_of_a_character_stay_what_they_are(self):
        self.assertEqual(
            drawn("\ufa19"), "\ufa19"
        )  # written otherwise in a name than U+795E, to which Unicode joins it
        self.assertEqual(drawn("葛\U000e0100"), "葛")

    def test_what_cannot_be_seen_leaves_no_box(self):
        self.assertEqual(drawn("a\N{ZERO WIDTH SPACE}b\x07c\td\u3000e"), "ab c d e")
        self.assertEqual(drawn("שָׁלוֹם"), "םולש")

    def test_half_a_character_is_not_known(self):
        self.assertEqual(drawn("a\ud800"), f"a{UNKNOWN}")

    def test_direction_is_told_by_letters(self):
        self.assertTrue(is_right_to_left("Cohen כהן"))
        self.assertTrue(is_right_to_left("محمد"))
        self.assertFalse(is_right_to_left("Doe 山田 12"))
