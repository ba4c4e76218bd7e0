"""Whose a DICOM object is, when and by what it was made, and which images it refers to: what all DICOM forms share.

Patient and study are those of the exam. Nothing of them is handed to a library that could warn of it or log it: values
are checked here, and one that its value representation does not allow (DICOM PS3.5 table 6.2-1) is left out.
"""

import io
import re
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from highdicom.sr import CodedConcept
from pydicom import config
from pydicom.datadict import dictionary_VM, dictionary_VR
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import DS, validate_value

from imaging.kept_exam import Source
from reports.errors import NoInstanceUids
from reports.report import Report

MANUFACTURER = "BreastWise"
UNICODE = "ISO_IR 192"
#: All UIDs are version 5 UUIDs of this name space, under 2.25 (DICOM PS3.5 B.2); it names the implementation, too.
NAME_SPACE = uuid.UUID("5f0c2a7e-8a53-4a0e-9d0b-3c1f6b7e2d94")
# Of patient and study: those that must be there, empty where nobody knows (type 2), and those that may (type 3).
EXPECTED = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
)
OPTIONAL = (
    *("IssuerOfPatientID", "PatientAge", "PatientSize", "PatientWeight", "PatientIdentityRemoved"),
    *("DeidentificationMethod", "StudyDescription"),
)
# The values that are defined, where not every text is.
DEFINED = {
    "PatientSex": ("M", "F", "O"),
    "PatientIdentityRemoved": ("YES", "NO"),
    "LossyImageCompression": ("00", "01"),
    "Laterality": ("L", "R"),
}
# Control characters, and what no UTF-8 can hold.
UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Form:
    """A kind of DICOM object, in a series of its own. ``name`` tells the UIDs of one form from those of another."""

    name: str
    sop_class: str
    modality: str
    series_number: int
    description: str


def new_object(report: Report, form: Form, number: int = 1) -> FileDataset:
    """Object ``number`` of the series of ``form``, from 1: all but what is in it. Equal reports give equal objects.

    Raises NoInstanceUids when the exam does not name its study.
    """
    instance, moment = form_uid(report, form, str(number)), report.analysed_at
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = form.sop_class, instance
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(f"2.25.{NAME_SPACE.int}")
    made = FileDataset(None, {}, preamble=b"\0" * 128, file_meta=meta)
    made.SpecificCharacterSet = UNICODE
    made.SOPClassUID, made.SOPInstanceUID = form.sop_class, instance
    made.update(_patient_and_study(report.exam.description.header))
    made.update(_equipment(report))
    made.Modality, made.SeriesInstanceUID = form.modality, form_uid(report, form)
    made.SeriesNumber, made.SeriesDescription = form.series_number, form.description
    made.InstanceNumber = number
    for moment_of in ("InstanceCreation", "Series", "Content"):
        setattr(made, f"{moment_of}Date", date(moment))
        setattr(made, f"{moment_of}Time", time(moment))
    return made


def form_uid(report: Report, form: Form, *what: str) -> UID:
    """That of the series of ``form``, or of ``what`` in it.

    Another analysis, or another version, has others, and so have other cards at hand, of which objects speak.
    """
    cards = (each.weights_sha256 for each in report.cards)
    name = "\n".join((report.study, report.analysed_at.isoformat(), report.version, *cards, form.name, *what))
    return UID(f"2.25.{uuid.uuid5(NAME_SPACE, name).int}")


def date(moment: datetime) -> str:
    return f"{moment:%Y%m%d}"


def time(moment: datetime) -> str:
    return f"{moment:%H%M%S.%f}"


def valid_text(keyword: str, header: dict[str, str]) -> str | None:
    """The value of ``keyword`` in ``header``; None when there is none that its value representation allows."""
    text, vr = header.get(keyword, ""), dictionary_VR(keyword)
    parts = text.split("\\")
    if not text or UNWRITABLE.search(text) or (len(parts) > 1 and dictionary_VM(keyword) == "1"):
        return None
    if text not in DEFINED.get(keyword, (text,)):
        return None
    with suppress(ValueError):
        for part in parts:
            validate_value(vr, part, config.RAISE)
            _check_further(vr, part)
        return text
    return None


def _check_further(vr: str, text: str) -> None:
    """What pydicom allows and one value does not: a range of dates or times, a day that no month has, a name of more
    than five components. Raises ValueError."""
    if vr == "DA":
        datetime.strptime(text, "%Y%m%d")
    too_many = vr == "PN" and any(group.count("^") > 4 for group in text.split("="))
    if too_many or (vr == "TM" and "-" in text):
        raise ValueError


def frame_of_reference(report: Report) -> str | None:
    """FrameOfReferenceUID of the exam; None where it has none."""
    return valid_text("FrameOfReferenceUID", report.exam.description.header)


def sources(report: Report, numbers: Iterable[int]) -> list[tuple[Source, ...]]:
    """The images of slices ``numbers``, from 1: pre and the three passes of each.

    Raises NoInstanceUids when one of them cannot be referred to.
    """
    found = [report.exam.description.sources[number - 1] for number in numbers]
    # an exam's images share few classes and series: each text is judged once
    texts = {text for row in found for each in row for text in _uids(each)}
    if not all(text and UID(text).is_valid for text in texts):
        raise NoInstanceUids
    return found


def check_references(report: Report, numbers: Iterable[int]) -> None:
    """Raises NoInstanceUids when a DICOM object could not refer to the exam's study and to slices ``numbers``."""
    if valid_text("StudyInstanceUID", report.exam.description.header) is None:
        raise NoInstanceUids
    sources(report, numbers)


def _uids(source: Source) -> tuple[str, str, str]:
    return source.sop_class_uid, source.sop_instance_uid, source.series_instance_uid


def reference(source: Source, whole: bool = False) -> Dataset:
    """To the image, or in a file of many frames to its frame; ``whole``: to all of them."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = source.sop_class_uid, source.sop_instance_uid
    if source.frame is not None and not whole:
        item.ReferencedFrameNumber = source.frame + 1
    return item


def by_series(rows: Iterable[Sequence[Source]]) -> dict[str, list[Dataset]]:
    """SeriesInstanceUID -> references to the files of ``rows``, each file once, in the order in which they come."""
    series: dict[str, dict[str, Dataset]] = {}
    for row in rows:
        for each in row:
            files = series.setdefault(each.series_instance_uid, {})
            if each.sop_instance_uid not in files:
                files[each.sop_instance_uid] = reference(each, whole=True)
    return {uid: list(files.values()) for uid, files in series.items()}


def decimals(values: Iterable[float]) -> list[DS]:
    """As decimal strings of at most 16 characters."""
    return [DS(float(value), auto_format=True) for value in values]


def write(made: FileDataset, file: BinaryIO) -> None:
    """Writes it as a file (DICOM PS3.10)."""
    made.save_as(file, enforce_file_format=True)


def written(made: FileDataset) -> bytes:
    """What ``write`` writes."""
    write(made, file := io.BytesIO())
    return file.getvalue()


def _patient_and_study(header: dict[str, str]) -> Dataset:
    study = valid_text("StudyInstanceUID", header)
    if study is None:
        raise NoInstanceUids
    told = Dataset()
    told.StudyInstanceUID = study
    for keyword in EXPECTED:
        setattr(told, keyword, valid_text(keyword, header) or "")
    for keyword in OPTIONAL:
        if text := valid_text(keyword, header):
            setattr(told, keyword, text)
    if told.get("PatientIdentityRemoved") == "YES" and "DeidentificationMethod" not in told:
        told.DeidentificationMethod = "As told in the source images"
    return told


def _equipment(report: Report) -> Dataset:
    told = Dataset()
    told.Manufacturer = told.ManufacturerModelName = MANUFACTURER
    told.SoftwareVersions = [report.version, *(f"{each['name']} {each['version']}"[:64] for each in report.networks)]
    # software has no serial number; its networks' weights are what tells one from another
    told.DeviceSerialNumber = " ".join(each["sha256"][:16] for each in report.networks)
    header = report.exam.description.header
    if manufacturer := valid_text("Manufacturer", header):
        scanner = Dataset()
        scanner.PurposeOfReferenceCodeSequence = [CodedConcept.from_code(codes.DCM.AcquisitionEquipment)]
        scanner.Manufacturer = manufacturer
        if model := valid_text("ManufacturerModelName", header):
            scanner.ManufacturerModelName = model
        told.ContributingEquipmentSequence = [scanner]
    return told
