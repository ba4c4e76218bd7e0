"""Fonts of the document, all embedded, and text that it can show whatever script a name is written in."""

import re
import textwrap
from functools import cache
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab import rl_config
from reportlab.graphics.shapes import STATE_DEFAULTS
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from reports import fonts
from reports.scripts import RIGHT_TO_LEFT, UNKNOWN, drawn, is_right_to_left

REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
ARABIC, THAI, CHINESE = "NotoSansArabic-Regular", "NotoSansThai-Regular", "DroidSansFallback"
TYPEFACES = Path(__file__).with_name("typefaces")
FILES = {REGULAR: fonts.REGULAR, BOLD: fonts.BOLD} | {
    name: TYPEFACES / f"{name}.ttf" for name in (ARABIC, THAI, CHINESE)
}
# Not from Arabic to Burmese, where letters join or are stacked, so that a font that has them is not enough to write
# them: of Arabic only forms that join are drawn, with signs and digits. Nor what each font has its own of (private
# use), and what lies beyond 16 bits, where reportlab writes what no reader of the text understands.
UNJOINED = "[^\u0600-\u109f\ue000-\uf8ff\ufb50-\ufdff\ufe70-\uffff\U00010000-\U0010ffff]|[\uff00-\uffef]"
#: Which characters each font is for; of two the first that has a character draws it.
DRAWS = {
    ARABIC: "[\u060c\u061b\u061f\u0640\u0660-\u066c\u06d4\u06f0-\u06f9\ufb50-\ufdff\ufe70-\ufefc]",
    THAI: "[\u0e01-\u0e5b]",
    REGULAR: UNJOINED,
    CHINESE: UNJOINED,
}
# Thai tone marks over a vowel that stands over the letter, too: they go higher by this share of the font's size.
TONE, HIGHER = re.compile("(?<=[\u0e31\u0e34-\u0e37\u0e4d])[\u0e48-\u0e4c]|[\u0e48-\u0e4c](?=\u0e33)"), "24%"


@cache
def register() -> None:
    """Makes the fonts known to reportlab, before anything is drawn, and has it begin charts with one of them, not with
    one that a reader must have, and write pictures as they are: as text, which no reader needs, they take most of the
    time and a quarter more room."""
    rl_config.useA85 = 0
    STATE_DEFAULTS["fontName"] = REGULAR
    for name in (REGULAR, BOLD):
        _font(name)
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


@cache
def _font(name: str) -> TTFont:
    font = TTFont(name, str(FILES[name]))
    pdfmetrics.registerFont(font)
    return font


def printable(text: str) -> bool:
    """Whether there is a font for each character of ``text``."""
    return all(map(_font_of, drawn(text)))


def markup(text: str, line: int | None = None) -> str:
    """``text`` as reportlab's paragraphs take it, each character in a font that has it; one that no font has becomes
    a question mark in a diamond. Text with right-to-left letters has lines of ``line`` characters at most: reportlab,
    which sees it turned round, would begin with the last words."""
    lines = textwrap.wrap(text, line) if line and is_right_to_left(text) else [text]
    return "<br/>".join(_line(drawn(each)) for each in lines)


def _line(text: str) -> str:
    unbroken = re.sub(f"(?<=[{RIGHT_TO_LEFT}]) (?=[{RIGHT_TO_LEFT}])", "\N{NO-BREAK SPACE}", text)
    return "".join(_in_font(font, "".join(run)) for font, run in groupby(unbroken, key=_font_of))


def _in_font(font: str, run: str) -> str:
    if not font:
        return UNKNOWN * len(run)
    if font == REGULAR:
        return escape(run)
    raised = TONE.sub(rf'<super rise="{HIGHER}" size="100%">\g<0></super>', escape(run))
    return f'<font name="{font}">{raised}</font>'


def _font_of(character: str) -> str:
    """Empty where there is none."""
    if character == UNKNOWN:
        return ""
    fitting = (name for name, characters in DRAWS.items() if re.fullmatch(characters, character))
    return next((name for name in fitting if ord(character) in _font(name).face.charToGlyph), "")
