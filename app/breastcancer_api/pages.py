"""Lists come in pages."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    page_size, page_size_query_param, max_page_size = 100, "page_size", 1000
