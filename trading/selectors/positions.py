"""Read open positions."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pushers.queries import Selection, row_texts
from trading.models import Position


class PositionRow(NamedTuple):
    """One open position, without anything that moves with the market."""

    user_id: int
    id: int
    account: str
    symbol: str
    signed_amount: Decimal
    open_cost: Decimal
    leverage: int
    take_profit: Decimal | None
    stop_loss: Decimal | None
    opened_at: datetime | None


COLUMNS = (
    "account__user_id",
    "id",
    "account__name",
    "instrument__symbol",
    "signed_amount",
    "open_cost",
    "leverage",
    "take_profit",
    "stop_loss",
    "opened_at",
)
ROWS = Selection(
    lambda users: Position.objects.exclude(signed_amount=0).filter(account__user__any_of=users).values_list(*COLUMNS)
)


def open_positions(user_ids: Sequence[int]) -> list[PositionRow]:
    """Return the open positions of the users, in one query."""
    return [PositionRow._make(row) for row in ROWS(user_ids)]


def position_texts(user_ids: Sequence[int]) -> dict[int, str]:
    """Return a text per user that is another whenever his rows in `open_positions` are, in one query."""
    return row_texts(Position.objects.exclude(signed_amount=0), user_ids, *COLUMNS)
