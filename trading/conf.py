"""The trading settings: `settings.TRADING`, a dict, read here and nowhere else."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

DEFAULTS: dict[str, Any] = {
    # Seconds after which a quote is no longer traded on or used to value positions: ten missed quotes of one second.
    "STALE_MARKET_SECONDS": 10,
    # Label of the model with a row for every open socket (user, process, since, address, agent); "" where nobody keeps
    # such rows. The admin shows with it who is connected.
    "OPEN_SOCKETS_MODEL": "",
}


def setting(name: str) -> Any:
    """Return `settings.TRADING[name]`, or its default; raise ImproperlyConfigured for a key that does not exist."""
    given = getattr(settings, "TRADING", {})
    unknown = sorted(set(given) - set(DEFAULTS))
    if unknown:
        raise ImproperlyConfigured(f"TRADING knows {', '.join(sorted(DEFAULTS))}; found {', '.join(unknown)}.")
    return given.get(name, DEFAULTS[name])


def stale_market_seconds() -> float:
    """Return the age in seconds from which on a quote is stale."""
    return float(setting("STALE_MARKET_SECONDS"))


def stale_market_after() -> timedelta:
    """Return the same age as a duration, to compare times with."""
    return timedelta(seconds=stale_market_seconds())
