"""One slice of an exam, a DICOM file or a frame of one: what its header says, and its pixels on demand."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

import numpy as np

from imaging.errors import FileProblem, NotADicomImage
from imaging.geometry import position_along_normal
from imaging.headers import opened
from imaging.pixels import PixelData
from imaging.stored_file import StoredFile


@dataclass(frozen=True)
class SliceFile:
    """What the header of a slice says. Texts are empty, other values None, where the header is silent.

    Reading the pixels of a slice that is packed in an archive also raises DamagedArchive when that is not whole.

    ``name`` is the file as its sender knows it, ``frame`` counts from 0, None in a file of one slice.
    ``image_position`` is ImagePositionPatient in mm, ``image_orientation`` ImageOrientationPatient, ``pixel_spacing``
    PixelSpacing in mm between rows and between columns. ``acquired`` and ``content`` are seconds since 1970, or since
    midnight where the header has no date, of the acquisition and of the content, in the scanner's own time zone;
    ``trigger_time`` is TriggerTime in ms; ``temporal_position`` TemporalPositionIdentifier or TemporalPositionIndex.
    ``echo_time`` is in ms. ``inverted``: PhotometricInterpretation is MONOCHROME1. ``padding``: smallest and largest
    stored value that stands for no pixel.
    """

    file: StoredFile = field(repr=False)
    name: str
    frame: int | None
    patient_id: str
    patient_name: str = field(repr=False)
    patient_birth_date: str = field(repr=False)
    study_instance_uid: str
    study_date: str = field(repr=False)
    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    frame_of_reference_uid: str
    series_number: int | None
    series_description: str
    image_type: tuple[str, ...]
    body_part: str
    scan_options: tuple[str, ...]
    echo_time: float | None
    instance_number: int | None
    acquired: float | None
    content: float | None
    trigger_time: float | None
    temporal_position: int | None
    image_position: tuple[float, ...] | None
    image_orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, ...] | None
    inverted: bool
    padding: tuple[int, int] | None
    rescale: tuple[float, float] | None
    pixels: PixelData = field(repr=False)

    @property
    def rows(self) -> int:
        return self.pixels.rows

    @property
    def columns(self) -> int:
        return self.pixels.columns

    @property
    def label(self) -> str:
        """The slice as its sender knows it: the file's name, and the frame counted from 1."""
        return self.name if self.frame is None else f"{self.name} frame {self.frame + 1}"

    @property
    def key(self) -> str:
        """The name under which a slice is found again in the other passes: without ``.dcm``, whatever the case."""
        name = PurePosixPath(self.name).name.casefold().removesuffix(".dcm")
        return name if self.frame is None else f"{name}#{self.frame}"

    @cached_property
    def position(self) -> float | None:
        """mm along the slice normal; None when the header does not say."""
        if self.image_position is None or self.image_orientation is None:
            return None
        return position_along_normal(self.image_position, self.image_orientation)

    def stored(self) -> np.ndarray:
        """The stored values, (rows, columns) of integers. Raises NotADicomImage when they cannot be decoded."""
        try:
            with opened(self.file, self.pixels.transfer_syntax) as file:
                return self.pixels.read(file, self.frame or 0)
        except FileProblem as error:
            raise NotADicomImage(f"{self.label} {error}.", (self.label,)) from error

    def values(self) -> np.ndarray:
        """The stored values, those that stand for no pixel (DICOM PS3.3 C.7.5.1.1.2) replaced by the smallest other.

        Raises NotADicomImage when they cannot be decoded.
        """
        values = self.stored()
        return self._without_padding(values, values)

    def brightness(self) -> np.ndarray:
        """Values that rise with brightness, (rows, columns): ``stored``, mirrored within the range of BitsStored for
        MONOCHROME1 (DICOM PS3.3 C.7.6.3.1.2), those that stand for no pixel replaced by the smallest other, after
        RescaleSlope and RescaleIntercept (C.11.1).

        Raises NotADicomImage when they cannot be decoded.
        """
        values = stored = self.stored()
        if self.inverted:
            white = -1 if self.pixels.signed else 2**self.pixels.bits_stored - 1
            values = white - values.astype(np.int32)
        values = self._without_padding(values, stored)
        if self.rescale is None:
            return values
        slope, intercept = self.rescale
        return values * slope + intercept

    def _without_padding(self, values: np.ndarray, stored: np.ndarray) -> np.ndarray:
        if self.padding is None:
            return values
        outside = (stored >= self.padding[0]) & (stored <= self.padding[1])
        if not outside.any():
            return values
        return np.where(outside, 0 if outside.all() else values[~outside].min(), values)
