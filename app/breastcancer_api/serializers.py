"""Studies and their slices as JSON."""

from rest_framework import serializers
from rest_framework.reverse import reverse

from breastcancer_api.models import Slice, Study
from breastcancer_api.studies import problem_of
from imaging.exam import FOLDERS

PARTS = {"slices": "study-slices", "results_json": "study-results-json", "results_csv": "study-results-csv"}


class ArchiveSerializer(serializers.Serializer):
    """The form of ``POST /upload/``."""

    file = serializers.FileField(help_text="The exam; `/upload/` wants it named series.zip.")


class ExamSerializer(ArchiveSerializer):
    """The form of ``POST /studies/``: the fields say which series is which, where headers leave that open."""

    pre = serializers.CharField(required=False)
    pass_1 = serializers.CharField(required=False)
    pass_2 = serializers.CharField(required=False)
    pass_3 = serializers.CharField(required=False)


class NetworkSerializer(serializers.Serializer):
    role = serializers.CharField()
    name = serializers.CharField()
    version = serializers.CharField()
    sha256 = serializers.CharField()


class NamedFileSerializer(serializers.Serializer):
    file = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """An error (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    errors = NamedFileSerializer(many=True)


class LinksSerializer(serializers.Serializer):
    self = serializers.URLField()
    slices = serializers.URLField()
    results_json = serializers.URLField()
    results_csv = serializers.URLField()


class ListedStudySerializer(serializers.ModelSerializer):
    """A study without its result, which is told where the trail keeps who read it."""

    networks = NetworkSerializer(many=True, read_only=True)
    links = serializers.SerializerMethodField()

    class Meta:
        model = Study
        fields = (
            *("id", "state", "created_at", "started_at", "finished_at", "progress", "slice_count", "slices_done"),
            *("networks", "links"),
        )
        read_only_fields = fields

    def get_links(self, study: Study) -> LinksSerializer:
        names = {"self": "study"} | PARTS
        return {name: reverse(view, [study.pk], request=self.context.get("request")) for name, view in names.items()}


class StudySerializer(ListedStudySerializer):
    positive_slices = serializers.ListField(child=serializers.IntegerField(), allow_null=True, read_only=True)
    warnings = serializers.ListField(child=serializers.CharField(), read_only=True)
    problem = serializers.SerializerMethodField()

    class Meta:
        model = Study
        fields = (
            *("id", "state", "created_at", "started_at", "finished_at", "progress", "slice_count", "slices_done"),
            *("positive_slices", "warnings", "networks", "problem", "links"),
        )
        read_only_fields = fields

    def get_problem(self, study: Study) -> ProblemSerializer(allow_null=True):
        return problem_of(study)


class SliceSerializer(serializers.ModelSerializer):
    sop_instance_uids = serializers.SerializerMethodField()

    class Meta:
        model = Slice
        fields = (
            *("number", "file", "position", "sop_instance_uids"),
            *("single_probability", "single_decision", "scantype_probability", "scantype_decision", "fused", "reason"),
        )
        read_only_fields = fields

    def get_sop_instance_uids(self, row: Slice) -> dict[str, str]:
        return dict(zip(FOLDERS, row.sop_instance_uids or [""] * len(FOLDERS), strict=True))


class ReceiptRowsSerializer(serializers.Serializer):
    studies = serializers.IntegerField()
    slices = serializers.IntegerField()


class ErasedFileSerializer(serializers.Serializer):
    name = serializers.CharField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()


class ReceiptSerializer(serializers.Serializer):
    """What was erased. It names no patient."""

    study = serializers.UUIDField()
    erased_at = serializers.DateTimeField()
    rows = ReceiptRowsSerializer()
    files = ErasedFileSerializer(many=True)


class ResultSerializer(StudySerializer):
    """A study with all its slices."""

    slices = SliceSerializer(many=True)

    class Meta(StudySerializer.Meta):
        fields = (*StudySerializer.Meta.fields, "slices")
        read_only_fields = fields


class PassSerializer(serializers.Serializer):
    role = serializers.CharField()
    series_number = serializers.IntegerField(allow_null=True)
    series_description = serializers.CharField()
    seconds_after_pre = serializers.FloatField(allow_null=True)
    first_slice = serializers.CharField()
    last_slice = serializers.CharField()


class GeometrySerializer(serializers.Serializer):
    rows = serializers.IntegerField()
    columns = serializers.IntegerField()
    pixel_spacing_mm = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    slice_spacing_mm = serializers.FloatField(allow_null=True)
    orientation = serializers.CharField(allow_null=True)
    numbered_from = serializers.CharField(allow_null=True)


class FoundSerializer(serializers.Serializer):
    label = serializers.CharField()
    slice_count = serializers.IntegerField()
    reason = serializers.CharField()


class IgnoredSerializer(serializers.Serializer):
    label = serializers.CharField()
    reason = serializers.CharField()


class ValidationSerializer(serializers.Serializer):
    """What is in a zip."""

    accepted = serializers.BooleanField()
    problems = ProblemSerializer(many=True)
    slice_count = serializers.IntegerField(allow_null=True)
    passes = PassSerializer(many=True)
    geometry = GeometrySerializer(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())
    series = FoundSerializer(many=True)
    ignored = IgnoredSerializer(many=True)
