"""Reads forms back with other people's programs."""

import io
import re

from pypdf import PdfReader


def pdf_pages(file: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(file)).pages]


def pdf_slices(file: bytes) -> dict[int, tuple[str, str]]:
    """Positive slices of a document with the probabilities of the single and the scantype network, as printed."""
    text = "\n".join(pdf_pages(file))
    rows = re.findall(r"(?<![\d.])(\d+)\s+([01]\.\d{3})\s+([01]\.\d{3})(?!\d)", text)
    return {int(number): (single, scantype) for number, single, scantype in rows}
