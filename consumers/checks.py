"""System checks of the socket side."""

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from consumers.conf import consumer_settings

SIGNATURES = {
    "TOKEN_AUTHENTICATOR": "authenticate(token) -> (user, scopes) or None",
    "TOKEN_BATCH_AUTHENTICATOR": "authenticate_many(tokens) -> {token: (user, scopes)}",
    "WATCH_LISTENER": "on_watch(watcher, user, address, agent)",
}


@register()
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E001: settings.CONSUMERS is unusable. E002: a function that it names can't be imported."""
    try:
        settings = consumer_settings()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="consumers.E001")]
    found: list[CheckMessage] = []
    loaders = (settings.authenticator, settings.batch_authenticator, settings.watch_listener)
    for name, load in zip(SIGNATURES, loaders, strict=True):
        try:
            load()
        except ImportError as error:
            hint = f"Name a function {SIGNATURES[name]}."
            found.append(Error(f"CONSUMERS[{name!r}] can't be imported: {error}", hint=hint, id="consumers.E002"))
    return found
