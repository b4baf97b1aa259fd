"""Read accounts."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from trading.models import Account


class BalanceRow(NamedTuple):
    """The money of one account."""

    user_id: int
    account: str
    currency: str
    total: Decimal
    used: Decimal


def balances(user_ids: Sequence[int]) -> list[BalanceRow]:
    """Return the accounts of the users, in one query."""
    rows = Account.objects.filter(user_id__in=user_ids)
    return [BalanceRow._make(row) for row in rows.values_list("user_id", "name", "currency", "total", "used")]
