"""Studies as JSON."""

from rest_framework import serializers

from breastcancer_api.models import Study


class StudySerializer(serializers.ModelSerializer):
    class Meta:
        model = Study
        fields = ("id", "state", "created_at", "slice_count", "positive_slices", "warnings", "networks")
