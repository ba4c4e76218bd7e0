"""Django's settings, from the values of ``env.py``."""

import os
import tempfile
from datetime import timedelta
from pathlib import Path

from breastwise import __version__
from breastwise.env import check_execution, check_published, reached_by_others, read_settings
from breastwise.log_settings import log_settings
from breastwise.secret import kept_secret
from breastwise.storages import storage

# in small letters, so that it is no setting: Django would show its secrets on a debug page
env = read_settings()
check_published(env)
check_execution(env)

VERSION = __version__
STATE_DIR, WORK_DIR, NETWORKS_DIR, STATIC_ROOT = env.STATE_DIR, env.WORK_DIR, env.NETWORKS_DIR, env.STATIC_ROOT
PRECISION, DEVICE = env.PRECISION, env.DEVICE
MEGABYTE = 1_000_000
MAX_UPLOAD_BYTES = env.MAX_UPLOAD_MB * MEGABYTE
MAX_UNPACKED_BYTES = env.MAX_UNPACKED_MB * MEGABYTE
MAX_FILES, MAX_COMPRESSION_RATIO = env.MAX_FILES, env.MAX_COMPRESSION_RATIO
THREADS, QUEUE = env.THREADS, env.QUEUE
SILENCE_SECONDS = env.SILENCE_SECONDS
EXECUTION, REQUEST_TIMEOUT_SECONDS = env.EXECUTION, env.REQUEST_TIMEOUT_SECONDS
ANONYMOUS, RETENTION_HOURS = env.ANONYMOUS, env.RETENTION_HOURS
TLS, PROXIES, SIGN_IN_RATE = env.TLS, env.PROXIES, env.SIGN_IN_RATE
REACHED_BY_OTHERS = reached_by_others(env)
BIND, WORKER_METRICS, LOG_LEVEL = env.BIND, env.WORKER_METRICS, env.LOG_LEVEL

SUPERUSER_NAME, SUPERUSER_PASSWORD = env.SUPERUSER_NAME, env.SUPERUSER_PASSWORD
STATE_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)  # the database in it is its owner's alone
SECRET_KEY = env.SECRET_KEY or kept_secret(STATE_DIR / "secret_key")
DEBUG = env.DEBUG
ALLOWED_HOSTS = env.ALLOWED_HOSTS

INSTALLED_APPS = [
    "breastcancer_api",  # first, so that its templates take the place of others
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "breastcancer_api.tracing.name_request",
    "breastcancer_api.metrics.count_requests",
    "breastcancer_api.clients.limit_silence",
    "breastcancer_api.clients.receive_rest",
    "breastcancer_api.uploads.close_uploads",
    # before static files are answered, which are to have these headers, too
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "breastcancer_api.local_assets.local_assets",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "breastwise.urls"
WSGI_APPLICATION = "breastwise.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

if env.DATABASE_HOST:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": env.DATABASE_HOST,
            "PORT": env.DATABASE_PORT,
            "NAME": env.DATABASE_NAME,
            "USER": env.DATABASE_USER,
            "PASSWORD": env.DATABASE_PASSWORD,
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "TEST": {"NAME": f"test_breastwise_{os.getpid()}"},  # tests run side by side
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": STATE_DIR / "db.sqlite3",
            # with a write-ahead log, who reads a long result keeps nobody from writing; what is deleted is overwritten
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON",
            },
            # in memory, a thread that writes would refuse others instead of letting them wait; tests run side by side
            "TEST": {"NAME": Path(tempfile.gettempdir(), f"breastwise-test-{os.getpid()}.sqlite3")},
        }
    }
# "default" counts requests, which needs no Redis; "shared" is what web and workers tell each other
CACHES = {
    name: {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": name,
        "OPTIONS": {"MAX_ENTRIES": 10_000},  # with few, one who sends many could push out what others were counted for
    }
    for name in ("default", "shared")
}
if env.EXECUTION == "celery":
    CACHES["shared"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.CACHE_URL or env.BROKER_URL,
        "OPTIONS": {"socket_connect_timeout": 4, "socket_timeout": 4},
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    # the first one says how a client that is not known may become so
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "breastcancer_api.access.BearerToken",
        "breastcancer_api.access.Session",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["breastcancer_api.access.Known"],
    "DEFAULT_THROTTLE_CLASSES": ["breastcancer_api.access.Throttle"],
    "DEFAULT_THROTTLE_RATES": {
        "uploads": env.UPLOAD_RATE,
        "requests": env.REQUEST_RATE,
        "pictures": env.PICTURE_RATE,
    },
    "NUM_PROXIES": PROXIES,
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "breastcancer_api.negotiation.JsonUnlessHtml",
    "DEFAULT_PAGINATION_CLASS": "breastcancer_api.pages.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "URL_FORMAT_OVERRIDE": None,  # what the client accepts decides
    "EXCEPTION_HANDLER": "breastcancer_api.problems.exception_handler",
}
KNOX_TOKEN_MODEL = "breastcancer_api.Token"  # noqa: S105  # nosec B105  # a model's name
MIGRATION_MODULES = {"knox": None}  # they would make a table for the model that ours replaces
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": timedelta(days=365)}
SPECTACULAR_SETTINGS = {
    "TITLE": "BreastWise",
    "VERSION": VERSION,
    "DESCRIPTION": "Reads breast DCE-MRI exams and answers slice by slice. Research use only.",
    "OAS_VERSION": "3.1.1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
}
DATA_UPLOAD_MAX_NUMBER_FILES = 4
FILE_UPLOAD_HANDLERS = ["breastcancer_api.uploads.NamelessFileUploadHandler"]
WORK_DIR.mkdir(parents=True, exist_ok=True)  # Django's checks refuse a folder that is not there
FILE_UPLOAD_TEMP_DIR = WORK_DIR  # what is fetched from S3 goes to nameless files there, too

LOGIN_REDIRECT_URL = "home"
CSRF_FAILURE_VIEW = "breastcancer_api.screens.csrf_failure"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a folder that is not there
STATIC_URL = "static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
    "archives": storage(env.ARCHIVES),
    "results": storage(env.RESULTS),
}
CELERY_BROKER_URL = env.BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker outlasts any absence of the broker
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 2 * env.REQUEST_TIMEOUT_SECONDS + 600,
    "socket_connect_timeout": 4,
    "socket_timeout": 5,  # longer than the second for which Redis lets a worker wait for work
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_TASK_DEFAULT_QUEUE = "exams"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
# past these the networks' own look at the clock has failed (tasks.py): first an exception, then the end of the process
CELERY_TASK_SOFT_TIME_LIMIT = env.REQUEST_TIMEOUT_SECONDS + 60
CELERY_TASK_TIME_LIMIT = env.REQUEST_TIMEOUT_SECONDS + 120
CELERY_WORKER_POOL = "prefork"
CELERY_WORKER_CONCURRENCY = CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 300  # seconds in which the networks load
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
USE_TZ, TIME_ZONE = True, "UTC"
X_FRAME_OPTIONS = "DENY"
# nginx says whether the client came by https; the admin's forms need to know
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_AGE = 12 * 3600  # seconds: a long working day
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = TLS
SECURE_HSTS_SECONDS = 365 * 86_400 if TLS else 0
SECURE_REDIRECT_EXEMPT = ["^livez$", "^readyz$", "^metrics$"]  # asked from inside, where nobody ends TLS
# Whether browsers also hold a host's subdomains to https, and carry that in a list of their own, is its owner's to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if not TLS:  # breastwise.W001 (checks.py) asks for TLS itself, where other machines come
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W008", "security.W012", "security.W016"]

LOGGING = log_settings(env.LOG_LEVEL, env.LOG_FORMAT)
