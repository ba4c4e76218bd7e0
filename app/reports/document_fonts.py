"""Fonts of the document, and text that it can show whatever script a name is written in."""

from functools import cache
from itertools import groupby
from xml.sax.saxutils import escape

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

from reports import fonts

REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
# Readers of PDF have these, or find their like: Chinese, Japanese, Korean.
CHINESE, JAPANESE, KOREAN = "STSong-Light", "HeiseiKakuGo-W5", "HYSMyeongJo-Medium"
KANA, HANGUL = ((0x3040, 0x30FF),), ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7AF))
HAN = ((0x2E80, 0x303F), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF))
UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@cache
def register() -> None:
    """Makes the fonts known to reportlab, before anything is drawn, and has it write pictures as they are:
    as text, which no reader needs, they take most of the time and a quarter more room."""
    rl_config.useA85 = 0
    pdfmetrics.registerFont(TTFont(REGULAR, str(fonts.REGULAR)))
    pdfmetrics.registerFont(TTFont(BOLD, str(fonts.BOLD)))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    for name in (CHINESE, JAPANESE, KOREAN):
        pdfmetrics.registerFont(UnicodeCIDFont(name))


def markup(text: str) -> str:
    """``text`` as reportlab's paragraphs take it, each character in a font that has it; one that no font has becomes
    a question mark in a diamond, and what cannot be seen, a space."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    han = JAPANESE if any(_within(each, KANA) for each in shown) else CHINESE
    runs = groupby(shown, key=lambda each: _font(each, han))
    return "".join(_in_font(font, "".join(run)) for font, run in runs)


def _in_font(font: str, run: str) -> str:
    if font == REGULAR:
        return escape(run)
    return f'<font name="{font}">{escape(run)}</font>' if font else UNKNOWN * len(run)


def _font(character: str, han: str) -> str:
    # beyond 16 bits reportlab writes what a reader of the text does not understand
    if ord(character) <= 0xFFFF and ord(character) in pdfmetrics.getFont(REGULAR).face.charToGlyph:
        return REGULAR
    if _within(character, HANGUL):
        return KOREAN
    return han if _within(character, (*KANA, *HAN)) else ""


def _within(character: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= ord(character) <= high for low, high in ranges)
