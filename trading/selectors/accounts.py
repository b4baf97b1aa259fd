"""Read accounts."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from pushers.queries import Selection, row_texts
from trading.models import Account


class BalanceRow(NamedTuple):
    """The money of one account."""

    user_id: int
    account: str
    currency: str
    total: Decimal
    used: Decimal


COLUMNS = ("user_id", "name", "currency", "total", "used")
ROWS = Selection(lambda users: Account.objects.filter(user__any_of=users).values_list(*COLUMNS))


def balances(user_ids: Sequence[int]) -> list[BalanceRow]:
    """Return the accounts of the users, in one query."""
    return [BalanceRow._make(row) for row in ROWS(user_ids)]


def balance_texts(user_ids: Sequence[int]) -> dict[int, str]:
    """Return a text per user that is another whenever his rows in `balances` are, in one query."""
    return row_texts(Account.objects.all(), user_ids, *COLUMNS)
