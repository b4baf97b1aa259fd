"""Read open orders."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pushers.queries import Selection, row_texts
from trading.models import Order
from trading.models.order import OPEN


class OrderRow(NamedTuple):
    """One open order."""

    user_id: int
    id: int
    account: str
    client_order_id: str | None
    symbol: str
    type: str
    side: str
    price: Decimal | None
    trigger_price: Decimal | None
    amount: Decimal
    filled: Decimal
    cost: Decimal
    time_in_force: str
    reduce_only: bool
    created_at: datetime
    updated_at: datetime


COLUMNS = (
    "account__user_id",
    "id",
    "account__name",
    "client_order_id",
    "instrument__symbol",
    "type",
    "side",
    "price",
    "trigger_price",
    "amount",
    "filled",
    "cost",
    "time_in_force",
    "reduce_only",
    "created_at",
    "updated_at",
)
ROWS = Selection(lambda users: Order.objects.filter(OPEN, account__user__any_of=users).values_list(*COLUMNS))


def open_orders(user_ids: Sequence[int]) -> list[OrderRow]:
    """Return the open orders of the users, in one query."""
    return [OrderRow._make(row) for row in ROWS(user_ids)]


def order_texts(user_ids: Sequence[int]) -> dict[int, str]:
    """Return a text per user that is another whenever his rows in `open_orders` are, in one query."""
    return row_texts(Order.objects.filter(OPEN), user_ids, *COLUMNS)
