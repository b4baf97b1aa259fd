"""System checks of the socket side."""

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from consumers.conf import consumer_settings


@register()
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E001: settings.CONSUMERS is unusable. E002: the token authenticator can't be imported."""
    try:
        consumer_settings().authenticator()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="consumers.E001")]
    except ImportError as error:
        return [
            Error(
                f"CONSUMERS['TOKEN_AUTHENTICATOR'] can't be imported: {error}",
                hint="Name a function authenticate(token) -> (user, scopes) or None.",
                id="consumers.E002",
            )
        ]
    return []
