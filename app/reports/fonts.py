"""DejaVu Sans for pictures and documents: it comes with matplotlib, so that no system has to have it."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

# Found without importing matplotlib, which costs a server more than the font.
FOLDER = Path(find_spec("matplotlib").origin).parent / "mpl-data" / "fonts" / "ttf"
REGULAR, BOLD = FOLDER / "DejaVuSans.ttf", FOLDER / "DejaVuSans-Bold.ttf"


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """``size`` in pixels."""
    return ImageFont.truetype(BOLD if bold else REGULAR, size)
