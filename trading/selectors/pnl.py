"""Read what accounts have earned, and what their positions are worth now."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, Q

from pushers.queries import Selection, row_texts
from trading.accounting import unrealized_pnl
from trading.models import Account, Position, Quote


class EquityRow(NamedTuple):
    """An account's money, to which the unrealized PnL of its positions is added."""

    user_id: int
    account_id: int
    account: str
    total: Decimal
    day_equity: Decimal


class ValuedPositionRow(NamedTuple):
    """A position, flat ones included, with the newest mark; None without a quote.

    `fresh` is whether the quote is as young as the reader asked for.
    """

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
    fresh: bool | None = True


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
)


Quoted = tuple[Decimal | None, bool | None]  # a mark, and whether it is fresh


def _quoted_since(oldest: Any) -> Q:
    return Q(instrument__quote__updated_at__gte=oldest)


EQUITY_ROWS = Selection(lambda users: Account.objects.filter(user__any_of=users).values_list(*EQUITY))
VALUED_ROWS = Selection(
    lambda users, oldest: (
        Position.objects.filter(account__user__any_of=users)
        .order_by("account_id", "instrument_id")
        .values_list(*VALUED, ExpressionWrapper(_quoted_since(oldest), BooleanField()))
    )
)


def equities(user_ids: Sequence[int]) -> list[EquityRow]:
    """Return the accounts of the users, in one query."""
    return [EquityRow._make(row) for row in EQUITY_ROWS(user_ids)]


def valued_positions(user_ids: Sequence[int], oldest: datetime) -> list[ValuedPositionRow]:
    """Return the positions of the users with their marks, fresh where not older than `oldest`, in one query."""
    return [ValuedPositionRow._make(row) for row in VALUED_ROWS(user_ids, oldest=oldest)]


def quoted(oldest: datetime) -> dict[str, Quoted]:
    """Return symbol -> the newest mark, fresh where not older than `oldest`, of all instruments, in one query."""
    fresh = ExpressionWrapper(Q(updated_at__gte=oldest), BooleanField())
    return {
        symbol: (mark, young) for symbol, mark, young in Quote.objects.values_list("instrument__symbol", "mark", fresh)
    }


def pnl_texts(user_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return a value per user that is another whenever his rows in the two reads of users above are, in two queries.

    It tells nothing of the quotes.
    """
    accounts = row_texts(Account.objects.all(), user_ids, *EQUITY)
    positions = row_texts(Position.objects.all(), user_ids, *VALUED[:-1])
    return {user_id: (text, positions[user_id]) for user_id, text in accounts.items()}


def open_positions_of(account: Account) -> list[ValuedPositionRow]:
    """Return what the account holds, with the marks, in one query."""
    rows = Position.objects.filter(account=account).exclude(signed_amount=0)
    return [ValuedPositionRow(*row) for row in rows.values_list(*VALUED)]


def account_equity(account: Account) -> Decimal:
    """Return total + unrealized PnL at the newest marks, however old; a position without a quote counts at cost."""
    positions = Position.objects.filter(account=account).exclude(signed_amount=0)
    rows = positions.values_list("signed_amount", "open_cost", "instrument__quote__mark")
    return account.total + sum(
        (unrealized_pnl(amount, cost, mark) for amount, cost, mark in rows if mark is not None), Decimal(0)
    )
