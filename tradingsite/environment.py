"""The process environment, read once and typed: the only module that looks at environment variables.

`.env.example` lists every variable. Each error names the variable, what was expected and what was found.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
REDIS_SCHEMES = ("redis", "rediss", "unix")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("console", "json")
LAST_PORT = 65_535
TRUE = ("1", "true", "yes", "on")
FALSE = ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Environment:
    """What the environment says, one field per variable; `.env.example` describes each."""

    debug: bool
    secret_key: str
    allowed_hosts: list[str]
    csrf_trusted_origins: list[str]
    database: dict[str, Any]
    redis_url: str
    https: bool
    push_intervals: dict[str, float]
    log_level: str
    log_format: str
    metrics_port: int
    metrics_host: str
    metrics_token: str
    var_dir: Path


def read_environment(variables: Mapping[str, str] = os.environ) -> Environment:
    """Return the typed environment; raise ImproperlyConfigured for whatever is missing or malformed."""
    debug = _boolean(variables, "DEBUG", default=False)
    var_dir = Path(_text(variables, "VAR_DIR") or BASE_DIR / "var")
    return Environment(
        debug=debug,
        secret_key=_secret_key(variables, debug),
        allowed_hosts=_allowed_hosts(variables, debug),
        csrf_trusted_origins=_list(variables, "CSRF_TRUSTED_ORIGINS"),
        database=_database(variables, var_dir),
        redis_url=_redis_url(variables),
        https=_boolean(variables, "SITE_HTTPS", default=not debug),
        push_intervals=_push_intervals(variables),
        log_level=_log_level(variables),
        log_format=_log_format(variables, debug),
        metrics_port=_port(variables, "METRICS_PORT"),
        metrics_host=_text(variables, "METRICS_HOST") or "127.0.0.1",
        metrics_token=_text(variables, "METRICS_TOKEN"),
        var_dir=var_dir,
    )


def _text(variables: Mapping[str, str], name: str) -> str:
    return variables.get(name, "").strip()


def _list(variables: Mapping[str, str], name: str) -> list[str]:
    return [item for item in (part.strip() for part in _text(variables, name).split(",")) if item]


def _boolean(variables: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = _text(variables, name).lower()
    if text == "":
        return default
    if text not in TRUE + FALSE:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(TRUE + FALSE)}; found {text!r}.")
    return text in TRUE


def _secret_key(variables: Mapping[str, str], debug: bool) -> str:
    key = _text(variables, "SECRET_KEY")
    if key:
        return key
    if debug:
        return "insecure-key-for-DEBUG-only"
    raise ImproperlyConfigured("SECRET_KEY is not set. Set it to a long random string, or set DEBUG=1 for development.")


def _allowed_hosts(variables: Mapping[str, str], debug: bool) -> list[str]:
    hosts = _list(variables, "ALLOWED_HOSTS")
    if not hosts and not debug:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS is not set. Set it to the site's host names, as in trading.example.com,www.example.com, "
            "or set DEBUG=1 for development."
        )
    return hosts or ["localhost", "127.0.0.1"]


def _database(variables: Mapping[str, str], var_dir: Path) -> dict[str, Any]:
    url = _text(variables, "DATABASE_URL") or f"sqlite:///{var_dir / 'db.sqlite3'}"
    _check_url("DATABASE_URL", url, DATABASE_SCHEMES)
    config: dict[str, Any] = environ.Env.db_url_config(url)
    if not config.get("NAME"):
        scheme = url.partition(":")[0]
        raise ImproperlyConfigured(f"DATABASE_URL must name a database, as in {scheme}://user:password@host:5432/NAME.")
    return config


def _redis_url(variables: Mapping[str, str]) -> str:
    url = _text(variables, "REDIS_URL") or "redis://127.0.0.1:6379/0"
    _check_url("REDIS_URL", url, REDIS_SCHEMES)
    return url


def _check_url(name: str, url: str, schemes: tuple[str, ...]) -> None:
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in schemes:
        # Not the whole URL: a password may be in it.
        raise ImproperlyConfigured(
            f"{name} must start with one of {', '.join(f'{known}://' for known in schemes)}; "
            f"found {scheme if separator else 'no scheme'!r}."
        )
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must have a number from 0 to 65535 as its port: {error}.") from error


def _push_intervals(variables: Mapping[str, str]) -> dict[str, float]:
    intervals: dict[str, float] = {}
    for item in _list(variables, "PUSH_INTERVALS"):
        name, _, text = item.partition("=")
        try:
            seconds = float(text)
        except ValueError:
            seconds = math.nan
        if not name.strip() or not 0 < seconds < math.inf:
            raise ImproperlyConfigured(
                f"PUSH_INTERVALS takes NAME=SECONDS,NAME=SECONDS, seconds above 0; found {item!r}."
            )
        intervals[name.strip()] = seconds
    return intervals


def _log_level(variables: Mapping[str, str]) -> str:
    level = _text(variables, "LOG_LEVEL").upper() or "INFO"
    if level not in LOG_LEVELS:
        raise ImproperlyConfigured(f"LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}; found {level!r}.")
    return level


def _log_format(variables: Mapping[str, str], debug: bool) -> str:
    chosen = _text(variables, "LOG_FORMAT").lower() or ("console" if debug else "json")
    if chosen not in LOG_FORMATS:
        raise ImproperlyConfigured(f"LOG_FORMAT must be one of {', '.join(LOG_FORMATS)}; found {chosen!r}.")
    return chosen


def _port(variables: Mapping[str, str], name: str) -> int:
    text = _text(variables, name) or "0"
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise ImproperlyConfigured(f"{name} must be a port from 0 (none) to {LAST_PORT}; found {text!r}.")
    return int(text)
