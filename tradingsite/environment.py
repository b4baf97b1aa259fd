"""The process environment, read once and typed: the only module that looks at environment variables.

`.env.example` lists every variable. Each error names the variable, what was expected and what was found.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
REDIS_SCHEMES = ("redis", "rediss", "unix")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Environment:
    debug: bool
    secret_key: str
    allowed_hosts: list[str]
    csrf_trusted_origins: list[str]
    database: dict[str, Any]
    redis_url: str
    https: bool
    push_intervals: dict[str, float]
    log_level: str
    var_dir: Path


def read_environment(variables: dict[str, str] | None = None) -> Environment:
    """Return the typed environment; raise ImproperlyConfigured for whatever is missing or malformed.

    `variables` replaces the process environment (tests).
    """
    env = environ.Env()
    if variables is not None:
        env.ENVIRON = variables
    debug = _boolean(env, "DEBUG", default=False)
    var_dir = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
    return Environment(
        debug=debug,
        secret_key=_secret_key(env, debug),
        allowed_hosts=env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"]),
        csrf_trusted_origins=env.list("CSRF_TRUSTED_ORIGINS", default=[]),
        database=_database(env, var_dir),
        redis_url=_redis_url(env),
        https=_boolean(env, "SITE_HTTPS", default=not debug),
        push_intervals=_push_intervals(env),
        log_level=_log_level(env),
        var_dir=var_dir,
    )


def _boolean(env: environ.Env, name: str, *, default: bool) -> bool:
    text = env.str(name, default="").strip().lower()
    if text == "":
        return default
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"{name} must be one of 1, true, yes, on, 0, false, no, off; found {text!r}.")


def _secret_key(env: environ.Env, debug: bool) -> str:
    key: str = env.str("SECRET_KEY", default="")
    if key:
        return key
    if debug:
        return "insecure-key-for-DEBUG-only"
    raise ImproperlyConfigured("SECRET_KEY is not set. Set it to a long random string, or set DEBUG=1 for development.")


def _database(env: environ.Env, var_dir: Path) -> dict[str, Any]:
    url: str = env.str("DATABASE_URL", default="") or f"sqlite:///{var_dir / 'db.sqlite3'}"
    scheme = url.partition(":")[0]
    if scheme not in DATABASE_SCHEMES:
        raise ImproperlyConfigured(
            f"DATABASE_URL must start with one of {', '.join(DATABASE_SCHEMES)}; found scheme {scheme!r}."
        )
    config: dict[str, Any] = env.db_url_config(url)
    if not config.get("NAME"):
        raise ImproperlyConfigured(f"DATABASE_URL must name a database, as in {scheme}://user:password@host:5432/NAME.")
    return config


def _redis_url(env: environ.Env) -> str:
    url: str = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
    scheme = url.partition(":")[0]
    if scheme not in REDIS_SCHEMES:
        raise ImproperlyConfigured(
            f"REDIS_URL must start with one of {', '.join(REDIS_SCHEMES)}; found scheme {scheme!r}."
        )
    return url


def _push_intervals(env: environ.Env) -> dict[str, float]:
    intervals: dict[str, float] = {}
    for item in env.list("PUSH_INTERVALS", default=[]):
        name, _, seconds = item.partition("=")
        try:
            intervals[name.strip()] = float(seconds)
        except ValueError:
            raise ImproperlyConfigured(f"PUSH_INTERVALS takes NAME=SECONDS,NAME=SECONDS; found {item!r}.") from None
    return intervals


def _log_level(env: environ.Env) -> str:
    level: str = env.str("LOG_LEVEL", default="INFO").upper()
    if level not in LOG_LEVELS:
        raise ImproperlyConfigured(f"LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}; found {level!r}.")
    return level
