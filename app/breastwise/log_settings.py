"""Where logs go and how they are written: Django's, gunicorn's and Celery's alike."""

CLASSES = {"line": "breastcancer_api.log_lines.TextLine", "json": "breastcancer_api.log_lines.JsonLine"}
# programs read one stream; text goes where commands' answers do not
STREAMS = {"line": "ext://sys.stderr", "json": "ext://sys.stdout"}
TEXT = "{asctime} {levelname} {name}: {message}"


def log_settings(level: str, written: str) -> dict:
    """For ``logging.config.dictConfig``. ``level`` is LOG_LEVEL, ``written`` LOG_FORMAT."""
    console = {"handlers": ["console"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "known_addresses": {"()": "breastcancer_api.log_lines.KnownAddresses"},
            # 503 is an answer that is foreseen: busy, or not ready
            "unforeseen": {
                "()": "django.utils.log.CallbackFilter",
                "callback": lambda record: getattr(record, "status_code", None) != 503,
            },
        },
        "formatters": {"line": {"class": CLASSES[written], "format": TEXT, "style": "{"}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "filters": ["known_addresses"],
                "formatter": "line",
                "stream": STREAMS[written],
            },
            "nowhere": {"class": "logging.NullHandler"},  # with no handler at all Python would print it
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django.request": {"filters": ["unforeseen"]},
            "gunicorn.error": console | {"level": level},
            "gunicorn.access": console | {"level": "INFO"},
            # Celery's pool, which would print beside the log
            "multiprocessing": console | {"level": "WARNING"},
            # pydicom quotes odd values from headers, and those can be a patient's
            "pydicom": {"handlers": ["nowhere"], "propagate": False},
            "botocore": {"level": "WARNING"},
        },
    }
