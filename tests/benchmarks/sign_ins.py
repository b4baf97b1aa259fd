"""Users who are signed in, thousands at once: what a browser sends on the handshake. Needs a set-up Django."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import get_random_string

from trading.models import User


def sign_in_new_users(count: int) -> tuple[list[int], list[str]]:
    """Make users without anything else; return their ids and the keys of their sessions."""
    users = User.objects.bulk_create(User(username=f"watcher-{get_random_string(12)}") for _ in range(count))
    return [user.pk for user in users], session_keys(users)


def session_keys(users: list[User]) -> list[str]:
    """Sign all of them in; return their session keys in the same order."""
    store = SessionStore()
    expires = timezone.now() + timedelta(days=1)
    sessions = []
    for user in users:
        content = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[-1],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        key = get_random_string(32)
        sessions.append(Session(session_key=key, session_data=store.encode(content), expire_date=expires))
    return [session.session_key for session in Session.objects.bulk_create(sessions)]


def handshake_headers(session_key: str, port: int) -> dict[str, str]:
    """Return what a page of the site sends when it opens its socket."""
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session_key}", "Origin": f"http://127.0.0.1:{port}"}
