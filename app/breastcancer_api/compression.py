"""Numbers of pictures are packed where the client accepts that: it takes less time than a line of a gigabit saves."""

import re

from isal import igzip

REFUSED = re.compile(r"\s*q\s*=\s*0(\.0{0,3})?\s*")


def packed(content: bytes | memoryview, accepted: str) -> tuple[bytes, dict[str, str]]:
    """``content`` and the headers that go with it, packed by gzip where ``accepted``, the value of Accept-Encoding
    (RFC 9110, 12.5.3), names that."""
    vary = {"Vary": "Accept-Encoding"}
    if not accepts_gzip(accepted):
        return bytes(content), vary
    return igzip.compress(content, mtime=0), vary | {"Content-Encoding": "gzip"}


def accepts_gzip(accepted: str) -> bool:
    """Whether a value of Accept-Encoding names gzip, and not to refuse it."""
    offers = (each.partition(";") for each in accepted.lower().split(","))
    return any(coding.strip() == "gzip" and not REFUSED.fullmatch(weight) for coding, _, weight in offers)
