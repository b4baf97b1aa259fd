"""Read who is connected, from the rows that the socket side keeps; a setting names their model."""

from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.db.models.functions import Now

from trading.conf import setting


def open_sockets() -> QuerySet[Any] | None:
    """Return the sockets of processes that are alive, with their process; None where nobody keeps such rows."""
    label = setting("OPEN_SOCKETS_MODEL")
    if not label:
        return None
    rows = apps.get_model(label)._default_manager.filter(process__expires_at__gt=Now())
    return rows.select_related("process")
