"""Lists come in pages."""

import re

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination

MOST = 1_000_000  # pages


class Pages(PageNumberPagination):
    page_size, page_size_query_param, max_page_size = 100, "page_size", 1000

    # REST framework falls back to a default in silence where it cannot read a number

    def get_page_number(self, request, paginator):  # noqa: ARG002
        """Raises ValidationError."""
        return self._number(request, self.page_query_param, default=1, most=MOST)

    def get_page_size(self, request):
        """Raises ValidationError."""
        return self._number(request, self.page_size_query_param, default=self.page_size, most=self.max_page_size)

    def _number(self, request, name: str, default: int, most: int) -> int:
        wanted = request.query_params.get(name, str(default))
        if not (re.fullmatch("[0-9]{1,9}", wanted) and 1 <= int(wanted) <= most):
            raise ValidationError({name: [f"Enter a number from 1 to {most}."]})
        return int(wanted)

    def get_schema_operation_parameters(self, view):
        """The limits belong to the description, too."""
        found = super().get_schema_operation_parameters(view)
        for each in found:
            size = each["name"] == self.page_size_query_param
            each["schema"] |= {"minimum": 1, "maximum": self.max_page_size if size else MOST}
        return found
