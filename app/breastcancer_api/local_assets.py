"""Pages load from this server alone, so that they work in a house without the internet and tell nobody who looks."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse

HEADER = "Content-Security-Policy"
# the scripts of the documentation build code and workers from text
POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'none'"
# no script or style but a file of ours, so that no text from an exam can ever become one
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
View = Callable[..., HttpResponse]


def local_assets(get_response: View) -> View:
    """Middleware that has browsers refuse every other host (Content Security Policy)."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault(HEADER, POLICY)
        return response

    return answer


def strict(view: View) -> View:
    """The view of a page that is ours from its first line to its last."""

    @wraps(view)
    def answer(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers[HEADER] = STRICT
        return response

    return answer
