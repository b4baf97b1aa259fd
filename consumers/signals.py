"""What Django tells of changed access: whose sockets are to be checked at once. What it does not tell, time finds."""

from typing import Any

from django.apps import apps
from django.contrib.auth import SESSION_KEY, get_user_model, user_logged_out
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.utils import timezone

from consumers.proof import session_digest
from consumers.sessions import session_store
from pushers import access_changed

MEMBERSHIPS = ("post_add", "post_remove", "post_clear")


def connect() -> None:
    """Connect the receivers to this project's user model and session engine."""
    user_model = get_user_model()
    uid = "consumers.signals"
    user_logged_out.connect(on_signed_out, dispatch_uid=uid)
    post_save.connect(on_user_saved, sender=user_model, dispatch_uid=uid)
    post_delete.connect(on_user_deleted, sender=user_model, dispatch_uid=uid)
    for name in ("groups", "user_permissions"):
        if hasattr(user_model, name):
            through = getattr(user_model, name).through
            m2m_changed.connect(on_user_permissions, sender=through, dispatch_uid=uid)
    if apps.is_installed("django.contrib.auth"):
        from django.contrib.auth.models import Group, Permission

        m2m_changed.connect(on_group_permissions, sender=Group.permissions.through, dispatch_uid=uid)
        for model in (Group, Permission):
            post_delete.connect(on_group_deleted, sender=model, dispatch_uid=uid)
    if apps.is_installed("django.contrib.sessions") and issubclass(session_store(), DatabaseStore):
        # With a receiver Django loads the rows that it deletes: `clearsessions`, once a day, takes memory for a day's.
        post_delete.connect(on_session_deleted, sender=session_store().get_model_class(), dispatch_uid=uid)


def on_signed_out(user: Any, request: Any = None, **kwargs: Any) -> None:
    """Close this session's sockets; sent before the session is gone, so it must be named."""
    key = getattr(getattr(request, "session", None), "session_key", None)
    if user is not None:
        access_changed([user.pk], ended=[session_digest(key)] if key else [])


def on_user_saved(instance: Any, created: bool, update_fields: frozenset[str] | None, **kwargs: Any) -> None:
    """Look for a deactivation or another password; signing in alone, which notes its time, is neither."""
    if not created and update_fields != frozenset({"last_login"}):
        access_changed([instance.pk])


def on_user_deleted(instance: Any, **kwargs: Any) -> None:
    access_changed([instance.pk])


def on_user_permissions(instance: Any, action: str, reverse: bool, pk_set: set[Any] | None, **kwargs: Any) -> None:
    """A user's groups or permissions; `reverse`: a group's or permission's users, all of them after a clear."""
    if action in MEMBERSHIPS:
        access_changed(pk_set if reverse else [instance.pk])


def on_group_permissions(action: str, **kwargs: Any) -> None:
    """A group's permissions: everybody's sockets are looked at, which costs less than finding its members."""
    if action in MEMBERSHIPS:
        access_changed(None)


def on_group_deleted(**kwargs: Any) -> None:
    access_changed(None)


def on_session_deleted(instance: Any, **kwargs: Any) -> None:
    """Look at who loses a session, unless it had expired; not "ended", for it may go on under another key."""
    user = instance.get_decoded().get(SESSION_KEY)
    if user is not None and instance.expire_date > timezone.now():
        access_changed([user])
