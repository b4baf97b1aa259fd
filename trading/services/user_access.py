"""Let users in, and end what they have open: sessions, sockets, tokens, orders."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from pushers import access_changed, disconnect
from trading.errors import TradingError
from trading.models import ApiToken, AuditEntry, User
from trading.services.accounts import account_work
from trading.services.audit_trail import Operator, audit_note, checked_reason
from trading.services.order_cancel import cancel_open

Action = AuditEntry.Action


def user_deactivate(*, user: User, reason: str, by: Operator) -> int:
    """Shut a user out: sockets close, sessions end, tokens die, open orders are canceled; return how many orders.

    All of it in one transaction. His positions stay, under the protection that he set. Raises TradingError
    `reason_required`, `last_superuser`, or `not_permitted` where `by` is no superuser and the user is one.
    """
    with _access_of(user, reason, by) as (locked, text):
        if not locked.is_active:
            return 0
        check_superuser_remains(without=locked)
        tokens = _end_tokens(locked)
        User.objects.filter(pk=locked.pk).update(is_active=False, session_round=F("session_round") + 1)
        canceled = _cancel_orders(locked)
        after = {"is_active": False, "tokens_revoked": tokens, "orders_canceled": canceled}
        audit_note(
            by, Action.USER_DEACTIVATE, subject=locked, row=locked, reason=text, before={"is_active": True}, after=after
        )
        disconnect([locked.pk])
    return canceled


def user_activate(*, user: User, reason: str, by: Operator) -> bool:
    """Let a user sign in again, with new sessions and tokens; say whether he was shut out. Raises as deactivating."""
    with _access_of(user, reason, by) as (locked, text):
        if locked.is_active:
            return False
        User.objects.filter(pk=locked.pk).update(is_active=True)
        words = {"before": {"is_active": False}, "after": {"is_active": True}}
        audit_note(by, Action.USER_ACTIVATE, subject=locked, row=locked, reason=text, **words)
    return True


def user_sign_out(*, user: User, reason: str, by: Operator) -> None:
    """End all sessions of a user, with the sockets that they opened; tokens go on. Raises as deactivating."""
    with _access_of(user, reason, by) as (locked, text):
        User.objects.filter(pk=locked.pk).update(session_round=F("session_round") + 1)
        audit_note(by, Action.USER_SIGN_OUT, subject=locked, row=locked, reason=text)
        access_changed([locked.pk])


def user_disconnect(*, user: User, reason: str, by: Operator) -> None:
    """Close all sockets of a user; he may come back by loading a page again. Raises as deactivating."""
    with _access_of(user, reason, by) as (locked, text):
        audit_note(by, Action.USER_DISCONNECT, subject=locked, row=locked, reason=text)
        disconnect([locked.pk])


def user_revoke_tokens(*, user: User, reason: str, by: Operator) -> int:
    """Revoke all API tokens of a user, and return how many; their sockets close. Raises as deactivating."""
    with _access_of(user, reason, by) as (locked, text):
        revoked = _end_tokens(locked)
        after = {"tokens_revoked": revoked}
        audit_note(by, Action.TOKEN_REVOKE, subject=locked, row=locked, reason=text, after=after)
        access_changed([locked.pk])
    return revoked


def user_cancel_orders(*, user: User, reason: str, by: Operator) -> int:
    """Cancel all open orders of a user, in one transaction, and return how many. Raises as deactivating."""
    with _access_of(user, reason, by) as (locked, text):
        canceled = _cancel_orders(locked)
        after = {"orders_canceled": canceled}
        audit_note(by, Action.ORDERS_CANCEL, subject=locked, row=locked, reason=text, after=after)
    return canceled


def check_may_act(by: Operator, user: User) -> None:
    """Raise TradingError `not_permitted` where the user outranks the operator: only superusers act on superusers."""
    operator = by.account_holder
    if user.is_superuser and operator is not None and not operator.is_superuser:
        message = _("%(user)s is a superuser: only another superuser may do that.")
        raise TradingError("not_permitted", message % {"user": user.get_username()})


def check_superuser_remains(*, without: User) -> None:
    """Raise TradingError `last_superuser` where nobody else could administer the site.

    Call it in a transaction, before the user loses it: the rows of all superusers are locked, so that two who shut each
    other out at the same moment do not both succeed. Who has no password can sign in only where others do without, too.
    """
    with_power = {user.pk: user for user in _superusers().select_for_update().order_by("pk")}
    leaving = with_power.pop(without.pk, None)
    if leaving is None:
        return
    if not any(user.has_usable_password() or not leaving.has_usable_password() for user in with_power.values()):
        message = _("%(user)s is the last active superuser: without him nobody could administer the site.")
        raise TradingError("last_superuser", message % {"user": without.get_username()})


def _superusers() -> QuerySet[User]:
    return User.objects.filter(is_active=True, is_superuser=True, is_staff=True)


@contextmanager
def _access_of(user: User, reason: str, by: Operator) -> Iterator[tuple[User, str]]:
    """Check the reason and the rank, and hold one transaction; yield the user as he is now."""
    text = checked_reason(reason)
    with transaction.atomic():
        fresh = User.objects.get(pk=user.pk)
        check_may_act(by, fresh)
        yield fresh, text


def _end_tokens(user: User) -> int:
    return ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())


def _cancel_orders(user: User) -> int:
    """Cancel what is open in each account; in the order of their ids, which nobody else holds two of."""
    canceled = 0
    for account_id in user.accounts.order_by("pk").values_list("pk", flat=True):
        with account_work(account_id) as locked:
            canceled += len(cancel_open(locked))
    return canceled
