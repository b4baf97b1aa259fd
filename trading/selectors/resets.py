"""Tell what was before an account's reset."""

from django.db.models import Exists, OuterRef

from trading.models import AccountReset


def before_reset(last_id: str) -> Exists:
    """Return the condition that a row of an account is before a reset; `last_id` names the column for its kind.

    That is `last_order_id`, `last_fill_id` or `last_entry_id`.
    """
    return Exists(AccountReset.objects.filter(account=OuterRef("account_id"), **{f"{last_id}__gte": OuterRef("id")}))
