"""System checks of the socket side."""

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from consumers.conf import consumer_settings

SIGNATURES = {
    "TOKEN_AUTHENTICATOR": "authenticate(token) -> (user, scopes) or None",
    "TOKEN_BATCH_AUTHENTICATOR": "authenticate_many(tokens) -> {token: (user, scopes)}",
}


@register()
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E001: settings.CONSUMERS is unusable. E002: a token authenticator can't be imported."""
    try:
        settings = consumer_settings()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="consumers.E001")]
    found: list[CheckMessage] = []
    for name, load in zip(SIGNATURES, (settings.authenticator, settings.batch_authenticator), strict=True):
        try:
            load()
        except ImportError as error:
            hint = f"Name a function {SIGNATURES[name]}."
            found.append(Error(f"CONSUMERS[{name!r}] can't be imported: {error}", hint=hint, id="consumers.E002"))
    return found
