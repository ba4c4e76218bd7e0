"""How an upload reaches the server: into a file without a name, which no crash can leave behind."""

from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from detection.workspace import nameless_file
from imaging.errors import FILE_NAME, NOT_ANALYSABLE, LimitExceeded, ScanError
from imaging.wanted import ROLES

PART, ARCHIVE_NAME = "file", "series.zip"
PAGE_TOKEN = "csrfmiddlewaretoken"  # noqa: S105  # nosec B105  # a field's name: forms of our own pages bring it


class NoArchive(ScanError):
    code, title, lead = "no_archive", "The request holds no series.zip", FILE_NAME


class UnknownField(ScanError):
    code, title, lead = "unknown_field", "A form field cannot be read", NOT_ANALYSABLE


class LengthRequired(APIException):
    status_code, default_code = 411, "length_required"
    default_detail = "The request must state its Content-Length; a chunked body is not read."


class NamelessFileUploadHandler(FileUploadHandler):
    """Writes each uploaded file to one without a name in WORK_DIR."""

    chunk_size = 1 << 20

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        content = nameless_file(settings.WORK_DIR)  # the upload closes it
        self.file = UploadedFile(content, self.file_name, self.content_type, 0, self.charset, self.content_type_extra)

    def receive_data_chunk(self, raw_data, start):  # noqa: ARG002
        self.file.write(raw_data)

    def file_complete(self, file_size):
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self):
        if file := getattr(self, "file", None):
            with suppress(OSError):  # on a full disk what is still in memory cannot be written
                file.close()


def close_uploads(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: closes what came with a request. Of a file that broke off Django leaves that to the garbage
    collector, and its bytes would stay on the disk until then."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for handler in request.upload_handlers:
            handler.upload_interrupted()
        return response

    return middleware


def uploaded_archive(request: Request, any_name: bool = False) -> UploadedFile:
    """The file of the part ``file``, which must be named ``series.zip`` unless ``any_name``.

    Raises, before the body is read, LengthRequired when its length is not stated and LimitExceeded when it is larger
    than MAX_UPLOAD_MB; NoArchive when the file is not there.
    """
    if request.META.get("HTTP_TRANSFER_ENCODING"):
        raise LengthRequired
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > settings.MAX_UPLOAD_BYTES:
        raise LimitExceeded(f"The request is {length} bytes long; {settings.MAX_UPLOAD_BYTES} are the most.")
    archives = request.FILES.getlist(PART)
    if len(archives) != 1:
        told = f"A multipart form with one part named {PART!r} is needed, holding {ARCHIVE_NAME}"
        raise NoArchive(f"{told}; there are {len(archives)}.")
    archive = archives[0]
    if archive.name != ARCHIVE_NAME and not any_name:
        raise NoArchive(f"The file is named {archive.name!r}; {ARCHIVE_NAME!r} is needed.", (archive.name,))
    return archive


def wanted_passes(request: Request) -> dict[str, str]:
    """Which series the sender says is which: the form fields ``pre``, ``pass_1``, ``pass_2`` and ``pass_3``.

    Raises UnknownField for any other field, and for one that is empty, a file or there twice: it was meant to say
    something about the exam.
    """
    for name in (*request.POST, *request.FILES):
        if name not in (*ROLES, PART, PAGE_TOKEN):
            raise UnknownField(f"The field {name!r} is not read; {', '.join(ROLES)} are.")
    wanted = {role: request.POST.getlist(role) for role in ROLES}
    for role, values in wanted.items():
        if role in request.FILES or len(values) > 1 or values == [""]:
            raise UnknownField(f"The field {role!r} must hold one text.")
    return {role: values[0] for role, values in wanted.items() if values}
