"""Pages load from this server alone, so that they work in a house without the internet and tell nobody who looks."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# the scripts of the documentation build code and workers from text
POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'none'"


def local_assets(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that has browsers refuse every other host (Content Security Policy)."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return answer
