"""What lists can be narrowed down to."""

from django_filters import rest_framework as filters

from breastcancer_api.models import Slice, Study


class StudyFilter(filters.FilterSet):
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Study
        fields = ("state",)


class SliceFilter(filters.FilterSet):
    first = filters.NumberFilter(field_name="number", lookup_expr="gte", min_value=1)
    last = filters.NumberFilter(field_name="number", lookup_expr="lte", min_value=1)
    single_at_least = filters.NumberFilter(field_name="single_probability", lookup_expr="gte")
    scantype_at_least = filters.NumberFilter(field_name="scantype_probability", lookup_expr="gte")

    class Meta:
        model = Slice
        fields = ("fused", "single_decision", "scantype_decision")
