"""What OpenAPI is told of each view beyond its code: headers, examples and every error (docs/schema.yaml)."""

from collections.abc import Callable, Iterable

from django.conf import settings
from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, OpenApiResponse, extend_schema

from breastcancer_api.claims import Erased, Taken
from breastcancer_api.clients import ClientGone
from breastcancer_api.forms import Form
from breastcancer_api.heats import NetworksChanged
from breastcancer_api.kept import NotKept
from breastcancer_api.places import Full
from breastcancer_api.problems import CONTENT_TYPE, problem
from breastcancer_api.serializers import (
    ArchiveSerializer,
    CurveQuerySerializer,
    CurveSerializer,
    ExamSerializer,
    ListedStudySerializer,
    PassportSerializer,
    PatientSerializer,
    PictureQuerySerializer,
    PicturesSerializer,
    ProblemSerializer,
    ReceiptSerializer,
    ResultSerializer,
    SliceSerializer,
    StudySerializer,
    SyntheticQuerySerializer,
    ValidationSerializer,
)
from breastcancer_api.studies import NotRead
from breastcancer_api.uploads import NoArchive, UnknownField
from imaging.errors import LimitExceeded, ScanError
from reports.errors import FormError
from reports.layers import LAYERS


class OurSessionScheme(SessionScheme):
    target_class = "breastcancer_api.access.Session"


class BearerScheme(OpenApiAuthenticationExtension):
    target_class, name = "breastcancer_api.access.BearerToken", "token"

    def get_security_definition(self, auto_schema):  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "description": "Made by `manage.py token` or in the admin."}

    def get_security_requirement(self, auto_schema):  # noqa: ARG002
        """Where everybody may use the API, a token or nothing."""
        return [{self.name: []}, {}] if settings.ANONYMOUS else [{self.name: []}]


KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    OpenApiParameter.HEADER,
    description="A second request with the same key and body is answered with the first one's study.",
)
PREFER = OpenApiParameter(
    "Prefer",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="`respond-async`: do not wait, answer 202 with where the study will be (RFC 7240).",
)
ENCODING = {"file": {"contentType": "application/zip"}}
LOCATION = OpenApiParameter("Location", OpenApiTypes.URI, OpenApiParameter.HEADER, response=[201, 202])
NETWORKS = OpenApiParameter(
    "X-BreastWise-Networks",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Which networks the result is from, and what it is for.",
    response=[200, 201],
)
# status -> (code, when) of errors that are no exam's fault
COMMON = {
    401: (
        ("not_authenticated", "no token, and anonymous use is off"),
        ("authentication_failed", "no such token, or `Authorization` is of another form"),
    ),
    403: (("permission_denied", "a form of a browser without its CSRF token"),),
    429: (("throttled", "more requests than UPLOAD_RATE, PICTURE_RATE or REQUEST_RATE; `Retry-After` says when"),),
    500: (("internal_error", "unforeseen; `detail` holds an id, the server's log holds the rest"),),
}
AWAY = (
    ("database_away", "the database does not answer; `Retry-After` says when to come again"),
    ("no_room", "a disk of the server is full; likewise"),
)
MISSING = {404: (("not_found", "no such study, or it is not yours"),)}
NOT_DONE = {409: (("not_done", "the study has no result yet, or ended without one"),)}
BAD_QUERY = {400: (("bad_query", "a filter, an order or a page cannot be read, or a parameter is not known"),)}
BODY = {
    408: ((ClientGone.default_code, "the sender closed the connection, or half of it, before the answer"),),
    411: (("length_required", "the request does not state its Content-Length"),),
    413: ((LimitExceeded.code, "more bytes or files than the limits"),),
    415: (("unsupported_media_type", "the body is no form"),),
    503: ((Full.default_code, "as many exams as the server takes are in it; `Retry-After` says when to come again"),),
    504: (("time_up", "the exam was not read within REQUEST_TIMEOUT_SECONDS"),),
}
WORK = {
    409: (
        ("key_used", "the key came before with another body"),
        (Taken.default_code, "the study was ended or begun by another process while it was read"),
    ),
    410: ((Erased.default_code, "the study was erased while it was read"),),
    500: (
        *COMMON[500],
        ("worker_lost", "with workers: two of them ended without an answer over this exam"),
        ("archive_lost", "with workers: what was sent was not there any more, or not whole, when its turn came"),
    ),
}


def _refusals(kinds: Iterable[type[ScanError]]) -> tuple[tuple[str, str], ...]:
    found = {kind.code: kind.title for kind in kinds if kind.code != LimitExceeded.code}
    return tuple(found.items())


def _children(kind: type) -> list[type]:
    return [each for child in kind.__subclasses__() for each in (child, *_children(child))]


OF_AN_EXAM = _refusals(each for each in _children(ScanError) if each not in (NoArchive, UnknownField))
OF_A_FORM = (
    *_refusals((NoArchive, UnknownField)),
    ("bad_request", "the form cannot be read"),
    ("incomplete_body", "the request broke off"),
    ("bad_idempotency_key", "no 1 to 255 printable characters"),
)
EXAM = BODY | WORK | {400: (*OF_A_FORM, *OF_AN_EXAM)}
FORM = BODY | {400: OF_A_FORM}


def _problems(*tables: dict[int, tuple[tuple[str, str], ...]]) -> dict:
    found = {status: codes for table in (COMMON, *tables) for status, codes in table.items()}
    found[503] = (*found.get(503, ()), *AWAY)
    return {(status, CONTENT_TYPE): _problem(status, codes) for status, codes in sorted(found.items())}


def _problem(status: int, codes: tuple[tuple[str, str], ...]) -> OpenApiResponse:
    listed = "\n".join(f"- `{code}`: {when}" for code, when in codes)
    code, when = codes[0]
    example = OpenApiExample(code, problem(status, code, when, when), response_only=True, status_codes=[str(status)])
    return OpenApiResponse(ProblemSerializer, description=listed, examples=[example])


STATUS = {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}
NETWORK = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("role", "name", "version", "sha256")},
}
READINESS = STATUS | {
    "properties": STATUS["properties"]
    | {
        "parts": {"type": "array", "items": {"type": "string"}, "description": "What an exam needs, all of it there."},
        "networks": {"type": "array", "items": NETWORK},
    }
}
ALIVE = extend_schema(
    operation_id="livez",
    description="Whether the process lives.",
    responses={(200, "application/json"): STATUS},
)
READY = extend_schema(
    operation_id="readyz",
    description="Whether an exam could be read: the database answers, both networks have answered rightly on stored "
    "slices (with workers: the broker answers), and there is room for the largest exam.",
    responses={
        (200, "application/json"): READINESS,
        (503, CONTENT_TYPE): _problem(503, (("unavailable", "parts cannot be used; `detail` names each"),)),
    },
)
METRICS = extend_schema(
    operation_id="metrics",
    description="Figures for Prometheus, in its text format.",
    responses={(200, "text/plain"): OpenApiTypes.STR} | _problems(),
)
NUMBERS = OpenApiResponse(
    {"type": "array", "items": {"type": "integer", "minimum": 1}},
    description="Numbers, from 1, of the slices in which a tumour is seen.",
    examples=[OpenApiExample("three slices", [10, 11, 12]), OpenApiExample("none", [])],
)
UPLOAD = extend_schema(
    operation_id="upload",
    description="series.zip goes in, slice numbers come out. Waits for the answer.",
    request={"multipart/form-data": OpenApiRequest(ArchiveSerializer, encoding=ENCODING)},
    parameters=[KEY, LOCATION, NETWORKS],
    responses={(201, "application/json"): NUMBERS} | _problems(EXAM),
)
SEND = extend_schema(
    operation_id="send_study",
    description="A zip of any layout goes in, the study comes out: done, or with `Prefer: respond-async` queued.",
    request={"multipart/form-data": OpenApiRequest(ExamSerializer, encoding=ENCODING)},
    parameters=[KEY, PREFER, LOCATION, NETWORKS],
    responses={(201, "application/json"): StudySerializer, (202, "application/json"): StudySerializer}
    | _problems(EXAM),
)
VALIDATE = extend_schema(
    operation_id="validate",
    description="What is in a zip and whether it would be accepted. No network runs and nothing is kept.",
    request={"multipart/form-data": OpenApiRequest(ExamSerializer, encoding=ENCODING)},
    responses={(200, "application/json"): ValidationSerializer} | _problems(FORM),
)
LIST = extend_schema(
    operation_id="list_studies",
    description="What you sent, latest first, without results; staff see all.",
    responses={(200, "application/json"): ListedStudySerializer(many=True)} | _problems(BAD_QUERY, MISSING),
)
STUDY = extend_schema(
    operation_id="get_study",
    description="How far a study is, and what it found.",
    parameters=[NETWORKS],
    responses={(200, "application/json"): StudySerializer} | _problems(BAD_QUERY, MISSING),
)
ERASE = extend_schema(
    operation_id="erase_study",
    description="Erases all that is kept of a study, also while it runs.",
    responses={(200, "application/json"): ReceiptSerializer} | _problems(BAD_QUERY, MISSING),
)
SLICES = extend_schema(
    operation_id="list_slices",
    description="A row a slice.",
    parameters=[NETWORKS],
    responses={(200, "application/json"): SliceSerializer(many=True)} | _problems(BAD_QUERY, MISSING, NOT_DONE),
)
RESULTS_JSON = extend_schema(
    operation_id="get_results_json",
    description="The study with all its slices.",
    parameters=[NETWORKS],
    responses={(200, "application/json"): ResultSerializer} | _problems(BAD_QUERY, MISSING, NOT_DONE),
)
RESULTS_CSV = extend_schema(
    operation_id="get_results_csv",
    description="A line a slice (RFC 4180), names of columns first.",
    parameters=[NETWORKS],
    responses={(200, "text/csv"): OpenApiTypes.STR} | _problems(BAD_QUERY, MISSING, NOT_DONE),
)
KEPT = {
    410: (
        (NotKept.default_code, "the pictures are not kept, or not any more (RETENTION_HOURS)"),
        (Erased.default_code, "the study was erased meanwhile"),
    ),
}
OF_HEAT = (NetworksChanged.default_code, "other networks are in use than those that read the study")
MADE = KEPT | {
    408: BODY[408],
    409: (*NOT_DONE[409], OF_HEAT),
    503: (
        (Full.default_code, "as many reports and pictures as the server makes at once are being made"),
        ("unavailable", "with workers: they cannot be asked for heat now"),
    ),
    504: (("time_up", "with workers: none made the heat within REQUEST_TIMEOUT_SECONDS"),),
}
PASSPORT = extend_schema(
    operation_id="get_passport",
    description="What is in the exam, as `POST /validate/` says it: known as soon as it is read, for an hour.",
    responses={(200, "application/json"): PassportSerializer}
    | _problems(
        BAD_QUERY,
        MISSING,
        {
            409: ((NotRead.default_code, "the exam is not read yet"),),
            410: ((NotKept.default_code, "an hour is over, or the exam was refused before it was read"),),
        },
    ),
)
BINARY = {"type": "string", "format": "binary"}


def form(form: Form) -> Callable:
    """What OpenAPI is told of a form of the result."""
    unmade = {409: (*MADE[409], *((each.code, each.title) for each in _children(FormError)))}
    return extend_schema(
        operation_id=f"get_{form.file.replace('.', '_').replace('-', '_')}",
        description=form.description,
        parameters=[NETWORKS],
        responses={(200, form.content_type): BINARY} | _problems(BAD_QUERY, MISSING, MADE, unmade),
    )


PICTURE = extend_schema(
    operation_id="get_picture",
    description="A slice, counted from 1, as a picture; with the heat of a network over it, and a legend.",
    parameters=[PictureQuerySerializer, NETWORKS],
    responses={(200, "image/png"): BINARY} | _problems(BAD_QUERY, MISSING, MADE),
)
FULL = {503: ((Full.default_code, "as many slices as the server shows at once are being shown"),)}
CURVE = extend_schema(
    operation_id="get_curve",
    description="How the tissue at a place of a slice takes up contrast.",
    parameters=[CurveQuerySerializer, NETWORKS],
    responses={(200, "application/json"): CurveSerializer} | _problems(BAD_QUERY, MISSING, NOT_DONE, KEPT, FULL),
)
PICTURES = extend_schema(
    operation_id="get_pictures",
    description="What there is to look at: size, sides, passes, layers and what their colours mean.",
    parameters=[NETWORKS],
    responses={(200, "application/json"): PicturesSerializer} | _problems(BAD_QUERY, MISSING, NOT_DONE, KEPT),
)
PIXELS = extend_schema(
    operation_id="get_pixels",
    description="The brightness of a slice, counted from 1, before and in each pass: (4, rows, columns) 16-bit "
    "integers, little-endian, one scale for the exam: 4096 is what all but a thousandth of its first pass stay below.",
    parameters=[NETWORKS],
    responses={(200, "application/octet-stream"): BINARY} | _problems(BAD_QUERY, MISSING, NOT_DONE, KEPT, FULL),
)
PROJECTION_PIXELS = extend_schema(
    operation_id="get_projection_pixels",
    description="Maximum intensity projection of the first pass less before contrast, (rows, columns), in the same "
    "unit.",
    parameters=[NETWORKS],
    responses={(200, "application/octet-stream"): BINARY} | _problems(BAD_QUERY, MISSING, NOT_DONE, KEPT, FULL),
)
LAYER = extend_schema(
    operation_id="get_layer",
    description="What lies over a grey slice, counted from 1, as a PNG of (rows, columns) with opacity.",
    parameters=[OpenApiParameter("layer", OpenApiTypes.STR, OpenApiParameter.PATH, enum=tuple(LAYERS)), NETWORKS],
    responses={(200, "image/png"): BINARY} | _problems(BAD_QUERY, MISSING, MADE),
)
PATIENT = extend_schema(
    operation_id="get_patient",
    description="Whose the exam is, as its headers say it. The trail keeps who asked.",
    responses={(200, "application/json"): PatientSerializer} | _problems(BAD_QUERY, MISSING, NOT_DONE, KEPT),
)
CARDS = extend_schema(
    operation_id="list_networks",
    description="The cards of the networks in use: what they are, how they were made and what they reach.",
    responses={(200, "application/json"): {"type": "array", "items": {"type": "object"}}} | _problems(BAD_QUERY),
)
SYNTHETIC = extend_schema(
    operation_id="get_synthetic_exam",
    description="A synthetic exam of 48 slices to try the server with, as a zip that `POST /upload/` takes.",
    parameters=[SyntheticQuerySerializer],
    responses={(200, "application/zip"): BINARY} | _problems(BAD_QUERY, {408: BODY[408], 503: MADE[503][:1]}),
)
