"""Why an exam was refused: small exceptions with a stable code, a reason in words and the files concerned."""

STRUCTURE = "Invalid folder structure."
NOT_ANALYSABLE = "Not analysable."
FILE_NAME = "Invalid file name: no series.zip found."


class FileProblem(Exception):
    """What is wrong with a file; the text completes a sentence that begins with the file's name."""


class OutOfTime(Exception):
    """Reading took longer than it may; that tells of the machine at least as much as of the exam."""


class ScanError(Exception):
    """An exam that cannot be read. Each child is one reason.

    ``code`` is stable: clients may rely on it. ``lead`` opens the text with the words the original system used.
    ``files`` are names inside the zip (``pre/001.dcm``); they may name a patient, so they are for the sender only and
    never for a log.
    """

    code = "unreadable_exam"
    title = "The exam cannot be read"
    lead = STRUCTURE

    def __init__(self, reason: str, files: tuple[str, ...] = ()):
        super().__init__(reason)
        self.reason, self.files = reason, tuple(files)

    @property
    def detail(self) -> str:
        return f"{self.lead} {self.reason}"


class NotAZip(ScanError):
    code, title, lead = "not_a_zip", "The upload is not a zip archive", FILE_NAME


class DamagedArchive(ScanError):
    code, title = "damaged_archive", "The archive is damaged"


class UnsafeMember(ScanError):
    code, title = "unsafe_member", "The archive holds something that is not unpacked"


class DuplicateMember(ScanError):
    code, title = "duplicate_member", "The archive holds a file twice"


class UnknownCompression(ScanError):
    code, title = "unknown_compression", "A file is compressed in a way that is not read"


class NestedArchive(ScanError):
    code, title = "nested_archive", "The archive holds another archive"


class EmptyArchive(ScanError):
    code, title = "empty_archive", "The archive holds no files"


class LimitExceeded(ScanError):
    code, title, lead = "limit_exceeded", "The archive is larger than this server takes", "The upload is too large."


class CompressionBomb(ScanError):
    code, title = "compression_bomb", "The archive unpacks to far more than an exam does"


class MissingFolder(ScanError):
    code, title = "missing_folder", "A folder is missing"


class AmbiguousMember(ScanError):
    code, title = "ambiguous_member", "It is not clear which file is which"


class UnequalCounts(ScanError):
    code, title = "unequal_counts", "The folders hold different numbers of slices"


class NamesDiffer(ScanError):
    code, title = "names_differ", "The file names do not match across the folders"


class NotADicomImage(ScanError):
    code, title = "not_a_dicom_image", "A file is not a DICOM image this system reads"


class OtherKind(NotADicomImage):
    """A file that is whole and something else than MR slices: a report, another modality, no DICOM at all."""


class SizesDiffer(ScanError):
    code, title = "sizes_differ", "The slices differ in size"


class TooFewPixels(ScanError):
    code, title, lead = "too_few_pixels", "The slices have too few pixels", NOT_ANALYSABLE


class PositionsDiffer(ScanError):
    code, title = "positions_differ", "The slices do not lie where they should"


class MixedExams(ScanError):
    code, title = "mixed_exams", "The files belong to different patients or studies"


class DuplicateSlice(ScanError):
    code, title = "duplicate_slice", "A slice is there twice"


class NoSignal(ScanError):
    code, title = "no_signal", "The images are empty"


class AmbiguousPasses(ScanError):
    code, title, lead = "ambiguous_passes", "It is not clear which series is which pass", NOT_ANALYSABLE


class MissingPasses(ScanError):
    code, title, lead = "missing_passes", "A pass is missing", NOT_ANALYSABLE


class PassesOutOfOrder(ScanError):
    code, title, lead = "passes_out_of_order", "The passes are not in the order of their times", NOT_ANALYSABLE


class NoUptake(ScanError):
    code, title, lead = "no_contrast_uptake", "No contrast agent is seen to arrive", NOT_ANALYSABLE


class NotABreast(ScanError):
    code, title, lead = "not_a_breast", "The exam shows another part of the body", NOT_ANALYSABLE


class NotAPass(ScanError):
    code, title, lead = "not_a_pass", "A folder holds images that are no pass of a dynamic exam", NOT_ANALYSABLE
