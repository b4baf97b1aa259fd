"""System checks of the trading domain."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections

from trading import append_only


@register(Tags.database)
def check_append_only(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """W001: the triggers that keep the books append-only are not there. A warning: `migrate`, which mends it, runs this
    check first."""
    return [
        Warning(
            f"The database {alias!r} lets ledger entries and fills be changed; triggers missing: {', '.join(names)}.",
            hint="Run `manage.py migrate`, which creates them.",
            id="trading.W001",
        )
        for alias in databases or ()
        if (names := append_only.missing(connections[alias]))
    ]
