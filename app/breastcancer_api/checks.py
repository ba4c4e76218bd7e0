"""What ``manage.py check --deploy`` asks beside Django's own questions, in words of our settings."""

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def encrypted(**_: object) -> list[CheckMessage]:
    """Other machines come by https."""
    if settings.TLS or not settings.REACHED_BY_OTHERS:
        return []
    told = f"{settings.REACHED_BY_OTHERS}, and TLS is 0: exams, passwords and tokens pass unencrypted."
    return [Warning(told, hint="Let nginx or a proxy before it end TLS, and set TLS=1.", id="breastwise.W001")]
