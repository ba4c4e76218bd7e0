"""How a line of the log is written: as text, or as JSON for programs. Neither holds the text of an exception, which can
be what a file says about its patient."""

import json
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.http import HttpRequest

from breastcancer_api import addresses, tracing

ACCESS = "gunicorn.access"
# what gunicorn says of an answer that failed while it was sent; the last argument is the address with its query
UNSENT = "Error handling request %s"
# what it says of a request that it does not understand; after the address of who asked follows what was asked
INVALID = "Invalid request from ip="
# what a message may bring along as ``extra``; all else stays out, such as requests with their headers
EXTRAS = ("study", "incident", "exception", "frames")
log = logging.getLogger(__name__)


class KnownAddresses(logging.Filter):
    """Puts ``addresses.told`` in the place of what a client asked for, where Django and gunicorn name that. Every line
    passes."""

    def filter(self, record):
        request, said = getattr(record, "request", None), str(record.msg)
        if record.name == ACCESS and isinstance(record.args, dict):
            record.args["U"] = addresses.told(record.args["U"] or "")
        elif isinstance(request, HttpRequest):
            typed = request.path.encode("unicode_escape").decode()  # as Django writes it
            record.args = tuple(addresses.told(request.path) if each == typed else each for each in record.args)
        elif said.startswith(UNSENT):
            record.args = (*record.args[:-1], addresses.told(record.args[-1].partition("?")[0]))
        elif said.startswith(INVALID):
            record.msg = said.partition(": ")[0]
        return True


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
