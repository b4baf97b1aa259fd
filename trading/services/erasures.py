"""Erase an account with its books: the one deliberate way, for who asks to be forgotten."""

from django.db import transaction
from django.utils.translation import gettext as _

from pushers import nudge
from trading.errors import TradingError
from trading.models import Account, AccountErasure, User
from trading.services.accounts import ACCOUNT_FEEDS, account_lock


def account_erase(*, account: Account, reason: str, by: User | None = None) -> AccountErasure:
    """Delete an account and everything that it has done; what stays is the record of that, which is returned.

    Everywhere else the database refuses to delete ledger entries and fills, and so accounts and users that have some.
    Raises TradingError `reason_required`.
    """
    if not reason.strip():
        raise TradingError("reason_required", _("Say why the account is erased; found no reason."))
    with transaction.atomic():
        locked = account_lock(account.pk)
        erasure = AccountErasure.objects.create(
            account_id=locked.pk,
            username=locked.user.get_username(),
            name=locked.name,
            total=locked.total,
            reason=reason,
            by=by,
        )
        locked.delete()
        nudge([account.user_id], ACCOUNT_FEEDS)
    return erasure
