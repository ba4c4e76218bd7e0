"""Studies and their slices as JSON."""

from rest_framework import serializers
from rest_framework.reverse import reverse

from breastcancer_api.models import Slice, Study
from breastcancer_api.studies import problem_of
from breastcancer_api.synthetic import LARGEST_SEED, SEED
from imaging.exam import FOLDERS
from nets.bundle import ROLES
from reports.brightness import WINDOWS
from reports.layers import LAYERS
from reports.pictures import HEATED, KINDS

PARTS = {
    "slices": "study-slices",
    "results_json": "study-results-json",
    "results_csv": "study-results-csv",
    "results_pdf": "study-results-pdf",
    "structured_report": "study-sr-dcm",
    "heatmap": "study-heatmap-dcm",
    "overlays": "study-overlays-zip",
    "heatmap_single": "study-heatmap-single-dcm",
    "overlays_single": "study-overlays-single-zip",
    "montage": "study-montage-png",
    "mip": "study-mip-png",
    "pictures": "study-pictures",
    "passport": "study-passport",
    "patient": "study-patient",
}


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
    results_pdf = serializers.URLField()
    structured_report = serializers.URLField()
    heatmap = serializers.URLField()
    overlays = serializers.URLField()
    heatmap_single = serializers.URLField()
    overlays_single = serializers.URLField()
    montage = serializers.URLField()
    mip = serializers.URLField()
    pictures = serializers.URLField()
    passport = serializers.URLField()
    patient = serializers.URLField()


class PeakSerializer(serializers.Serializer):
    """The place in the best slice where the scantype network looked most. Rows and columns count from 0; mm in patient
    coordinates: left, back, head. The curve is the most suspicious one in the hot tissue around that place."""

    row = serializers.IntegerField()
    column = serializers.IntegerField()
    patient_position = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    side = serializers.ChoiceField(("left", "right", "middle"), allow_null=True)
    curve_row = serializers.IntegerField()
    curve_column = serializers.IntegerField()
    curve = serializers.ListField(child=serializers.FloatField())
    initial_rise = serializers.FloatField(allow_null=True)
    curve_type = serializers.CharField(allow_null=True, help_text="Null where it is too dark to tell.")


class AgreementSerializer(serializers.Serializer):
    """Shares, 0 to 1, of the scantype network's heat in the best slice: in tissue that takes up contrast, and by the
    type of its curve; in the air in front of the patient and in her chest, null where that cannot be told."""

    enhancing = serializers.FloatField()
    persistent = serializers.FloatField()
    plateau = serializers.FloatField()
    wash_out = serializers.FloatField()
    air = serializers.FloatField(allow_null=True)
    chest = serializers.FloatField(allow_null=True)


class FindingSerializer(serializers.Serializer):
    """Positive slices side by side; two findings where they show something in both breasts."""

    number = serializers.IntegerField()
    first_slice = serializers.IntegerField()
    last_slice = serializers.IntegerField()
    best_slice = serializers.IntegerField()
    extent = serializers.FloatField(allow_null=True, help_text="mm along the stack.")
    breast = serializers.ChoiceField(
        ("left", "right"), allow_null=True, help_text="Where both show something: the one that this is about, alone."
    )
    peak = PeakSerializer(allow_null=True)
    agreement = AgreementSerializer()
    warnings = serializers.ListField(child=serializers.CharField())


class PictureQuerySerializer(serializers.Serializer):
    """What a picture of a slice shows."""

    kind = serializers.ChoiceField(tuple(KINDS), default="1st_pass")
    heat = serializers.ChoiceField(ROLES, required=False, help_text="The network whose heat lies over it.")
    legend = serializers.BooleanField(default=False)

    def validate(self, attrs: dict) -> dict:
        if "heat" in attrs and attrs["kind"] not in HEATED:
            raise serializers.ValidationError({"heat": [f"It lies over one of {', '.join(HEATED)}."]})
        return attrs


class SyntheticQuerySerializer(serializers.Serializer):
    """Which synthetic exam: equal seeds are equal exams."""

    seed = serializers.IntegerField(min_value=0, max_value=LARGEST_SEED, default=SEED)


class CurveQuerySerializer(serializers.Serializer):
    """A place in a slice, counted from 0."""

    row = serializers.IntegerField(min_value=0)
    column = serializers.IntegerField(min_value=0)


class CurveSerializer(serializers.Serializer):
    """Mean of the 3 x 3 pixels around a place."""

    seconds = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    brightness = serializers.ListField(child=serializers.FloatField())
    initial_rise = serializers.FloatField(allow_null=True)
    delayed_change = serializers.FloatField(allow_null=True)
    curve_type = serializers.CharField(allow_null=True, help_text="Null where it is too dark to tell.")
    patient_position = serializers.ListField(child=serializers.FloatField(), allow_null=True)


class EdgesSerializer(serializers.Serializer):
    """Letters of the sides of the patient towards which the edges of a slice lie, the nearest side first."""

    left = serializers.CharField()
    right = serializers.CharField()
    top = serializers.CharField()
    bottom = serializers.CharField()


class SliceNormalSerializer(serializers.Serializer):
    """Sides of the patient towards which positions of slices fall, and rise."""

    negative = serializers.CharField()
    positive = serializers.CharField()


class WindowsSerializer(serializers.Serializer):
    """Brightness that is shown black, and white, at first."""

    def get_fields(self) -> dict[str, serializers.Field]:
        """By name: Python keeps one of them, ``pass``, for itself."""
        return {
            name: serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
            for name in WINDOWS
        }


class ShownPassSerializer(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    seconds = serializers.FloatField(allow_null=True, help_text="After pre.")


class LegendSerializer(serializers.Serializer):
    """A ramp of `colours` from `low` to `high`, or one `colour` and what its `text` says of it; as #rrggbb."""

    colours = serializers.ListField(child=serializers.CharField(), required=False)
    low = serializers.CharField(required=False)
    high = serializers.CharField(required=False)
    colour = serializers.CharField(required=False)
    text = serializers.CharField(required=False)


class LayerSerializer(serializers.Serializer):
    name = serializers.ChoiceField(tuple(LAYERS))
    title = serializers.CharField()
    caption = serializers.CharField()
    legend = LegendSerializer(many=True)


class PicturesSerializer(serializers.Serializer):
    """What there is to look at. Brightness is in the unit of `pixels`."""

    rows = serializers.IntegerField()
    columns = serializers.IntegerField()
    slice_count = serializers.IntegerField()
    pixel_spacing_mm = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    edges = EdgesSerializer(allow_null=True)
    slice_normal = SliceNormalSerializer(allow_null=True)
    windows = WindowsSerializer()
    passes = ShownPassSerializer(many=True)
    layers = LayerSerializer(many=True)
    research = serializers.CharField()


class PatientSerializer(serializers.Serializer):
    """Whose the exam is, as its headers say it: names with `^` between their parts, dates as YYYYMMDD; empty where
    they are silent."""

    patient_name = serializers.CharField()
    patient_id = serializers.CharField()
    patient_birth_date = serializers.CharField()
    study_date = serializers.CharField()
    accession_number = serializers.CharField()


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
    findings = FindingSerializer(many=True, read_only=True)
    warnings = serializers.ListField(child=serializers.CharField(), read_only=True)
    problem = serializers.SerializerMethodField()

    class Meta:
        model = Study
        fields = (
            *("id", "state", "created_at", "started_at", "finished_at", "progress", "slice_count", "slices_done"),
            *("positive_slices", "findings", "warnings", "networks", "problem", "links"),
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


class PassportSerializer(serializers.Serializer):
    """What is in an exam."""

    slice_count = serializers.IntegerField(allow_null=True)
    passes = PassSerializer(many=True)
    geometry = GeometrySerializer(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())
    series = FoundSerializer(many=True)
    ignored = IgnoredSerializer(many=True)
    ignored_count = serializers.IntegerField()


class ValidationSerializer(PassportSerializer):
    """What is in a zip, and whether it would be taken."""

    accepted = serializers.BooleanField()
    problems = ProblemSerializer(many=True)
    problem_count = serializers.IntegerField()
