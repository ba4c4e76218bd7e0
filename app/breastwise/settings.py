"""Django's settings, from the values of ``env.py``."""

from breastwise.env import read_settings
from breastwise.secret import kept_secret

ENV = read_settings()

STATE_DIR, WORK_DIR, NETWORKS_DIR, STATIC_ROOT = ENV.STATE_DIR, ENV.WORK_DIR, ENV.NETWORKS_DIR, ENV.STATIC_ROOT
PRECISION, DEVICE = ENV.PRECISION, ENV.DEVICE
MEGABYTE = 1_000_000
MAX_UPLOAD_BYTES = ENV.MAX_UPLOAD_MB * MEGABYTE
MAX_UNPACKED_BYTES = ENV.MAX_UNPACKED_MB * MEGABYTE
MAX_FILES = ENV.MAX_FILES

SECRET_KEY = ENV.SECRET_KEY or kept_secret(STATE_DIR / "secret_key")
DEBUG = ENV.DEBUG
ALLOWED_HOSTS = ENV.ALLOWED_HOSTS

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "breastcancer_api",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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

if ENV.DATABASE_HOST:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": ENV.DATABASE_HOST,
            "PORT": ENV.DATABASE_PORT,
            "NAME": ENV.DATABASE_NAME,
            "USER": ENV.DATABASE_USER,
            "PASSWORD": ENV.DATABASE_PASSWORD,
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": STATE_DIR / "db.sqlite3",
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "breastcancer_api.negotiation.AlwaysJson",
    "EXCEPTION_HANDLER": "breastcancer_api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
DATA_UPLOAD_MAX_NUMBER_FILES = 4
FILE_UPLOAD_HANDLERS = ["breastcancer_api.uploads.NamelessFileUploadHandler"]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a folder that is not there
STATIC_URL = "static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
USE_TZ, TIME_ZONE = True, "UTC"
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": ENV.LOG_LEVEL},
    # pydicom quotes odd values from headers, and those can be a patient's
    "loggers": {"pydicom": {"handlers": [], "propagate": False}},
}
