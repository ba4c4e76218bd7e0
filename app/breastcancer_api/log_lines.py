"""How a line of the log is written: as text, or as JSON for programs. Neither holds the text of an exception, which can
be what a file says about its patient."""

import json
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from breastcancer_api import tracing

ACCESS = "gunicorn.access"
# what a message may bring along as ``extra``; all else stays out, such as requests with their headers
EXTRAS = ("study", "incident", "exception", "frames")
log = logging.getLogger(__name__)


class TextLine(logging.Formatter):
    """Of an exception its kind and its place in the code."""

    def format(self, record):
        return "\n".join([super().format(record), *("".join(getattr(record, "frames", ())).splitlines())])

    def formatException(self, exc_info):
        told = described(exc_info[1])
        return "".join([*told["frames"], told["exception"]])


class JsonLine(logging.Formatter):
    """An object a line: ``time`` (ISO 8601, UTC), ``level``, ``logger``, ``message``; ``request``, ``study`` and
    ``incident`` where they are known; of an exception ``exception``, its kind, and ``frames``, its place in the code;
    and of an access ``method``, ``path``, ``status``, ``bytes`` and ``seconds``."""

    def format(self, record):
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= tracing.now()
        if record.exc_info and record.exc_info[1]:
            line |= described(record.exc_info[1])
        if record.name == ACCESS and isinstance(record.args, dict):
            line |= _access(record.args)
        return json.dumps(line | {name: getattr(record, name) for name in EXTRAS if hasattr(record, name)})


def described(error: BaseException) -> dict:
    """What may be told of ``error``: ``exception``, its kind, and ``frames``, from the outermost to the innermost, of
    those that led to it, too."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    led = [*described(before)["frames"], f"{type(before).__name__}, and then\n"] if before else []
    return {"exception": type(error).__name__, "frames": [*led, *traceback.format_tb(error.__traceback__)]}


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Logs why the body failed, the exception's text and all. For what happens before any exam is there."""
    try:
        yield
    except Exception as error:
        log.critical("%s: %s: %s", what, type(error).__name__, error)
        raise


def _access(atoms: dict) -> dict:
    """``atoms`` is what gunicorn knows of a request; by then Django has forgotten its id."""
    found = {"method": atoms["m"], "path": atoms["U"], "status": int(atoms["s"]), "bytes": atoms["B"]}
    name = atoms[f"{{{tracing.HEADER.lower()}}}o"]
    return found | {"seconds": float(atoms["L"])} | ({} if name == "-" else {"request": name})
