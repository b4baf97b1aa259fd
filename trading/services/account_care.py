"""What operators do to accounts: the services of the traders, with a reason and an entry in the audit trail."""

from decimal import Decimal
from typing import Any

from django.db import transaction

from trading.models import Account, AccountReset, AuditEntry, LedgerEntry
from trading.services.accounts import account_lock
from trading.services.adjustments import account_adjust
from trading.services.audit_trail import Operator, audit_note, checked_reason
from trading.services.resets import DEPOSIT, account_reset
from trading.services.user_access import check_may_act


def balance_adjust(*, account: Account, amount: Decimal, reason: str, by: Operator, once: str = "") -> LedgerEntry:
    """Correct an account's total by the signed `amount`; the ledger entry and the audit trail say why.

    `once` names the request: a second one of that name changes nothing and returns the entry of the first.
    Raises TradingError `reason_required`, `invalid_amount`, or `not_permitted` for an account of a superuser.
    """
    text = checked_reason(reason)
    with transaction.atomic():
        check_may_act(by, account.user)
        account_lock(account.pk)  # who sends it twice waits here for the first
        if once and (earlier := _adjusted(account, once)) is not None:
            return earlier
        entry = account_adjust(account=account, amount=amount, reason=text, by=by.account_holder)
        before = {"total": entry.balance_after - entry.amount}
        after: dict[str, Any] = {"total": entry.balance_after, "amount": entry.amount}
        if once:
            after |= {"entry": entry.pk, "once": once}
        action = AuditEntry.Action.BALANCE_ADJUST
        audit_note(by, action, subject=account.user, row=account, reason=text, before=before, after=after)
    return entry


def _adjusted(account: Account, once: str) -> LedgerEntry | None:
    """Return the entry that a request of this name has made."""
    notes = AuditEntry.objects.filter(subject_id=account.user_id, action=AuditEntry.Action.BALANCE_ADJUST)
    note = notes.filter(object_id=str(account.pk), after__once=once).first()
    return None if note is None else LedgerEntry.objects.get(pk=int(note.after["entry"]))


def account_restart(*, account: Account, reason: str, by: Operator, deposit: Decimal = DEPOSIT) -> AccountReset:
    """Reset a paper account. Raises TradingError `reason_required`, `invalid_deposit` or `not_permitted`."""
    text = checked_reason(reason)
    with transaction.atomic():
        check_may_act(by, account.user)
        reset = account_reset(account=account, by=by.account_holder, deposit=deposit, note=text)
        before, after = {"total": reset.total_before}, {"total": reset.deposit}
        action = AuditEntry.Action.ACCOUNT_RESET
        audit_note(by, action, subject=account.user, row=account, reason=text, before=before, after=after)
    return reset
