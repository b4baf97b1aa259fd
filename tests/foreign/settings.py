"""The settings of a project with parcels: Django, the two reusable apps, and one app of its own."""

import json
import os

SECRET_KEY = "only the tests run this project"
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "tests.foreign.urls"
ASGI_APPLICATION = "tests.foreign.asgi.application"
USE_TZ = True
STATIC_URL = "static/"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "channels",
    "pushers",
    "consumers",
    "tests.foreign.parcels",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("FOREIGN_DATABASE", "foreign.sqlite3"),
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
    }
}
REDIS = {
    "BACKEND": "pushers.redis_layer.RedisLayer",
    "CONFIG": {"hosts": [{"address": os.environ["REDIS_URL"], "socket_timeout": None}]},
}
IN_MEMORY = {"BACKEND": "channels.layers.InMemoryChannelLayer"}
CHANNEL_LAYERS = {"default": REDIS if os.environ["REDIS_URL"] else IN_MEMORY}
PUSHERS = {"LEASE_SECONDS": 2.0, **json.loads(os.environ.get("FOREIGN_PUSHERS", "{}"))}
CONSUMERS = json.loads(os.environ.get("FOREIGN_CONSUMERS", "{}"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"pushers": {"handlers": ["console"], "level": "INFO"}},
}
