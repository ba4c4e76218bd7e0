"""What lists can be narrowed down to."""

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field

from breastcancer_api.models import Slice, Study

DECISIONS = ((0, "negative"), (1, "positive"))
SHARE = {"type": "number", "minimum": 0, "maximum": 1}
COUNT = {"type": "integer", "minimum": 1, "maximum": 1_000_000}


def _or_empty(schema: dict) -> dict:
    """A form that is left empty sends an empty text, which narrows nothing down."""
    return {"anyOf": [schema, {"type": "string", "maxLength": 0}]}


@extend_schema_field(_or_empty(COUNT))
class CountFilter(filters.NumberFilter):
    """The number of a slice, from 1."""

    def __init__(self, **kwargs):
        super().__init__(min_value=COUNT["minimum"], max_value=COUNT["maximum"], decimal_places=0, **kwargs)


@extend_schema_field(_or_empty(SHARE))
class ProbabilityFilter(filters.NumberFilter):
    def __init__(self, **kwargs):
        super().__init__(min_value=SHARE["minimum"], max_value=SHARE["maximum"], **kwargs)


@extend_schema_field(_or_empty({"type": "integer", "enum": [0, 1]}))
class DecisionFilter(filters.TypedChoiceFilter):
    def __init__(self, **kwargs):
        super().__init__(choices=DECISIONS, coerce=int, **kwargs)


@extend_schema_field(_or_empty({"type": "string", "format": "date-time"}))
class TimeFilter(filters.IsoDateTimeFilter):
    pass


class StudyFilter(filters.FilterSet):
    created_after = TimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = TimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Study
        fields = ("state",)


class SliceFilter(filters.FilterSet):
    first = CountFilter(field_name="number", lookup_expr="gte")
    last = CountFilter(field_name="number", lookup_expr="lte")
    single_at_least = ProbabilityFilter(field_name="single_probability", lookup_expr="gte")
    scantype_at_least = ProbabilityFilter(field_name="scantype_probability", lookup_expr="gte")
    fused = DecisionFilter()
    single_decision = DecisionFilter()
    scantype_decision = DecisionFilter()

    class Meta:
        model = Slice
        fields = ()
