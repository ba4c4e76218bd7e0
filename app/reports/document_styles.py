"""How the document looks: colours, sizes of text, the space around cells."""

from functools import cache

from reportlab.lib.colors import HexColor, white
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph

from reports.document_fonts import BOLD, REGULAR

ALARM, DARK, PALE, RULE = HexColor(0xA31515), HexColor(0x12324F), HexColor(0xEEF3F7), HexColor(0xB8C4CE)
Commands = list[tuple]


def paragraph(text: str, style: str = "text") -> Paragraph:
    """``text`` is markup (``document_fonts.markup``)."""
    return Paragraph(text, _styles()[style])


@cache
def _styles() -> dict[str, ParagraphStyle]:
    text = ParagraphStyle("text", fontName=REGULAR, fontSize=8, leading=10.4)
    return {
        "text": text,
        "title": ParagraphStyle("title", text, fontName=BOLD, fontSize=11.5, leading=15, textColor=DARK, spaceAfter=4),
        "heading": ParagraphStyle(
            "heading", text, fontName=BOLD, fontSize=9, leading=11, textColor=DARK, spaceBefore=6, spaceAfter=1.5
        ),
        "finding": ParagraphStyle("finding", text, fontName=BOLD, fontSize=8.5, leading=11),
        "answer": ParagraphStyle("answer", text, fontName=BOLD, fontSize=11, leading=14, textColor=DARK),
        "banner": ParagraphStyle("banner", text, fontName=BOLD, fontSize=8.5, leading=13, textColor=white),
        "label": ParagraphStyle("label", text, fontSize=7.5, textColor=HexColor(0x555555)),
        "warning": ParagraphStyle("warning", text, textColor=ALARM),
        "caption": ParagraphStyle("caption", text, fontSize=6.8, leading=8.6, textColor=HexColor(0x444444)),
        "footer": ParagraphStyle("footer", text, fontSize=7, leading=8.6, textColor=DARK),
        "cell": ParagraphStyle("cell", text, fontSize=7, leading=8.6),
    }


def tight() -> Commands:
    return [("VALIGN", (0, 0), (-1, -1), "TOP"), *padding(0.5)]


def boxed() -> Commands:
    return [("BACKGROUND", (0, 0), (-1, -1), PALE), ("LINEBEFORE", (0, 0), (0, -1), 3, DARK), *padding(4, 8)]


def padding(points: float, aside: float = 0) -> Commands:
    """It names the font, too: for cells without text of their own reportlab names one that is not embedded."""
    sides = (("TOP", points), ("BOTTOM", points), ("LEFT", aside), ("RIGHT", 2))
    return [
        ("FONTNAME", (0, 0), (-1, -1), REGULAR),
        *((f"{side}PADDING", (0, 0), (-1, -1), each) for side, each in sides),
    ]
