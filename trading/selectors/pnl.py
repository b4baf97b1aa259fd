"""Read what accounts have earned, and what their positions are worth now."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q, QuerySet

from pushers.queries import row_texts
from trading.accounting import unrealized_pnl
from trading.models import Account, Position


class EquityRow(NamedTuple):
    """An account's money, to which the unrealized PnL of its positions is added."""

    user_id: int
    account_id: int
    account: str
    total: Decimal
    day_equity: Decimal


class ValuedPositionRow(NamedTuple):
    """A position, flat ones included, with the newest mark and its age; both are None without a quote."""

    user_id: int
    account_id: int
    symbol: str
    signed_amount: Decimal
    open_cost: Decimal
    margin: Decimal
    realized_pnl: Decimal
    fees: Decimal
    maintenance_margin_rate: Decimal
    mark: Decimal | None
    quoted_at: datetime | None


EQUITY = ("user_id", "id", "name", "total", "day_equity")
VALUED = (
    "account__user_id",
    "account_id",
    "instrument__symbol",
    "signed_amount",
    "open_cost",
    "margin",
    "realized_pnl",
    "fees",
    "instrument__maintenance_margin_rate",
    "instrument__quote__mark",
    "instrument__quote__updated_at",
)


def equities(user_ids: Sequence[int]) -> list[EquityRow]:
    """Return the accounts of the users, in one query."""
    return [EquityRow._make(row) for row in Account.objects.filter(user__any_of=user_ids).values_list(*EQUITY)]


def valued_positions(user_ids: Sequence[int]) -> list[ValuedPositionRow]:
    """Return the positions of the users with their marks, in one query."""
    return _valued(Position.objects.filter(account__user__any_of=user_ids))


def pnl_texts(user_ids: Sequence[int], oldest: datetime) -> dict[int, tuple[str, str]]:
    """Return a value per user that is another whenever his rows in the two above are, in two queries.

    Of the age of a quote it tells whether it is older than `oldest`.
    """
    accounts = row_texts(Account.objects.all(), user_ids, *EQUITY)
    fresh = Q(instrument__quote__updated_at__gte=oldest)
    positions = row_texts(Position.objects.all(), user_ids, *VALUED[:-1], fresh)
    return {user_id: (text, positions[user_id]) for user_id, text in accounts.items()}


def open_positions_of(account: Account) -> list[ValuedPositionRow]:
    """Return what the account holds, with the marks, in one query."""
    return _valued(Position.objects.filter(account=account).exclude(signed_amount=0))


def _valued(positions: QuerySet[Position]) -> list[ValuedPositionRow]:
    return [ValuedPositionRow._make(row) for row in positions.values_list(*VALUED)]


def account_equity(account: Account) -> Decimal:
    """Return total + unrealized PnL at the newest marks, however old; a position without a quote counts at cost."""
    positions = Position.objects.filter(account=account).exclude(signed_amount=0)
    rows = positions.values_list("signed_amount", "open_cost", "instrument__quote__mark")
    return account.total + sum(
        (unrealized_pnl(amount, cost, mark) for amount, cost, mark in rows if mark is not None), Decimal(0)
    )
