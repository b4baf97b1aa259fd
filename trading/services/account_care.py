"""What operators do to accounts: the services of the traders, with a reason and an entry in the audit trail."""

from decimal import Decimal

from django.db import transaction

from trading.models import Account, AccountReset, AuditEntry, LedgerEntry
from trading.services.adjustments import account_adjust
from trading.services.audit_trail import Operator, audit_note, checked_reason
from trading.services.resets import DEPOSIT, account_reset
from trading.services.user_access import check_may_act


def balance_adjust(*, account: Account, amount: Decimal, reason: str, by: Operator) -> LedgerEntry:
    """Correct an account's total by the signed `amount`; the ledger entry and the audit trail say why.

    Raises TradingError `reason_required`, `invalid_amount`, or `not_permitted` for an account of a superuser.
    """
    text = checked_reason(reason)
    with transaction.atomic():
        check_may_act(by, account.user)
        entry = account_adjust(account=account, amount=amount, reason=text, by=by.account_holder)
        before = {"total": entry.balance_after - entry.amount}
        after = {"total": entry.balance_after, "amount": entry.amount}
        action = AuditEntry.Action.BALANCE_ADJUST
        audit_note(by, action, subject=account.user, row=account, reason=text, before=before, after=after)
    return entry


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
