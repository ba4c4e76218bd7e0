"""Phantom exams as a download of Duke-Breast-Cancer-MRI: a folder for each patient and the two tables of that set.

The boxes table holds one box a patient, so every patient here has one tumour; her file names and series follow her
scanner's habits. Every second patient's files are named with one zero fewer than the mapping says, as some downloads
name them.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from phantom.dicom import dicom_bytes, series_label
from phantom.exam import Exam
from phantom.protocol import drawn_protocol
from phantom.truth import box

COLLECTION = "Duke-Breast-Cancer-MRI"
MAPPING, BOXES = "Breast-Cancer-MRI-filepath_filename-mapping.csv", "Annotation_Boxes.csv"
ORIGINALS = ("pre", "post_1", "post_2", "post_3")
BOX_COLUMNS = ("Patient ID", "Start Row", "End Row", "Start Column", "End Column", "Start Slice", "End Slice")


def tree_exams(first_seed: int, whole: bool = False) -> Iterator[Exam]:
    """Exams of one tumour each from ``first_seed`` on, without end; a tumour between two slices is passed over."""
    seed = first_seed
    while True:
        exam = Exam(seed, drawn_protocol(seed, whole), tumours=1)
        if exam.positive_slices:
            yield exam
        seed += 1


def write_tree(exams: Iterable[Exam], folder: Path, progress: Callable[[Iterator], Iterator] = iter) -> None:
    """Writes ``exams`` as patients Breast_MRI_001, ... with both tables; who has no tumour has no box.

    ``progress`` wraps each loop over slices.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / MAPPING).open("w", newline="") as mapping, (folder / BOXES).open("w", newline="") as boxes:
        files, rows = csv.writer(mapping), csv.writer(boxes)
        files.writerow(("original_path_and_filename", "classic_path"))
        rows.writerow(BOX_COLUMNS)
        for number, exam in enumerate(exams, start=1):
            patient = f"Breast_MRI_{number:03d}"
            if found := box(exam, exam.patient.lesions):
                rows.writerow((patient, *found.values()))
            for index in progress(range(exam.protocol.slices)):
                files.writerows(_write_slice(exam, patient, number, index, folder))


def _write_slice(exam: Exam, patient: str, number: int, index: int, folder: Path) -> list[tuple[str, str]]:
    """Writes slice ``index`` of each pass; returns their rows in the mapping."""
    rows = []
    for k, pixels in enumerate(exam.slice(index)):
        series, instance = series_label(exam, k, index)
        place = Path(COLLECTION, patient, f"01-01-2020-PHANTOM-{exam.seed}", series)
        named = f"1-{instance:03d}.dcm"
        stored = named.replace("-0", "-", 1) if number % 2 == 0 else named
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / stored).write_bytes(dicom_bytes(exam, index, k, pixels, patient))
        original = f"DICOM_Images/{patient}/{ORIGINALS[k]}/{patient}_{ORIGINALS[k]}_{index + 1:03d}.dcm"
        rows.append((original, (place / named).as_posix()))
    return rows
