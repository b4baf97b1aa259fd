"""Read open orders."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

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


def open_orders(user_ids: Sequence[int]) -> list[OrderRow]:
    """Return the open orders of the users, in one query."""
    rows = Order.objects.filter(OPEN, account__user_id__in=user_ids)
    columns = (
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
    return [OrderRow._make(row) for row in rows.values_list(*columns)]
