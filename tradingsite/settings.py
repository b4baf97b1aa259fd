"""Django settings: wiring only. What varies between machines comes from `environment.py`."""

import socket
from datetime import timedelta
from typing import Any

from csp.constants import NONE, SELF

from tradingsite.environment import BASE_DIR as BASE_DIR
from tradingsite.environment import read_environment

ENVIRONMENT = read_environment()

DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENVIRONMENT.csrf_trusted_origins

INSTALLED_APPS = [
    "trading",  # before the admin, whose templates it extends
    "tradingsite",  # the checks of what is wired here
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "pushers",
    "consumers",
    "ninja",
    "axes",
    "csp",
]
MIDDLEWARE = [
    "tradingsite.trace.RequestTrace",  # first: all that is logged of a request has its name
    "tradingsite.security_headers.PermissionsPolicy",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "consumers.middleware.SessionRenewal",  # before the sessions, which are saved by then
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "trading.pages.language.UserLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # last: it makes the answer for who is locked out
]
ROOT_URLCONF = "tradingsite.urls"
ASGI_APPLICATION = "tradingsite.asgi.application"
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


def _database(config: dict[str, Any]) -> dict[str, Any]:
    """Return Django's database entry with what the push loops and the ASGI server need of each engine."""
    if "sqlite" in config["ENGINE"]:
        # Several processes write: readers go on beside a writer (WAL), and a writer waits its turn from the start
        # of its transaction instead of failing in the middle of it (IMMEDIATE).
        options = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
        return {**config, "OPTIONS": options}
    # An ASGI server gives each request its own thread, so connections live in a pool; the health check is what makes
    # a restarted PostgreSQL cost nothing but the queries that were under way.
    pool = {"min_size": 1, "max_size": 20, "timeout": 10}
    # Every wait ends (milliseconds). DATABASE_URL may say otherwise, for a long migration: ?options=-c...
    limits = {"statement_timeout": 10_000, "lock_timeout": 5_000, "idle_in_transaction_session_timeout": 30_000}
    defaults = {
        "connect_timeout": 5,  # seconds
        # A server that vanished without a word is gone after about 11 s, also for who waits for its answer.
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 11_000,
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
    }
    return {
        **config,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**defaults, **config.get("OPTIONS", {}), "pool": pool},
    }


DATABASES = {"default": _database(ENVIRONMENT.database)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _redis_host(url: str) -> dict[str, Any]:
    """Return one host of the channel layer.

    No socket timeout: an idle subscription is normal, and a timeout can swallow a cancellation on Python 3.11. Instead
    the kernel notices a host that vanished without a word, within about 11 s.
    """
    if url.startswith("unix"):
        return {"address": url, "socket_timeout": None}
    keepalive = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 11_000}
    options = {getattr(socket, name): value for name, value in keepalive.items() if hasattr(socket, name)}
    return {"address": url, "socket_timeout": None, "socket_keepalive": True, "socket_keepalive_options": options}


CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "pushers.redis_layer.RedisLayer",
        "CONFIG": {"hosts": [_redis_host(ENVIRONMENT.redis_url)]},
    }
}

AUTH_USER_MODEL = "trading.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it refuses who has failed too often, in the admin too
    "django.contrib.auth.backends.ModelBackend",
]
# Five wrong passwords for a name from an address, and for a quarter of an hour nobody signs in there under that name.
# Not by name alone: whoever knows a trader's name could lock him out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked_out.html"
AXES_DISABLE_ACCESS_LOG = True  # a row for every sign-in, for ever
AXES_VERBOSE = False
# uvicorn has put the client's address there by X-Forwarded-For, where the proxy is one that it trusts.
AXES_IPWARE_META_PRECEDENCE_ORDER = ["REMOTE_ADDR"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = ENVIRONMENT.var_dir / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "tradingsite.static_files.HashedStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

if ENVIRONMENT.https:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # machines ask without TLS, behind the proxy
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Everything comes from our own origin, and nothing that is inline runs or styles; the socket is of that origin, too.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap's and the API page's icons
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

TRADING = {"OPEN_SOCKETS_MODEL": "consumers.OpenSocket"}
METRICS = {"PORT": ENVIRONMENT.metrics_port, "HOST": ENVIRONMENT.metrics_host, "TOKEN": ENVIRONMENT.metrics_token}
PUSHERS = {"INTERVALS": ENVIRONMENT.push_intervals}
CONSUMERS = {
    "TOKEN_AUTHENTICATOR": "trading.api_tokens.authenticate",
    "TOKEN_BATCH_AUTHENTICATOR": "trading.api_tokens.authenticate_many",
    "WATCH_PERMISSION": "trading.watch_user",
    "WATCH_LISTENER": "trading.services.audit_trail.on_watch",
    "PRESENCE": True,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "console": {
            "()": "tradingsite.log_format.LineFormatter",
            "format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s",
            "datefmt": "%H:%M:%SZ",
        },
        "json": {"()": "tradingsite.log_format.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": ENVIRONMENT.log_format}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "filters": {
        "once_per_outage": {"()": "pushers.console_log.OncePerOutage"},
        "refusals": {"()": "tradingsite.log_filters.RefusalsInOneLine"},
    },
    "loggers": {
        # Its receiver logs a traceback each second for as long as Redis is away.
        "channels_redis.pubsub": {"filters": ["once_per_outage"]},
        "django": {"handlers": [], "level": "INFO"},  # not Django's own too, or DEBUG says everything twice
        "django.request": {"filters": ["refusals"]},
        **{name: {"level": ENVIRONMENT.log_level} for name in ("pushers", "consumers", "trading", "tradingsite")},
    },
}
