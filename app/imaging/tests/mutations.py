"""What can happen to a file on its way, and what someone may do to one on purpose."""

from collections.abc import Sequence

from hypothesis import strategies as st


@st.composite
def mutated(draw, contents: Sequence[bytes]) -> bytes:
    """One of ``contents`` with bytes changed, a piece of it put in again elsewhere, or an end cut off."""
    content = bytearray(draw(st.sampled_from(contents)))
    # headers come first, and hold more than pixels do: half of the places lie among the first bytes
    place = st.integers(0, len(content) - 1) | st.integers(0, min(len(content), 2000) - 1)
    change = draw(st.sampled_from(("bytes", "piece", "start", "end")))
    if change == "bytes":
        for at, value in draw(st.lists(st.tuples(place, st.integers(0, 255)), max_size=4)):
            content[at] = value
    elif change == "piece":
        at, start, stop = draw(place), draw(place), draw(place)
        content[at:at] = content[start:stop]
    else:
        cut = draw(place)
        content = content[cut:] if change == "start" else content[:cut]
    return bytes(content)
