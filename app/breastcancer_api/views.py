"""The API. A view parses, calls one function and replies."""

import json
from collections.abc import Callable

import numpy as np
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView, ListAPIView, get_object_or_404
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from breastcancer_api import audit, schema
from breastcancer_api.access import PICTURES
from breastcancer_api.clients import still_waits
from breastcancer_api.compression import packed
from breastcancer_api.downloads import csv_lines, done, rows
from breastcancer_api.filters import Filters, Ordering, SliceFilter, StudyFilter
from breastcancer_api.forms import PNG, ZIP, Form, curve_at, made, reported, shown
from breastcancer_api.looking import layer_of, patient_of, pictures_of
from breastcancer_api.models import AuditEvent, Slice, Study
from breastcancer_api.networks import cards, networks_header
from breastcancer_api.places import looking, making, place, turn
from breastcancer_api.retention import erase
from breastcancer_api.sending import ASYNC, prefers_async, sent
from breastcancer_api.serializers import (
    ArchiveSerializer,
    CurveQuerySerializer,
    ListedStudySerializer,
    PictureQuerySerializer,
    SliceSerializer,
    StudySerializer,
    SyntheticQuerySerializer,
)
from breastcancer_api.studies import passport_of, validate
from breastcancer_api.synthetic import synthetic_exam
from breastcancer_api.uploads import ARCHIVE_NAME, uploaded_archive, wanted_passes
from reports.brightness import brightness, projection
from reports.pictures import picture, png

BYTES = "application/octet-stream"
# results of a patient are not to stay in a browser's or a proxy's cache
UNKEPT = {"Cache-Control": "no-store"}


class UploadView(APIView):
    """``POST /upload/``, kept for old clients: series.zip goes in, a bare array of slice numbers comes out."""

    renderer_classes = (JSONRenderer,)

    @schema.UPLOAD
    def post(self, request, *args, **kwargs):  # noqa: ARG002
        study = sent(request, any_layout=False, wait=True)
        return Response(study.positive_slices, status.HTTP_201_CREATED, headers=_location(study) | _origin(study))


class Asked:
    """Views that refuse a parameter that they do not read, whatever is asked of them."""

    query_class = Serializer  # of what they read: nothing

    def initial(self, request, *args, **kwargs):
        """Raises ValidationError."""
        super().initial(request, *args, **kwargs)
        self.query = _query(self.query_class, request)


class OwnStudies:
    """Views of the studies that the client may see; others are not there."""

    queryset = Study.objects.all()
    serializer_class = StudySerializer

    def get_queryset(self):
        return super().get_queryset().of(self.request.user)


class StudiesView(OwnStudies, ListAPIView):
    """``GET /studies/``: what was sent. ``POST``: a zip of any layout goes in, the study comes out."""

    filter_backends, filterset_class = (Filters, Ordering), StudyFilter
    ordering_fields = ("created_at", "finished_at", "state")

    @schema.LIST
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)

    @schema.SEND
    def post(self, request):
        study = sent(request, any_layout=True, wait=not prefers_async(request))
        body = dict(StudySerializer(study, context=self.get_serializer_context()).data)
        if not prefers_async(request):
            return Response(body, status.HTTP_201_CREATED, headers=_location(study) | _origin(study))
        return Response(body, status.HTTP_202_ACCEPTED, headers=_location(study) | {"Preference-Applied": ASYNC})

    def get_serializer_class(self):
        """Of a POST, the form that browsers see."""
        return ArchiveSerializer if self.request.method == "POST" else ListedStudySerializer


class ValidateView(APIView):
    """``POST /validate/``: what is in a zip and whether it would be accepted. Nothing is kept."""

    serializer_class = ArchiveSerializer  # the form that browsers see

    @schema.VALIDATE
    def post(self, request):
        with place(), uploaded_archive(request, any_name=True) as archive, turn(still_waits(request)):
            return Response(validate(archive, wanted_passes(request)))


class StudyView(Asked, OwnStudies, GenericAPIView):
    """``GET /studies/<id>/``: how far a study is and what it found. ``DELETE`` erases it."""

    @schema.STUDY
    def get(self, request, *args, **kwargs):  # noqa: ARG002
        study = audit.read(request, self.get_object())
        return Response(self.get_serializer(study).data, headers=_origin(study))

    @schema.ERASE
    def delete(self, request, *args, **kwargs):  # noqa: ARG002
        return Response(erase(self.get_object(), **audit.sender(request)))


class PassportView(Asked, OwnStudies, GenericAPIView):
    """``GET /studies/<id>/passport/``: what is in the exam, as soon as it is read."""

    @schema.PASSPORT
    def get(self, request, *args, **kwargs):  # noqa: ARG002
        study = self.get_object()
        body = passport_of(study)
        audit.looked_at(request, study)
        return Response(body, headers=UNKEPT)


class SlicesView(ListAPIView):
    """``GET /studies/<id>/slices/``: a row a slice."""

    queryset = Slice.objects.all()
    serializer_class = SliceSerializer
    filter_backends, filterset_class = (Filters, Ordering), SliceFilter
    ordering_fields = ("number", "position", "single_probability", "scantype_probability")

    @schema.SLICES
    def get(self, request, *args, **kwargs):
        answer = super().get(request, *args, **kwargs)
        audit.read(request, self.study)
        return Response(answer.data, headers=_origin(self.study))

    @cached_property
    def study(self) -> Study:
        """Raises NotDone."""
        return done(get_object_or_404(Study.objects.of(self.request.user), pk=self.kwargs["pk"]))

    def get_queryset(self):
        return super().get_queryset().filter(study=self.study)


class ResultsView(Asked, OwnStudies, GenericAPIView):
    """A whole result as one file."""

    def result(self) -> Study:
        """Raises NotDone."""
        return audit.read(self.request, done(self.get_object()))


class LookedAtView(ResultsView):
    """A part of a result, asked for many times while somebody looks at it."""

    throttle_scope = PICTURES

    def result(self) -> Study:
        """Raises NotDone."""
        return audit.looked_at(self.request, done(self.get_object()))


class ResultsJsonView(ResultsView):
    """``GET /studies/<id>/results.json``: the study with all its slices."""

    @schema.RESULTS_JSON
    def get(self, request, *args, **kwargs):  # noqa: ARG002
        study = self.result()
        body = self.get_serializer(study).data | {"slices": list(rows(study))}
        return Response(body, headers=_origin(study) | UNKEPT)


class ResultsCsvView(ResultsView):
    """``GET /studies/<id>/results.csv``: a line a slice."""

    @schema.RESULTS_CSV
    def get(self, request, *args, **kwargs):  # noqa: ARG002
        study = self.result()
        name = {"Content-Disposition": f'attachment; filename="breastwise-{study.pk}.csv"'}
        headers = name | _origin(study) | UNKEPT
        return StreamingHttpResponse(
            csv_lines(study, rows(study)), content_type="text/csv; charset=utf-8", headers=headers
        )


def form_view(form: Form) -> Callable:
    """The view of one of ``forms.FORMS``: ``GET /studies/<id>/results.pdf`` and its like."""

    class FormView(ResultsView):
        @schema.form(form)
        def get(self, request, *args, **kwargs):  # noqa: ARG002
            study = self.result()
            with making(), reported(study, still_waits(request)) as report:
                content = made(form, report)
            return FileResponse(content, content_type=form.content_type, headers=_named(study, form))

        def head(self, request, *args, **kwargs):  # noqa: ARG002
            """As ``get``, but that nothing is made and nothing goes out that would leave a trace."""
            study = done(self.get_object())
            with reported(study, still_waits(request)) as report:
                form.check(report)
            return _bodiless(form.content_type, _named(study, form))

    FormView.__doc__ = form.description
    return FormView.as_view()


class PictureView(LookedAtView):
    """``GET /studies/<id>/slices/<number>.png``: a slice as a picture."""

    query_class = PictureQuerySerializer

    @schema.PICTURE
    def get(self, request, *args, number, **kwargs):  # noqa: ARG002
        study = self.result()
        with making(), reported(study, still_waits(request)) as report:
            _there(study, number)
            content = png(picture(report, number, **self.query))
        return _file(content, PNG, study)

    def head(self, request, *args, number, **kwargs):  # noqa: ARG002
        """As ``get``, but that nothing is made and nothing goes out that would leave a trace."""
        study = done(self.get_object())
        _there(study, number)
        with shown(study):
            return _bodiless(PNG, _origin(study) | UNKEPT)


class CurveView(LookedAtView):
    """``GET /studies/<id>/slices/<number>/curve/``: how the tissue at a place takes up contrast."""

    query_class = CurveQuerySerializer

    @schema.CURVE
    def get(self, request, *args, number, **kwargs):  # noqa: ARG002
        study = self.result()
        with looking(), shown(study) as exam:
            _there(study, number)
            return Response(curve_at(exam, number, **self.query), headers=_origin(study) | UNKEPT)


class PicturesView(LookedAtView):
    """``GET /studies/<id>/pictures/``: what there is to look at."""

    @schema.PICTURES
    def get(self, request, *args, **kwargs):  # noqa: ARG002
        study = self.result()
        with shown(study) as exam:
            return Response(pictures_of(study, exam), headers=_origin(study) | UNKEPT)


class PixelsView(LookedAtView):
    """``GET /studies/<id>/slices/<number>/pixels``: the brightness of a slice before and in each pass."""

    @schema.PIXELS
    def get(self, request, *args, number, **kwargs):  # noqa: ARG002
        study = self.result()
        _there(study, number)
        with looking(), shown(study) as exam:
            return _numbers(request, brightness(exam, number), study)


class ProjectionPixelsView(LookedAtView):
    """``GET /studies/<id>/projection/pixels``: the maximum intensity projection in the same unit."""

    @schema.PROJECTION_PIXELS
    def get(self, request, *args, **kwargs):  # noqa: ARG002
        study = self.result()
        with making(), shown(study) as exam:
            return _numbers(request, projection(exam), study)


class LayerView(LookedAtView):
    """``GET /studies/<id>/slices/<number>/layers/<layer>.png``: what lies over the grey slice."""

    @schema.LAYER
    def get(self, request, *args, number, layer, **kwargs):  # noqa: ARG002
        study = self.result()
        _there(study, number)
        return _file(layer_of(study, number, layer, still_waits(request)), PNG, study)


class PatientView(Asked, OwnStudies, GenericAPIView):
    """``GET /studies/<id>/patient/``: whose the exam is, for who asks for that."""

    @schema.PATIENT
    def get(self, request, *args, **kwargs):  # noqa: ARG002
        study = done(self.get_object())
        with shown(study) as exam:
            body = patient_of(exam)
        audit.record(request, AuditEvent.Action.NAMED, study)
        return Response(body, headers=UNKEPT)


class NetworksView(Asked, APIView):
    """``GET /networks/``: the cards of the networks in use."""

    @schema.CARDS
    def get(self, request):  # noqa: ARG002
        return Response([json.loads(card.to_json()) for card in cards()])


class SyntheticView(Asked, APIView):
    """``GET /synthetic.zip``: a synthetic exam to try the server with."""

    query_class = SyntheticQuerySerializer

    @schema.SYNTHETIC
    def get(self, request):
        with making():
            exam = synthetic_exam(self.query["seed"], still_waits(request))
        return FileResponse(exam, as_attachment=True, filename=ARCHIVE_NAME, content_type=ZIP, headers=UNKEPT)


def _location(study: Study) -> dict[str, str]:
    return {"Location": reverse("study", args=[study.pk])}


def _origin(study: Study) -> dict[str, str]:
    """Which networks a result is from; nothing where there is none."""
    return {"X-BreastWise-Networks": networks_header(study.networks)} if study.networks else {}


def _named(study: Study, form: Form) -> dict[str, str]:
    """Headers of a form."""
    name = f'attachment; filename="breastwise-{study.pk}-{form.file}"'
    return {"Content-Disposition": name} | _origin(study) | UNKEPT


def _file(content: bytes, content_type: str, study: Study, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(content, content_type=content_type, headers=_origin(study) | UNKEPT | (headers or {}))


def _bodiless(content_type: str, headers: dict[str, str]) -> StreamingHttpResponse:
    """The answer to a HEAD: of one that does not stream, Django would tell that its body has no bytes."""
    return StreamingHttpResponse((), content_type=content_type, headers=headers)


def _numbers(request: Request, values: np.ndarray, study: Study) -> HttpResponse:
    """``values`` as they lie in memory, the last axis first to run."""
    content, headers = packed(values.data, request.headers.get("Accept-Encoding", ""))
    return _file(content, BYTES, study, headers)


def _query(serializer: type[Serializer], request: Request) -> dict:
    """What the query asks for. Raises ValidationError, also for parameters that are not known."""
    asked = serializer(data=request.query_params)
    if unknown := sorted(request.query_params.keys() - asked.fields.keys()):
        raise ValidationError({name: ["There is no such parameter."] for name in unknown})
    asked.is_valid(raise_exception=True)
    return asked.validated_data


def _there(study: Study, number: int) -> None:
    """Raises Http404 where the study has no slice of this number."""
    if not 1 <= number <= study.slice_count:
        raise Http404
