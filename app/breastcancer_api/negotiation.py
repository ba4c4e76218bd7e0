"""Answers are JSON, whatever the client says it accepts: old clients say nothing sensible. A browser that asks for a
page gets one, where there is something to look at."""

from rest_framework.negotiation import BaseContentNegotiation


class JsonUnlessHtml(BaseContentNegotiation):
    def select_parser(self, request, parsers):
        kind = request.content_type.split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(self, request, renderers, format_suffix=None):  # noqa: ARG002
        wanted = "api" if "text/html" in request.headers.get("Accept", "") else "json"
        found = next((each for each in renderers if each.format == wanted), renderers[0])
        return found, found.media_type
