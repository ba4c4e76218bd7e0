"""Text of any script in the order in which it is drawn, from left to right."""

import re
import unicodedata

from arabic_reshaper import ArabicReshaper
from bidi import get_display

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff"
# By category of Unicode: what is white or controls a printer, and halves of characters.
CLEANED = {"Cc": " ", "Zs": " ", "Zl": " ", "Zp": " ", "Cs": UNKNOWN}
# Letters with marks that some programs write apart: Latin and Cyrillic accents, voiced kana, parts of Hangul.
APART = re.compile("[^\\W\\d_][\u0300-\u036f\u3099\u309a]+|[\u1100-\u11ff]+")
# Formatting characters, variants of a character, and points of Hebrew: names are written without them.
UNSEEN = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_arabic = ArabicReshaper()


def drawn(text: str) -> str:
    """``text`` as its characters are drawn from left to right: Arabic letters in the form that joins their neighbours
    (Unicode's presentation forms), right-to-left text turned round (UAX #9; the line as a whole runs from left to
    right). What is left of halves of characters is UNKNOWN."""
    clean = "".join(CLEANED.get(unicodedata.category(each), each) for each in text)
    whole = APART.sub(lambda found: unicodedata.normalize("NFC", found[0]), clean)
    turned = get_display(_arabic.reshape(whole), base_dir="L") if is_right_to_left(whole) else whole
    seen = UNSEEN.sub("", turned)
    return "".join(each for each in seen if unicodedata.category(each) != "Cf")


def is_right_to_left(text: str) -> bool:
    """Whether any of ``text`` is."""
    return re.search(f"[{RIGHT_TO_LEFT}]", text) is not None
