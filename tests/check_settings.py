"""Production settings with an environment of their own, for `make check` and mypy's Django plugin: no secret needed."""

import os

os.environ.update(
    {
        "DEBUG": "0",
        "SECRET_KEY": "not-a-secret: only the checks of `make check` run with this key, never a server",
        "ALLOWED_HOSTS": "trading.example.com",
        "CSRF_TRUSTED_ORIGINS": "https://trading.example.com",
        "DATABASE_URL": "sqlite:///:memory:",
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        "SITE_HTTPS": "1",
    }
)

from tradingsite.settings import *  # noqa: F403
