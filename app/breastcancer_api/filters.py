"""What lists can be narrowed down to, and in which order they come."""

import uuid
from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions
from rest_framework.filters import OrderingFilter

from breastcancer_api.models import Slice, Study
from breastcancer_api.pages import Pages

DECISIONS = ((0, "negative"), (1, "positive"))
SHARE = {"type": "number", "minimum": 0, "maximum": 1}
BEGINNING = r"([0-9a-fA-F]-?){1,32}"  # of an id, with its dashes or without
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
    def __init__(self, **kwargs):
        super().__init__(validators=[_exists_in_utc], **kwargs)


def _exists_in_utc(time: datetime) -> None:
    """Raises ValidationError."""
    try:
        time.astimezone(UTC)
    except OverflowError as error:
        raise ValidationError("Enter a time of the years 1 to 9999 in UTC.") from error


@extend_schema_field(_or_empty({"type": "string", "pattern": f"^{BEGINNING}$"}))
class BeginningFilter(filters.CharFilter):
    """The beginning of an id."""

    def __init__(self, **kwargs):
        told = RegexValidator(rf"\A{BEGINNING}\Z", "Enter the beginning of an id, such as 1f0c or 1f0c2a9b-77.")
        super().__init__(strip=False, validators=[told], **kwargs)

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        if not value:
            return qs
        digits = value.replace("-", "")
        first, last = (uuid.UUID(digits.ljust(32, end)) for end in "0f")  # databases keep ids in an order, and no text
        return qs.filter(**{f"{self.field_name}__range": (first, last)})


class StudyFilter(filters.FilterSet):
    search = BeginningFilter(field_name="id")
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


# REST framework and django-filter pass over what they cannot read


class Ordering(OrderingFilter):
    """Ends with the primary key: rows that tie would come on two pages, or on none."""

    def get_ordering(self, request, queryset, view):
        wanted = super().get_ordering(request, queryset, view)
        return wanted and [*wanted, "pk"]

    def remove_invalid_fields(self, queryset, fields, view, request):
        """Raises ValidationError."""
        if super().remove_invalid_fields(queryset, fields, view, request) != fields:
            allowed = ", ".join(view.ordering_fields)
            raise exceptions.ValidationError({self.ordering_param: [f"Enter some of {allowed}, with - downwards."]})
        return fields

    def get_schema_operation_parameters(self, view):
        found = super().get_schema_operation_parameters(view)
        term = f"-?({'|'.join(view.ordering_fields)})"
        found[0]["schema"]["pattern"] = f"^({term}(,{term})*)?$"
        return found


class Filters(filters.DjangoFilterBackend):
    def filter_queryset(self, request, queryset, view):
        """Raises ValidationError."""
        read = {*view.filterset_class.base_filters, Ordering.ordering_param}
        read |= {Pages.page_query_param, Pages.page_size_query_param}
        if unknown := sorted(request.query_params.keys() - read):
            raise exceptions.ValidationError({name: ["There is no such parameter."] for name in unknown})
        return super().filter_queryset(request, queryset, view)
