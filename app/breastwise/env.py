"""Every setting of BreastWise, read from environment variables in one place.

A bad value stops the start with the variable's name and the value it got. A secret can come from a file instead:
``SECRET_KEY_FILE=/run/secrets/key`` stands for ``SECRET_KEY``.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace

APP = Path(__file__).resolve().parent.parent
STATE = APP.parent / "state"
BUCKET = "s3://"
LEAST_KEY, LEAST_CHARACTERS = 50, 5


class SettingError(Exception):
    """An environment variable holds a value that cannot be used; the text names both."""


@dataclass(frozen=True)
class Setting:
    """``read`` turns the variable's text into its value, or raises ValueError with the reason.

    ``default`` is a text as it would stand in the environment. ``meaning`` says the unit.
    """

    name: str
    read: Callable[[str], object]
    default: str
    meaning: str
    secret: bool = False


def text(value: str) -> str:
    return value


def boolean(value: str) -> bool:
    if value.lower() in ("1", "true", "yes", "on"):
        return True
    if value.lower() in ("0", "false", "no", "off", ""):
        return False
    raise ValueError("is neither 1 nor 0")


def key(value: str) -> str:
    """A text that nobody guesses, as long as Django asks for, or none."""
    if value and (len(value) < LEAST_KEY or len(set(value)) < LEAST_CHARACTERS):
        raise ValueError(f"is shorter than {LEAST_KEY} characters, or has fewer than {LEAST_CHARACTERS} different ones")
    return value


def at_least(minimum: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not value.isdecimal() or int(value) < minimum:
            raise ValueError(f"is not a whole number of at least {minimum}")
        return int(value)

    return read


def between(minimum: int, maximum: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not value.isdecimal() or not minimum <= int(value) <= maximum:
            raise ValueError(f"is not a whole number from {minimum} to {maximum}")
        return int(value)

    return read


def one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"is not one of {', '.join(choices)}")
        return value

    return read


def rate(value: str) -> str | None:
    if value == "none":
        return None
    if not re.fullmatch(r"[1-9][0-9]*/(second|minute|hour|day)", value):
        raise ValueError("is no number of requests in a time, such as 60/minute")
    return value


def words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def path(value: str) -> Path:
    if not value:
        raise ValueError("is empty, a folder is needed")
    return Path(value).resolve()


def address(value: str) -> tuple[str, int] | None:
    """Host and port; None where the text is empty."""
    host, _, port = value.rpartition(":")
    if value and not (host and port.isdecimal() and 0 < int(port) < 1 << 16):
        raise ValueError("is no address with a port, such as 0.0.0.0:9464")
    return (host.strip("[]"), int(port)) if value else None


def folder_or_bucket(value: str) -> str:
    """``s3://bucket/prefix`` as it is, or the absolute path of a folder."""
    if not value.startswith(BUCKET):
        return str(path(value))
    if not value.removeprefix(BUCKET).partition("/")[0]:
        raise ValueError("names no bucket")
    return value


SETTINGS = (
    Setting(
        "SECRET_KEY",
        key,
        "",
        "Signs sessions, 50 characters or more. Empty: made at the first start and kept in STATE_DIR.",
        True,
    ),
    Setting("DEBUG", boolean, "0", "1 shows Django's debug pages. Never where others can reach the server."),
    Setting("ALLOWED_HOSTS", words, "127.0.0.1,localhost,[::1]", "Host names the server answers to, with commas."),
    Setting("LOG_LEVEL", one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", "Least level that is logged."),
    Setting("LOG_FORMAT", one_of("line", "json"), "line", "json: an object a line, to stdout. line: text, to stderr."),
    Setting("STATE_DIR", path, str(STATE), "Folder for what must outlive a restart: secret key, SQLite database."),
    Setting("WORK_DIR", path, str(STATE / "work"), "Folder for uploads and reports in hand; empty between requests."),
    Setting("STATIC_ROOT", path, str(STATE / "static"), "Folder into which static files are collected."),
    Setting("NETWORKS_DIR", path, str(APP / "nets" / "bundles"), "Folder of the two networks."),
    Setting(
        "PRECISION",
        one_of("auto", "float32", "bfloat16"),
        "auto",
        "Precision in which the networks compute. auto: bfloat16 where the device computes it natively.",
    ),
    Setting(
        "DEVICE", one_of("auto", "cpu", "cuda"), "auto", "Device on which the networks run. auto: a GPU where one is."
    ),
    Setting("DATABASE_HOST", text, "", "Host of PostgreSQL. Empty: SQLite in STATE_DIR."),
    Setting("DATABASE_PORT", at_least(1), "5432", "Port of PostgreSQL."),
    Setting("DATABASE_NAME", text, "breastwise", "Database in PostgreSQL."),
    Setting("DATABASE_USER", text, "breastwise", "User in PostgreSQL."),
    Setting("DATABASE_PASSWORD", text, "", "Password of that user.", True),
    Setting("MAX_UPLOAD_MB", at_least(1), "1024", "Largest upload, in MB of 1,000,000 bytes. nginx reads it too."),
    Setting("MAX_UNPACKED_MB", at_least(1), "4096", "Largest unpacked exam, in MB of 1,000,000 bytes."),
    Setting("MAX_FILES", at_least(4), "4000", "Most files in one upload."),
    Setting(
        "MAX_COMPRESSION_RATIO",
        at_least(1),
        "600",
        "Most bytes to which one byte of an upload may unpack, over the whole upload.",
    ),
    Setting(
        "REQUEST_TIMEOUT_SECONDS",
        at_least(1),
        "1800",
        "Longest wait for an answer, in seconds: of nginx, and of a worker for an exam.",
    ),
    Setting(
        "SILENCE_SECONDS",
        at_least(1),
        "60",
        "Longest pause of a client who sends an exam, in seconds. nginx reads it too.",
    ),
    Setting("BIND", text, "127.0.0.1:8000", "Address and port on which gunicorn listens."),
    Setting("PUBLISHED", text, "", "Address at which clients reach the server, where that is not BIND."),
    Setting(
        "TLS",
        boolean,
        "0",
        "1 where clients come by https, which nginx or a proxy ends: http is sent there, cookies go no other way.",
    ),
    Setting(
        "PROXIES",
        at_least(0),
        "1",
        "Proxies before gunicorn, nginx among them; each adds to X-Forwarded-For whom it answers. 0: none.",
    ),
    Setting(
        "ANONYMOUS",
        boolean,
        "1",
        "1 serves clients without a token. Refused at start where the server is published beyond loopback.",
    ),
    Setting(
        "RETENTION_HOURS",
        between(0, 87_600),
        "24",
        "Hours for which a study keeps pictures, UIDs and file names of its slices; at most ten years. 0: never.",
    ),
    Setting("UPLOAD_RATE", rate, "60/minute", "Most exams of one user, or one anonymous address. none: no limit."),
    Setting("REQUEST_RATE", rate, "1200/minute", "Most other requests of the same. none: no limit."),
    Setting(
        "PICTURE_RATE",
        rate,
        "6000/minute",
        "Most slices, layers and curves that the same looks at, counted apart. none: no limit.",
    ),
    Setting(
        "SIGN_IN_RATE",
        rate,
        "20/hour",
        "Most failed tries to sign in under one user name; from one address five times as many. none: no limit.",
    ),
    Setting("THREADS", at_least(1), "8", "Exams read at the same time."),
    Setting("QUEUE", at_least(0), "16", "Exams that wait while others are read. One more is answered with 503."),
    Setting(
        "EXECUTION",
        one_of("inline", "celery"),
        "inline",
        "Who reads exams. inline: the process that answers. celery: workers; they share database, broker and archives.",
    ),
    Setting("BROKER_URL", text, "", "Redis that hands exams to workers, redis://host:6379/0. For celery.", True),
    Setting(
        "CACHE_URL",
        text,
        "",
        "Redis that keeps for an hour, never on disk, what refusals quote. For celery; empty: the one of BROKER_URL.",
        True,
    ),
    Setting(
        "ARCHIVES",
        folder_or_bucket,
        str(STATE / "archives"),
        "Folder, or s3://bucket/prefix, where exams wait for a worker. For celery; gone once they are read.",
    ),
    Setting(
        "RESULTS",
        folder_or_bucket,
        str(STATE / "results"),
        "Folder, or s3://bucket/prefix, of what reports and heat maps come from, for RETENTION_HOURS. Names patients.",
    ),
    Setting(
        "WORKER_METRICS",
        address,
        "",
        "Address and port at which a worker answers Prometheus, to all who reach it. For celery; empty: nowhere.",
    ),
    Setting("SUPERUSER_NAME", text, "", "Administrator made at start by the container. Empty: none."),
    Setting("SUPERUSER_PASSWORD", text, "", "Password of that administrator.", True),
)


def check_published(settings: SimpleNamespace) -> None:
    """Raises SettingError when other machines than this one reach the server, and a setting is not fit for that."""
    reached = reached_by_others(settings)
    if not reached:
        return
    if settings.ANONYMOUS:
        raise SettingError(f"{reached}, and ANONYMOUS is 1: set it to 0 and make tokens (manage.py token)")
    if settings.DEBUG:
        raise SettingError(f"{reached}, and DEBUG is 1, which shows them code and settings: set it to 0")
    if "*" in settings.ALLOWED_HOSTS:
        raise SettingError(f"{reached}, and ALLOWED_HOSTS is '*': name the hosts that the server answers to")
    if settings.SIGN_IN_RATE is None:
        raise SettingError(f"{reached}, and SIGN_IN_RATE is none: they could try every password")


def reached_by_others(settings: SimpleNamespace) -> str:
    """The setting by which other machines than this one reach the server, and its value; empty where none does."""
    known_by = "PUBLISHED" if settings.PUBLISHED else "BIND"
    address = getattr(settings, known_by)
    return "" if _is_loopback(address) else f"{known_by}: {address!r} is reached by other machines"


def check_execution(settings: SimpleNamespace) -> None:
    """Raises SettingError when workers would not share with the web what they must, or none would get an exam."""
    if settings.EXECUTION != "celery":
        return
    for name in ("BROKER_URL", "DATABASE_HOST"):
        if not getattr(settings, name):
            raise SettingError(f"{name}: is empty, and EXECUTION is 'celery': web and workers share it")
    if not settings.QUEUE:
        raise SettingError("QUEUE: 0, and EXECUTION is 'celery': every exam waits for a worker")


def _is_loopback(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def read_settings(environ: Mapping[str, str] = os.environ) -> SimpleNamespace:
    """Every setting's value as an attribute of its name. Raises SettingError."""
    return SimpleNamespace(**{setting.name: _value(setting, environ) for setting in SETTINGS})


def _value(setting: Setting, environ: Mapping[str, str]) -> object:
    raw = environ.get(setting.name, "") or _from_file(setting, environ) or setting.default
    try:
        return setting.read(raw)
    except ValueError as error:
        shown = "its value" if setting.secret else repr(raw)
        raise SettingError(f"{setting.name}: {shown} {error}") from error


def _from_file(setting: Setting, environ: Mapping[str, str]) -> str:
    name = f"{setting.name}_FILE"
    if not setting.secret or not environ.get(name):
        return ""
    try:
        found = Path(environ[name]).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "it is not text")
        raise SettingError(f"{name}: {environ[name]!r} cannot be read ({reason})") from error
    if not found:
        raise SettingError(f"{name}: {environ[name]!r} is empty")
    return found
