"""A phantom exam as the DICOM files of a scanner, and as ``series.zip``."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import MRImageStorage, generate_uid

from phantom.exam import PASSES, Exam
from phantom.vendors import VENDORS, phase_tags

# Every phantom was examined on one day, and its zip carries one date, so that equal seeds give equal bytes.
STUDY_DATE, STUDY_TIME = "20200101", 9 * 3600
ZIP_DATE = (2020, 1, 1, 0, 0, 0)


def write_zip(exam: Exam, file: Path | BinaryIO, progress: Callable[[Iterator], Iterator] = iter) -> None:
    """Writes ``exam`` as a zip of the four folders with files 001.dcm, 002.dcm, ... from feet to head.

    ``progress`` wraps the loop over slices, for a progress bar.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for index in progress(range(exam.protocol.slices)):
            for k, pixels in enumerate(exam.slice(index)):
                member = zipfile.ZipInfo(f"{PASSES[k]}/{index + 1:03d}.dcm", ZIP_DATE)
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, dicom_bytes(exam, index, k, pixels))


def dicom_bytes(exam: Exam, index: int, k: int, pixels: np.ndarray, patient_id: str = "") -> bytes:
    """Slice ``index`` (from 0) of pass ``k`` (0 is ``pre``) as a DICOM file of MR Image Storage; ``patient_id`` takes
    the place of PHANTOM-<seed>."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = _uid(exam, "slice", k, index)
    meta.TransferSyntaxUID = VENDORS[exam.protocol.vendor].transfer_syntax
    dataset = FileDataset(None, {}, preamble=b"\0" * 128, file_meta=meta)
    for describe in (_patient, _study, _acquisition, _geometry):
        dataset.update(describe(exam, index, k))
    dataset.PatientID = patient_id or dataset.PatientID
    _set_pixels(dataset, pixels)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def series_label(exam: Exam, k: int, index: int) -> tuple[str, int]:
    """Folder of the series of pass ``k`` as the archive names it, and the InstanceNumber of slice ``index`` in it."""
    study = _study(exam, index, k)
    return f"{study.SeriesNumber}.000000-{study.SeriesDescription.replace('/', '')}", int(study.InstanceNumber)


def _patient(exam: Exam, *_) -> Dataset:
    patient = Dataset()
    patient.PatientName = f"Phantom^Seed{exam.seed}"
    patient.PatientID = f"PHANTOM-{exam.seed}"
    patient.PatientBirthDate = ""
    patient.PatientSex = "F"
    return patient


def _study(exam: Exam, index: int, k: int) -> Dataset:
    protocol, vendor = exam.protocol, VENDORS[exam.protocol.vendor]
    study = phase_tags(vendor, k, exam.times)
    study.SOPClassUID = MRImageStorage
    study.SOPInstanceUID = _uid(exam, "slice", k, index)
    study.StudyInstanceUID = _uid(exam, "study")
    study.SeriesInstanceUID = _uid(exam, "series", 0 if protocol.one_series else k)
    study.FrameOfReferenceUID = _uid(exam, "frame")
    study.StudyDate = study.SeriesDate = study.AcquisitionDate = study.ContentDate = STUDY_DATE
    study.StudyTime = _time(0)
    begun = _time(600 + exam.times[0 if vendor.counts_phases and protocol.one_series else k])
    study.SeriesTime = _time(600 + exam.times[0 if protocol.one_series else k])
    study.AcquisitionTime, study.ContentTime = begun, begun
    study.StudyID, study.AccessionNumber, study.ReferringPhysicianName = "1", "", ""
    study.StudyDescription = "Synthetic breast DCE-MRI (phantom)"
    study.SeriesDescription = vendor.dynamic if protocol.one_series else vendor.descriptions[k]
    study.SeriesNumber, study.AcquisitionNumber = 1 if protocol.one_series else k + 1, k + 1
    study.InstanceNumber = index + 1 + (k * protocol.slices if protocol.one_series else 0)
    return study


def _acquisition(exam: Exam, *_) -> Dataset:
    vendor, drawn = VENDORS[exam.protocol.vendor], exam.sequence.drawn
    scan = Dataset()
    scan.Modality = "MR"
    scan.Manufacturer, scan.ManufacturerModelName = vendor.manufacturer, "BreastWise phantom"
    scan.ImageType = list(vendor.image_type)
    scan.BodyPartExamined = "BREAST"
    scan.ScanningSequence, scan.SequenceVariant = "GR", list(vendor.sequence_variant)
    scan.ScanOptions, scan.MRAcquisitionType, scan.EchoTrainLength = list(vendor.scan_options), "3D", "1"
    scan.RepetitionTime, scan.EchoTime = f"{drawn.repetition_time:.2f}", f"{drawn.echo_time:.2f}"
    scan.FlipAngle, scan.MagneticFieldStrength = f"{drawn.flip_angle:.0f}", drawn.field_strength
    return scan


def _geometry(exam: Exam, index: int, _) -> Dataset:
    """The plane of a slice as DICOM PS3.3 C.7.6.2 describes it."""
    protocol, plane = exam.protocol, exam.protocol.plane(index)
    sign = 1 if protocol.breasts_up else -1
    geometry = Dataset()
    geometry.PatientPosition = "FFP" if protocol.breasts_up else "HFP"
    geometry.ImageOrientationPatient = [sign, 0, 0, 0, sign, 0]
    geometry.ImagePositionPatient = [f"{value:.4f}" for value in (plane.x0, plane.y0, plane.z)]
    geometry.PixelSpacing = [f"{protocol.pixel_spacing:.6f}"] * 2
    geometry.SliceThickness = f"{protocol.slice_thickness:.4f}"
    geometry.SpacingBetweenSlices = f"{protocol.slice_spacing:.4f}"
    geometry.PositionReferenceIndicator = ""
    return geometry


def _set_pixels(dataset: Dataset, pixels: np.ndarray) -> None:
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PixelData = pixels.astype("<u2").tobytes()


def _uid(exam: Exam, *what) -> str:
    """A UID that follows from the seed, the scanner's settings and what it names."""
    return generate_uid(entropy_srcs=[repr((exam.seed, exam.protocol, len(exam.patient.lesions), *what))])


def _time(seconds: float) -> str:
    """DICOM TM, ``seconds`` after the study began."""
    whole = STUDY_TIME + seconds
    return f"{int(whole // 3600):02d}{int(whole % 3600 // 60):02d}{whole % 60:09.6f}"
