"""Django's settings, from the values of ``env.py``."""

from breastwise.env import read_settings
from breastwise.secret import kept_secret

# in small letters, so that it is no setting: Django would show its secrets on a debug page
env = read_settings()

STATE_DIR, WORK_DIR, NETWORKS_DIR, STATIC_ROOT = env.STATE_DIR, env.WORK_DIR, env.NETWORKS_DIR, env.STATIC_ROOT
PRECISION, DEVICE = env.PRECISION, env.DEVICE
MEGABYTE = 1_000_000
MAX_UPLOAD_BYTES = env.MAX_UPLOAD_MB * MEGABYTE
MAX_UNPACKED_BYTES = env.MAX_UNPACKED_MB * MEGABYTE
MAX_FILES, MAX_COMPRESSION_RATIO = env.MAX_FILES, env.MAX_COMPRESSION_RATIO
THREADS, QUEUE = env.THREADS, env.QUEUE

SUPERUSER_NAME, SUPERUSER_PASSWORD = env.SUPERUSER_NAME, env.SUPERUSER_PASSWORD
SECRET_KEY = env.SECRET_KEY or kept_secret(STATE_DIR / "secret_key")
DEBUG = env.DEBUG
ALLOWED_HOSTS = env.ALLOWED_HOSTS

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
# nginx says whether the client came by https; the admin's forms need to know
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.LOG_LEVEL},
    # pydicom quotes odd values from headers, and those can be a patient's
    "loggers": {"pydicom": {"handlers": [], "propagate": False}},
}
