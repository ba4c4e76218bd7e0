"""The API. A view parses, calls one function and replies."""

from django.urls import reverse
from rest_framework import status
from rest_framework.generics import RetrieveAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from breastcancer_api.models import Study
from breastcancer_api.networks import networks_header
from breastcancer_api.places import place, turn
from breastcancer_api.serializers import StudySerializer
from breastcancer_api.studies import read_study
from breastcancer_api.uploads import uploaded_archive


class UploadView(APIView):
    """``POST /upload/``, kept for old clients: series.zip goes in, a bare array of slice numbers comes out."""

    def post(self, request, *args, **kwargs):  # noqa: ARG002
        with place():
            archive = uploaded_archive(request)
            with turn():
                study = read_study(archive)
        headers = {
            "Location": reverse("study", args=[study.id]),
            "X-BreastWise-Networks": networks_header(study.networks),
        }
        return Response(study.positive_slices, status.HTTP_201_CREATED, headers=headers)


class StudyView(RetrieveAPIView):
    """``GET /studies/<id>/``: what is kept of one exam."""

    queryset = Study.objects.all()
    serializer_class = StudySerializer
