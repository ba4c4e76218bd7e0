"""Slices -> what the networks take: (N, channels, 128, 128) float32 with values 0..255.

The recipe is that of the original system: scale by a maximum, truncate to 8 bits, invert MONOCHROME1, resize with
bilinear interpolation without antialiasing. Networks differ in the maximum, see ``Normalisation``;
those that scale by exam take brightness (rescaled, MONOCHROME1 mirrored beforehand), the original takes stored values.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from imaging.errors import NoSignal
from imaging.parallel import for_each
from imaging.series import Series, read_series
from imaging.slice_file import SliceFile

SIZE = 128
# Told each slice with its brightness once that is decoded, from any thread.
Seen = Callable[[SliceFile, np.ndarray], None]
# The slices of one exam share the cores already; those of two would only be in memory together.
_decoding = Lock()


@dataclass(frozen=True)
class Normalisation:
    """Which stored value becomes 255.

    ``maximum`` is ``slice`` (each slice by its own largest value) or ``exam`` (the whole exam by one scale:
    ``factor`` times the ``percentile``-th percentile of a reference pass, taken over every second row and column).
    Brightness from slice to slice and from pass to pass survives only the second.
    """

    maximum: str = "slice"
    percentile: float = 99.9
    factor: float = 1.5

    def __post_init__(self):
        if self.maximum not in ("slice", "exam"):
            raise ValueError(f"normalisation by {self.maximum!r} is not known; slice and exam are")
        if not (0 < self.percentile <= 100 and 0 < self.factor < np.inf):
            raise ValueError(f"{self.factor} times the percentile {self.percentile} is no scale")

    def scale(self, reference: Iterable[np.ndarray]) -> float | None:
        """The value that becomes 255 throughout the exam whose reference pass is given; None for each slice its own.

        Raises NoSignal when that value is not above 0.
        """
        if self.maximum == "slice":
            return None
        scale = self.factor * percentile_of_all([pixels[::2, ::2].ravel() for pixels in reference], self.percentile)
        if not scale > 0:
            raise NoSignal("The pass that sets the scale holds no signal.")
        return scale


BY_SLICE = Normalisation()


def percentile_of_all(values: Sequence[np.ndarray], percentile: float) -> float:
    """What ``numpy.percentile`` says of all ``values`` together, 1-D each. Where all are such as most scanners write it
    is found by counting: in less time, and without a copy of them."""
    if any(each.dtype not in (np.uint8, np.uint16) for each in values):
        return float(np.percentile(np.concatenate(values), percentile, overwrite_input=True))
    counts = sum(np.bincount(each, minlength=1 << 16) for each in values)
    ends = counts.cumsum()
    place = percentile / 100 * (ends[-1] - 1)
    low, high = np.searchsorted(ends, [math.floor(place), math.ceil(place)], side="right")
    share = place % 1  # and rounded as there
    return float(low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share))


def normalize(img: np.ndarray, maximum: float | None = None) -> np.ndarray:
    """Pixel values in [0, 255] as uint8, ``maximum`` (by default the image's own) becoming 255, truncated.

    Larger values become 255, values below 0 become 0, and an image without a positive value stays 0.
    """
    if maximum is None:
        maximum = float(img.max())
    if maximum <= 0:
        return np.zeros(img.shape, np.uint8)
    scaled = img.astype(np.float64)  # which the next steps write over: memory asked for anew costs more than they do
    scaled *= 255.0
    scaled /= maximum
    return np.clip(scaled, 0, 255, out=scaled).astype(np.uint8)


def prepare(pixels: np.ndarray, maximum: float | None = None, inverted: bool = False) -> np.ndarray:
    """One slice as the networks take it: (128, 128) float32, values 0..255.

    ``inverted``: PhotometricInterpretation is MONOCHROME1, where the smallest value is white (DICOM PS3.3 C.7.6.3.1.2).
    """
    img = normalize(pixels, maximum)
    if inverted:
        img = 255 - img
    return cv2.resize(img.astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)


@dataclass(frozen=True)
class Channels:
    """Series side by side: ``images`` (N, channels, 128, 128) float32, 0..255; ``scales`` (N, channels) float32, the
    value that became 255 in each slice of each, 0 where each slice has its own and it is dark."""

    images: np.ndarray
    scales: np.ndarray


def process_single(
    single_folder: Path | Series, normalisation: Normalisation = BY_SLICE, seen: Seen | None = None
) -> np.ndarray:
    """The fat-saturated series for its network: (N, 1, 128, 128) float32, slices in reading order.

    ``single_folder`` is a folder of DICOM files or a series read from one; ``seen`` is told its slices.
    Raises what ``read_series`` raises, NotADicomImage or NoSignal.
    """
    return channels([read_series(single_folder)], normalisation, seen).images


def process_scantype(
    pass1_folder: Path | Series,
    pass2_folder: Path | Series,
    pass3_folder: Path | Series,
    normalisation: Normalisation = BY_SLICE,
    seen: Seen | None = None,
) -> np.ndarray:
    """The three passes as channels in pass order: (N, 3, 128, 128) float32, slices in reading order.

    With one scale for the exam, the first pass sets it for all three. The passes must match (``imaging.exam``).
    ``seen`` is told their slices. Raises what ``read_series`` raises, NotADicomImage or NoSignal.
    """
    passes = [read_series(folder) for folder in (pass1_folder, pass2_folder, pass3_folder)]
    return channels(passes, normalisation, seen).images


def channels(passes: Sequence[Series], normalisation: Normalisation, seen: Seen | None = None) -> Channels:
    """``passes`` as channels, the first of them setting the scale; it alone is in memory at any time, and of all exams
    read at once only that of one. ``seen`` is told their slices.

    Raises NotADicomImage when a slice cannot be decoded, DamagedArchive when its file turns out not to be whole, or
    NoSignal.
    """
    made = Channels(
        np.empty((len(passes[0]), len(passes), SIZE, SIZE), np.float32),
        np.empty((len(passes[0]), len(passes)), np.float32),
    )
    with _decoding:
        _prepare_passes(made, passes, partial(_values, normalisation, seen), normalisation)
    return made


def _prepare_passes(
    made: Channels,
    passes: Sequence[Series],
    read: Callable[[SliceFile], np.ndarray],
    normalisation: Normalisation,
) -> None:
    first, *others = passes
    values = for_each(read, first.slices)
    scale = normalisation.scale(values)
    _prepare_into(made, 0, first, values.__getitem__, scale)
    del values
    for channel, series in enumerate(others, start=1):
        _prepare_into(made, channel, series, lambda k, of=series: read(of.slices[k]), scale)


def _values(normalisation: Normalisation, seen: Seen | None, image: SliceFile) -> np.ndarray:
    """A slice's values: as stored for the original recipe, else as they shine."""
    as_stored = normalisation.maximum == "slice"
    brightness = None if as_stored and seen is None else image.brightness()
    if seen:
        seen(image, brightness)
    return image.values() if as_stored else brightness


def _prepare_into(
    made: Channels, channel: int, series: Series, values: Callable[[int], np.ndarray], scale: float | None
) -> None:
    """Fills a channel of ``made`` with the slices of ``series``, whose ``values`` are asked for by their index."""
    images, scales = made.images[:, channel], made.scales[:, channel]

    def one(index: int) -> None:
        pixels = values(index)
        maximum = float(pixels.max()) if scale is None else scale
        # the original recipe inverts after it has scaled; brightness is upright already
        images[index] = prepare(pixels, maximum, series.slices[index].inverted and scale is None)
        scales[index] = max(maximum, 0)

    for_each(one, range(len(series)))
    if not images.any():
        raise NoSignal(f"{series.name} holds no signal.")
