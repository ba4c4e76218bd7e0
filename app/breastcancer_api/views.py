"""The API. A view parses, calls one function and replies."""

from functools import partial

from django.urls import reverse
from rest_framework import status
from rest_framework.generics import RetrieveAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from breastcancer_api.clients import still_waits
from breastcancer_api.models import Study
from breastcancer_api.networks import networks_header
from breastcancer_api.places import place, turn
from breastcancer_api.serializers import StudySerializer
from breastcancer_api.studies import read_study, validate
from breastcancer_api.uploads import uploaded_archive, wanted_passes
from imaging.reading import read_any_layout


class UploadView(APIView):
    """``POST /upload/``, kept for old clients: series.zip goes in, a bare array of slice numbers comes out."""

    def post(self, request, *args, **kwargs):  # noqa: ARG002
        check = still_waits(request)
        with place(), uploaded_archive(request) as archive, turn(check):
            study = read_study(archive, check=check)
        return Response(study.positive_slices, status.HTTP_201_CREATED, headers=_headers(study))


class StudiesView(APIView):
    """``POST /studies/``: a zip of any layout goes in, the study comes out."""

    def post(self, request):
        check = still_waits(request)
        with place(), uploaded_archive(request, any_name=True) as archive, turn(check):
            study = read_study(archive, partial(read_any_layout, wanted=wanted_passes(request)), check)
        return Response(StudySerializer(study).data, status.HTTP_201_CREATED, headers=_headers(study))


class ValidateView(APIView):
    """``POST /validate/``: what is in a zip and whether it would be accepted. Nothing is kept."""

    def post(self, request):
        with place(), uploaded_archive(request, any_name=True) as archive, turn(still_waits(request)):
            return Response(validate(archive, wanted_passes(request)))


class StudyView(RetrieveAPIView):
    """``GET /studies/<id>/``: what is kept of one exam."""

    queryset = Study.objects.all()
    serializer_class = StudySerializer


def _headers(study: Study) -> dict[str, str]:
    return {
        "Location": reverse("study", args=[study.id]),
        "X-BreastWise-Networks": networks_header(study.networks),
    }
