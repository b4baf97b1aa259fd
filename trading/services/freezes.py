"""Freeze trading, of a user, in an instrument or on the whole site, and what that refuses."""

from django.db import transaction
from django.db.models import Exists
from django.utils.translation import gettext as _

from pushers import nudge
from trading.errors import TradingError
from trading.models import Account, AuditEntry, Instrument, Order, TradingFreeze, User
from trading.services.accounts import ACCOUNT_FEEDS
from trading.services.audit_trail import Operator, audit_note, checked_reason
from trading.services.user_access import check_may_act

FROZEN = "trading_frozen"


def trading_freeze(
    *, user: User | None = None, instrument: Instrument | None = None, reason: str, by: Operator
) -> TradingFreeze:
    """Refuse whatever opens something: to one user, in one instrument, or with neither to everybody.

    Orders that rest stay at work, as on an exchange that takes an account to "reduce only". One that is frozen already
    keeps its first reason. Raises TradingError `reason_required`, or `not_permitted` for a superuser.
    """
    text = checked_reason(reason)
    if user is not None:
        check_may_act(by, user)
    with transaction.atomic():
        freeze, made = TradingFreeze.objects.get_or_create(
            user=user, instrument=instrument, defaults={"reason": text, "by": by.account_holder}
        )
        if made:
            audit_note(by, AuditEntry.Action.TRADING_FREEZE, subject=user, row=instrument, reason=text)
            _nudge(user)
    return freeze


def trading_unfreeze(
    *, user: User | None = None, instrument: Instrument | None = None, reason: str, by: Operator
) -> bool:
    """Take a freeze away; say whether there was one. Raises as freezing."""
    text = checked_reason(reason)
    if user is not None:
        check_may_act(by, user)
    with transaction.atomic():
        freeze = TradingFreeze.objects.select_for_update().filter(user=user, instrument=instrument).first()
        if freeze is None:
            return False
        audit_note(
            by,
            AuditEntry.Action.TRADING_UNFREEZE,
            subject=user,
            row=instrument,
            reason=text,
            before={"reason": freeze.reason, "at": freeze.at.isoformat()},
        )
        freeze.delete()
        _nudge(user)
    return True


def check_not_frozen(account: Account, order: Order) -> None:
    """Raise TradingError `trading_frozen` for an order that may open something while that is frozen. One query.

    Read under the account's lock: who deactivates or freezes the account's user and then takes that lock meets either
    the order, or nobody who could still place it. Matching does not ask: what was accepted stays at work.
    """
    if order.reduce_only:
        return
    instrument = order.instrument
    kinds = {"user": account.user_id}, {"instrument": instrument.pk}, {"user": None, "instrument": None}
    freezes = [Exists(TradingFreeze.objects.filter(**kind)) for kind in kinds]
    found = User.objects.filter(pk=account.user_id).values_list("is_active", *freezes).get()
    active, by_user, by_instrument, by_site = found
    if not active:
        raise TradingError(FROZEN, _("The user is not active: nothing new is opened for him."))
    if by_user:
        raise TradingError(FROZEN, _("Trading is frozen for you. You can still cancel orders, and close positions."))
    if by_instrument:
        message = _("Trading in %(symbol)s is frozen. You can still cancel orders, and close positions.")
        raise TradingError(FROZEN, message % {"symbol": instrument.symbol})
    if by_site:
        raise TradingError(
            FROZEN, _("Trading is frozen on the whole site. You can still cancel orders, and close positions.")
        )


def _nudge(user: User | None) -> None:
    if user is not None:
        nudge([user.pk], ACCOUNT_FEEDS)
