"""Enhanced MR files of many frames for tests, made of single slices."""

import io
from collections.abc import Sequence

import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRBigEndian, ExplicitVRLittleEndian, generate_uid

STUDY_TAGS = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SeriesNumber", "Modality")
IMAGE_TAGS = (
    *("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
)


def enhanced_bytes(slices: Sequence[tuple[bytes, int | None]], syntax: str = ExplicitVRLittleEndian, **tags) -> bytes:
    """One Enhanced MR file (DICOM PS3.3 A.36.2) of ``slices``: a DICOM file each, and its TemporalPositionIndex.

    ``tags`` go into the file's own header; in another ``syntax`` than that of the slices, PixelData must be among them.
    """
    sources = [(pydicom.dcmread(io.BytesIO(content)), index) for content, index in slices]
    first, meta = sources[0][0], FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = EnhancedMRImageStorage, generate_uid()
    meta.TransferSyntaxUID = syntax
    little_endian = syntax != ExplicitVRBigEndian
    dataset = FileDataset(None, {}, preamble=b"\0" * 128, file_meta=meta, is_little_endian=little_endian)
    dataset.SOPClassUID, dataset.SOPInstanceUID = EnhancedMRImageStorage, meta.MediaStorageSOPInstanceUID
    for name in (*STUDY_TAGS, *IMAGE_TAGS):
        if name in first:
            setattr(dataset, name, first[name].value)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "DYNAMIC", "NONE"]
    dataset.NumberOfFrames = len(sources)
    dataset.PerFrameFunctionalGroupsSequence = [_frame(source, index) for source, index in sources]
    dataset.PixelData = b"".join(source.PixelData for source, _ in sources)
    for name, value in tags.items():
        setattr(dataset, name, value)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _frame(source: Dataset, index: int | None) -> Dataset:
    content, place, plane, measures, groups = (Dataset() for _ in range(5))
    if "AcquisitionTime" in source:
        content.FrameAcquisitionDateTime = source.AcquisitionDate + source.AcquisitionTime
    if index is not None:
        content.TemporalPositionIndex = index
    if "InstanceNumber" in source:
        content.InStackPositionNumber = source.InstanceNumber
    if "RescaleSlope" in source:
        values = Dataset()
        values.RescaleSlope, values.RescaleIntercept = source.RescaleSlope, source.RescaleIntercept
        groups.PixelValueTransformationSequence = [values]
    place.ImagePositionPatient = source.ImagePositionPatient
    plane.ImageOrientationPatient = source.ImageOrientationPatient
    measures.PixelSpacing = source.PixelSpacing
    groups.FrameContentSequence, groups.PlanePositionSequence = [content], [place]
    groups.PlaneOrientationSequence, groups.PixelMeasuresSequence = [plane], [measures]
    return groups
