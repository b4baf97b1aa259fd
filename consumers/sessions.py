"""What the session engine says of many sessions at once. Uses the ORM, or whatever the engine uses."""

from collections.abc import Collection
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cache import SessionStore as CacheStore
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.core.cache import caches
from django.utils import timezone
from django.utils.crypto import constant_time_compare


def session_store() -> type[Any]:
    """Return the SessionStore of settings.SESSION_ENGINE."""
    store: type[Any] = import_module(settings.SESSION_ENGINE).SessionStore
    return store


def live_sessions(keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return session key -> data of those that exist and have not expired.

    The engines that keep sessions in the database or in a cache take one query for all, and raise where that is away;
    of every other engine each session is loaded.
    """
    store = session_store()
    if issubclass(store, DatabaseStore):
        rows = store.get_model_class()._default_manager.filter(session_key__in=keys, expire_date__gt=timezone.now())
        return {row.session_key: row.get_decoded() for row in rows}
    if issubclass(store, CacheStore):  # not by its load(), for which a cache that is away has no sessions
        names = {store(key).cache_key: key for key in keys}
        found = caches[settings.SESSION_CACHE_ALIAS].get_many(names)
        return {names[name]: data for name, data in found.items()}
    return {key: data for key in keys if (data := store(key).load())}


def is_signed_in(session: dict[str, Any] | None, user: Any) -> bool:
    """Say whether a session's data still signs this user in, by the rules of django.contrib.auth.get_user."""
    if not session or session.get(SESSION_KEY) != user._meta.pk.value_to_string(user):
        return False
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    if not hasattr(user, "get_session_auth_hash"):
        return True
    fitting = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(session.get(HASH_SESSION_KEY) or "", own) for own in fitting)
